# SPDX-License-Identifier: MIT
"""The tag stage one access at a time, for policies that couple the fills.

One replacement pointer for the whole cache, or a preference for invalid ways,
makes a victim depend on what other sets or whole-cache operations did, so its
number is not known in advance.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Ints
from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.lives import NEVER
from stress.virtual.cache.tags import TagAccesses, TagResult, keys_after
from stress.virtual.cache.victim import VictimPicker

_EMPTY = -1


class _Lives:
    # The access that filled each way, and when its line, or the one from before, ends.

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.filled: list[list[int]] = np.full(shape, -1, np.int64).tolist()
        self.death: dict[int, int] = {}
        self.old_death: Ints = np.full(shape, NEVER, np.int64)

    def begin(self, index: int, way: int, access: int) -> None:
        self.filled[index][way] = access
        self.death[access] = NEVER

    def end(self, index: int, way: int, time: int) -> None:
        # The line in this way ends now, unless a whole-cache operation ended it before.
        was = self.filled[index][way]
        if was >= 0:
            self.death[was] = min(self.death[was], time)
        else:
            self.old_death[index, way] = min(int(self.old_death[index, way]), time)

    def expire(self, time: int) -> None:
        for index, ways in enumerate(self.filled):
            for way in range(len(ways)):
                self.end(index, way, time)


class TagLoop:
    """Do what :class:`TagStage` does, about a million accesses a second."""

    def __init__(self, geometry: CacheGeometry, seed: int) -> None:
        self._geometry = geometry
        self._victims = VictimPicker(geometry, seed)
        self.fills = np.zeros(geometry.sets, np.int64)
        self.keys = np.full((geometry.sets, geometry.ways), -1, np.int64)

    def run(self, given: TagAccesses) -> TagResult:
        """Settle the accesses and bring ``keys`` up to date."""
        shape = self.keys.shape
        held, lives = self.keys.tolist(), _Lives(shape)
        way_of: dict[int, int] = {}
        flushes, epoch = given.flush_time.tolist(), 0
        columns = (given.time, given.index, given.key, given.epoch, given.drop)
        for access, (time, index, key, now, drop) in enumerate(zip(*(column.tolist() for column in columns))):
            while epoch < now:
                lives.expire(flushes[epoch])
                held = [[_EMPTY] * shape[1] for _ in range(shape[0])]
                epoch += 1
            ways = held[index]
            if drop:
                held[index] = [_EMPTY if line == key else line for line in ways]
            elif key not in ways:
                way = self._victims.pick(index, [line == _EMPTY for line in ways])
                lives.end(index, way, time)
                lives.begin(index, way, access)
                ways[way], way_of[access] = key, way
        for flush in flushes[epoch:]:
            lives.expire(flush)
        return self._result(given, lives, way_of)

    def _result(self, given: TagAccesses, lives: _Lives, way_of: dict[int, int]) -> TagResult:
        fillers = np.fromiter(way_of, np.int64, len(way_of))
        order = np.argsort(given.index[fillers], kind="stable")
        access = fillers[order]
        rank = np.full(len(given.time) + 1, -1, np.int64)
        rank[access] = np.arange(len(access), dtype=np.int64)
        way = np.fromiter(way_of.values(), np.int64, len(way_of))[order]
        deaths = np.array([lives.death[item] for item in access.tolist()], dtype=np.int64)
        shared = np.flatnonzero(given.shared[access])
        index = given.index[access[shared]]
        last = rank[np.array(lives.filled, dtype=np.int64)]
        result = TagResult(access, shared, index, way[shared], deaths[shared], lives.old_death, last)
        self.fills = self.fills + np.bincount(given.index[access], minlength=self._geometry.sets)
        self.keys = keys_after(given, result, self.keys)
        return result
