# SPDX-License-Identifier: MIT
"""Where a stream at another rate begins, right behind other damage too.

The search for a ratio costs a few hundred Fourier transforms, so it is made only
where little decodes, and ever more rarely where it keeps failing. The line of
places it gives is then followed back, frame by frame, to where it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.exact.decode import NONE, Decoder
from stress.detect.exact.ring_offset import signed
from stress.detect.rate.resample import SHORTEST, Other, Resampling, unsettled
from stress.model.arrays import Bytes, Floats
from stress.model.stimulus import POSITIONS

if TYPE_CHECKING:
    Runs = list[tuple[int, int, int]]

# Frames behind the first wrong one where a ratio is looked for, and how far off the
# place may be there [frames]. Source: gain and dither of that length before it, a
# slip of up to 512 frames. Higher: time, and mono meets itself elsewhere; lower: a
# fault of some hundred frames hides that another rate follows it.
PROBES = ((0, 0), (512, 512), (0, 512), (512, 1024), (2304, 2816))

# Share of frames that are right, whole laps old, or in runs of `LEAST_RUN` equal lags
# that is no other rate. Source: lines that are nearly all stale decode, and to whole
# laps; interpolated frames do not, and those of twice the rate step through all lags.
# Higher: time on dense damage; lower: a rate right behind stale lines is not looked for.
DECODED_SHARE, LEAST_RUN = 0.5, 3

# Searches that may fail in a row before every other stretch is left out, then
# three of four, and so on; and the places that are tried in a stretch from then on.
# Higher: seconds on a burst of noise; lower: another rate behind a few unknown
# stretches is unknown too.
FREE_SEARCHES, FEWER_PROBES = 1, 2

# Difference to straight lines between frames that still fits, in full scales.
# Source: 16-bit rounding is 3e-5, a place off by a hundredth of a frame 0.01.
# Higher: damage before the onset fits by chance; lower: no converter fits.
FITS = 0.02

# The same where straight lines fit better than that: what tells a small difference
# of rates from a few flipped bits before it. Higher: low bits flipped just before
# the onset belong to it; lower: the rounding of the place ends it early.
FINEST = 1e-3

# Frames behind a probe that the line is fitted in, the last `SHORTEST` of them, and how often: time.
FITTED, ROUNDS = 2 * SHORTEST, 4


@dataclass(frozen=True)
class Onset:
    """First frame of another rate in a stretch, and the lag of the stream there.

    Without a lag it is only where the stretch is to be cut.
    """

    frame: int
    lag: int | None = None


@dataclass(frozen=True)
class _Line:
    # A frame of the stretch, the position it shows, and the ratio behind it.
    frame: int
    place: float
    ratio: float


class OnsetFinder:
    """Looks for other rates in the stretches of one capture, in order.

    Parameters
    ----------
    decoder : of this capture.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder, self._resampling = decoder, Resampling(decoder)
        self._failed = self._left_out = 0

    def settled(self) -> None:
        """Take note of a stretch that calls for no search."""
        self._failed = self._left_out = 0

    def find(self, rows: Bytes, position: int, runs: Runs, rough: tuple[int, int]) -> Onset | None:
        """Return where another rate begins, or where a rough part is to be seen from its start.

        Parameters
        ----------
        rows : (n, frame_bytes) uint8 of a stretch.
        position : due at its first frame.
        rough : first and last frame between which nothing settles.
        """
        if self._decoded(runs, rough) > DECODED_SHARE:
            return None
        if self._left_out:
            self._left_out -= 1
            return None
        found = self._probe(rows, position, runs, rough)
        if found is not None:
            self._failed = 0
            return found
        self._failed += 1
        if self._failed > FREE_SEARCHES:
            self._left_out = (1 << min(self._failed - FREE_SEARCHES, 8)) - 1
        later = unsettled([run for run in runs if run[0] >= rough[1]], rough[1])
        cut = rough[0] or (later[0] if later is not None else 0)
        return Onset(cut) if cut else None

    def _decoded(self, runs: Runs, rough: tuple[int, int]) -> float:
        first, last = rough
        start, end, lag = np.array([run for run in runs if run[1] > first and run[0] < last], np.int64).T
        known = (lag == 0) | self._decoder.whole_laps(lag) | (end - start >= LEAST_RUN)
        known &= lag != NONE
        inside = np.minimum(end, last) - np.maximum(start, first)
        return float(inside[known].sum()) / (last - first)

    def _probe(self, rows: Bytes, position: int, runs: Runs, rough: tuple[int, int]) -> Onset | None:
        # The first line that goes on from what is right before it, else the first there is.
        (start, end), rougher = rough, None
        for probe, further in PROBES[: FEWER_PROBES if self._failed >= FREE_SEARCHES else None]:
            first = start + probe
            if end - first < SHORTEST:
                continue
            due = (position + first - last_lag(runs, first)) % POSITIONS
            other = self._resampling.judge(rows[first:end], due, further)
            if other is None:
                continue
            line = self._back(rows[start:end], due, probe, other)
            if line is None:
                rougher = rougher or Onset(first)
                continue
            onset = self._anchored(rows, position, runs, replace(line, frame=start + line.frame))
            if onset is not None:
                return onset
            rougher = rougher or Onset(start + line.frame)
        return rougher

    def _back(self, rows: Bytes, due: int, probe: int, other: Other) -> _Line | None:
        # The first frame from which on everything lies on straight lines between frames.
        n = min(len(rows), probe + FITTED)
        seen = self._resampling.samples(rows[:n], every=True)
        times: Floats = np.arange(-probe, n - probe, dtype=np.float64)
        known = slice(n - SHORTEST, n)
        place: Floats = other.origin + other.ratio * times
        for _ in range(ROUNDS):
            model, slope = self._resampling.between(due, place)
            left = (seen - model)[known].ravel()
            rate = np.stack([slope[known], slope[known] * times[known, None]], axis=-1).reshape(-1, 2)
            offset, drift = np.linalg.lstsq(rate, left, rcond=None)[0]
            place += float(offset) + float(drift) * times
        model, _ = self._resampling.between(due, place)
        off = np.abs(seen - model).max(axis=1)
        usual = float(np.quantile(off[known], 0.9))
        if usual > FITS:
            return None
        misfits = np.flatnonzero(off[: n - SHORTEST] > max(6 * usual, FINEST))
        first = int(misfits[-1]) + 1 if len(misfits) else 0
        return _Line(first, due + float(place[first]), other.ratio)

    def _anchored(self, rows: Bytes, position: int, runs: Runs, line: _Line) -> Onset | None:
        # Goes on from the frame before, or a slip leads up to a first frame that is right.
        before = last_lag(runs, line.frame)
        here = position + line.frame
        if not signed(round(line.place - line.ratio) - (here - 1 - before)):
            return Onset(line.frame, before)
        place = round(line.place)
        right = (rows[line.frame] == self._decoder.expected(place % POSITIONS, 1)[0]).all()
        return Onset(line.frame, signed(here - place)) if right else None


def last_lag(runs: Runs, frame: int) -> int:
    """Return the lag of the last run that ends at or before `frame`, 0 without one."""
    known = [lag for _, end, lag in runs if end <= frame and lag != NONE]
    return known[-1] if known else 0


def spliced(runs: Runs, onset: Onset, frames: int) -> Runs:
    """Return `runs` with everything from the onset on right in its alignment."""
    if onset.lag is None:
        return runs
    before = [(start, min(end, onset.frame), lag) for start, end, lag in runs if start < onset.frame]
    return [*before, (onset.frame, frames, onset.lag)]
