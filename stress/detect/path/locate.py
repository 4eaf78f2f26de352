# SPDX-License-Identifier: MIT
"""From the phases of lines to positions: candidates, then the one that fits best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Array, Floats, Ints, Words
from stress.patterns.mix import MASK, MIX1_INV, MIX1_MUL, pair_key

if TYPE_CHECKING:
    from stress.detect.path.lines import SeenLine


PAIRS = 4

# How far the phase of the slow square wave may be off [2^16 of a turn] and that of the
# fast one [steps of 2^-16]. Source: 400 positions, 1000 to 65536 frames: 6e-3 and 5e-3 at
# 1000 frames, 1.4e-4 and 1.8e-3 at 16384. Higher: time; lower: short captures are not found.
REACH_HIGH, REACH_LOW = 4e-4, 3e-3
SHORT = 16384

# Frames of the first, second and last comparison. Source: a candidate next to the right one
# differs by one step of 2^-15. Higher: time; lower: the right one is sorted out.
COARSE, FINE = 192, 1024
KEPT = 40

# Fewest samples off the rails that are looked at.
LEAST_FRAMES = 64

# Correlation of the best candidate that is worth a closer look. Source: the weaker half of a
# mono sum has 0.7; a copy under 20 dB of noise 0.1. Higher: noisy paths are lost; lower: time.
LEAST_FIT = 0.1

# Largest distance from the hint at which it decides between candidates that fit alike
# [frames]. Source: 87 s at 48 kHz. Higher: chance; lower: a late capture gets a far position.
NEAR_HINT = 1 << 22

# What a fit lacks where rounding alone keeps it from 1. Higher: a stuck bit hides the position;
# lower: time.
PLAIN = 1e-6

# Products of samples that are made at once: only for memory, 4 MB each of a few arrays.
PRODUCTS = 1 << 19

# Top bits that are tried where they are lost. Higher: time; lower: samples shifted further left
# in a file have no position.
MOST_LOST = 6


@dataclass(frozen=True)
class Place:
    """Where a stream lies in the pattern.

    Parameters
    ----------
    step : x of its first frame (mod 2^32).
    pair : whose key was seen.
    fit : correlation with the half there.
    twin : the same low halves are this far away as well; the high half tells (mod 2^32).
    alike : other steps whose fit differs by rounding.
    lost : top bits of the half that are not in the stream: any may be there.
    """

    step: int
    pair: int
    fit: float
    twin: int = 0
    lost: int = 0
    alike: tuple[int, ...] = ()

    def steps(self) -> tuple[int, ...]:
        """Return the steps that fit alike."""
        unit, number = self.twin, 2 if self.twin else 1
        if self.lost:
            unit, number = (
                self.twin or 1 << (32 - self.lost),
                1 << min(self.lost + bool(self.twin), MOST_LOST),
            )
        every = (self.step, *(self.alike if not self.lost else ()))
        return tuple(one + n * unit & MASK for one in every for n in range(number))


def position_of(step: int) -> int:
    """Return the position whose x is `step`."""
    return step * MIX1_INV & MASK


def step_of(position: int) -> int:
    """Return x of a position."""
    return position * MIX1_MUL & MASK


def locate(stream: Floats, seen: SeenLine, hint: int, *, both: bool = False) -> Place | None:
    """Return the place of a stream of one kind of half, None where nothing fits.

    Parameters
    ----------
    stream : (frames,) of any scale and sign; samples at its rails are left out.
    hint : position near which the stream is believed to begin where several fit alike.
    both : the stream is a sum of both halves.
    """
    free = (stream > stream.min()) & (stream < stream.max())
    samples = _Samples(stream[free], np.flatnonzero(free).astype(np.uint64) * np.uint64(MIX1_MUL), both)
    if len(samples.seen) < LEAST_FRAMES:
        return None
    return _high(samples, seen, hint) if seen.high else _low(samples, seen, hint)


@dataclass(frozen=True)
class _Samples:
    # Samples, and how far x has stepped since the first of the stream at each.
    seen: Floats
    steps: Array
    both: bool = False
    centred: bool = True

    def first(self, frames: int) -> _Samples:
        return replace(self, seen=self.seen[:frames], steps=self.steps[:frames])


def _low(stream: _Samples, seen: SeenLine, hint: int) -> Place | None:
    frames, k = len(stream.seen), seen.shift
    wide = max(1.0, SHORT / frames)
    less, more = seen.phases
    slow, fast = (less + more) / 2, (more - less) / 2
    low_bits = 16 - k
    high_bits = 16 if stream.both else 15  # the high half shows the top bit as well
    reach = REACH_HIGH * wide * (1 << 15), REACH_LOW * wide * (1 << low_bits)
    ranked = []
    tops = range(0, 1 << high_bits, 1 << 15)
    for top, a, b in ((top, a, b) for top in tops for a in (0.0, 0.5) for b in (0.0, 0.5)):
        middle = top + int(((slow + a) % 1) * (1 << 15)), int(((fast + b) % 1) * (1 << low_bits))
        start = np.array([middle], np.int64)
        grid = _around(start, reach, (_coarse(reach[0]), _coarse(reach[1])), (high_bits, low_bits))
        for pair in range(PAIRS):
            fits = np.abs(_correlations(stream.first(COARSE), _steps(grid, low_bits), pair, False, k))
            order = np.argsort(-fits)[:KEPT]
            ranked.append((float(fits[order[0]]), pair, grid[order]))
    ranked.sort(key=lambda one: -one[0])
    if ranked[0][0] < LEAST_FIT:
        return None
    best: Place | None = None
    for fit, pair, grid in ranked[:4]:
        if fit < 0.7 * ranked[0][0]:
            break
        step = max(_coarse(reach[0]), _coarse(reach[1]))
        while step > 1:
            half = max(1, step // 2)
            grid = _around(grid, (half, half), (half, half), (high_bits, low_bits))
            fits = np.abs(_correlations(stream.first(FINE), _steps(grid, low_bits), pair, False, k))
            grid, step = grid[np.argsort(-fits)[:KEPT]], half
        grid = _around(grid[:8], (2, 2), (1, 1), (high_bits, low_bits))
        place = _finest(stream, _steps(grid, low_bits), pair, False, k, hint)
        if best is None or place.fit > best.fit + 1e-12:
            best = place
    return best


def _coarse(reach: float) -> int:
    # Step of the first grid: 32 of 2^16 change a sample by 0.1 % of full scale.
    return 1 << max(0, min(5, int(np.log2(max(reach, 1)))))


def _around(starts: Ints, reach: tuple[float, float], step: tuple[int, int], bits: tuple[int, int]) -> Ints:
    # Pairs (slow, fast) in a grid around some, (n, 2) without doubles.
    hi = np.arange(-int(np.ceil(reach[0])), int(np.ceil(reach[0])) + 1, step[0])
    lo = np.arange(-int(np.ceil(reach[1])), int(np.ceil(reach[1])) + 1, step[1])
    every = starts[:, None, None, :] + np.stack(np.meshgrid(hi, lo, indexing="ij"), axis=-1)[None]
    flat = every.reshape(-1, 2) % np.array([1 << bits[0], 1 << bits[1]])
    codes = np.unique(flat[:, 0] << 16 | flat[:, 1])
    return np.stack([codes >> 16, codes & 0xFFFF], axis=1)


def _steps(grid: Ints, low_bits: int) -> Words:
    return np.asarray((grid[:, 0] << low_bits) + grid[:, 1], np.uint32)


def _finest(stream: _Samples, steps: Words, pair: int, high: bool, k: int, hint: int) -> Place:
    if len(steps) > KEPT:
        fits = np.abs(_correlations(stream.first(FINE), steps, pair, high, k))
        steps = steps[np.argsort(-fits)[:KEPT]]
    fits = np.abs(_correlations(stream.first(SHORT), steps, pair, high, k))
    # What fits as well but for rounding is told apart by the hint.
    alike = steps[1 - fits <= (1 - fits.max()) * (1 + 3 / np.sqrt(min(len(stream.seen), SHORT))) + 1e-13]
    best = int(steps[int(np.argmax(fits))])
    low = not high and not stream.both
    others = tuple(int(one) for one in alike[:KEPT] if int(one) != best) if fits.max() < 1 - PLAIN else ()
    twin = 1 << (31 - k) if low else 0
    return Place(_nearest(alike, best, k, low, hint), pair, float(fits.max()), twin, k, others)


def _nearest(steps: Words, best: int, k: int, low: bool, hint: int) -> int:
    # The bits above the captured ones are free: the hint chooses among them as well.
    unit = 1 << (31 - k if low else 32 - k)
    free = np.arange(max(1, (1 << 32) // unit), dtype=np.uint64)[:256] * np.uint64(unit)
    every = ((steps.astype(np.uint64)[:, None] + free[None, :]).reshape(-1) & np.uint64(MASK)).astype(
        np.uint32
    )
    away = (every * np.uint32(MIX1_INV) - np.uint32(hint & MASK)).astype(np.int32).astype(np.int64)
    at = int(np.argmin(np.abs(away)))
    return int(every[at]) if abs(int(away[at])) < NEAR_HINT else best


def _high(stream: _Samples, seen: SeenLine, hint: int) -> Place | None:
    # From steps of a thousandth of a turn down to one LSB of the half in one of all frames.
    k, turn = seen.shift, 1 << (32 - seen.shift)
    # A constant moves a saw tooth as a step does: there is none.
    stream, ranked = replace(stream, centred=False), []
    for half in (0.0, 0.5):
        for pair in range(PAIRS):
            start = int(((seen.phases[0] + half) % 1) * turn)
            fit = float(_correlations(stream.first(COARSE), np.array([start], np.uint32), pair, True, k)[0])
            ranked.append((abs(fit), pair, start))
    ranked.sort(reverse=True)
    best: Place | None = None
    for fit, pair, start in ranked[:4]:
        if fit < max(LEAST_FIT, 0.7 * ranked[0][0]):
            break
        some, step = np.array([start], np.int64), turn >> 10
        while step > 1:
            step = max(1, step >> 2)
            some = np.unique((some[:, None] + np.arange(-4, 5)[None, :] * step).reshape(-1) % turn)
            few = stream.first(FINE if step > 1 << 12 else SHORT)
            fits = np.abs(_correlations(few, some.astype(np.uint32), pair, True, k))
            some = some[np.argsort(-fits)[:6]]
        place = _finest(stream, _near(int(some[0]), turn, len(stream.seen)), pair, True, k, hint)
        if best is None or place.fit > best.fit + 1e-12:
            best = place
    return best


def _near(step: int, turn: int, frames: int) -> Words:
    reach = max(64, (1 << 18) // frames)
    return np.asarray((step + np.arange(-reach, reach + 1)) % turn, np.uint32)


def _half(x: Words, key: np.uint32, high: bool, k: int) -> Floats:
    word = (x ^ (x >> np.uint32(15))) ^ key
    half = (word >> np.uint32(16)) if high else word & np.uint32(0xFFFF)
    return (half << np.uint32(k)).astype(np.uint16).view(np.int16) / 32768.0


def _correlations(stream: _Samples, steps: Words, pair: int, high: bool, k: int) -> Floats:
    # Of the samples with the half at each of the steps, or with both halves, (len(steps),).
    out = np.empty(len(steps))
    seen = stream.seen - stream.seen.mean() if stream.centred else stream.seen
    norm = float(np.sqrt(seen @ seen)) or 1.0
    key = np.uint32(pair_key(pair))
    block = max(1, PRODUCTS // len(seen))
    for first in range(0, len(steps), block):
        x = (steps[first : first + block].astype(np.uint64)[:, None] + stream.steps[None, :]).astype(
            np.uint32
        )
        due = _unit(_half(x, key, high, k), stream.centred)
        fit = due @ seen
        if stream.both:
            other = _unit(_half(x, key, not high, k), stream.centred)
            other = _unit(other - (other * due).sum(axis=1, keepdims=True) * due, False)
            fit = np.hypot(fit, other @ seen)
        out[first : first + block] = fit / norm
    return out


def _unit(due: Floats, centred: bool) -> Floats:
    if centred:
        due = due - due.mean(axis=1, keepdims=True)
    power = np.sqrt((due * due).sum(axis=1, keepdims=True))
    unit: Floats = due / np.where(power > 0, power, 1.0)
    return unit
