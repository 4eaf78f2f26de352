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
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.virtual.cache_victim import random_ways, victim_starts
from stress.virtual.geometry import CacheGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Integers = NDArray[np.signedinteger[Any]]

NEVER = 1 << 40
_ROUNDS = 3  # later rounds find next to nothing
_HASH_BITS = 18  # a table that stays in the second-level cache


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


def keys_after(given: TagAccesses, result: TagResult, keys: Ints) -> Ints:
    """Return which line each way holds at the end, (sets, ways) int64, -1 none."""
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
        self.fills = np.zeros(geometry.sets, np.int64)
        self.keys = np.full((geometry.sets, geometry.ways), -1, np.int64)

    def run(self, given: TagAccesses) -> TagResult:
        """Settle the accesses and bring ``keys`` up to date."""
        sets = self._geometry.sets
        narrow = given.index.astype(np.uint8 if sets <= 256 else np.uint16)
        order = np.argsort(narrow, kind="stable")
        count = np.bincount(narrow, minlength=sets)
        index = np.repeat(np.arange(sets), count)
        lives = _Lives(self._geometry, self._starts, self.fills, int(count.max(initial=0)))
        misses = self._misses(given, order, index, lives)
        filler = order[misses]
        result = self._fills(given, filler, index[misses], lives)
        self.fills = self.fills + np.bincount(index[misses], minlength=sets)
        self.keys = keys_after(given, result, self.keys)
        return result

    def _misses(self, given: TagAccesses, order: Ints, index: Ints, lives: _Lives) -> Ints:
        # Returns positions in set order. A second access in a row to one line hits.
        key, epoch, drop = given.key[order], given.epoch[order], given.drop[order]
        fresh = np.ones(len(key), bool)
        np.not_equal(key[1:], key[:-1], out=fresh[1:])
        if len(given.flush_time):
            fresh[1:] |= epoch[1:] != epoch[:-1]
        fresh[1:] |= drop[1:] | drop[:-1]
        kept = np.flatnonzero(fresh)
        key, epoch, drop, index = key[kept], epoch[kept], drop[kept], index[kept]
        sure = ~drop
        again = np.flatnonzero(_used_again(key, self.keys))
        if not len(again):
            return kept[sure]
        line = _Reuse(key[again], epoch[again], drop[again])
        previous = np.where(line.previous >= 0, again[line.previous], -1)
        old_place, old_entry = self._old(line, epoch[again], drop[again])
        old_place = again[old_place]
        sure[again] = (previous < 0) & ~drop[again]
        sure[old_place] = False
        used = (previous >= 0) & ~drop[again]
        self._sure_misses(sure, again[used], previous[used], old_place, index, lives)
        stepped = ~sure & ~drop
        follows = previous[used & stepped[again]]
        if not stepped.any():
            return kept[sure]
        stepped[follows] = True
        number = np.zeros(len(kept), np.int64)
        number[again] = line.number + 1
        number[old_place] = line.number[np.searchsorted(again, old_place)] + 1
        death = np.full(line.lines + 1, -1, np.int64)
        death[0] = NEVER
        death[number[old_place]] = lives.old_death.ravel()[old_entry]
        self._lockstep(sure, stepped, number, index, death, lives)
        return kept[sure]

    def _old(self, line: _Reuse, epoch: Ints, drop: Flags) -> tuple[Ints, Ints]:
        # First accesses to lines that were resident before the trace began.
        held = np.flatnonzero(self.keys.ravel() >= 0)
        place = line.first_of(self.keys.ravel()[held])
        found = (place >= 0) & (epoch[place] == 0) & ~drop[place]
        return place[found], held[found]

    def _sure_misses(
        self, sure: Flags, used: Ints, previous: Ints, old: Ints, index: Ints, lives: _Lives
    ) -> None:
        starts = np.searchsorted(index, np.arange(self._geometry.sets))[index[old]]
        for _ in range(_ROUNDS):
            before = _count_before(sure)
            sure[old] = before[old] - before[starts] >= lives.longest
            more = (before[used] - before[previous + 1] >= lives.longest) & ~sure[used]
            if not more.any():
                break
            sure[used[more]] = True

    def _lockstep(
        self, sure: Flags, stepped: Flags, number: Ints, index: Ints, death: Ints, lives: _Lives
    ) -> None:
        # Step j takes the j-th access of every set that has one; slot 0 never misses.
        steps = np.flatnonzero(stepped)
        of = index[steps]
        every = np.arange(self._geometry.sets)
        rank = np.arange(len(steps)) - np.searchsorted(of, every)[of]
        before = _count_before(sure & ~stepped)
        gained = before[steps] - before[np.searchsorted(index, every)[of]]
        gained[1:] -= np.where(rank[1:] > 0, gained[:-1], 0)
        shape = (int(rank.max()) + 1, self._geometry.sets)
        slot, gain = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        slot[rank, of], gain[rank, of] = number[steps], gained
        missed = np.empty(shape, bool)
        _walk(slot, gain, death, missed, lives)
        sure[steps] = missed[rank, of]

    def _fills(self, given: TagAccesses, filler: Ints, index: Ints, lives: _Lives) -> TagResult:
        sets, ways = self._geometry.sets, self._geometry.ways
        time = np.append(given.time[filler], NEVER)
        count = np.bincount(index, minlength=sets)
        start = np.cumsum(count) - count
        flush = np.append(given.flush_time, NEVER)

        def when(death: Ints, of: Ints) -> Ints:
            # Death numbers count from the resident lines of old, fills follow them.
            killer = death - ways
            return time[np.where(killer < count[of], start[of] + killer, len(time) - 1)]

        shared = np.flatnonzero(given.shared[filler])
        of, number = index[shared], shared - start[index[shared]]
        death = np.minimum(when(lives.death(of, number), of), flush[given.epoch[filler[shared]]])
        every = np.repeat(np.arange(sets), ways)
        old_death = np.minimum(when(lives.old_death.ravel(), every), flush[0]).reshape(sets, ways)
        of_last, number_last = lives.final(count)
        last = np.full((sets, ways), -1, np.int64)
        last[of_last, lives.way(of_last, number_last)] = start[of_last] + number_last
        return TagResult(filler, shared, of, lives.way(of, number), death, old_death, last)


def _count_before(marked: Flags) -> Ints:
    # [i] is how many of the first i are marked. A sum of booleans without dtype is ten times slower.
    count = np.zeros(len(marked) + 1, np.int64)
    np.cumsum(marked, dtype=np.int64, out=count[1:])
    return count


def _used_again(key: Ints, held: Ints) -> Flags:
    # False only for keys that occur once and are not held: most of the background noise.
    # Keys with the same hash count as one, which is harmless.
    held = held[held >= 0]
    mixed = np.concatenate([key, held]).astype(np.uint32) * np.uint32(0x9E3779B1)
    hashed = (mixed >> np.uint32(32 - _HASH_BITS)).astype(np.int64)
    return np.bincount(hashed, minlength=1 << _HASH_BITS)[hashed[: len(key)]] > 1


class _Reuse:
    # For accesses in set order: where the same line was used before.
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
        place = np.minimum(np.searchsorted(self._sorted_keys, keys), len(self._order) - 1)
        return np.where(self._sorted_keys[place] == keys, self._order[place], -1)


class _Lives:
    # When each fill dies, in numbers: the ways of old come first, then the fills of this trace.
    def __init__(self, geometry: CacheGeometry, starts: NDArray[np.uint32], fills: Ints, most: int) -> None:
        sets, ways = geometry.sets, geometry.ways
        self.ways, self.sets = ways, sets
        self._fills = fills
        self.table: Ints | None = None
        if geometry.replacement == "rr":
            self.longest = ways
            self.old_death = (np.arange(ways) - fills[:, None]) % ways + ways
            return
        self.width = most + ways
        self._ways = np.empty((sets, self.width), np.uint8)
        self._ways[:, :ways] = np.arange(ways)
        self._ways[:, ways:] = random_ways(starts, fills, most, ways)
        order = np.argsort(self._ways, axis=1, kind="stable")
        order += (np.arange(sets) * self.width)[:, None]
        order = order.ravel()
        grouped = self._ways.ravel()[order]
        same = grouped[1:] == grouped[:-1]
        same[self.width - 1 :: self.width] = False
        gap = order[1:] - order[:-1]
        self.table = np.full(sets * self.width, NEVER, np.int64)
        self.table[order[:-1][same]] = gap[same]
        # A line that outlives the table is only known to live to its end.
        outlives = order[np.append(~same, True)] % self.width
        self.longest = max(int(gap[same].max(initial=0)), self.width - int(outlives.min()))
        self.old_death = self.table.reshape(sets, self.width)[:, :ways] + np.arange(ways)

    def death(self, index: Ints, number: Ints) -> Ints:
        """Return the death numbers of fills of this trace."""
        place = number + self.ways
        return place + (self.ways if self.table is None else self.table[index * self.width + place])

    def final(self, count: Ints) -> tuple[Ints, Ints]:
        """Return the sets and numbers of the fills that outlive the trace."""
        if self.table is None:
            number = count[:, None] - 1 - np.arange(self.ways)
            index = np.broadcast_to(np.arange(self.sets)[:, None], number.shape)
            return index[number >= 0], number[number >= 0]
        place = np.arange(self.width)
        end = count[:, None] + self.ways
        outlives = self.table.reshape(self.sets, self.width) >= end - place
        outlives &= place < end
        index, place = np.divmod(np.flatnonzero(outlives), self.width)
        return index[place >= self.ways], place[place >= self.ways] - self.ways

    def way(self, index: Ints, number: Ints) -> Ints:
        if self.table is None:
            return (self._fills[index] + number) % self.ways
        return self._ways[index, number + self.ways].astype(np.int64)


def _walk(slot: Ints, gain: Ints, death: Ints, missed: Flags, lives: _Lives) -> None:
    # The one loop over time. Everything in it works on one value per set.
    done = np.full(lives.sets, lives.ways, np.int64)
    base = np.arange(lives.sets) * (0 if lives.table is None else lives.width)
    table = lives.table
    until, miss = np.empty_like(done), np.empty(len(done), bool)
    for step in range(len(slot)):
        lines = slot[step]
        miss = missed[step]
        done += gain[step]
        death.take(lines, out=until)
        np.less(until, done, out=miss)
        ends = done + (lives.ways if table is None else table.take(base + done, mode="clip"))
        np.copyto(until, ends, where=miss)
        death[lines] = until
        done += miss
