# SPDX-License-Identifier: MIT
"""Move a captured block onto the playback clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Floats, Signal

# Order of the expansion of exp(i w d) in Legendre polynomials of d, |d| <= 1/2. Source: the
# first term left out is 11^0.5 * j5(w / 2), -74 dB at 0.29 of the rate. Higher: slower by an
# FFT each; lower: the interpolation error becomes the noise floor.
_ORDER = 4
# Terms of the series of the expansion's coefficients: the first left out is below 1e-16.
_TERMS = 11
# The response falls off between these shares of the rate, so the filters stay short.
_PASS, _STOP = 0.32, 0.45
PAD = 256


@dataclass(frozen=True)
class Instants:
    """Fractional frame numbers of a block, split for resampling.

    Parameters
    ----------
    runs : (frame, start, stop): outputs `start` .. `stop` are nearest to the
        frames from `frame` on.
    fraction : twice the distance from the nearest frame, (n,) float32 in -1..1.
    """

    runs: tuple[tuple[int, int, int], ...]
    fraction: Signal


def split(instants: Floats) -> Instants:
    """Return fractional frame numbers, (n,) float64, as runs and fractions."""
    whole = np.rint(instants)
    edges = (np.flatnonzero(np.diff(whole) != 1) + 1).tolist()
    bounds = [0, *edges, instants.size]
    runs = tuple((int(whole[start]), start, stop) for start, stop in zip(bounds[:-1], bounds[1:]))
    return Instants(runs, ((instants - whole) * 2.0).astype(np.float32))


class Resampler:
    """Fractional delays that vary inside a block of `size` frames.

    The block's spectrum is turned once into `_ORDER` + 1 filtered signals; any
    output frame is a polynomial in its own fraction over them.

    Source: Farrow's structure with the Legendre expansion of a plane wave.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        w = 2 * np.pi * np.arange(size // 2 + 1) / size
        ramp = np.clip((_STOP - w / (2 * np.pi)) / (_STOP - _PASS), 0.0, 1.0)
        keep = np.sin(0.5 * np.pi * ramp) ** 2
        waves = _spherical_bessel(0.5 * w)
        wave = np.array([(2 * n + 1) * 1j**n * part * keep for n, part in enumerate(waves)])
        self._basis = (_monomials() @ wave).astype(np.complex64)

    def __call__(self, block: Signal, instants: Instants) -> Signal:
        """Return `block` at fractional frame numbers, each within PAD of no edge."""
        spectrum = np.fft.rfft(block)
        parts = np.asarray(np.fft.irfft(self._basis * spectrum, self.size, axis=1), dtype=np.float32)
        out = np.empty(instants.fraction.size, dtype=np.float32)
        # The integer part steps by one except at a few frames: copy runs, not elements.
        for first, start, stop in instants.runs:
            run = slice(first, first + stop - start)
            _combine(parts[:, run], instants.fraction[start:stop], out[start:stop])
        return out


def _monomials() -> Floats:
    # Row k: the share of u^k in every Legendre polynomial.
    out = np.zeros((_ORDER + 1, _ORDER + 1), dtype=np.float64)
    for n in range(_ORDER + 1):
        out[: n + 1, n] = np.polynomial.legendre.leg2poly([0.0] * n + [1.0])
    return out


def _spherical_bessel(x: Floats) -> list[Floats]:
    # j0.._ORDER by their power series: exact for x up to pi / 2, where the recurrence loses digits.
    step = -0.5 * x * x
    out, lead = [], np.ones_like(x)
    for order in range(_ORDER + 1):
        total = np.ones_like(x)
        for k in range(_TERMS, 0, -1):
            total = 1 + total * step / (k * (2 * order + 2 * k + 1))
        out.append(lead * total)
        lead = lead * x / (2 * order + 3)
    return out


def _combine(parts: Signal, u: Signal, out: Signal) -> None:
    # Horner's rule.
    np.multiply(parts[_ORDER], u, out=out)
    for part in parts[_ORDER - 1 : 0 : -1]:
        out += part
        out *= u
    out += parts[0]
