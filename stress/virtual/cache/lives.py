# SPDX-License-Identifier: MIT
"""How long fills live, and the one loop over time that needs to know.

The victim of fill number n of a set is known in advance, so the number of the
fill that ends its life is known too.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Flags, Indices, Ints, Words
from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.victim import random_ways

NEVER = 1 << 40


class Lives:
    """Tell when each fill dies, in numbers of fills.

    The lines resident before the trace have the numbers 0 to ways - 1 of their
    set, in the order they are held; the fills of the trace follow. ``longest``
    is a number of fills that no line outlives.

    Parameters
    ----------
    starts : (sets,) uint32: of the victims, as `victim_starts` returns them.
    fills : (sets,) int64: fills of each set before the trace.
    most : fills of any one set in the trace, at most.
    """

    def __init__(self, geometry: CacheGeometry, starts: Words, fills: Ints, most: int) -> None:
        sets, ways = geometry.sets, geometry.ways
        self.ways, self.sets = ways, sets
        self._fills = fills
        self.table: Ints | None = None
        if geometry.replacement == "rr":
            self.longest = ways
            self.old_death = (np.arange(ways, dtype=np.int64) - fills[:, None]) % ways + ways
            return
        self.width = most + ways
        self._ways = np.empty((sets, self.width), np.uint8)
        self._ways[:, :ways] = np.arange(ways, dtype=np.int64)
        self._ways[:, ways:] = random_ways(starts, fills, most, ways)
        order = np.argsort(self._ways, axis=1, kind="stable")
        order = (order + (np.arange(sets, dtype=np.int64) * self.width)[:, None]).ravel()
        grouped = self._ways.ravel()[order]
        same = grouped[1:] == grouped[:-1]
        same[self.width - 1 :: self.width] = False
        gap = order[1:] - order[:-1]
        self.table = np.full(sets * self.width, NEVER, np.int64)
        self.table[order[:-1][same]] = gap[same]
        # A line that outlives the table is only known to live to its end.
        outlives = order[np.append(~same, True)] % self.width
        self.longest = max(int(gap[same].max(initial=0)), self.width - int(outlives.min()))
        self.old_death = self.table.reshape(sets, self.width)[:, :ways] + np.arange(ways, dtype=np.int64)

    def death(self, index: Ints, number: Ints) -> Ints:
        """Return the death numbers of fills of this trace, (n,) int64.

        Parameters
        ----------
        index, number : (n,) int64: set, and number of the fill in it.
        """
        place = number + self.ways
        return place + (self.ways if self.table is None else self.table[index * self.width + place])

    def shift(self, index: Ints) -> Ints:
        """Return where the sets of `index`, (n,), begin in the table, (n,) int64."""
        return index * (0 if self.table is None else self.width)

    def final(self, count: Ints) -> tuple[Ints, Ints]:
        """Return the sets and numbers of the fills that outlive the trace, two (n,) int64.

        Parameters
        ----------
        count : (sets,) int64: fills of each set in the trace.
        """
        if self.table is None:
            number = count[:, None] - 1 - np.arange(self.ways, dtype=np.int64)
            index = np.broadcast_to(np.arange(self.sets, dtype=np.int64)[:, None], number.shape)
            return index[number >= 0], number[number >= 0]
        place = np.arange(self.width, dtype=np.int64)
        end = count[:, None] + self.ways
        outlives = self.table.reshape(self.sets, self.width) >= end - place
        outlives &= place < end
        index, place = np.divmod(np.flatnonzero(outlives), self.width)
        return index[place >= self.ways], place[place >= self.ways] - self.ways

    def way(self, index: Ints, number: Ints) -> Ints:
        """Return the ways that fills of this trace take, (n,) int64.

        Parameters
        ----------
        index, number : (n,) int64: set, and number of the fill in it.
        """
        if self.table is None:
            return (self._fills[index] + number) % self.ways
        return self._ways[index, number + self.ways].astype(np.int64)


def walk(slot: Indices, gain: Indices, death: Ints, missed: Flags, lives: Lives) -> None:
    """Settle the unsettled accesses, one of every set at a time.

    Parameters
    ----------
    slot, gain : (steps, sets) intp: which line, and how many certain misses
        came before it since the step above.
    death : (lines,) int64: changed in place; the death numbers as known so far.
        They, and the count of fills, are shifted to the set's place in the table.
    missed : (steps, sets) bool: receives which of them miss.
    """
    done = lives.shift(np.arange(lives.sets, dtype=np.intp)) + lives.ways
    until, ends = np.empty(lives.sets, np.int64), np.full(lives.sets, lives.ways, np.int64)
    for lines, extra, miss in zip(slot, gain, missed):
        done += extra
        death.take(lines, out=until, mode="clip")
        np.less(until, done, out=miss)
        if lives.table is None:
            np.add(done, lives.ways, out=ends)
        else:
            lives.table.take(done, out=ends, mode="clip")
            ends += done
        np.copyto(until, ends, where=miss)
        death[lines] = until
        done += miss
