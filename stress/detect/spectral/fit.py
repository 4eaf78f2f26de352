# SPDX-License-Identifier: MIT
"""Fit the channel: a short FIR from what was played to what was captured."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Floats, Signal, Spectrum

TAPS = 128
PRE = 48  # taps ahead of the correlation peak: linear-phase converters ring both ways
# Ridge as a share of the mean power: the stimulus leaves half of the spectrum empty. Higher: the
# response is biased (-110 dB here); lower: noise in the empty half is amplified.
_RIDGE = 1e-6
# Rounds of leaving out outliers; a clean capture settles in two.
_ROUNDS = 8


class Fit:
    """Least squares for one set of played blocks, any captured ones.

    Parameters
    ----------
    x : (blocks, length + TAPS - 1), row b from played frame m + PRE - TAPS + 1
        on, where m is the first captured frame of row b.
    """

    def __init__(self, x: Signal) -> None:
        self._length = x.shape[1] - TAPS + 1
        self._size = 1 << int(np.ceil(np.log2(x.shape[1])))
        self._spectrum = np.fft.rfft(x.astype(np.float64), self._size, axis=1)
        newest = np.fft.rfft(x[:, TAPS - 1 :].astype(np.float64), self._size, axis=1)
        self._gram = _gram(x, self._lags(newest), self._length)

    def solve(self, y: Signal) -> Floats:
        """Return the taps that map played to captured, (TAPS,) float64.

        Parameters
        ----------
        y : (blocks, length) float32, captured.
        """
        right = self._lags(np.fft.rfft(y.astype(np.float64), self._size, axis=1))
        return np.asarray(np.linalg.solve(self._gram, right), dtype=np.float64)

    def predict(self, taps: Floats) -> Signal:
        """Return taps applied to the played blocks, (blocks, length)."""
        whole = np.fft.irfft(self._spectrum * np.fft.rfft(taps, self._size), self._size, axis=1)
        return whole[:, TAPS - 1 : TAPS - 1 + self._length].astype(np.float32)

    def robust(self, y: Signal) -> tuple[Floats, Signal, Signal]:
        """Fit while ignoring outliers; return taps, prediction and residual.

        Samples further than 5 robust sigmas from the prediction are replaced
        by it, so stale lines and clicks do not bend the response.

        Parameters
        ----------
        y : (blocks, length) float32, captured.

        Returns
        -------
        (TAPS,) float64 and twice (blocks, length) float32.
        """
        used, last = y, np.inf
        for _ in range(_ROUNDS):
            guess = self.predict(self.solve(used))
            wrong = np.abs(y - guess)
            limit = 5.0 * 1.4826 * float(np.median(wrong[:, ::4]))
            used = np.where(wrong > limit, guess, y)
            if limit > 0.9 * last:
                break
            last = limit
        taps = self.solve(used)
        guess = self.predict(taps)
        return taps, guess, y - guess

    def _lags(self, spectrum: Spectrum) -> Floats:
        # Lag TAPS - 1 - k of the correlation belongs to tap k.
        whole = np.fft.irfft(np.sum(np.conj(spectrum) * self._spectrum, axis=0), self._size)
        return np.asarray(whole[TAPS - 1 :: -1], dtype=np.float64)


def _gram(x: Signal, first: Floats, length: int) -> Floats:
    # Entry (j+1, k+1) is entry (j, k) with one frame more at the front and one less at the back.
    head = x[:, TAPS - 2 :: -1].astype(np.float64)
    tail = x[:, length : length + TAPS - 1].astype(np.float64)[:, ::-1]
    step = head.T @ head - tail.T @ tail
    gram = np.empty((TAPS, TAPS), dtype=np.float64)
    gram[0], gram[:, 0] = first, first
    for j in range(TAPS - 1):
        gram[j + 1, 1:] = gram[j, :-1] + step[j]
    gram[np.diag_indices(TAPS)] += _RIDGE * np.trace(gram) / TAPS
    return gram
