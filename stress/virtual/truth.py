# SPDX-License-Identifier: MIT
"""The truth of a burst: which bytes were stale, why, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Flags, Ints
from stress.model.pcm import Direction
from stress.virtual.board import Board, BoardBurst
from stress.virtual.cache.mechanism import CLASSES
from stress.virtual.delivered import Delivered
from stress.virtual.spec import CARD_FAULTS


@dataclass(frozen=True)
class Stale:
    """One run of wrong bytes with one cause and one age.

    Parameters
    ----------
    direction : the ring it happened in.
    cause : P1, P2, P3, PZ, C1, C2, C3 or CT.
    first_byte : in the stream of that ring, counted from prepare [bytes].
    size_bytes : [bytes].
    ring_offset : of the first byte [bytes].
    laps : age; 0 when the data is not of this burst.
    zero : the bytes are those of hw_params, not of a stream.
    lap : lap of the stream the bytes were stored in, -1 where not of this burst.
    captured_byte : place of the first byte in the captured stream; it lies
        past the end when the capture ended before.
    """

    direction: Direction
    cause: str
    first_byte: int
    size_bytes: int
    ring_offset: int
    laps: int
    zero: bool
    lap: int
    captured_byte: int


@dataclass(frozen=True)
class Truth:
    """What really happened to the bytes of one burst.

    Parameters
    ----------
    stale : every run, in order of place, playback first.
    counts : wrong granules per cause.
    granule_bytes : [bytes].
    wrong : (captured granules,) bool: which captured granules differ from what
        was played, by the cache alone.
    faulted : whether card faults or an analog cable changed more than that.
    """

    stale: tuple[Stale, ...]
    counts: dict[str, int]
    granule_bytes: int
    wrong: Flags
    faulted: bool


def truth_of(board: Board, outcome: BoardBurst) -> Truth:
    """Return the truth of the burst that `board` streamed last.

    Bytes that an older copy happens to share with the right one are not wrong.
    """
    granule = board.places[0].granule_bytes
    captured_bytes = outcome.captured.size
    wrong = np.zeros(-(-captured_bytes // granule), dtype=bool)
    lead_bytes = outcome.lead * outcome.captured.shape[1]
    stale: list[Stale] = []
    counts: dict[str, int] = {}
    sides = ((Direction.PLAYBACK, outcome.played, lead_bytes), (Direction.CAPTURE, outcome.read, 0))
    for which, (direction, got, shift) in enumerate(sides):
        place = board.places[which]
        bad, cause = _causes(board, outcome, which)
        for name, count in zip(CLASSES, np.bincount(cause.astype(np.intp), minlength=len(CLASSES))):
            if count:
                counts[name] = int(count)
        runs = _runs(got, bad, cause, place.ring_granules)
        stale += [_stale(direction, run, place.ring_granules, granule, shift) for run in runs]
        heard = (got.position[bad] * granule + shift) // granule
        wrong[heard[heard < len(wrong)]] = True
    faulted = board.spec.analog.enabled or any(fault.kind in CARD_FAULTS for fault in outcome.faults)
    return Truth(tuple(stale), counts, granule, wrong, faulted)


def _causes(board: Board, outcome: BoardBurst, which: int) -> tuple[Ints, Ints]:
    # Wrong granules of the burst and why. Data that an older copy shares is not wrong.
    history, found, causes, done = board.histories[which], [], [], 0
    for part in outcome.parts:
        got, wrong = part.rings[which], part.wrong(which)
        differs = history.get(got.number[wrong.at]) != history.get(got.truth[wrong.at])
        found.append(wrong.at[differs] + done)
        causes.append(wrong.cause[differs])
        done += len(got.number)
    return np.concatenate(found), np.concatenate(causes)


def _runs(got: Delivered, bad: Ints, cause: Ints, ring: int) -> list[tuple[int, int, int, int, int]]:
    # (position, length, cause, age in laps or -1 for zeros or 0 for an earlier burst, number)
    if not len(bad):
        return []
    position, number = got.position[bad], got.number[bad]
    order = np.argsort(position, kind="stable")
    position, number, cause = position[order], number[order], cause[order]
    laps = (position + got.base + 1 - number) // ring
    age = np.where(number == 0, -1, np.where(number <= got.base, 0, laps))
    fresh = np.ones(len(position), dtype=bool)
    fresh[1:] = (np.diff(position) != 1) | (np.diff(cause) != 0) | (np.diff(age) != 0)
    first = np.flatnonzero(fresh)
    length = np.diff(np.append(first, len(position)))
    columns = (position[first], length, cause[first], age[first], number[first] - got.base - 1)
    return list(zip(*(column.tolist() for column in columns)))


def _stale(
    direction: Direction, run: tuple[int, int, int, int, int], ring: int, granule: int, shift: int
) -> Stale:
    position, length, cause, age, stored = run
    return Stale(
        direction=direction,
        cause=CLASSES[cause],
        first_byte=position * granule,
        size_bytes=length * granule,
        ring_offset=position % ring * granule,
        laps=max(age, 0),
        zero=age < 0,
        lap=stored // ring if age > 0 else -1,
        captured_byte=position * granule + shift,
    )
