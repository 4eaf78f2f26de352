# SPDX-License-Identifier: MIT
"""Which way a fill replaces, computed from its number within its set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.model.arrays import Bytes, Ints, Words
from stress.virtual.cache.geometry import CacheGeometry

# lowbias32 (Chris Wellons, "Prospecting for hash functions", 2018): a counter in, a draw
# out, so that any fill's victim is known in advance. Each set has a counter of its own.
_STEP = 0x9E3779B1
_MIX1 = 0x7FEB352D
_MIX2 = 0x846CA68B
_MASK = 0xFFFFFFFF


def _mix(x: int) -> int:
    x = ((x ^ (x >> 16)) * _MIX1) & _MASK
    x = ((x ^ (x >> 15)) * _MIX2) & _MASK
    return x ^ (x >> 16)


def _start(seed: int, index: int) -> int:
    return _mix((_mix(seed & _MASK) + index * _STEP) & _MASK)


def random_way(seed: int, index: int, fill: int, ways: int) -> int:
    """Return the victim of fill number ``fill`` (from 0) of set ``index``."""
    return (_mix((_start(seed, index) + fill) & _MASK) >> 16) * ways >> 16


def victim_starts(seed: int, sets: int) -> Words:
    """Return (sets,) uint32: where each set's counter begins."""
    return np.array([_start(seed, index) for index in range(sets)], np.uint32)


def random_ways(starts: Words, first_fill: Ints, count: int, ways: int) -> Bytes:
    """Return the victims of ``count`` fills of every set.

    Parameters
    ----------
    starts : (sets,) uint32: from :func:`victim_starts`.
    first_fill : (sets,) int64: number of the first fill wanted, per set.

    Returns
    -------
    (sets, count) uint8 : the same values as :func:`random_way`.
    """
    x = (starts + first_fill.astype(np.uint32))[:, None] + np.arange(count, dtype=np.uint32)[None, :]
    for shift, factor in ((16, _MIX1), (15, _MIX2)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    x >>= np.uint32(16)
    x *= np.uint32(ways)
    x >>= np.uint32(16)
    return x.astype(np.uint8)


class VictimPicker:
    """Pick victims one at a time, counting every fill of a set or of all."""

    def __init__(self, geometry: CacheGeometry, seed: int) -> None:
        self._geometry, self._seed = geometry, seed
        self._fills: dict[int, int] = {}

    def pick(self, index: int, invalid: Sequence[bool]) -> int:
        """Return the way that the next fill of set ``index`` takes.

        The pointer moves on at every fill, also at one that finds an invalid
        way first; invalidation does not move it back.
        """
        shape = self._geometry
        counter = 0 if shape.replacement == "rrg" else index
        fill = self._fills.get(counter, 0)
        self._fills[counter] = fill + 1
        if shape.prefer_invalid and True in invalid:
            return list(invalid).index(True)
        if shape.replacement == "random":
            return random_way(self._seed, index, fill, shape.ways)
        return fill % shape.ways
