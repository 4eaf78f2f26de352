# SPDX-License-Identifier: MIT
"""The lock: which pattern position the first frames of a capture show, and where the pattern begins.

Old data is pattern data too. With a small ring and a cache that keeps its lines
98 of 100 lines may be whole laps old, so the alignment is not what most frames
say: it is the newest of those that differ by whole laps and take turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.decode import NONE, Decoder, runs_of
from stress.detect.exact.ring_offset import MAX_LAPS, signed
from stress.model.arrays import Bytes
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    from stress.detect.exact.window import Window

# Frames of one alignment family that make a lock. Source: half a 32-byte line
# of S16 stereo, 2^-96 by chance. Higher: a burst with 2 % right lines cannot be
# locked in a short window; lower: a damaged start may lock on chance.
ENOUGH_FRAMES = 4


@dataclass(frozen=True)
class PatternLock:
    """Where the pattern was recognised.

    Parameters
    ----------
    frame : first frame to judge, relative to the window.
    align : position minus frame (mod 2^32), relative to the window.
    """

    frame: int
    align: int


@dataclass(frozen=True)
class _Run:
    start: int
    end: int
    align: int


@dataclass
class _Family:
    runs: list[_Run]

    @property
    def weight(self) -> int:
        return sum(run.end - run.start for run in self.runs)

    @property
    def start(self) -> int:
        return self.runs[0].start

    @property
    def end(self) -> int:
        return self.runs[-1].end


def find_lock(
    raw: Bytes, decoder: Decoder, first_position: int | None, played_limit: int | None = None
) -> PatternLock | None:
    """Return the lock of a window of captured frames, None without one.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8.
    first_position : of the first frame sent; data before it is from an earlier
        burst and never locks.
    played_limit : frames sent; what comes later was never sent and locks by chance.
    """
    runs = _pattern_runs(raw, decoder)
    if first_position is not None:
        end = POSITIONS if played_limit is None else played_limit
        runs = [run for run in runs if 0 <= signed(run.start + run.align - first_position) < end]
    families = [family for family in _families(runs, decoder.rings) if family.weight >= ENOUGH_FRAMES]
    families.sort(key=lambda family: family.start)
    for family in families:
        if not any(_overrules(other, family) for other in families):
            return PatternLock(family.start, _newest(family))
    return None


def _pattern_runs(raw: Bytes, decoder: Decoder) -> list[_Run]:
    # Runs that step with the pattern, wherever; lags are taken against position 0.
    found = [run for run in runs_of(decoder.lags(raw, 0, anywhere=True)) if run[2] != NONE]
    return [_Run(s, e, -lag % POSITIONS) for s, e, lag in found if e - s >= 2]


def _families(runs: list[_Run], rings: Rings) -> list[_Family]:
    # Runs whose alignments differ by whole laps belong together.
    by_align: dict[int, _Family] = {}
    families: list[_Family] = []
    for run in runs:
        family = by_align.get(run.align)
        if family is None:
            related = (other for other in families if _related(other.runs[0].align - run.align, rings))
            family = next(related, None)
            if family is None:
                family = _Family([])
                families.append(family)
            by_align[run.align] = family
        family.runs.append(run)
    return families


def _related(difference: int, rings: Rings) -> bool:
    lag = abs(signed(difference))
    sizes = [size for size in (rings.playback, rings.capture) if size]
    return any(lag % size == 0 and lag <= MAX_LAPS * size for size in sizes)


def _overrules(other: _Family, family: _Family) -> bool:
    # Older data that takes turns with heavier, newer data is what a ring held before.
    newer = signed(other.runs[0].align - family.runs[0].align) > 0
    return newer and other.start < family.end and other.weight > family.weight


def _newest(family: _Family) -> int:
    # A newer alignment counts when older data comes after it; else it is a later slip.
    align = family.runs[0].align
    for at, run in enumerate(family.runs):
        newer = signed(run.align - align) > 0
        if newer and any(signed(run.align - later.align) > 0 for later in family.runs[at + 1 :]):
            align = run.align
    return align


# Frames that lock a capture on their own, and the share of them that must be
# right. Source: a lap of a small ring; stressed captures fall below. Higher: the
# long window is decoded for nothing; lower: old data takes the lock.
PLAIN_FRAMES, PLAIN_SHARE = 2048, 0.9


class Beginning:
    """Finds the first frame to judge.

    Parameters
    ----------
    decoder : by the bits that any path carries.
    longest : frames of the longest window that is decoded for a lock.
    first_position : of the first frame played, None where it is not known.
    played_limit : frames played, None where they are not known.
    """

    def __init__(
        self, decoder: Decoder, longest: int, first_position: int | None, played_limit: int | None = None
    ) -> None:
        self._decoder, self._longest = decoder, longest
        self._first, self._limit = first_position, played_limit

    def find(self, window: Window, final: bool) -> int | None:
        """Return the position due at the first frame of `window`, None without a lock so far.

        Frames before it are dropped from the window.

        Parameters
        ----------
        final : no more frames will come.
        """
        while self._skip_zeros(window) and (final or window.frames >= self._longest):
            lock = self._plain(window)
            if lock is None:
                raw = window.view(min(window.frames, self._longest))
                lock = find_lock(raw, self._decoder, self._first, self._limit)
            if lock is not None:
                window.drop(lock.frame)
                return (lock.align + lock.frame) % POSITIONS
            # Half a window is kept: the pattern may begin near its end.
            window.drop(window.frames if final else self._longest // 2)
        return None

    def _plain(self, window: Window) -> PatternLock | None:
        # Most captures begin right: a short window that is nearly all right needs no long one.
        frames = min(window.frames, PLAIN_FRAMES)
        raw = window.view(frames)
        lock = find_lock(raw, self._decoder, self._first, self._limit)
        if lock is None:
            return None
        due = self._decoder.expected((lock.align + lock.frame) % POSITIONS, frames - lock.frame)
        right = (self._decoder.rows(raw)[lock.frame :] == due).all(axis=1)
        return lock if right.mean() > PLAIN_SHARE else None

    def _skip_zeros(self, window: Window) -> bool:
        # Returns whether anything else is left.
        while window.frames:
            raw = window.view(min(window.frames, self._longest))
            first = int(np.argmax(raw != 0)) if raw.any() else raw.size
            window.drop(first // self._decoder.pattern.frame_bytes)
            if first < raw.size:
                return True
        return False
