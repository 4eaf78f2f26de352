# SPDX-License-Identifier: MIT
"""Three tone detectors written from descriptions of the peers, for comparison only.

Each takes one channel of floats (full scale 1) and answers whether it would
fail the recording. They are here because a benchmark against a straw man
proves nothing: thresholds are the published ones.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Floats


def fft_peak(y: Floats, rate: int, tone_hz: float) -> bool:
    """Fail when a spectral peak lies off the tone.

    Largest power of two, no window, peaks above mean + 3 sigma, tolerance the
    larger of 1 Hz and 0.5 %.
    """
    size = 1 << int(np.log2(y.size))
    level = np.abs(np.fft.rfft(y[:size]))[1:]
    limit = float(level.mean() + 3 * level.std())
    over = np.flatnonzero(level > limit) + 1
    tolerance = max(1.0, 0.005 * tone_hz)
    for group in np.split(over, np.flatnonzero(np.diff(over) > 1) + 1):
        if not group.size:
            return True
        peak = int(group[np.argmax(level[group - 1])]) * rate / size
        if peak > 7.01 and abs(peak - tone_hz) > tolerance:
            return True
    return not over.size


def phase_locked(y: Floats, period: int, tolerance: float = 0.10) -> int:
    """Return the frames that miss a locked sine by more than `tolerance`.

    Magnitude and phase follow once per period; a bad frame starts a glitch,
    which ends after one good period.
    """
    w = 2 * np.pi / period
    start = 4 * period
    head = y[start : start + 8 * period]
    turn = np.exp(-1j * w * np.arange(start, start + head.size))
    vector = 2 * np.mean(head * turn)
    bad, until = 0, 0
    for at in range(start + 8 * period, y.size - period, period):
        n = np.arange(at, at + period)
        wave = (vector * np.exp(1j * w * n)).real
        wrong = np.abs(wave - y[at : at + period]) > tolerance * abs(vector)
        if wrong.any() and at >= until:
            bad += 1
        if wrong.any():
            until = at + 2 * period
        else:
            now = 2 * np.mean(y[at : at + period] * np.exp(-1j * w * n))
            vector = vector + 0.1 * (now - vector)
    return bad


def notched(y: Floats, rate: int, tone_hz: float) -> float:
    """Return the largest sample left by a notch at the tone and a high-pass an octave above.

    Above 0.04 the recording has a pop.
    """
    left = _biquad(y, _notch(tone_hz / rate, 0.5))
    left = _biquad(left, _highpass(2 * tone_hz / rate, 0.7071))
    skip = int(20 * rate / tone_hz)
    return float(np.abs(left[skip:-skip]).max())


def _notch(share: float, q: float) -> tuple[list[float], list[float]]:
    w = 2 * np.pi * share
    alpha = np.sin(w) / (2 * q)
    return [1.0, -2 * np.cos(w), 1.0], [1 + alpha, -2 * np.cos(w), 1 - alpha]


def _highpass(share: float, q: float) -> tuple[list[float], list[float]]:
    w = 2 * np.pi * share
    alpha, c = np.sin(w) / (2 * q), np.cos(w)
    return [(1 + c) / 2, -(1 + c), (1 + c) / 2], [1 + alpha, -2 * c, 1 - alpha]


def _biquad(y: Floats, filt: tuple[list[float], list[float]]) -> Floats:
    # By its impulse response: both filters have died away after 4096 frames.
    b, a = filt
    response = np.zeros(4096, dtype=np.float64)
    for n in range(response.size):
        value = b[n] if n < 3 else 0.0
        value -= a[1] * response[n - 1] if n > 0 else 0.0
        value -= a[2] * response[n - 2] if n > 1 else 0.0
        response[n] = value / a[0]
    size = 1 << int(np.ceil(np.log2(y.size + response.size)))
    whole = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(response, size), size)
    return np.asarray(whole[: y.size])
