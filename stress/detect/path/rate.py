# SPDX-License-Identifier: MIT
"""A capture at another rate: the ratio from the lines of the pattern, and its samples at the old rate."""

from __future__ import annotations

import numpy as np

from stress.detect.path.sources import ODD, Sources
from stress.model.arrays import Floats
from stress.model.path import TWO_CLOCKS

# Ratios that are looked for. Source: 96 to 48 kHz and back, a ppm of clock beyond.
LEAST_RATIO, MOST_RATIO = 0.49, 2.05

# Frames of the spectrum, and lines of each kind of channel that are known.
FRAMES, KNOWN_LINES, PEAKS = 32768, 24, 6

# Share of a channel's power that must lie in lines of one ratio. Source: the strongest line of
# noise in 32768 frames holds 0.1 %. Higher: poor converters are missed; lower: music is one.
LEAST_SHARE = 0.1

# Ratios that all channels vote on. Higher: time; lower: one channel alone decides.
MOST_VOTED = 40

TAPS = 32  #: on each side of the interpolation


def ratio_of(captured: Floats, sources: Sources, *, mono: bool = False) -> float | None:
    """Return captured rate over played rate, None where no ratio explains the lines.

    Parameters
    ----------
    captured : (frames, channels) float64.
    mono : one channel was played: half of its frames look like the sum of the channels of a pair, which is
        no other rate.
    """
    frames = min(len(captured), FRAMES)
    window = np.hanning(frames)
    known = [_lines_of(sources, source) for source in (1, 0, ODD)]
    spectra = []
    for channel in range(captured.shape[1]):
        seen = captured[:frames, channel] - captured[:frames, channel].mean()
        if seen.any():
            spectrum = np.abs(np.fft.rfft(seen * window)) ** 2
            spectra.append(spectrum / float(spectrum.sum()))
    tried: list[tuple[float, float]] = []
    for spectrum in spectra:
        for lines in known:
            for peak in _peaks(spectrum, PEAKS):
                ratios = lines / (peak / frames)
                inside = ratios[(ratios > LEAST_RATIO) & (ratios < MOST_RATIO)]
                tried += [(_share(spectrum, lines, float(ratio), frames), float(ratio)) for ratio in inside]
    # The lines of one channel look alike at rates a golden ratio apart: all channels vote.
    ranked = sorted((one for one in tried if one[0] > LEAST_SHARE), reverse=True)[:MOST_VOTED]
    voted = [
        (sum(max(_share(spectrum, lines, ratio, frames) for lines in known) for spectrum in spectra), ratio)
        for _, ratio in ranked
    ]
    if not voted:
        return None
    share, ratio = max(voted)
    if (
        not mono
        and abs(ratio - 1) > TWO_CLOCKS
        and share <= sum(_both(spectrum, known, frames) for spectrum in spectra)
    ):
        return None
    return _refined(captured, ratio, known)


def _both(spectrum: Floats, known: list[Floats], frames: int) -> float:
    # Power in the lines of both channels of a pair at the rate that was played: their sum is no other rate.
    return sum(_share(spectrum, lines, 1.0, frames) for lines in known[:2])


def _share(spectrum: Floats, lines: Floats, ratio: float, frames: int) -> float:
    # Power in the lines at this ratio; each bin that is asked for costs what noise would put there.
    at = np.unique(np.rint(lines[lines / ratio < 0.5] / ratio * frames).astype(np.int64))
    near = np.unique((at[:, None] + np.arange(-2, 3)[None, :]).clip(0, frames // 2))
    return float(spectrum[near].sum()) - 2.0 * len(near) / frames


def _lines_of(sources: Sources, source: int) -> Floats:
    # Frequencies of the strongest lines of a channel, folded to [0, 1/2).
    due = sources.block(1 << 20, FRAMES, [source])[:, 0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft((due - due.mean()) * np.hanning(FRAMES))) ** 2
    lines: Floats = np.array(_peaks(spectrum, KNOWN_LINES)) / FRAMES
    return lines


def _peaks(spectrum: Floats, most: int) -> list[float]:
    # Places of the largest maxima, between bins by the neighbours' logarithms.
    inner = (spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] >= spectrum[2:])
    places = np.flatnonzero(inner) + 1
    places = places[np.argsort(-spectrum[places])[:most]]
    out = []
    for at in places:
        a, b, c = np.log(spectrum[at - 1 : at + 2] + 1e-30)
        out.append(float(at + 0.5 * (a - c) / (a - 2 * b + c)) if a - 2 * b + c else float(at))
    return out


def _refined(captured: Floats, ratio: float, known: list[Floats]) -> float:
    # The phase of the strongest line at both ends of ever longer windows.
    best = (0.0, 0, 0.0)
    for channel in range(captured.shape[1]):
        seen = captured[:, channel]
        for lines in known:
            for line in lines[:8]:
                if 0.002 < line / ratio < 0.495:
                    level = abs(_at(seen[:FRAMES], line / ratio))
                    if level > best[0]:
                        best = (level, channel, float(line))
    _, channel, line = best
    seen = captured[:, channel]
    freq, size = line / ratio, min(4096, len(seen) // 2)
    while 2 * size <= len(seen):
        first, last = _at(seen[:size], freq), _at(seen[size : 2 * size], freq, size)
        freq += float(np.angle(last * np.conj(first))) / (2 * np.pi * size)
        size *= 2
    last_size = len(seen) // 2
    first, last = _at(seen[:last_size], freq), _at(seen[-last_size:], freq, len(seen) - last_size)
    freq += float(np.angle(last * np.conj(first))) / (2 * np.pi * (len(seen) - last_size))
    return _exact(line) / freq


def _exact(line: float) -> float:
    # The line itself is known exactly: a whole multiple of the step of x, of one or two bits.
    from stress.detect.path.lines import frequency

    best = line
    off = 1e-5
    turns = [frequency(31) * k for k in range(1, 90)]
    turns += [a * frequency(30) + b * frequency(15) for a in range(1, 24) for b in range(-23, 24) if b]
    for turn in [*turns, *(turn / 2 for turn in turns), *((turn + 1) / 2 for turn in turns)]:
        folded = abs((turn + 0.5) % 1 - 0.5)
        if abs(folded - line) < off:
            best, off = folded, abs(folded - line)
    return best


def _at(seen: Floats, freq: float, first: int = 0) -> complex:
    n = np.arange(len(seen))
    window = np.hanning(len(seen))
    return complex((seen * window * np.exp(-2j * np.pi * ((freq * (n + first)) % 1))).sum() / window.sum())


def at_old_rate(captured: Floats, ratio: float, frames: int) -> Floats:
    """Return `frames` frames of the capture as they would be at the played rate.

    Frame 0 is captured frame `TAPS`; (frames, channels) float64.
    """
    place = TAPS + np.arange(frames) * ratio
    whole = np.floor(place).astype(np.int64)
    keep = whole + TAPS + 1 < len(captured)
    place, whole = place[keep], whole[keep]
    part = place - whole
    out = np.zeros((len(place), captured.shape[1]))
    for tap in range(-TAPS + 1, TAPS + 1):
        x = part - tap
        weight = np.sinc(x) * np.cos(np.pi * x / (2 * TAPS + 2)) ** 2
        out += captured[whole + tap] * weight[:, None]
    return out
