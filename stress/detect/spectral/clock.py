# SPDX-License-Identifier: MIT
"""The capture clock against the playback clock, to a thousandth of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.spectral import fit
from stress.detect.spectral.resample import PAD, Instants, Resampler, split
from stress.detect.spectral.signal import Reference, padded
from stress.detect.spectral.track import Track
from stress.model.arrays import Floats, Ints, Signal

_LENGTH = 8192 - fit.TAPS + 1
# Frames resampled for a block: at least its own and twice the padding, and few factors for the transform.
_RESAMPLED = 9216
_BLOCKS = 12
# Frames of the resampler's transform: a block and PAD on both sides, and a size that is quick to transform.
_RESAMPLED = 9216
# Drift over the whole capture [frames] that is not told from none. Higher: the residual grows
# by (2 pi f d)^2; lower: noise in the estimate makes every capture pay for a resampler.
_SAME = 0.004
# Timing error of the worst block at which refining ends [frames]: -66 dB at 14 kHz.
_DONE = 5e-4
_ROUNDS = 6
# Degree of the clock polynomial once a line does not do; crystals wander with temperature.
_BENDS = 5


@dataclass(frozen=True)
class SegmentClock:
    """Captured frame of a played frame, within one segment.

    n(m) = m + offset + polynomial(m / scale).

    Parameters
    ----------
    offset : delay of the segment [frames].
    coefficients : of u, u^2, ... with u = m / scale, common to all segments.
    """

    offset: float
    coefficients: tuple[float, ...] = ()
    scale: float = 48000.0

    @property
    def same(self) -> bool:
        """True when both sides run on one clock."""
        return not any(self.coefficients) and self.offset == round(self.offset)

    def captured(self, played: Floats) -> Floats:
        """Return captured frame numbers of `played` ones, a float64 array of its shape."""
        u = played / self.scale
        bend = np.zeros(u.shape, dtype=np.float64)
        for value in reversed(self.coefficients):
            bend = (bend + value) * u
        return played + self.offset + bend

    def played(self, captured: float) -> float:
        """Return the played frame heard at a captured frame."""
        m = captured - self.offset
        for _ in range(4):
            m += captured - float(self.captured(np.array([m]))[0])
        return m

    @property
    def drift_ppm(self) -> float:
        """How much slower the capture clock runs [1e-6]."""
        return (1 / (1 + self.coefficients[0] / self.scale) - 1) * 1e6 if self.coefficients else 0.0


@dataclass(frozen=True)
class Fitted:
    """Channel taps with the blocks they came from.

    Parameters
    ----------
    clocks : one per segment.
    taps : FIR, `fit.PRE` taps of it ahead of the delay.
    x, prediction, residual : of the fitted blocks.
    """

    clocks: tuple[SegmentClock, ...]
    taps: Floats
    x: Signal
    prediction: Signal
    residual: Signal


def fit_on(y: Signal, x: Reference, track: Track, clocks: tuple[SegmentClock, ...]) -> Fitted:
    """Fit the taps of another channel of the same capture, its clock being known.

    Parameters
    ----------
    y : (n,) float32, the captured channel, full scale 1.
    """
    return _fit(y, x, track, clocks, Resampler(_RESAMPLED))[0]


@dataclass(frozen=True)
class CaptureWindow:
    """Where a run of played frames lies in the capture; the same for all channels.

    Parameters
    ----------
    base : captured frame of the first instant's frame 0, or of the first
        frame on one clock.
    instants : None on one clock.
    """

    base: int
    length: int
    instants: Instants | None

    def heard(self, y: Signal, resampler: Resampler) -> Signal:
        """Return the captured frames on the playback clock, (length,).

        Parameters
        ----------
        y : (n,) float32, the captured channel.
        """
        if self.instants is None:
            return padded(y, self.base, self.length)
        return resampler(padded(y, self.base, resampler.size), self.instants)


def window(clock: SegmentClock, start: int, length: int) -> CaptureWindow:
    """Return where played frames `start` .. `start + length` were captured."""
    if clock.same:
        return CaptureWindow(start + int(clock.offset), length, None)
    instants = clock.captured(start + np.arange(length, dtype=np.float64))
    base = int(np.floor(instants[0])) - PAD
    return CaptureWindow(base, length, split(instants - base))


def on_played_clock(y: Signal, clock: SegmentClock, start: int, length: int, resampler: Resampler) -> Signal:
    """Return `length` captured frames as played frames from `start` on.

    Parameters
    ----------
    y : (n,) float32, the captured channel.

    Returns
    -------
    (length,) float32.
    """
    return window(clock, start, length).heard(y, resampler)


def refine(y: Signal, x: Reference, track: Track) -> Fitted:
    """Fit channel and clock together, on blocks spread over the capture.

    Parameters
    ----------
    y : (n,) float32, the captured channel, full scale 1.
    """
    resampler = Resampler(_RESAMPLED)
    span = y.size
    start: tuple[float, ...] = (track.slope * 48000.0,) if abs(track.slope) * span > 0.5 else ()
    clocks = [_start_clock(segment.frames, segment.delays, start) for segment in track.segments]
    degree = 1
    for attempt in range(_ROUNDS):
        fitted, starts, owner = _fit(y, x, track, tuple(clocks), resampler)
        shift, weight = timing = _timing(fitted)
        bends, moves = _regress(timing, starts, owner, len(clocks), degree)
        if _settled(bends[0] * span / 48000.0, moves, clocks):
            return fitted
        worst = float(np.max(np.abs(shift) * (weight > 0)))
        if worst < _DONE:
            return fitted
        if attempt >= 2 and len(starts) >= 8:
            degree = _BENDS
        old = clocks[0].coefficients
        longest = max(len(old), len(bends))
        summed = [sum(part[i] for part in (old, bends) if i < len(part)) for i in range(longest)]
        clocks = [SegmentClock(c.offset + move, tuple(summed)) for c, move in zip(clocks, moves)]
    return _fit(y, x, track, tuple(clocks), resampler)[0]


def _settled(drift: float, moves: list[float], clocks: tuple[SegmentClock, ...] | list[SegmentClock]) -> bool:
    # One clock, and no segment off by a fraction the common taps do not absorb.
    apart = max(moves) - min(moves)
    return all(clock.same for clock in clocks) and abs(drift) < _SAME and apart < 0.02


def _start_clock(
    frames: tuple[float, ...], delays: tuple[float, ...], coefficients: tuple[float, ...]
) -> SegmentClock:
    centre = np.array(frames) - np.array(delays)
    bare = SegmentClock(0.0, coefficients)
    offset = float(np.median(np.array(frames) - bare.captured(centre)))
    return SegmentClock(offset, coefficients) if coefficients else SegmentClock(float(round(offset)))


def _fit(
    y: Signal, x: Reference, track: Track, clocks: tuple[SegmentClock, ...], resampler: Resampler
) -> tuple[Fitted, Floats, Ints]:
    starts, owner = _places(track, clocks)
    ys = [on_played_clock(y, clocks[o], int(s), _LENGTH, resampler) for s, o in zip(starts, owner)]
    xs = [x.at(int(s) + fit.PRE - fit.TAPS + 1, _LENGTH + fit.TAPS - 1) for s in starts]
    played, heard = np.array(xs), np.array(ys)
    heard = heard - heard.mean(axis=1, keepdims=True)
    taps, prediction, residual = fit.Fit(played).robust(heard)
    return Fitted(clocks, taps, played, prediction, residual), starts, owner


def _places(track: Track, clocks: tuple[SegmentClock, ...]) -> tuple[Floats, Ints]:
    # Block starts (played frames), spread evenly over the blocks that tracked.
    where = [(i, frame) for i, segment in enumerate(track.segments) for frame in segment.frames]
    pick = np.unique(np.linspace(0, len(where) - 1, min(_BLOCKS, len(where))).astype(np.int64))
    chosen = [where[int(i)] for i in pick]
    rough = [(i, float(np.rint(clocks[i].played(frame - _LENGTH / 2)))) for i, frame in chosen]
    starts = [_inside(track, clocks, i, start) for i, start in rough]
    return np.array(starts, dtype=np.float64), np.array([i for i, _ in chosen], dtype=np.int64)


def _inside(track: Track, clocks: tuple[SegmentClock, ...], index: int, start: float) -> float:
    # The block moved into its segment, where that is long enough.
    segment, timing = track.segments[index], clocks[index]
    low = max(0.0, np.ceil(timing.played(segment.start if index else 0)))
    high = np.floor(timing.played(segment.stop)) - _LENGTH
    return float(min(max(start, low), high)) if high >= low else start


def _timing(fitted: Fitted) -> tuple[Floats, Floats]:
    # Each block's residual against the derivative of its prediction: its timing error [frames].
    guess = fitted.prediction.astype(np.float64)
    slope = _derivative(guess)
    limit = 5 * 1.4826 * np.median(np.abs(fitted.residual))
    e = np.clip(fitted.residual[:, 4:-4], -limit, limit)
    power = np.sum(slope * slope, axis=1) + 1e-30
    shift = -np.sum(slope * e, axis=1) / power
    noise = np.mean(e * e, axis=1)
    weight = (noise < 9 * np.median(noise)) * power
    return shift, weight


def _derivative(rows: Floats) -> Floats:
    # Central difference over nine frames: within 8 % up to 0.29 of the rate.
    length = rows.shape[1] - 8
    out = np.zeros((rows.shape[0], length), dtype=np.float64)
    for k, factor in enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), start=1):
        out += factor * (rows[:, 4 + k : 4 + k + length] - rows[:, 4 - k : 4 - k + length])
    return out


def _regress(
    timing: tuple[Floats, Floats], starts: Floats, owner: Ints, segments: int, degree: int
) -> tuple[list[float], list[float]]:
    # Common polynomial of u = m / 48000 without its constant, and one offset per segment.
    shift, weight = timing
    u = (starts + _LENGTH / 2) / 48000.0
    scale = max(float(np.max(np.abs(u))), 1.0)
    powers = [(u / scale) ** k for k in range(1, degree + 1)] if len(starts) >= 3 else []
    members = [(owner == i).astype(np.float64) for i in range(segments)]
    design = np.array([*powers, *members]).T * np.sqrt(weight)[:, None]
    solution = np.linalg.lstsq(design, shift * np.sqrt(weight), rcond=None)[0]
    bends = [float(v) / scale ** (k + 1) for k, v in enumerate(solution[: len(powers)])]
    return bends or [0.0], [float(v) for v in solution[len(powers) :]]
