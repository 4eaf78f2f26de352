# SPDX-License-Identifier: MIT
"""Which accesses miss: the part of the cache that must go step by step.

Whether an access hits depends on lines and on the order of accesses, never on
data. Two facts make it fast:

- The victim of fill number n of a set is known in advance (:mod:`cache_victim`), so
  the fill that ends the life of fill n is known too: its *death number*. A line
  is resident while fewer fills than that have happened in its set. Round robin
  is the special case death = n + ways.
- Most accesses are misses for certain: the first to a line, and any line so
  many certain misses after its last use that nothing survives that long. Those
  only count. What remains is settled for all sets at once, step j taking the
  j-th unsettled access of every set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Flags, Integers, Ints
from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.lives import NEVER, Lives, walk
from stress.virtual.cache.reuse import Reuse, Reused
from stress.virtual.cache.victim import victim_starts

_ROUNDS = 2  # later rounds find next to nothing


@dataclass(frozen=True)
class TagAccesses:
    """Hold the accesses that look up tags and may fill, in time order.

    Parameters
    ----------
    time : (n,) int64, ascending.
    index : (n,) integers: set.
    key : (n,) int32: identity of the line; decides the set.
    epoch : (n,) integers: how many whole-cache operations came before.
    drop : (n,) bool: not an access but an invalidation of the line.
    shared : (n,) bool: whether it is a line of shared memory.
    flush_time : (epochs - 1,) int64: when the whole-cache operations happened.
    """

    time: Ints
    index: Integers
    key: Integers
    epoch: Integers
    drop: Flags
    shared: Flags
    flush_time: Ints


@dataclass(frozen=True)
class TagResult:
    """Hold the fills, in order of set and then time.

    Parameters
    ----------
    access : (f,) int64: which access filled.
    shared : (g,) int64: which of the fills are lines of shared memory. Of these
    index, way, death : (g,) int64: set, way and time of the eviction (NEVER).
    old_death : (sets, ways) int64: the same for the lines resident before.
    last : (sets, ways) int64: the fill each way holds at the end, or -1 where
        that is the line from before.
    """

    access: Ints
    shared: Ints
    index: Ints
    way: Ints
    death: Ints
    old_death: Ints
    last: Ints


@dataclass(frozen=True)
class _Settling:
    # Accesses in order of set while it is worked out which of them miss: `sure` fills up.

    sure: Flags
    index: Ints
    lives: Lives


def keys_after(given: TagAccesses, result: TagResult, keys: Ints) -> Ints:
    """Return which line each way holds at the end, (sets, ways) int64, -1 none.

    Parameters
    ----------
    keys : (sets, ways) int64: what each way held before.
    """
    epochs = len(given.flush_time)
    old = np.where(epochs == 0, keys, -1)
    after, since = old, np.full(keys.shape, -1, np.int64)
    if len(result.access):
        filler = result.access[result.last]
        current = np.where(given.epoch[filler] == epochs, given.key[filler], -1)
        after = np.where(result.last >= 0, current, old)
        since = np.where(result.last >= 0, given.time[filler], -1)
    drops = np.flatnonzero(given.drop)
    if len(drops):
        order = drops[np.argsort(given.key[drops], kind="stable")]
        place = np.searchsorted(given.key[order], after, side="right") - 1
        same = given.key[order][place] == after
        after = np.where(same & (given.time[order][place] > since), -1, after)
    return after


class TagStage:
    """Keep the tags of one cache and run accesses through them."""

    def __init__(self, geometry: CacheGeometry, seed: int) -> None:
        self._geometry, self._starts = geometry, victim_starts(seed, geometry.sets)
        self._reused = Reused()
        self.fills = np.zeros(geometry.sets, np.int64)
        self.keys = np.full((geometry.sets, geometry.ways), -1, np.int64)

    def run(self, given: TagAccesses) -> TagResult:
        """Settle the accesses and bring ``keys`` up to date."""
        sets = self._geometry.sets
        narrow = given.index.astype(np.uint8 if sets <= 256 else np.uint16)
        order = np.argsort(narrow, kind="stable")
        count = np.bincount(narrow, minlength=sets)
        lives = Lives(self._geometry, self._starts, self.fills, int(count.max(initial=0)))
        misses = self._misses(given, order, np.repeat(np.arange(sets, dtype=np.int64), count), lives)
        ends = np.searchsorted(misses, np.append(0, np.cumsum(count)))
        filled = np.diff(ends)
        result = self._fills(given, order[misses], filled, lives)
        self.fills = self.fills + filled
        self.keys = keys_after(given, result, self.keys)
        return result

    def _misses(self, given: TagAccesses, order: Ints, index: Ints, lives: Lives) -> Ints:
        # Returns positions in set order.
        key, epoch, drop = given.key[order], given.epoch[order], given.drop[order]
        if not len(key):
            return order
        kept = _without_repeats(key, epoch, drop)
        if kept is None:
            return np.flatnonzero(self._settle(key, epoch, drop, index, lives))
        return kept[self._settle(key[kept], epoch[kept], drop[kept], index[kept], lives)]

    def _settle(self, key: Integers, epoch: Integers, drop: Flags, index: Ints, lives: Lives) -> Flags:
        # Returns which accesses miss.
        sure = ~drop
        again = np.flatnonzero(self._reused.find(key, self.keys))
        if not len(again):
            return sure
        line = Reuse(key[again], epoch[again], drop[again])
        previous = np.where(line.previous >= 0, again[line.previous], -1)
        old_place, old_entry = self._old(line, epoch[again], drop[again])
        number = np.zeros(len(key), np.int64)
        number[again] = line.number + 1
        old_place = again[old_place]
        sure[again] = (previous < 0) & ~drop[again]
        sure[old_place] = False
        used = (previous >= 0) & ~drop[again]
        accesses = _Settling(sure, index, lives)
        self._sure_misses(accesses, again[used], previous[used], old_place)
        stepped = ~sure & ~drop
        if stepped.any():
            stepped[previous[used & stepped[again]]] = True
            death = np.full(line.lines + 1, -1, np.int64)
            death[0] = NEVER
            death[number[old_place]] = lives.old_death.ravel()[old_entry] + lives.shift(index[old_place])
            self._lockstep(accesses, stepped, number, death)
        return sure

    def _old(self, line: Reuse, epoch: Ints, drop: Flags) -> tuple[Ints, Ints]:
        # First accesses to lines that were resident before the trace began.
        held = np.flatnonzero(self.keys.ravel() >= 0)
        place = line.first_of(self.keys.ravel()[held])
        found = (place >= 0) & (epoch[place] == 0) & ~drop[place]
        return place[found], held[found]

    def _sure_misses(self, accesses: _Settling, used: Ints, previous: Ints, old: Ints) -> None:
        sure, index, lives = accesses.sure, accesses.index, accesses.lives
        starts = np.searchsorted(index, np.arange(self._geometry.sets, dtype=np.int64))[index[old]]
        for _ in range(_ROUNDS):
            before = _count_before(sure)
            sure[old] = before[old] - before[starts] >= lives.longest
            more = (before[used] - before[previous + 1] >= lives.longest) & ~sure[used]
            if not more.any():
                break
            sure[used[more]] = True

    def _lockstep(self, accesses: _Settling, stepped: Flags, number: Ints, death: Ints) -> None:
        # Step j takes the j-th access of every set that has one; slot 0 never misses.
        sure, index, lives = accesses.sure, accesses.index, accesses.lives
        steps = np.flatnonzero(stepped)
        of = index[steps]
        every = np.arange(self._geometry.sets, dtype=np.int64)
        rank = np.arange(len(steps), dtype=np.int64) - np.searchsorted(of, every)[of]
        before = _count_before(sure & ~stepped)
        gained = before[steps] - before[np.searchsorted(index, every)[of]]
        gained[1:] -= np.where(rank[1:] > 0, gained[:-1], 0)
        shape = (int(rank.max()) + 1, self._geometry.sets)
        slot, gain = np.zeros(shape, np.intp), np.zeros(shape, np.intp)
        slot[rank, of], gain[rank, of] = number[steps], gained
        missed = np.empty(shape, bool)
        walk(slot, gain, death, missed, lives)
        sure[steps] = missed[rank, of]

    def _fills(self, given: TagAccesses, filler: Ints, count: Ints, lives: Lives) -> TagResult:
        sets, ways = self._geometry.sets, self._geometry.ways
        start = np.cumsum(count) - count
        flush = np.append(given.flush_time, NEVER)

        def when(death: Ints, of: Ints) -> Ints:
            # Death numbers count from the resident lines of old, fills follow them.
            killer = death - ways
            time = np.full(len(killer), NEVER, np.int64)
            dies = killer < count[of]
            time[dies] = given.time[filler[start[of[dies]] + killer[dies]]]
            return time

        shared = np.flatnonzero(given.shared[filler])
        of = np.searchsorted(start, shared, side="right") - 1
        number = shared - start[of]
        death = np.minimum(when(lives.death(of, number), of), flush[given.epoch[filler[shared]]])
        every = np.repeat(np.arange(sets, dtype=np.int64), ways)
        old_death = np.minimum(when(lives.old_death.ravel(), every), flush[0]).reshape(sets, ways)
        of_last, number_last = lives.final(count)
        last = np.full((sets, ways), -1, np.int64)
        last[of_last, lives.way(of_last, number_last)] = start[of_last] + number_last
        return TagResult(filler, shared, of, lives.way(of, number), death, old_death, last)


def _without_repeats(key: Integers, epoch: Integers, drop: Flags) -> Ints | None:
    # A second access in a row to one line hits and changes nothing. Leaving such accesses
    # out pays where they are many; None is all.
    fresh = np.ones(len(key), bool)
    np.not_equal(key[1:], key[:-1], out=fresh[1:])
    if np.count_nonzero(fresh) > 0.9 * len(key):
        return None
    fresh[1:] |= (epoch[1:] != epoch[:-1]) | drop[1:] | drop[:-1]
    return np.flatnonzero(fresh)


def _count_before(marked: Flags) -> Ints:
    # [i] is how many of the first i are marked. A sum of booleans without dtype is ten times slower.
    count = np.zeros(len(marked) + 1, np.int64)
    np.cumsum(marked, dtype=np.int64, out=count[1:])
    return count
