# SPDX-License-Identifier: MIT
"""Walk a capture and score every line; cost does not grow with the laps asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.spectral.clock import CaptureWindow
from stress.detect.spectral.distort import Distortion
from stress.detect.spectral.resample import PAD, Resampler
from stress.detect.spectral.signal import Reference
from stress.detect.spectral.weigh import LINE, Weights
from stress.model.arrays import Signal, Spectrum

SIZE = 16384
# Frames at both ends of an FFT block that wrap: FIR, matched filter and search margin.
MARGIN = 1024
HOP = SIZE - 2 * MARGIN
# Frames scored beyond both ends of the middle, so that what spills over a border is seen whole.
SPILL = 384
FIRST = MARGIN - SPILL
SCORED = HOP + 2 * SPILL


@dataclass(frozen=True)
class BlockScan:
    """One FFT block of one channel after matching.

    Parameters
    ----------
    matched : matched residual, (SIZE,) float32 from played frame
        `middle` - MARGIN on; the first and last MARGIN / 2 frames are not valid.
    variance : noise power of this block over that of the fit.
    line_power : statistic of each line of the SCORED frames from FIRST on.
    signal, residual, distortion : mean power in the judged band.
    """

    matched: Signal
    variance: float
    line_power: Signal
    signal: float
    residual: float
    distortion: float


class Scanner:
    """Turn a channel's capture into line statistics, block by block.

    Parameters
    ----------
    y : (n,) float32, the captured channel; `x` what was played.
    """

    def __init__(self, y: Signal, x: Reference, weights: Weights, distortion: Distortion | None) -> None:
        self._y, self._x, self._weights = y, x, weights
        self._distortion = (distortion, distortion.spectrum(SIZE)) if distortion else None
        self._resampler = Resampler(SIZE + 4 * PAD)

    def score(self, middle: int, window: CaptureWindow, low: int, high: int) -> BlockScan:
        """Return the statistics around played frames `middle` .. `middle + HOP`.

        Parameters
        ----------
        window : of SIZE frames from `middle` - MARGIN on.
        low, high : lines outside these played frames score 0.
        """
        weights = self._weights
        start = middle - MARGIN
        told, bent, left = self._left(start, window)
        matched = np.asarray(np.fft.irfft(left * weights.matched, SIZE), dtype=np.float32)
        inner = matched[FIRST : FIRST + SCORED].reshape(SCORED // LINE, LINE) @ weights.whiten
        power = np.einsum("ij,ij->i", inner, inner)
        first = max(0, low - (start + FIRST)) // LINE
        last = max(0, high - (start + FIRST)) // LINE
        due = power[first : max(first + 1, last)]
        # The block's own noise: a quarter of its lines lie below the quartile whatever the rest does.
        variance = max(float(np.partition(due, due.size // 4)[due.size // 4]), 1e-20) / weights.quartile
        power[:first], power[last:] = 0, 0
        power *= np.float32(1 / variance)
        return BlockScan(
            matched,
            variance,
            power,
            2 * float(np.vdot(told * weights.band, told).real) / SIZE / SIZE,
            variance * weights.noise,
            0.0 if bent is None else 2 * float(np.vdot(bent * weights.band, bent).real) / SIZE / SIZE,
        )

    def remainder(self, middle: int, window: CaptureWindow) -> Signal:
        """Return what the stimulus leaves of played frames `middle` .. `middle + HOP`.

        Parameters
        ----------
        window : as for `score`.

        Returns
        -------
        (HOP,) float32.
        """
        left = np.fft.irfft(self._left(middle - MARGIN, window)[2], SIZE)
        return np.asarray(left[MARGIN : MARGIN + HOP], dtype=np.float32)

    def _left(self, start: int, window: CaptureWindow) -> tuple[Spectrum, Spectrum | None, Spectrum]:
        # Spectra of the stimulus' image, of its distortion, and of the capture without both.
        heard = np.fft.rfft(window.heard(self._y, self._resampler))
        sent = self._x.sent(start, SIZE)
        told = np.fft.rfft(sent) * self._weights.forward
        bent = self._distorted(sent, told)
        return told, bent, heard - told if bent is None else heard - told - bent

    def _distorted(self, sent: Signal, told: Spectrum) -> Spectrum | None:
        if self._distortion is None:
            return None
        distortion, taps = self._distortion
        source = sent
        if distortion.source == "heard":
            source = np.asarray(np.fft.irfft(told, SIZE), dtype=np.float32)
        both = np.fft.rfft(distortion.terms(source), axis=1) * taps
        return np.asarray(both[0] + both[1])
