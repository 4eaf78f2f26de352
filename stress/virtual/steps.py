# SPDX-License-Identifier: MIT
"""The steps of a burst: who touches what, in time order, without addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np

from stress.model.arrays import Ints


class StepKind(IntEnum):
    """Kind of a step.

    Steps on a ring span the frames [first, end) of its stream, counted from
    prepare; for the others `end` is a number of lines.
    """

    NOISE = 0  #: lines filled by anybody else
    FLUSH = 1  #: clean+invalidate of the whole cache
    ZERO_PLAYBACK = 2  #: hw_params clears the playback ring, kernel alias
    ZERO_CAPTURE = 3  #: hw_params clears the capture ring, kernel alias
    KERNEL_LOAD = 4  #: playback ring to URB
    KERNEL_STORE = 5  #: URB to capture ring
    USER_STORE = 6  #: play buffer to playback ring, stores only
    USER_LOAD = 7  #: playback ring lines loaded, all of a write before any is stored
    USER_CLEAN = 8  #: sys_cacheflush of what was stored
    USER_READ = 9  #: capture ring to captured buffer
    USER_AHEAD = 10  #: capture lines loaded before their data arrive
    KERNEL_WORK = 11  #: lines of the kernel's footprint
    CALL_WORK = 12  #: lines of a wake-up of one blocking call
    LOOP_WORK = 13  #: lines of a wake-up of a loop in Python
    URB_WORK = 14  #: lines of an interrupt that completes URBs


PLAYBACK_STEPS = (
    StepKind.ZERO_PLAYBACK,
    StepKind.KERNEL_LOAD,
    StepKind.USER_STORE,
    StepKind.USER_LOAD,
    StepKind.USER_CLEAN,
)
#: Steps that load lines outside the rings; one of them has as many lines as it is long.
BACKGROUND_STEPS = (
    StepKind.NOISE,
    StepKind.KERNEL_WORK,
    StepKind.CALL_WORK,
    StepKind.LOOP_WORK,
    StepKind.URB_WORK,
)
CAPTURE_STEPS = (StepKind.ZERO_CAPTURE, StepKind.KERNEL_STORE, StepKind.USER_READ, StepKind.USER_AHEAD)
TICK, KIND, FIRST, END = range(4)


class StepList:
    """Collect steps as flat quadruples (tick, kind, first, end).

    A Python list grows cheapest; what repeats is appended as an array.
    """

    def __init__(self) -> None:
        self.tick = 0
        self._flat: list[int] = []
        self._done: list[Ints] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count + len(self._flat) // 4

    def add(self, kind: int, first: int, end: int) -> None:
        """Append one step at the current tick."""
        self._flat += (self.tick, kind, first, end)

    def repeat(self, since: int, times: int, shift: tuple[int, int, int]) -> None:
        """Append the steps from number `since` on, `times` times, each later.

        Parameters
        ----------
        since : must not lie before the last `repeat`.
        shift : ticks, playback frames and capture frames per time.
        """
        block = np.array(self._flat[(since - self._count) * 4 :], dtype=np.int64).reshape(-1, 4)
        per_kind = np.zeros(len(StepKind), dtype=np.int64)
        per_kind[list(PLAYBACK_STEPS)], per_kind[list(CAPTURE_STEPS)] = shift[1], shift[2]
        step = np.zeros_like(block)
        step[:, TICK] = shift[0]
        step[:, FIRST] = step[:, END] = per_kind[block[:, KIND]]
        turns = np.arange(1, times + 1, dtype=np.int64)[:, None, None]
        self._close()
        self._done.append((block + turns * step).reshape(-1, 4))
        self._count += len(block) * times

    def table(self) -> Ints:
        """Return all steps, (n, 4) int64."""
        self._close()
        self._done = [np.concatenate(self._done)] if self._done else [np.zeros((0, 4), dtype=np.int64)]
        return self._done[0]

    def _close(self) -> None:
        if self._flat:
            self._done.append(np.array(self._flat, dtype=np.int64).reshape(-1, 4))
            self._count += len(self._done[-1])
            self._flat = []


def with_background(
    table: Ints, lines_per_tick: Mapping[StepKind, float], flush_ticks: Sequence[int], last_tick: int
) -> Ints:
    """Return the steps with background lines and whole-cache operations between.

    Within a tick the background comes first, then the operation, then the
    streams.

    Parameters
    ----------
    table : (n, 4) int64, ascending ticks.
    lines_per_tick : what is loaded all the time, by kind; fractions.
    flush_ticks : ascending; those past `last_tick` are left out.

    Returns
    -------
    (m, 4) int64, ascending ticks.
    """
    flush = np.array([tick for tick in flush_ticks if tick <= last_tick], dtype=np.int64)
    stops = np.unique(np.concatenate([table[:, TICK], flush, [last_tick]]))
    steady = [_steady(stops, kind, per_tick) for kind, per_tick in lines_per_tick.items()]
    whole = np.zeros((len(flush), 4), dtype=np.int64)
    whole[:, TICK], whole[:, KIND], whole[:, END] = flush, StepKind.FLUSH, 1
    merged: Ints = np.concatenate([*steady, whole, table])
    return merged[np.argsort(merged[:, TICK], kind="stable")]


def _steady(stops: Ints, kind: StepKind, per_tick: float) -> Ints:
    steps = np.zeros((len(stops), 4), dtype=np.int64)
    steps[:, TICK], steps[:, KIND] = stops, kind
    due = (stops * per_tick).astype(np.int64)
    steps[:, END] = np.diff(due, prepend=np.zeros(1, dtype=np.int64))
    some: Ints = steps[steps[:, END] > 0]
    return some
