# SPDX-License-Identifier: MIT
"""The pass over a capture: every line of every segment, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stress.detect.spectral import measure
from stress.detect.spectral.clock import Fitted, SegmentClock, window
from stress.detect.spectral.distort import Distortion
from stress.detect.spectral.explain import ALARM, Event, Explainer
from stress.detect.spectral.scan import HOP, MARGIN, SIZE, Scanner
from stress.detect.spectral.signal import Reference
from stress.detect.spectral.track import BLOCK, Track
from stress.detect.spectral.weigh import LINE, Weights
from stress.model.arrays import Signal

# Frames left out at either side of a jump and of the capture's ends: reach of the matched filter.
EDGE = 512


@dataclass(frozen=True)
class Options:
    """What may be set.

    Parameters
    ----------
    laps : how many laps old stale data may be.
    extra_lags : more lags to try first [frames], e.g. of earlier bursts.
    played : frames of the pattern that were played, None when unknown.
    most : findings kept; all are counted.
    before_s, after_s : how early and late the pattern may start relative to
        what `first_position` says [s].
    line_bytes : cache line of the board; no finding names a larger one [bytes].
    view : captured start and frames to show in the report, None for no view.
    """

    laps: int = 8
    extra_lags: tuple[int, ...] = ()
    played: int | None = None
    most: int = 1000
    before_s: float = 10.0
    after_s: float = 10.0
    line_bytes: int = 32
    view: tuple[int, int] | None = None


@dataclass(frozen=True)
class Tuned:
    """One captured channel with everything known of it."""

    y: Signal
    x: Reference
    fitted: Fitted
    weights: Weights
    distortion: Distortion | None


class Walk:
    """The pass over all segments of a capture.

    Parameters
    ----------
    tuned : the channels used, on one clock.
    borders : last captured frame before and first one after each jump.

    Attributes
    ----------
    checked : played frames scored.
    quiet_score : largest line statistic of the blocks without an event [sigmas].
    powers : captured frame, then signal, residual and distortion power of every block.
    """

    def __init__(
        self,
        tuned: Sequence[Tuned],
        track: Track,
        explainer: Explainer,
        options: Options,
        borders: Sequence[tuple[int, int]],
    ) -> None:
        self._tuned, self._track, self._explainer = tuned, track, explainer
        self._options = options
        self._borders = [(0, 0), *borders]
        self.checked = 0
        self.quiet_score = 0.0
        self.powers: list[tuple[int, float, float, float]] = []
        self._ranges: list[tuple[int, int, SegmentClock]] = []

    def run(self) -> list[Event]:
        """Return the events of all segments."""
        events: list[Event] = []
        scanners = [Scanner(t.y, t.x, t.weights, t.distortion) for t in self._tuned]
        for index in range(len(self._track.segments)):
            low, high, timing = self._range(index)
            self._ranges.append((low, high, timing))
            for middle in range(low, high, HOP):
                heard = window(timing, middle - MARGIN, SIZE)
                stretches = [scanner.score(middle, heard, low, high) for scanner in scanners]
                self.checked += min(middle + HOP, high) - middle
                at = int(timing.captured(np.array([float(middle)]))[0])
                first = stretches[0]
                self.powers.append((at, first.signal, first.residual, first.distortion))
                room = self._options.most + 100 - len(events)
                power = self._explainer.power(middle, stretches)
                top = float(np.sqrt(max(0.0, float(power.max()))))
                self.quiet_score = max(self.quiet_score, top if top < ALARM else 0.0)
                events += self._explainer.explain(middle, stretches, power, max(room, 1))
        return events

    def remainders(self) -> Iterator[tuple[int, Signal]]:
        """Yield what the stimulus leaves of the first channel: captured frame and run.

        The runs are (HOP,) float32, the last one shorter. Call after `run`.
        """
        one = self._tuned[0]
        scanner = Scanner(one.y, one.x, one.weights, one.distortion)
        for low, high, timing in self._ranges:
            for middle in range(low, high, HOP):
                left = scanner.remainder(middle, window(timing, middle - MARGIN, SIZE))
                at = round(float(timing.captured(np.array([float(middle)]))[0]))
                yield at, left[: min(HOP, high - middle)]

    def levels(self) -> tuple[float, float, float]:
        """Return median powers of signal, residual and distortion in the band."""
        if not self.powers:
            return 0.0, 1.0, 0.0
        signal, residual, distortion = (float(np.median([p[i] for p in self.powers])) for i in (1, 2, 3))
        return signal, residual, distortion

    def captured(self, played: int) -> int:
        """Return the captured frame where a played one peaks."""
        timing = next((c for low, high, c in self._ranges if low <= played < high), self._ranges[0][2])
        exact = float(timing.captured(np.array([float(played)]))[0])
        return round(exact) + measure.peak_offset(self._tuned[0].fitted.taps)

    def _range(self, index: int) -> tuple[int, int, SegmentClock]:
        segments, y = self._track.segments, self._tuned[0].y
        timing = self._tuned[0].fitted.clocks[index]
        begin = self._borders[index][1]
        final = index == len(segments) - 1
        end = y.size if final else self._borders[index + 1][0]
        if final and y.size - segments[index].stop > 2 * BLOCK:
            end = segments[index].stop + 2 * BLOCK
        low = int(np.ceil(timing.played(begin))) + EDGE
        if index == 0 and timing.played(0) < -EDGE:
            low = 0
        high = int(timing.played(end)) - EDGE
        if self._options.played is not None:
            # Where the stimulus stops, what lies outside its band is heard, and no fit knows it.
            high = min(high, self._options.played - EDGE)
        low += -low % LINE
        return low, low + max(0, high - low) // LINE * LINE, timing
