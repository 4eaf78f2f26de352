# SPDX-License-Identifier: MIT
"""Describe the channel from its fit and from the walk over the capture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.detect.spectral import fit
from stress.detect.spectral.clock import Fitted
from stress.detect.spectral.result import Channel, Second
from stress.model.arrays import Floats, Samples, Signal

_POINTS = 24
# Mains lines that are looked for: 50 and 60 Hz up to the 13th, below this [Hz]. Higher: the stimulus itself
# begins at 800 Hz; lower: the buzz of a dimmer is missed.
_HARMONICS, _HIGHEST = np.arange(1, 14), 700.0
# Bins either side whose median is what a line stands out of, and by how much [ratio]. Higher: weak hum is not
# told; lower: noise is called hum.
_AROUND, _STANDS = 12, 20


def db(ratio: float) -> float:
    """Return a power ratio in dB, -200 at least."""
    return 10 * float(np.log10(max(ratio, 1e-20)))


def peak_offset(taps: Floats) -> int:
    """Return the frame of the strongest of `taps`, (TAPS,) float64, relative to the delay."""
    return int(np.abs(taps).argmax()) - fit.PRE


def response(
    taps: Floats, rate: int, band: tuple[float, float]
) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Return the gain in the band [dB] and the response relative to it.

    Parameters
    ----------
    taps : (TAPS,) float64.
    rate : [Hz].
    band : edges as shares of the rate.
    """
    spectrum = np.abs(np.fft.rfft(taps, 4096)) ** 2
    share = np.arange(spectrum.size) / 4096
    inside = (share >= band[0]) & (share <= band[1])
    gain = db(float(np.mean(spectrum[inside])))
    edges = np.geomspace(band[0], band[1], _POINTS + 1)
    points = []
    for low, high in zip(edges[:-1], edges[1:]):
        part = spectrum[(share >= low) & (share < high)]
        if part.size:
            points.append((float(np.sqrt(low * high)) * rate, db(float(np.mean(part))) - gain))
    return gain, tuple(points)


def clipped_share(samples: Samples) -> float:
    """Return the share of samples stuck at the largest level seen, 0..1.

    Parameters
    ----------
    samples : int32 of any shape.
    """
    if not samples.size:
        return 0.0
    high, low = int(samples.max()), int(samples.min())
    top = max(high, -low)
    if top < 16:
        return 0.0
    return float(np.count_nonzero(samples >= top - 1) + np.count_nonzero(samples <= 1 - top)) / samples.size


def hum_db(y: Signal, rate: int, signal_power: float) -> float | None:
    """Return mains lines (50 and 60 Hz, up to the 13th) over the stimulus [dB].

    Parameters
    ----------
    y : (n,) float32, captured while the stimulus was on.
    signal_power : of the stimulus in it, full scale 1.
    """
    size = min(1 << 16, 1 << int(np.log2(max(y.size, 2))))
    if size < rate:
        return None
    window = np.hanning(size)
    power = np.abs(np.fft.rfft(y[:size] * window)) ** 2 / (size * float(np.sum(window**2)) / 2)
    best = None
    for mains in (50.0, 60.0):
        bins = np.rint(_HARMONICS * mains * size / rate).astype(np.int64)
        bins = bins[bins * rate / size < min(_HIGHEST, rate / 2)]
        near = np.array([power[b - 1 : b + 2].sum() for b in bins])
        around = np.array([np.median(power[max(1, b - _AROUND) : b + _AROUND + 1]) * 3 for b in bins])
        lines = near[near > _STANDS * around]
        if lines.size >= 2 and (best is None or lines.sum() > best):
            best = float(lines.sum())
    return None if best is None else db(best / max(signal_power, 1e-20))


def channel(
    fitted: Fitted,
    y: Signal,
    rate: int,
    band: tuple[float, float],
    levels: tuple[float, float, float],
    clipped: float,
) -> Channel:
    """Return the channel.

    Parameters
    ----------
    y : (n,) float32, captured while the stimulus was on.
    levels : mean power of signal, residual and distortion in the band.
    """
    gain, points = response(fitted.taps, rate, band)
    signal, residual, distortion = levels
    clock = fitted.clocks[0]
    latency = float(clock.captured(np.zeros(1))[0]) + peak_offset(fitted.taps)
    ratio = db(signal / max(residual, 1e-20))
    bad = db((residual + distortion) / max(signal, 1e-20))
    return Channel(latency, gain, points, ratio, bad, clock.drift_ppm, hum_db(y, rate, signal), clipped)


def seconds(blocks: Sequence[tuple[int, float, float, float]], rate: int) -> tuple[Second, ...]:
    """Return levels per second.

    Parameters
    ----------
    blocks : captured frame, then signal, residual and distortion power.
    """
    sums: dict[int, list[float]] = {}
    for frame, *powers in blocks:
        total = sums.setdefault(frame // rate, [0.0, 0.0, 0.0])
        for i, power in enumerate(powers):
            total[i] += power
    out = []
    for second, (signal, residual, distortion) in sorted(sums.items()):
        bad = db((residual + distortion) / max(signal, 1e-20))
        out.append(Second(second * rate, db(signal / max(residual, 1e-20)), bad))
    return tuple(out)
