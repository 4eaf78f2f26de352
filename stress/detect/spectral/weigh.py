# SPDX-License-Identifier: MIT
"""Noise weighting: the matched filter of the channel, and its autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Floats, Signal, Spectrum

WINDOW = 512
# Frames of one statistic. 32 bytes of S16 stereo; half and double lines are found inside it.
LINE = 8
# Share of the response's power added on the diagonal: an 8 kHz channel leaves some of the 8
# directions of a line unheard. Higher: sensitivity is given away; lower: rounding is amplified.
_RIDGE = 1e-3


@dataclass(frozen=True)
class Weights:
    """Everything the statistic needs of channel and noise.

    Parameters
    ----------
    forward : taps as a spectrum, played to captured.
    band : spectrum that keeps the judged band, for residual levels.
    matched : spectrum from residual to matched residual.
    r : autocorrelation of the weighted response, (WINDOW,) from lag 0 on;
        also the covariance of the matched residual under no fault.
    whiten : (LINE, LINE); the sum of squares of a line times it is its statistic.
    quartile : lower quartile of that statistic under no fault.
    noise : power of the residual in the band.
    """

    forward: Spectrum
    band: Signal
    matched: Spectrum
    r: Signal
    whiten: Signal
    quartile: float
    noise: float


def spectrum_of(residual: Signal) -> Floats:
    """Return the robust power spectrum of rows of residual, (WINDOW / 2 + 1,)."""
    count = residual.shape[1] // WINDOW
    pieces = residual[:, : count * WINDOW].reshape(residual.shape[0] * count, WINDOW) * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(pieces, axis=1)).astype(np.float64) ** 2
    # The median of an exponential variable is ln 2 of its mean.
    middle = np.median(power, axis=0) / np.log(2.0) / (0.375 * WINDOW)
    padded = np.concatenate((middle[1:2], middle, middle[-2:-1]))
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)


def weights(taps: Floats, pre: int, noise: Floats, band: tuple[float, float], size: int) -> Weights:
    """Return the weights for FFT blocks of `size`.

    Parameters
    ----------
    taps, pre : channel FIR, (TAPS,) float64, `pre` of the taps ahead of frame 0.
    noise : (WINDOW / 2 + 1,) float64, power spectrum of the residual.
    band : judged band as shares of the rate.
    """
    share = np.arange(WINDOW // 2 + 1) / WINDOW
    inside = (share >= band[0]) & (share <= band[1])
    floor = 1e-9 * float(np.max(noise)) + 1e-16
    kernel = np.fft.irfft(inside / np.maximum(noise, floor), WINDOW)
    # A triangle keeps the weight positive and its kernel short.
    kernel *= 1 - np.abs(np.fft.fftfreq(WINDOW)) * 2
    spread = np.zeros(size, dtype=np.float64)
    spread[: WINDOW // 2], spread[-WINDOW // 2 :] = kernel[: WINDOW // 2], kernel[WINDOW // 2 :]
    weight = np.maximum(np.fft.rfft(spread).real, 0.0)
    forward = np.fft.rfft(np.roll(np.concatenate((taps, np.zeros(size - taps.size))), -pre))
    r = np.fft.irfft(np.abs(forward) ** 2 * weight, size)[:WINDOW]
    share = np.arange(size // 2 + 1) / size
    whiten, quartile = _line_whitener(r)
    return Weights(
        forward.astype(np.complex64),
        ((share >= band[0]) & (share <= band[1])).astype(np.float32),
        (np.conj(forward) * weight).astype(np.complex64),
        r.astype(np.float32),
        whiten.astype(np.float32),
        quartile,
        float(np.sum(noise[inside])) / (WINDOW // 2),
    )


def toeplitz(r: Signal, count: int) -> Floats:
    """Return the symmetric (count, count) float64 matrix of lags of `r`, (n,), 0 past its end."""
    lags = np.abs(np.arange(count)[:, None] - np.arange(count))
    padded = np.zeros(max(count, r.size), dtype=np.float64)
    padded[: r.size] = r
    return np.asarray(padded[lags])


def _line_whitener(r: Floats) -> tuple[Floats, float]:
    matrix = toeplitz(r.astype(np.float32), LINE)
    loaded = matrix + _RIDGE * matrix[0, 0] * np.eye(LINE)
    whiten = np.linalg.inv(np.linalg.cholesky(loaded)).T
    share = np.linalg.eigvalsh(whiten.T @ matrix @ whiten)
    # Quartile of a weighted sum of squares: Satterthwaite's degrees of freedom, Wilson-Hilferty's cube.
    scale = float(np.sum(share**2) / np.sum(share))
    freedom = float(np.sum(share) / scale)
    return whiten, scale * freedom * (1 - 2 / (9 * freedom) - 0.6745 * np.sqrt(2 / (9 * freedom))) ** 3
