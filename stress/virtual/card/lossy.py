# SPDX-License-Identifier: MIT
"""What loses samples on a digital path: rates, filters, limiters, companding, codecs."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Floats, Ints

# One side of the interpolator [frames], and the share of the band that it keeps.
TAPS, BAND = 48, 0.95
# Frames a limiter looks ahead, the level it holds, and where clippers begin, soft and hard.
LIMITER_FRAMES, LIMITER_LEVEL, SOFT_LEVEL, HARD_LEVEL = 64, 0.5, 0.5, 0.7
# Frames of a block of the codec, the share of its band, and its step against the level of a block.
CODEC_FRAMES, CODEC_BAND, CODEC_STEP = 1152, 2 / 3, 0.2


def resampled(samples: Floats, ratio: float, frames: int) -> Floats:
    """Return (frames, channels): frame k is the source at k / ratio, by windowed sines.

    Parameters
    ----------
    samples : (n, channels), played.
    """
    source = np.concatenate([np.zeros((TAPS, samples.shape[1])), samples])
    at = np.arange(frames) / ratio + TAPS
    whole = at.astype(np.int64)
    cut = min(1.0, ratio) * BAND
    out = np.zeros((frames, samples.shape[1]))
    for tap in range(1 - TAPS, TAPS + 1):
        away = at - (whole + tap)
        weight = cut * np.sinc(cut * away) * np.cos(np.pi * away / (2 * TAPS)) ** 2
        inside = (whole + tap >= 0) & (whole + tap < len(source))
        out[inside] += source[whole[inside] + tap] * weight[inside, None]
    return out


def filtered(samples: Floats, pole: float) -> Floats:
    """Return samples behind a low-pass of one pole, of 1 at 0 Hz; (n, channels).

    Parameters
    ----------
    samples : (n, channels).
    """
    out = np.zeros(samples.shape)
    for n in range(40):
        out[n:] += (1 - pole) * pole**n * samples[: max(0, len(samples) - n)]
    return out


def shaped(samples: Floats, shape: str) -> Floats:
    """Return samples of 1 at full scale behind a part of the name `shape`; (n, channels).

    Parameters
    ----------
    samples : (n, channels).
    """
    if shape == "hard-clip":
        return np.clip(samples, -HARD_LEVEL, HARD_LEVEL)
    if shape == "soft-clip":
        over = np.maximum(np.abs(samples) - SOFT_LEVEL, 0.0) / (1 - SOFT_LEVEL)
        bent = SOFT_LEVEL + (1 - SOFT_LEVEL) * np.tanh(over)
        return np.asarray(np.where(over > 0, np.sign(samples) * bent, samples))
    if shape == "limiter":
        return _limited(samples)
    if shape == "mu-law":
        return _mu_law(samples)
    if shape == "a-law":
        return _a_law(samples)
    return _codec(samples)


def _limited(samples: Floats) -> Floats:
    # The gain follows the loudest frame around, smoothly.
    peak = np.abs(samples).max(axis=1, initial=0.0)
    reach = 1
    while reach < LIMITER_FRAMES:
        later, earlier = np.append(peak[reach:], np.zeros(min(reach, len(peak)))), np.zeros(len(peak))
        earlier[reach:] = peak[:-reach]
        peak = np.maximum(peak, np.maximum(later[: len(peak)], earlier))
        reach *= 2
    gain = np.minimum(1.0, LIMITER_LEVEL / np.maximum(peak, LIMITER_LEVEL))
    smooth = np.convolve(gain, np.ones(LIMITER_FRAMES) / LIMITER_FRAMES, "same")
    return np.asarray(samples * smooth[:, None])


def _mu_law(samples: Floats) -> Floats:
    # 14 bits with a bias of 33 in eight segments of 16 steps.
    level = np.minimum(np.abs(samples) * 8192, 8158) + 33
    step = 2.0 ** (np.frexp(level)[1] - 5)
    return np.asarray(np.sign(samples) * (np.floor(level / step) * step + step / 2 - 33) / 8192)


def _a_law(samples: Floats) -> Floats:
    # 13 bits in eight segments of 16 steps, the lowest two alike.
    level = np.minimum(np.abs(samples) * 4096, 4095)
    step = 2.0 ** np.maximum(np.frexp(level)[1] - 5, 1)
    return np.asarray(np.sign(samples) * (np.floor(level / step) * step + step / 2) / 4096)


def _codec(samples: Floats) -> Floats:
    # Overlapping blocks whose lines are cut to a band and rounded to a share of their level.
    half = CODEC_FRAMES // 2
    window = np.sin(np.pi * (np.arange(CODEC_FRAMES) + 0.5) / CODEC_FRAMES)[:, None]
    blocks = -(-len(samples) // half) + 1
    wide = np.zeros(((blocks + 1) * half, samples.shape[1]))
    wide[half : half + len(samples)] = samples
    out = np.zeros(wide.shape)
    for n in range(blocks):
        lines = np.fft.rfft(wide[n * half : n * half + CODEC_FRAMES] * window, axis=0)
        lines[int(CODEC_BAND * len(lines)) :] = 0
        step = CODEC_STEP * max(1e-12, float(np.sqrt((np.abs(lines) ** 2).mean())))
        lines = step * (np.rint(lines.real / step) + 1j * np.rint(lines.imag / step))
        out[n * half : n * half + CODEC_FRAMES] += np.fft.irfft(lines, CODEC_FRAMES, axis=0) * window
    return out[half : half + len(samples)]


def error_feedback(samples: Floats) -> Ints:
    """Return samples rounded so that the error of each is taken off the next one; (n, channels).

    Parameters
    ----------
    samples : (n, channels).
    """
    sums = np.rint(np.cumsum(samples, axis=0))
    return np.diff(sums, axis=0, prepend=0.0).astype(np.int64)
