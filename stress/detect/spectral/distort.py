# SPDX-License-Identifier: MIT
"""Second and third order distortion, fitted to what the linear channel leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.spectral import fit
from stress.detect.spectral.clock import Fitted
from stress.model.arrays import Floats, Ints, Signal, Spectrum

# Taps of each term either side of the channel's peak: converters and amplifiers distort ahead of
# the filters (PLAYED) or behind them (HEARD), where little is left to spread it.
_SIDES = {"played": 16, "heard": 4}
# Share of the residual the terms must explain, on blocks they were not fitted to. Higher: the
# distortion stays as noise; lower: the terms fit noise and cost two FFTs for nothing.
_WORTH = 0.03
# One frame in so many is fitted: neighbours are alike, and the taps are few.
_THIN = 3
# Frames that no tap reaches over: left out at both ends of a block, and room behind it in a transform.
_REACH = 64


@dataclass(frozen=True)
class Distortion:
    """Terms to subtract besides the linear channel.

    Parameters
    ----------
    source : "played" (of the stimulus) or "heard" (of its image in the capture).
    scale : RMS of the source, by which it is divided first.
    first : lag of the first tap [frames].
    taps : (2, n) float64, of the second and the third order term.
    """

    source: str
    scale: float
    first: int
    taps: Floats

    def terms(self, source: Signal) -> Signal:
        """Return both terms of `source`, (..., frames) float32, as (2, ..., frames) float32."""
        return terms(source, self.scale)

    def spectrum(self, size: int) -> Spectrum:
        """Return the taps as spectra of FFT blocks of `size`, (2, size / 2 + 1)."""
        padded = np.zeros((2, size), dtype=np.float64)
        padded[:, : self.taps.shape[1]] = self.taps
        return np.asarray(np.fft.rfft(np.roll(padded, self.first, axis=1), axis=1), dtype=np.complex64)


def terms(source: Signal, scale: float) -> Signal:
    """Return x^2 - 1 and x^3 - 3x of `source` / `scale`, uncorrelated with noise x.

    Parameters
    ----------
    source : (..., frames) float32.
    scale : RMS of it.

    Returns
    -------
    (2, ..., frames) float32.
    """
    x = source * np.float32(1.0 / scale)
    square = x * x
    return np.array([square - np.float32(1.0), (square - np.float32(3.0)) * x], dtype=np.float32)


def explain(fitted: Fitted) -> tuple[Distortion | None, Signal]:
    """Return the distortion worth subtracting, and the residual without it, (blocks, length) float32."""
    peak = int(np.abs(fitted.taps).argmax()) - fit.PRE
    played = fitted.x[:, fit.TAPS - 1 - fit.PRE :]
    best: tuple[Distortion, Signal] | None = None
    power = float(np.median(fitted.residual**2))
    for name, source, first in (
        ("played", played, peak - _SIDES["played"]),
        ("heard", fitted.prediction, -_SIDES["heard"]),
    ):
        found = _solve(name, source, first, fitted.residual)
        left = fitted.residual[1::2] - _apply(found, source[1::2], fitted.residual.shape[1])
        now = float(np.median(left**2)) if left.size else power
        if now < (1 - _WORTH) * power:
            best, power = (found, source), now
    if best is None:
        return None, fitted.residual
    found, source = best
    return found, fitted.residual - _apply(found, source, fitted.residual.shape[1])


def _solve(name: str, source: Signal, first: int, residual: Signal) -> Distortion:
    scale = max(float(np.std(source)), 1e-9)
    both = terms(source[::2], scale)
    lags = range(first, first + 2 * _SIDES[name] + 1)
    inner = np.arange(_REACH, residual.shape[1] - _REACH, _THIN)
    columns = [_late(term, inner, lag).ravel() for term in both for lag in lags]
    design = np.array(columns, dtype=np.float64)
    wanted = residual[::2][:, inner].ravel().astype(np.float64)
    limit = 5 * 1.4826 * float(np.median(np.abs(wanted)))
    gram = design @ design.T
    gram[np.diag_indices(gram.shape[0])] += 1e-6 * np.trace(gram) / gram.shape[0]
    taps = np.linalg.solve(gram, design @ np.clip(wanted, -limit, limit))
    for _ in range(2):
        # What the terms do not explain either is no distortion: stale lines, clicks.
        guess = taps @ design
        strange = np.abs(wanted - guess) > limit
        taps = np.linalg.solve(gram, design @ np.where(strange, guess, wanted))
    return Distortion(name, scale, first, np.asarray(taps.reshape(2, len(lags)), dtype=np.float64))


def _late(term: Signal, inner: Ints, lag: int) -> Signal:
    # Rows of `term` `lag` frames before `inner`; the edge frame stands in for what lies outside.
    return term[:, np.clip(inner - lag, 0, term.shape[1] - 1)]


def _apply(found: Distortion, source: Signal, length: int) -> Signal:
    size = 1 << int(np.ceil(np.log2(source.shape[1] + _REACH)))
    spectra = np.fft.rfft(found.terms(source), size, axis=2) * found.spectrum(size)[:, None, :]
    return np.asarray(np.fft.irfft(spectra.sum(axis=0), size, axis=1)[:, :length], dtype=np.float32)
