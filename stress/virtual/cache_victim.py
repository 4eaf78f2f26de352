"""Which way a fill replaces, computed from its number within its set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from stress.virtual.geometry import CacheGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

# The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a counter
# in, an independent draw out, so that any fill's victim is known in advance.
_GAMMA = 0x9E3779B97F4A7C15
_MIX1 = 0xBF58476D1CE4E5B9
_MIX2 = 0x94D049BB133111EB
_MASK = 0xFFFFFFFFFFFFFFFF
_SET_STEP = 1 << 40  # fills in one set before its counters reach the next set's


def random_way(seed: int, index: int, fill: int, ways: int) -> int:
    """Return the victim of fill number ``fill`` (from 0) of set ``index``."""
    x = ((seed * _GAMMA + index * _SET_STEP + fill + 1) * _GAMMA) & _MASK
    x = ((x ^ (x >> 30)) * _MIX1) & _MASK
    x = ((x ^ (x >> 27)) * _MIX2) & _MASK
    return ((x ^ (x >> 31)) >> 32) * ways >> 32


def random_ways(seed: int, first_fill: Ints, count: int, ways: int) -> Ints:
    """Return the victims of ``count`` fills of every set.

    Parameters
    ----------
    first_fill : (sets,) int64: number of the first fill wanted, per set.

    Returns
    -------
    (sets, count) int64 : the same values as :func:`random_way`.
    """
    start = np.array([(seed * _GAMMA + i * _SET_STEP + 1) & _MASK for i in range(len(first_fill))], np.uint64)
    x = (start + first_fill.astype(np.uint64))[:, None] + np.arange(count, dtype=np.uint64)[None, :]
    for shift, factor in ((None, _GAMMA), (30, _MIX1), (27, _MIX2)):
        if shift is not None:
            x ^= x >> np.uint64(shift)
        x *= np.uint64(factor)
    x ^= x >> np.uint64(31)
    x >>= np.uint64(32)
    x *= np.uint64(ways)
    x >>= np.uint64(32)
    return x.astype(np.int64)


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
