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
