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
        held, filled = self.keys.tolist(), np.full(shape, -1, np.int64).tolist()
        death: dict[int, int] = {}
        way_of: dict[int, int] = {}
        old_death = np.full(shape, NEVER, np.int64)
        flushes, epoch = given.flush_time.tolist(), 0
        columns = (given.time, given.index, given.key, given.epoch, given.drop)
        for access, (time, index, key, now, drop) in enumerate(zip(*(column.tolist() for column in columns))):
            while epoch < now:
                _expire(filled, death, old_death, flushes[epoch])
                held = [[_EMPTY] * shape[1] for _ in range(shape[0])]
                epoch += 1
            ways = held[index]
            if drop:
                held[index] = [_EMPTY if line == key else line for line in ways]
            elif key not in ways:
                way = self._victims.pick(index, [line == _EMPTY for line in ways])
                _end(filled[index][way], death, old_death, index, way, time)
                ways[way], filled[index][way], way_of[access] = key, access, way
                death[access] = NEVER
        for flush in flushes[epoch:]:
            _expire(filled, death, old_death, flush)
        return self._result(given, filled, death, way_of, old_death)

    def _result(
        self,
        given: TagAccesses,
        filled: list[list[int]],
        death: dict[int, int],
        way_of: dict[int, int],
        old_death: Ints,
    ) -> TagResult:
        fillers = np.fromiter(way_of, np.int64, len(way_of))
        order = np.argsort(given.index[fillers], kind="stable")
        access = fillers[order]
        rank = np.full(len(given.time) + 1, -1, np.int64)
        rank[access] = np.arange(len(access), dtype=np.int64)
        way = np.fromiter(way_of.values(), np.int64, len(way_of))[order]
        deaths = np.array([death[item] for item in access.tolist()], dtype=np.int64)
        shared = np.flatnonzero(given.shared[access])
        index = given.index[access[shared]]
        last = rank[np.array(filled, dtype=np.int64)]
        result = TagResult(access, shared, index, way[shared], deaths[shared], old_death, last)
        self.fills = self.fills + np.bincount(given.index[access], minlength=self._geometry.sets)
        self.keys = keys_after(given, result, self.keys)
        return result


def _end(was: int, death: dict[int, int], old_death: Ints, index: int, way: int, time: int) -> None:
    # The line in this way ends now, unless a whole-cache operation ended it before.
    if was >= 0:
        death[was] = min(death[was], time)
    else:
        old_death[index, way] = min(int(old_death[index, way]), time)


def _expire(filled: list[list[int]], death: dict[int, int], old_death: Ints, time: int) -> None:
    for index, ways in enumerate(filled):
        for way, was in enumerate(ways):
            _end(was, death, old_death, index, way, time)
