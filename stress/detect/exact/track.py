# SPDX-License-Identifier: MIT
"""Follow the alignment through a stretch of runs: what is old, what slipped, what is noise.

A run of another lag is displaced data when the old alignment comes back, and a
slip when it does not. Whole laps are the exception: they name a ring, so a
newer run a whole number of laps ahead decides even after a slip.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stress.detect.exact.decode import NEAR, NONE
from stress.detect.exact.ring_offset import RingGeometry, are_whole_laps, signed

Run = tuple[int, int, int]

# Longest run that may be misplaced data rather than two slips [frames].
# Source: two packets of a full-speed card at 48 kHz. Higher: two slips close to
# each other become one misplaced run; lower: a misplaced packet becomes two slips.
LONGEST_MISPLACED = 96

# Most bytes of a chunk that was moved by a cache line [bytes]. Source: the
# largest cache line of the cores in question. Higher: a short stretch between
# two slips is called misplaced; lower: a moved line is called two slips.
LONGEST_CHUNK_BYTES = 64


# Frames of a run that may be a new alignment, and how many of them are kept in
# mind. Higher: a lone frame that is laps old behind a slip is unknown; lower: time.
LASTING, MOST_SLIPPED = 16, 4


@dataclass(frozen=True)
class TrackEvent:
    """Something wrong in a stretch; frames relative to its start.

    Parameters
    ----------
    what : "displaced", "slip" or "noise".
    start, end : frames; equal for a slip.
    lag : displaced: age against the alignment in force. slip: > 0 the stream
        fell back by as many frames, < 0 it jumped ahead. noise: 0.
    shift : lag of the alignment in force against that of the stretch.
    first, last : displaced data to the byte, where it does not fill frames.
    """

    what: str
    start: int
    end: int
    lag: int
    shift: int
    first: int | None = None
    last: int | None = None


# Bytes of a run that show the old alignment to be back [bytes]. Source: any frame but
# one of mono in 16 bits, which damage meets once in 65536 frames. Higher: a lone right
# frame between two old lines is not seen; lower: a slip into damage falls to pieces.
FEWEST_BACK = 3


class Tracker:
    """Walks the runs of one stretch.

    Parameters
    ----------
    runs : of `runs_of`, covering the stretch.
    geometry : rings.
    position : due at the first frame of the stretch.
    """

    def __init__(self, runs: Sequence[Run], geometry: RingGeometry, position: int) -> None:
        self._runs, self._geometry, self._position = runs, geometry, position
        self._at: dict[int, list[int]] = {}
        for at, (_, _, lag) in enumerate(runs):
            if lag != NONE:
                self._at.setdefault(lag, []).append(at)
        self._lags = np.array(list(self._at), np.int64)
        self._lasts_at = np.array([places[-1] for places in self._at.values()], np.int64)

    def walk(self, stop: int) -> tuple[list[TrackEvent], int]:
        """Return the events that start before `stop` and the last shift."""
        events: list[TrackEvent] = []
        shift = 0
        for at, (start, end, lag) in enumerate(self._runs):
            if start >= stop:
                break
            end = min(end, stop)
            if lag == NONE:
                events.append(TrackEvent("noise", start, end, 0, shift))
                continue
            target = shift if lag == shift else self._target(at, shift)
            if target != shift:
                events.append(TrackEvent("slip", start, start, target - shift, target))
                shift = target
            if lag != shift:
                events.append(TrackEvent("displaced", start, end, lag - shift, shift))
        return events, shift

    def _target(self, at: int, shift: int) -> int:
        # The alignment to follow from run `at` on: the old one, the run's, or a newer relative.
        start, end, lag = self._runs[at]
        if lag - shift >= NEAR or self._before_burst(start, lag):
            return shift  # from before this burst: no stream falls back that far
        whole = self._geometry.whole_laps(lag - shift)
        if self._comes_back(at, shift):
            return shift if whole or end - start <= LONGEST_MISPLACED else lag
        if (
            at
            and self._runs[at - 1][2] == NONE
            and self._runs[at - 1][1] - self._runs[at - 1][0] == lag - shift
        ):
            return lag  # as much noise as the stream fell back: an insertion
        if whole:
            return lag if self._lasts(at) else shift
        newest = self._newest_relative(at, lag)
        if newest != lag:
            return newest
        return shift if self._short_lived(at) else lag

    def _before_burst(self, start: int, lag: int) -> bool:
        return signed(self._position + start - lag - self._geometry.first_position) < 0

    def _comes_back(self, at: int, shift: int) -> bool:
        places = self._at.get(shift, [])
        later = (self._runs[j] for j in places[bisect_right(places, at) :])
        return any((end - start) * self._geometry.frame_bytes >= FEWEST_BACK for start, end, _ in later)

    def _newest_relative(self, at: int, lag: int) -> int:
        laps = lag - self._lags
        related = (laps > 0) & (self._lasts_at > at) & are_whole_laps(laps, self._geometry.rings)
        return int(self._lags[related].min()) if related.any() else lag

    def _short_lived(self, at: int) -> bool:
        # A chunk of a cache line or less before something longer, and never seen again.
        start, end, lag = self._runs[at]
        if (end - start) * self._geometry.frame_bytes > LONGEST_CHUNK_BYTES or self._at[lag][-1] != at:
            return False
        later = (self._runs[j] for j in range(at + 1, len(self._runs)))
        following = next((run for run in later if run[2] != NONE), None)
        if following is None:
            return at + 1 < len(self._runs)
        return following[1] - following[0] > end - start

    def _lasts(self, at: int) -> bool:
        # Whole laps old for longer than a lap and to the end: the stream replays, no line is old.
        start, _, lag = self._runs[at]
        last = self._runs[self._at[lag][-1]][1]
        alone = all(run[2] in (lag, NONE) for run in self._runs[at:])
        return alone and last - start > self._geometry.rings.largest


def slipped_to(runs: Sequence[Run]) -> list[int]:
    """Return the lags of the first few long runs that are not right, `MOST_SLIPPED` at most."""
    long = (lag for start, end, lag in runs if lag not in (0, NONE) and end - start >= LASTING)
    return list(dict.fromkeys(long))[:MOST_SLIPPED]


def commit_point(runs: list[tuple[int, int, int]], frames: int) -> int:
    """Return where to commit a stretch: about the middle, never inside noise that could be seen whole."""
    half = frames // 2
    start, end, lag = next(run for run in runs if run[0] <= half < run[1])
    if lag != NONE:
        return min(half + 1, end)
    return start if start > frames // 4 else half
