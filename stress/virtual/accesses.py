# SPDX-License-Identifier: MIT
"""From the steps of a burst to accesses of one cache line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stress.model.arrays import Bytes, Flags, Ints
from stress.virtual.cache import trace as ops
from stress.virtual.cache.trace import Trace
from stress.virtual.layout import (
    BUFFER_SPAN_BYTES,
    CAPTURED,
    KERNEL,
    NOISE,
    NOISE_SPAN_BYTES,
    SOURCE,
    RingPlace,
)
from stress.virtual.steps import BACKGROUND_STEPS, END, FIRST, KIND, StepKind

if TYPE_CHECKING:
    from stress.virtual.footprint import WorkingSet

USER_SIDE = -1  # stands for the mapping that serves the user
PLAYBACK, CAPTURE, NO_RING = 0, 1, -1
# Kind of step: ring, op on the ring, mapping, flags, loads of the play buffer before it.
_TABLE = {
    StepKind.NOISE: (NO_RING, ops.LOAD, KERNEL, 0, 0),
    StepKind.FLUSH: (NO_RING, ops.FLUSH, KERNEL, 0, 0),
    StepKind.ZERO_PLAYBACK: (PLAYBACK, ops.STORE, KERNEL, ops.ZEROS, 0),
    StepKind.ZERO_CAPTURE: (CAPTURE, ops.STORE, KERNEL, ops.ZEROS, 0),
    StepKind.KERNEL_LOAD: (PLAYBACK, ops.LOAD, KERNEL, ops.DELIVER, 0),
    StepKind.KERNEL_STORE: (CAPTURE, ops.STORE, KERNEL, 0, 0),
    StepKind.USER_STORE: (PLAYBACK, ops.STORE, USER_SIDE, 0, 1),
    StepKind.USER_LOAD: (PLAYBACK, ops.LOAD, USER_SIDE, 0, 0),
    StepKind.USER_CLEAN: (PLAYBACK, ops.CLEAN, USER_SIDE, 0, 0),
    StepKind.USER_READ: (CAPTURE, ops.LOAD, USER_SIDE, ops.DELIVER, 0),
    StepKind.USER_AHEAD: (CAPTURE, ops.LOAD, USER_SIDE, ops.PRETOUCH, 0),
    StepKind.KERNEL_WORK: (NO_RING, ops.LOAD, KERNEL, 0, 0),
    StepKind.CALL_WORK: (NO_RING, ops.LOAD, KERNEL, 0, 0),
    StepKind.LOOP_WORK: (NO_RING, ops.LOAD, KERNEL, 0, 0),
    StepKind.URB_WORK: (NO_RING, ops.LOAD, KERNEL, 0, 0),
}
_RING, _OP, _ALIAS, _FLAGS, _BEFORE = np.array([_TABLE[kind] for kind in StepKind], dtype=np.int64).T


class _Units(NamedTuple):
    """What of the steps falls into one line, (n,) int64 each.

    Attributes
    ----------
    place : of the access in the trace.
    kind, ring : of the step; ring is -1 for a step without one.
    unit : line of the stream, counted from its beginning.
    first, end : bytes of the stream that the step touches.
    """

    place: Ints
    kind: Ints
    ring: Ints
    unit: Ints
    first: Ints
    end: Ints


class AccessMaker:
    """Expand steps into traces, one burst after the other.

    A step falls into units: what of it lies in one line. A unit is one access
    to the ring, with those to the tester's own buffers before and after it;
    background lines fill the places between.

    Parameters
    ----------
    places : playback and capture ring.
    frame_bytes : of both streams [bytes].
    random : source of the background's addresses.
    captured_fills : stores to the captured buffer allocate lines.
    work : what the background steps other than noise load from.
    """

    def __init__(
        self,
        places: tuple[RingPlace, RingPlace],
        frame_bytes: tuple[int, int],
        random: np.random.RandomState,
        captured_fills: bool,
        work: Mapping[StepKind, WorkingSet] | None = None,
    ) -> None:
        self._random = random
        self._work = work or {}
        self._captured_fills = captured_fills
        self._line = places[0].line_bytes
        self._granule = places[0].granule_bytes
        # Per ring, the last row for steps without one: bytes per unit of a step, and sizes.
        self._scale = np.array([*frame_bytes, 1], dtype=np.int64)
        self._ring = np.array([place.ring_bytes for place in places] + [1], dtype=np.int64)
        self._lap_lines = -(-self._ring // self._line)
        self._lap_granules = self._ring // self._granule
        self._pline = np.array([place.pline for place in places], dtype=np.int64)
        self._vline = np.array([place.vlines for place in places], dtype=np.int64)
        self._uncached = np.array([place.uncached for place in places], dtype=np.int64) * ops.UNCACHED
        self._user_alias = np.array([place.user_alias for place in places], dtype=np.int64)
        self._even = all(place.ring_bytes % self._line == 0 for place in places)

    def trace(self, steps: Ints, bases: tuple[int, int]) -> Trace:
        """Return the accesses of `steps`, (n, 4) int64 in order.

        Parameters
        ----------
        bases : per ring, what is added to a stream position [granules].
        """
        behind = np.isin(steps[:, KIND], BACKGROUND_STEPS)
        lines = np.cumsum(np.where(behind, steps[:, END] - steps[:, FIRST], 0))
        work = steps[~behind]
        gap = np.diff(lines[~behind], prepend=np.zeros(1, dtype=np.int64))
        tail = int(lines[-1] - lines[~behind][-1]) if len(work) else int(lines[-1]) if len(lines) else 0
        kind, ring = work[:, KIND], _RING[work[:, KIND]]
        first, end = work[:, FIRST] * self._scale[ring], work[:, END] * self._scale[ring]
        unit = self._unit_of(first, ring)
        count = np.where(ring < 0, 1, self._unit_of(end - 1, ring) - unit + 1)
        start = np.cumsum(count) - count
        step = np.repeat(np.arange(len(work), dtype=np.int64), count.astype(np.intp, copy=False))
        unit = np.arange(len(step), dtype=np.int64) + (unit - start)[step]
        before = _BEFORE[kind][step]
        after = (kind == StepKind.USER_READ)[step].astype(np.int64) * self._captured_fills
        slots = before + after + 1
        slots[start] += gap
        place = np.cumsum(slots) - 1 - after
        total = int(np.sum(slots)) + tail
        others = np.append(0, np.cumsum(before + after + 1))[np.append(start, len(step))]
        foot = self._footprint(steps, behind, lines, others)
        units = _Units(place, kind[step], ring[step], unit, first[step], end[step])
        return self._fill(total, units, bases, foot)

    def _footprint(self, steps: Ints, behind: Flags, lines: Ints, other: Ints) -> list[tuple[Ints, Ints]]:
        # Where the lines of each working set go, and which they are. `lines` and `other` count the accesses
        # before: those of the background up to the end of a step, and the rest before each other step.
        found = []
        number = np.cumsum(~behind)
        for kind, work in self._work.items():
            mine = np.flatnonzero(steps[:, KIND] == kind)
            # Counts are pointers' size: 32-bit machines refuse to repeat by 64-bit ones.
            length = (steps[mine, END] - steps[mine, FIRST]).astype(np.intp, copy=False)
            upto = np.cumsum(length)
            first = lines[mine] + other[number[mine]] - upto
            if len(mine):
                at = np.repeat(first, length) + np.arange(upto[-1], dtype=np.int64)
                found.append((at, work.take(int(upto[-1]))))
        return found

    def _unit_of(self, position: Ints, ring: Ints) -> Ints:
        if self._even:
            return position // self._line
        length = self._ring[ring]
        return position // length * self._lap_lines[ring] + position % length // self._line

    def _fill(
        self,
        total: int,
        units: _Units,
        bases: tuple[int, int],
        footprint: Sequence[tuple[Ints, Ints]],
    ) -> Trace:
        # Everything is noise until something else takes its place.
        op = np.zeros(total, dtype=np.uint8)
        span = NOISE_SPAN_BYTES // self._line
        vline = self._random.randint(0, span, size=total, dtype=np.int32) + np.int64(NOISE // self._line)
        for at, lines in footprint:
            vline[at] = lines
        op[units.place] = _OP[units.kind]
        if (units.ring < 0).any():
            mine = np.flatnonzero(units.ring >= 0)
            units = _Units(*(column[mine] for column in units))
        ring = units.ring
        lap = units.unit // self._lap_lines[ring]
        line = units.unit - lap * self._lap_lines[ring]
        length = self._ring[ring]
        begin = lap * length + line * self._line
        start = np.maximum(begin, units.first)
        stop = np.minimum(begin + self._line, units.end)
        if not self._even:
            stop = np.minimum(stop, (lap + 1) * length)
        lo = (start - begin) // self._granule
        hi = -(-(stop - begin) // self._granule)
        value = lap * self._lap_granules[ring] + line * (self._line // self._granule) + lo
        value += np.array(bases, dtype=np.int64)[ring] + 1
        self._buffers(op, vline, units, start)
        flags = _FLAGS[units.kind]
        alias = np.where(_ALIAS[units.kind] == USER_SIDE, self._user_alias[ring], KERNEL)
        vline[units.place] = self._vline[ring, alias] + line
        flags = (flags | self._uncached[ring, alias]).astype(np.uint8)
        return Trace(op, vline, units.place, self._pline[ring] + line, alias, lo, hi, value, flags)

    def _buffers(self, op: Bytes, vline: Ints, units: _Units, start: Ints) -> None:
        # The tester's own buffers: a load before each stored unit, a store after each one read.
        place, before = units.place, _BEFORE[units.kind]
        stored = np.flatnonzero(before)
        vline[place[stored] - before[stored]] = (SOURCE + start[stored] % BUFFER_SPAN_BYTES) // self._line
        if self._captured_fills:
            read = np.flatnonzero(units.kind == StepKind.USER_READ)
            vline[place[read] + 1] = (CAPTURED + start[read] % BUFFER_SPAN_BYTES) // self._line
            op[place[read] + 1] = ops.STORE
