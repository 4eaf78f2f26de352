# SPDX-License-Identifier: MIT
"""Run a trace through the one-at-a-time cache: the oracle of the engine."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Ints
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import (
    CLEAN,
    CLEAN_INVALIDATE,
    DELIVER,
    FLUSH,
    INVALIDATE,
    LOAD,
    STORE,
    UNCACHED,
    ZEROS,
    Trace,
)
from tools.refkit.cache import PRIVATE, Cache


class _Recorded:
    # Answers from snapshots taken at every delivery.
    def __init__(self) -> None:
        self.memory: list[list[int]] = []
        self.aliases: list[tuple[list[int], list[int]]] = []

    def memory_word(self, delivery: Ints, word: Ints) -> Ints:
        return np.array([self.memory[d][w] for d, w in zip(delivery, word)], dtype=np.int64)

    def alias_word(self, delivery: Ints, word: Ints, alias: int) -> Ints:
        return np.array([self.aliases[d][alias][w] for d, w in zip(delivery, word)], dtype=np.int64)


def stored_words(lo: int, hi: int, value: int, flags: int) -> tuple[int, ...]:
    """Return the words a store writes: a count upwards, or zeros."""
    return tuple(0 if flags & ZEROS else value + i for i in range(hi - lo))


class CacheReplay:
    """Replay traces through one :class:`Cache`, keeping its state.

    Has the interface of :class:`stress.virtual.cache.engine.CacheEngine`, at a few
    thousand times less speed.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.vlines: dict[tuple[int, int], int] = {}

    @property
    def fills(self) -> int:
        """Return the line fills so far."""
        return self.cache.counters.fills

    def run(self, trace: Trace) -> Deliveries:
        """Replay one trace and return its delivered loads."""
        shared = {int(at): row for row, at in enumerate(trace.at)}
        self.vlines.update(
            zip(zip(trace.alias.tolist(), trace.pline.tolist()), trace.vline[trace.at].tolist())
        )
        seen: list[tuple[int, list[int], bool, int, int]] = []
        witness = _Recorded()
        for index, (op, vline) in enumerate(zip(trace.op.tolist(), trace.vline.tolist())):
            row = shared.get(index, -1)
            if op == FLUSH:
                self.cache.flush()
            elif row < 0:
                self._private(op, vline)
            elif op == LOAD and trace.flags[row] & DELIVER:
                seen.append((row, *self._deliver(trace, row, vline, witness)))
            else:
                self._shared(trace, row, op, vline)
        return _deliveries(seen, self.cache.geometry.line_words, witness)

    def _private(self, op: int, vline: int) -> None:
        if op in (LOAD, STORE):
            (self.cache.load if op == LOAD else self.cache.store)(vline)
        else:
            self._maintain(op, vline, PRIVATE)

    def _maintain(self, op: int, vline: int, pline: int) -> None:
        if op == CLEAN:
            self.cache.clean(vline, pline)
        elif op == INVALIDATE:
            self.cache.invalidate(vline, pline)
        elif op == CLEAN_INVALIDATE:
            self.cache.clean_invalidate(vline, pline)

    def _shared(self, trace: Trace, row: int, op: int, vline: int) -> None:
        pline, lo, flags = int(trace.pline[row]), int(trace.lo[row]), int(trace.flags[row])
        cause = (flags, int(trace.value[row]) - lo)
        if op == LOAD:
            self.cache.load(vline, pline, cause, bool(flags & UNCACHED))
        elif op == STORE:
            words = stored_words(lo, int(trace.hi[row]), int(trace.value[row]), flags)
            self.cache.store(vline, pline, lo, words, cause, bool(flags & UNCACHED))
        else:
            self._maintain(op, vline, pline)

    def _deliver(
        self, trace: Trace, row: int, vline: int, witness: _Recorded
    ) -> tuple[list[int], bool, int, int]:
        pline, flags = int(trace.pline[row]), int(trace.flags[row])
        cause = (flags, int(trace.value[row]) - int(trace.lo[row]))
        words, hit = self.cache.load(vline, pline, cause, bool(flags & UNCACHED))
        entry = self.cache.find(vline, pline)
        filled_by = (0, 0) if entry is None or flags & UNCACHED else entry.cause
        witness.memory.append(list(self.cache.peek_memory(pline)))
        witness.aliases.append((self._alias(0, pline), self._alias(1, pline)))
        return (words, hit, *filled_by)

    def _alias(self, alias: int, pline: int) -> list[int]:
        vline = self.vlines.get((alias, pline))
        entry = None if vline is None else self.cache.find(vline, pline)
        return [-1] * self.cache.geometry.line_words if entry is None else list(entry.words)


def _deliveries(
    seen: list[tuple[int, list[int], bool, int, int]], words: int, witness: _Recorded
) -> Deliveries:
    def column(place: int) -> Ints:
        return np.array([item[place] for item in seen], dtype=np.int64)

    values = np.array([item[1] for item in seen], dtype=np.int64).reshape(len(seen), words)
    return Deliveries(column(0), values, column(2).astype(bool), column(3), column(4), witness)
