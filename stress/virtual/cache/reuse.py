# SPDX-License-Identifier: MIT
"""Where in a trace the same cache line was used before."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Flags, Integers, Ints

_HASH_BITS = 18  # tables that stay in the second-level cache


class Reused:
    """Find the keys that occur once and are not held.

    That is most of the background noise. Keys with the same hash count as one,
    which is harmless. The tables are kept and never cleared, only undone.
    """

    def __init__(self) -> None:
        self._last = np.zeros(1 << _HASH_BITS, np.int32)
        self._marked = np.zeros(1 << _HASH_BITS, bool)

    def find(self, key: Integers, held: Ints) -> Flags:
        """Return False only for keys that occur once and are not held, (n,) bool.

        Parameters
        ----------
        key : (n,) signed integers: which line is used.
        held : int64 of any shape, the keys that the cache holds, -1 for none.
        """
        hashed = _hash(key)
        place = np.arange(len(key), dtype=np.int32)
        self._last[hashed] = place
        marked = np.concatenate([hashed[self._last[hashed] != place], _hash(held[held >= 0])])
        self._marked[marked] = True
        found = self._marked[hashed]
        self._marked[marked] = False
        return found


def _hash(key: Integers) -> Ints:
    mixed = key.astype(np.uint32) * np.uint32(0x9E3779B1)
    return (mixed >> np.uint32(32 - _HASH_BITS)).astype(np.int64)


class Reuse:
    """Tell for accesses in set order where the same line was used before.

    ``previous`` is the place of the access before, -1 where there is none since
    the last whole-cache operation or invalidation; ``number`` counts the lines,
    a new one after each of those, ``lines`` is how many there are.

    Parameters
    ----------
    key : (n,) int64: which line is used.
    epoch : (n,) int64: whole-cache operations before the access.
    drop : (n,) bool: the access invalidates its line.
    """

    def __init__(self, key: Ints, epoch: Ints, drop: Flags) -> None:
        count = len(key)
        # Two passes of numpy's radix sort for 16-bit keys are twice as fast as its 64-bit sort.
        order = np.argsort(key.astype(np.uint16), kind="stable")
        order = order[np.argsort((key >> 16).astype(np.uint16)[order], kind="stable")]
        self._sorted_keys, self._order = key[order], order
        same = self._sorted_keys[1:] == self._sorted_keys[:-1]
        same &= epoch[order[1:]] == epoch[order[:-1]]
        same &= ~drop[order[:-1]]
        self.previous = np.full(count, -1, np.int64)
        self.previous[order[1:][same]] = order[:-1][same]
        number = np.zeros(count, np.int64)
        np.cumsum(~same, dtype=np.int64, out=number[1:])
        self.number = np.empty(count, np.int64)
        self.number[order] = number
        self.lines = int(number[-1]) + 1

    def first_of(self, keys: Ints) -> Ints:
        """Return the place of the first access to each of `keys`, -1 for none; both (m,) int64."""
        place = np.minimum(np.searchsorted(self._sorted_keys, keys), len(self._order) - 1)
        return np.where(self._sorted_keys[place] == keys, self._order[place], -1)
