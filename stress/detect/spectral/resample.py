"""Move a captured block onto the playback clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Signal = NDArray[np.float32]

# Order of the expansion of exp(i w d) in Legendre polynomials of d, |d| <= 1/2. Source: the
# first term left out is 11^0.5 * j5(w / 2), -74 dB at 0.29 of the rate. Higher: slower by an
# FFT each; lower: the interpolation error becomes the noise floor.
_ORDER = 4
# The response falls off between these shares of the rate, so the filters stay short.
_PASS, _STOP = 0.32, 0.45
PAD = 256


class Resampler:
    """Fractional delays that vary inside a block of `size` frames.

    The block's spectrum is turned once into `_ORDER` + 1 filtered signals; any
    output frame is a polynomial in its own fraction over them.

    Source: Farrow's structure with the Legendre expansion of a plane wave.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        w = 2 * np.pi * np.arange(size // 2 + 1) / size
        nodes, weights = np.polynomial.legendre.leggauss(24)
        wave = np.exp(0.5j * w[:, None] * nodes)
        ramp = np.clip((_STOP - w / (2 * np.pi)) / (_STOP - _PASS), 0.0, 1.0)
        keep = np.sin(0.5 * np.pi * ramp) ** 2
        basis = []
        for order in range(_ORDER + 1):
            legendre = np.polynomial.legendre.Legendre.basis(order)(nodes)
            basis.append((wave @ (weights * legendre)) * (order + 0.5) * keep)
        self._basis = np.array(basis, dtype=np.complex64)

    def __call__(self, block: Signal, instants: NDArray[np.float64]) -> Signal:
        """Return `block` at fractional frame numbers, each within PAD of no edge."""
        spectrum = np.fft.rfft(block)
        parts = np.fft.irfft(self._basis * spectrum, self.size, axis=1).astype(np.float32, copy=False)
        whole = np.rint(instants)
        u = ((instants - whole) * 2.0).astype(np.float32)
        index = whole.astype(np.int64)
        out = np.empty(instants.size, dtype=np.float32)
        # The integer part steps by one except at a few frames: copy runs, not elements.
        edges = np.flatnonzero(np.diff(index) != 1) + 1
        bounds = [0, *edges.tolist(), instants.size]
        for start, stop in zip(bounds[:-1], bounds[1:]):
            run = slice(int(index[start]), int(index[start]) + stop - start)
            out[start:stop] = _combine([part[run] for part in parts], u[start:stop])
        return out


def _combine(parts: list[Signal], u: Signal) -> Signal:
    # Legendre sum by its recurrence, P0..P4.
    square = u * u
    p2 = np.float32(1.5) * square - np.float32(0.5)
    p3 = (np.float32(2.5) * square - np.float32(1.5)) * u
    p4 = np.float32(4.375) * square * square - np.float32(3.75) * square + np.float32(0.375)
    return np.asarray(parts[0] + u * parts[1] + p2 * parts[2] + p3 * parts[3] + p4 * parts[4])
