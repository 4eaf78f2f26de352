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
from typing import TYPE_CHECKING

import numpy as np

from stress.virtual.cache_victim import random_ways
from stress.virtual.geometry import CacheGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

NEVER = 1 << 40
_ROUNDS = 3  # later rounds find next to nothing


@dataclass(frozen=True)
class TagAccesses:
    """Hold the accesses that look up tags and may fill, in time order.

    Parameters
    ----------
    time : (n,) int64, ascending.
    index : (n,) int64: set.
    key : (n,) int64 below 2**31: identity of the line; decides the set.
    epoch : (n,) int64: how many whole-cache operations came before.
    drop : (n,) bool: not an access but an invalidation of the line.
    flush_time : (epochs - 1,) int64: when the whole-cache operations happened.
    """

    time: Ints
    index: Ints
    key: Ints
    epoch: Ints
    drop: Flags
    flush_time: Ints


@dataclass(frozen=True)
class TagResult:
    """Hold the fills, in order of set and then time.

    Parameters
    ----------
    access, index : (f,) int64: which access filled, and its set.
    way, death : (f,) int64: where, and at what time it was evicted (NEVER).
    old_death : (sets, ways) int64: the same for the lines resident before.
    last : (sets, ways) int64: the fill each way holds at the end, or -1 where
        that is the line from before.
    """

    access: Ints
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
        self._geometry, self._seed = geometry, seed
        self.fills = np.zeros(geometry.sets, np.int64)
        self.keys = np.full((geometry.sets, geometry.ways), -1, np.int64)

    def run(self, given: TagAccesses) -> TagResult:
        """Settle the accesses and bring ``keys`` up to date."""
        sets = self._geometry.sets
        narrow = given.index.astype(np.uint8 if sets <= 256 else np.uint16)
        order = np.argsort(narrow, kind="stable")
        index = given.index[order]
        count = np.bincount(index, minlength=sets)
        lives = _Lives(self._geometry, self._seed, self.fills, int(count.max(initial=0)))
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
        fresh[1:] = (key[1:] != key[:-1]) | (epoch[1:] != epoch[:-1]) | drop[1:] | drop[:-1]
        kept = np.flatnonzero(fresh)
        if not len(kept):
            return kept
        line = _Reuse(key[kept], epoch[kept], drop[kept])
        old_place, old_entry = self._old(line, epoch[kept], drop[kept])
        sure = line.previous < 0
        sure[old_place] = False
        sure[drop[kept]] = False
        self._sure_misses(sure, line, drop[kept], old_place, index[kept], lives)
        unsettled = ~sure & ~drop[kept]
        if not unsettled.any():
            return kept[sure]
        stepped = unsettled.copy()
        follows = np.flatnonzero(unsettled & (line.previous >= 0))
        stepped[line.previous[follows]] = True
        stepped &= ~drop[kept]
        missed = self._lockstep(sure, stepped, line, index[kept], old_place, old_entry, lives)
        return kept[missed]

    def _old(self, line: _Reuse, epoch: Ints, drop: Flags) -> tuple[Ints, Ints]:
        # First accesses to lines that were resident before the trace began.
        held = np.flatnonzero(self.keys.ravel() >= 0)
        place = line.first_of(self.keys.ravel()[held])
        found = (place >= 0) & (epoch[place] == 0) & ~drop[place]
        return place[found], held[found]

    def _sure_misses(
        self, sure: Flags, line: _Reuse, drop: Flags, old: Ints, index: Ints, lives: _Lives
    ) -> None:
        starts = np.searchsorted(index, np.arange(self._geometry.sets))
        used = np.flatnonzero((line.previous >= 0) & ~drop)
        back = line.previous[used]
        for _ in range(_ROUNDS):
            before = np.concatenate([[0], np.cumsum(sure)])
            sure[old] = before[old] - before[starts[index[old]]] >= lives.longest
            more = (before[used] - before[back + 1] >= lives.longest) & ~sure[used]
            if not more.any():
                break
            sure[used[more]] = True

    def _lockstep(
        self, sure: Flags, stepped: Flags, line: _Reuse, index: Ints, old: Ints, entry: Ints, lives: _Lives
    ) -> Flags:
        steps = np.flatnonzero(stepped)
        of = index[steps]
        starts = np.searchsorted(of, np.arange(self._geometry.sets))
        rank = np.arange(len(steps)) - starts[of]
        before = np.concatenate([[0], np.cumsum(sure & ~stepped)])
        counted = before[steps] - before[np.searchsorted(index, np.arange(self._geometry.sets))[of]]
        gained = counted.copy()
        gained[1:] -= np.where(rank[1:] > 0, counted[:-1], 0)
        shape = (int(rank.max()) + 1, self._geometry.sets)
        slot, gain = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        slot[rank, of] = line.number[steps] + 1
        gain[rank, of] = gained
        death = np.full(line.lines + 1, -1, np.int64)
        death[0] = NEVER
        death[line.number[old] + 1] = lives.old_death.ravel()[entry]
        missed = np.empty(shape, bool)
        _walk(slot, gain, death, missed, lives)
        sure[steps] = missed[rank, of]
        return sure

    def _fills(self, given: TagAccesses, filler: Ints, index: Ints, lives: _Lives) -> TagResult:
        sets, ways = self._geometry.sets, self._geometry.ways
        time = given.time[filler]
        count = np.bincount(index, minlength=sets)
        start = np.cumsum(count) - count
        number = np.arange(len(filler)) - start[index]
        flush = np.append(given.flush_time, NEVER)

        def when(death: Ints, of: Ints) -> Ints:
            # Death numbers count from the resident lines of old, fills follow them.
            killer = death - ways
            alive = killer >= count[of]
            place = np.where(alive, 0, start[of] + killer)
            return np.where(alive, NEVER, time[place] if len(time) else NEVER)

        death = np.minimum(when(lives.death(index, number), index), flush[given.epoch[filler]])
        every = np.repeat(np.arange(sets), ways)
        old_death = np.minimum(when(lives.old_death.ravel(), every), flush[0]).reshape(sets, ways)
        way = lives.way(index, number)
        last = np.full((sets, ways), -1, np.int64)
        final = lives.death(index, number) - ways >= count[index]
        last[index[final], way[final]] = np.flatnonzero(final)
        return TagResult(filler, index, way, death, old_death, last)


class _Reuse:
    # For accesses in set order: where the same line was used before.
    def __init__(self, key: Ints, epoch: Ints, drop: Flags) -> None:
        count = len(key)
        packed = np.sort((key << 32) | np.arange(count, dtype=np.int64))
        order = packed & 0xFFFFFFFF
        self._sorted_keys, self._order = packed >> 32, order
        same = self._sorted_keys[1:] == self._sorted_keys[:-1]
        same &= epoch[order[1:]] == epoch[order[:-1]]
        same &= ~drop[order[:-1]]
        self.previous = np.full(count, -1, np.int64)
        self.previous[order[1:][same]] = order[:-1][same]
        number = np.zeros(count, np.int64)
        number[1:] = np.cumsum(~same)
        self.number = np.empty(count, np.int64)
        self.number[order] = number
        self.lines = int(number[-1]) + 1

    def first_of(self, keys: Ints) -> Ints:
        place = np.minimum(np.searchsorted(self._sorted_keys, keys), len(self._order) - 1)
        return np.where(self._sorted_keys[place] == keys, self._order[place], -1)


class _Lives:
    # When each fill dies, in numbers: the ways of old come first, then the fills of this trace.
    def __init__(self, geometry: CacheGeometry, seed: int, fills: Ints, most: int) -> None:
        sets, ways = geometry.sets, geometry.ways
        self.ways, self.sets = ways, sets
        self._fills = fills
        self.table: Ints | None = None
        if geometry.replacement == "rr":
            self.longest = ways
            self.old_death = (np.arange(ways) - fills[:, None]) % ways + ways
            return
        self.width = most + ways
        self._ways = np.empty((sets, self.width), np.int64)
        self._ways[:, :ways] = np.arange(ways)
        self._ways[:, ways:] = random_ways(seed, fills, most, ways)
        lane = (self._ways + (np.arange(sets) * ways)[:, None]).ravel().astype(np.uint16)
        order = np.argsort(lane, kind="stable")
        table = np.full(sets * self.width, NEVER, np.int64)
        following = lane[order[1:]] == lane[order[:-1]]
        table[order[:-1][following]] = order[1:][following] % self.width
        self.table = table
        # A line that outlives the table is only known to live to its end.
        self.longest = int((np.minimum(table, self.width) - np.arange(len(table)) % self.width).max())
        self.old_death = table.reshape(sets, self.width)[:, :ways]

    def death(self, index: Ints, number: Ints) -> Ints:
        if self.table is None:
            return number + 2 * self.ways
        death: Ints = self.table[index * self.width + number + self.ways]
        return death

    def way(self, index: Ints, number: Ints) -> Ints:
        if self.table is None:
            return (self._fills[index] + number) % self.ways
        ways: Ints = self._ways[index, number + self.ways]
        return ways


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
        ends = done + lives.ways if table is None else table.take(base + done, mode="clip")
        np.copyto(until, ends, where=miss)
        death[lines] = until
        done += miss
