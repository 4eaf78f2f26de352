# SPDX-License-Identifier: MIT
"""Place one jump of the delay by trying every frame on a synthetic splice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.detect.spectral import fit
from stress.model.arrays import Floats

# Frames tried either side of the rough place, and frames compared around them.
_TRIED, _AROUND = 96, 224
# Power left by a splice over the power around the place at which its content counts as unknown.
# Higher: inserted noise passes for repeated data; lower: a 15 dB channel has no clean splice.
_UNKNOWN = 0.08


@dataclass(frozen=True)
class Splice:
    """A placed splice.

    Parameters
    ----------
    at : index of the first frame that does not follow the old delay.
    gap : frames between that and the first that follows the new one.
    side : "playback" when it was made before the channel, "capture" after it.
    silent : what fills the gap is silence.
    """

    at: int
    gap: int
    side: str
    silent: bool


@dataclass(frozen=True)
class OnClock:
    """A stretch of the capture on the clock before or after a jump.

    Parameters
    ----------
    heard : (n,) float64, captured frames.
    played : (n + TAPS - 1,) float64, what was played for them, with the taps' history.
    """

    heard: Floats
    played: Floats


def place(before: OnClock, after: OnClock, taps: Floats, moved: int) -> Splice:
    """Return the splice that explains the capture best.

    Parameters
    ----------
    before, after : of the same start.
    taps : (TAPS,) float64.
    moved : change of the delay [frames].
    """
    old, new = before.heard, after.heard
    left, right = _filtered(before.played, taps), _filtered(after.played, taps)
    size = left.size
    head = np.concatenate(([0.0], np.cumsum((old - left) ** 2)))
    tail = np.concatenate((np.cumsum(((new - right) ** 2)[::-1])[::-1], [0.0]))
    gap = max(0, min(size - 1, moved))
    spaced = head[: size + 1 - gap] + tail[gap:]
    rough = int(spaced.argmin())
    options = [(head + tail, 0, "capture", False)]
    options += [(_made(before, after, taps, rough, 0), 0, "playback", False)]
    if gap:
        silent = spaced + _between(old, gap)
        options += [(silent, gap, "capture", True)]
        options += [(_made(before, after, taps, rough, gap), gap, "playback", True)]
    cost, width, side, quiet = min(options, key=lambda option: float(option[0].min()))
    around = slice(max(0, rough - _AROUND), rough + gap + _AROUND)
    power = float(np.mean(left[around] ** 2)) * max(gap, fit.TAPS)
    if gap and float(cost.min()) - float(spaced.min()) > _UNKNOWN * power:
        return Splice(rough, gap, "capture", False)
    return Splice(int(cost.argmin()), width, side, quiet)


def _filtered(played: Floats, taps: Floats) -> Floats:
    size = 1 << int(np.ceil(np.log2(played.size)))
    whole = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(taps, size), size)
    return np.asarray(whole[fit.TAPS - 1 : played.size])


def _between(old: Floats, gap: int) -> Floats:
    # Power of the frames a silent gap would cover, per place.
    total = np.concatenate(([0.0], np.cumsum(old * old)))
    return np.asarray(total[gap:] - total[: total.size - gap])


def _made(before: OnClock, after: OnClock, taps: Floats, rough: int, gap: int) -> Floats:
    # Misfit of splices made before the channel, infinite where not tried.
    old = before.heard
    out = np.full(old.size + 1, np.inf)
    low, high = max(0, rough - _AROUND), min(old.size, rough + gap + _AROUND)
    tried = np.arange(max(0, rough - _TRIED), min(old.size, rough + _TRIED))
    history = fit.TAPS - 1
    span = np.arange(low, high + history)
    # Played frame of an index: taps reach PRE frames ahead.
    when = span - history + fit.PRE
    rows = np.where(when < tried[:, None], before.played[span], 0.0)
    rows += np.where(when >= tried[:, None] + gap, after.played[span], 0.0)
    size = 1 << int(np.ceil(np.log2(span.size)))
    spectrum = np.fft.rfft(rows, size, axis=1) * np.fft.rfft(taps, size)
    guess = np.fft.irfft(spectrum, size, axis=1)[:, history : span.size]
    left = _filtered(before.played, taps)
    right = _filtered(after.played, taps)
    misfit = np.sum((old[low:high] - guess) ** 2, axis=1)
    outside = np.sum((old[:low] - left[:low]) ** 2) + np.sum((old[high:] - right[high:]) ** 2)
    out[tried] = misfit + outside
    return out
