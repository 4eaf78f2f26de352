# SPDX-License-Identifier: MIT
"""Which of many positions the first captured frame has."""

from __future__ import annotations

import numpy as np

from stress.detect.path.bitmap import wiring
from stress.detect.path.locate import Place, position_of
from stress.detect.path.sources import Sources, numbers
from stress.model.arrays import Bytes, Floats
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Frames, and steps of x on both sides, in which the last bits of a position are looked for.
# Higher: time; lower: a lone right channel of 24 bits is called filtered.
SHARP, SHARP_REACH = 256, 64

# Frames by which the position of a high half of 16 bits is settled, the largest step of x as a power of
# two, and the share of samples that are right. Source: a step of 2^13 moves one sample of eight by an LSB; a
# quarter is stale. Higher: time, and damage counts; lower: the last bits of a position are chance.
SETTLED, SETTLE_POWER, MOST_RIGHT = 4096, 14, 0.75

# Frames by which many positions are ranked. Source: a bit agrees by chance in 1/32 of 1024 frames.
# Higher: seconds behind noise; lower: the wrong position is taken.
RANKED = 1024

# Share of bits that arrive below which positions are ranked by their samples. Source: half of the bits
# of a stale capture. Higher: time; lower: the position behind a filter is chance.
WIRED = 0.4


def sharpened(place: Place, seen: Floats, sources: Sources) -> int:
    """Return the position near a place by what lies below the high half of a wider word.

    The high half leaves the last bits of x open.

    Parameters
    ----------
    seen : (frames,) of the channel.
    """
    seen, best = seen[:SHARP], (np.inf, position_of(place.step))
    y = seen - seen.mean()
    for away in range(-SHARP_REACH, SHARP_REACH + 1):
        position = position_of(place.step + away & 0xFFFFFFFF)
        due = sources.block(position, len(seen), [2 * place.pair + 1])[:, 0].astype(np.float64)
        x = due - due.mean()
        left = float(y @ y - (x @ y) ** 2 / (x @ x))
        best = min(best, (left, position))
    return best[1]


def settled(place: Place, seen: Floats, sources: Sources) -> int:
    """Return the position near a place by what most samples of a high half say, damage or not.

    A correlation weighs a stale line by its power, and is off by some steps for it.

    Parameters
    ----------
    seen : (frames,) of the channel.
    """
    seen, step = seen[:SETTLED], place.step
    for size in (1 << power for power in range(SETTLE_POWER, -1, -2)):
        near = [step + away * size & 0xFFFFFFFF for away in range(-4, 5)]
        step = min(near, key=lambda one: _left(seen, sources, position_of(one), 2 * place.pair + 1))
    return position_of(step)


def _left(seen: Floats, sources: Sources, position: int, source: int) -> float:
    # What is left of most samples behind the factor and the constant that most of them have.
    due = sources.block(position, len(seen), [source])[:, 0].astype(np.float64)
    kept = np.ones(len(seen), bool)
    for _ in range(2):
        x, y = due[kept], seen[kept]
        gain = float(((x - x.mean()) @ (y - y.mean())) / max(1.0, float(((x - x.mean()) ** 2).sum())))
        off = np.abs(seen - y.mean() - gain * (due - x.mean()))
        kept = off <= np.quantile(off, MOST_RIGHT)
    # A step beside the right one moves a few samples by an LSB, damage moves its own by thousands.
    return float(np.minimum(off, max(1.0, 3 * float(np.median(off)))).sum())


def likeliest(positions: list[int], raw: Bytes, seen: Floats, pattern: Pattern, most: int = 2) -> list[int]:
    """Return the positions whose bits are those captured, of many.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8, whole frames.
    seen : (n, channels), as numbers at the rate that was played.
    """
    if len(positions) <= most:
        return positions
    some = raw[: RANKED * pattern.frame_bytes]
    maps = [wiring(some, one, pattern) for one in positions]
    # Of positions that explain as many bits the one is right that explains them in more frames.
    fits = [one.wired + 0.01 * one.level for one in maps]
    if max(fits) < WIRED:
        fits = [_alike(one, seen[:RANKED], pattern) for one in positions]
    return [positions[n] for n in np.argsort(-np.array(fits), kind="stable")[:most]]


def _alike(position: int, seen: Floats, pattern: Pattern) -> float:
    # How much of the samples due is in those captured, whatever the bits are.
    due = numbers(pattern.bytes_at(position % POSITIONS, len(seen)), pattern.fmt, pattern.channels)
    due, seen = due[:, due.std(axis=0) > 0], seen[:, seen.std(axis=0) > 0]
    n = due.shape[1]
    if not n or not seen.shape[1]:
        return 0.0
    both = np.concatenate([due.T, seen.T]).astype(np.float64)
    agree = np.asarray(np.corrcoef(both), np.float64).reshape(len(both), len(both))
    return float(np.abs(agree[:n, n:]).max(axis=0).sum())
