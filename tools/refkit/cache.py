# SPDX-License-Identifier: MIT
"""The cache one access at a time: the specification of the fast engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.victim import VictimPicker

PRIVATE = -1  # the physical line of memory whose contents nobody looks at


@dataclass
class Entry:
    """Hold one resident line.

    ``cause`` is what the access that filled it said of itself: its flags, and
    the value it expected in word 0 of the line.
    """

    key: tuple[int, int]
    pline: int
    words: list[int]
    dirty: list[bool]
    cause: tuple[int, int]


@dataclass
class CacheCounters:
    """Count what the cache did; ``writebacks`` are dirty granules written."""

    loads: int = 0
    load_hits: int = 0
    stores: int = 0
    store_hits: int = 0
    fills: int = 0
    evictions: int = 0
    writebacks: int = 0
    cleans: int = 0
    invalidates: int = 0
    flushes: int = 0


@dataclass
class Cache:
    """Simulate one D-cache in front of word-addressed memory.

    Addresses are line numbers: ``vline`` = virtual address / line_bytes, and
    ``pline`` the physical line (or :data:`PRIVATE`). ``memory`` maps a physical
    line to its words; lines never written hold zeros. Every operation acts at
    once: there is no write buffer, and a victim's dirty granules reach memory
    before the new line is read.

    Threads: none; one caller.
    """

    geometry: CacheGeometry
    seed: int = 0
    memory: dict[int, list[int]] = field(default_factory=dict)
    counters: CacheCounters = field(default_factory=CacheCounters)

    def __post_init__(self) -> None:
        shape = self.geometry
        self.ways: list[list[Entry | None]] = [[None] * shape.ways for _ in range(shape.sets)]
        self._victims = VictimPicker(shape, self.seed)

    def load(
        self, vline: int, pline: int = PRIVATE, cause: tuple[int, int] = (0, 0), uncached: bool = False
    ) -> tuple[list[int], bool]:
        """Load from a line; return all its words and whether it was resident."""
        if uncached:
            return list(self.peek_memory(pline)), False
        self.counters.loads += 1
        entry = self.find(vline, pline)
        hit = entry is not None
        self.counters.load_hits += hit
        if entry is None:
            entry = self._fill(vline, pline, cause)
        return list(entry.words), hit

    def store(
        self,
        vline: int,
        pline: int = PRIVATE,
        lo: int = 0,
        values: tuple[int, ...] = (),
        cause: tuple[int, int] = (0, 0),
        uncached: bool = False,
    ) -> bool:
        """Store words from word ``lo`` on; return whether the line was resident."""
        if uncached:
            self._write_memory(pline, lo, values)
            return False
        self.counters.stores += 1
        entry = self.find(vline, pline)
        hit = entry is not None
        self.counters.store_hits += hit
        if entry is None and self.geometry.write_allocate:
            entry = self._fill(vline, pline, cause)
        if entry is not None and pline != PRIVATE:
            entry.words[lo : lo + len(values)] = values
            if not self.geometry.write_through:
                self._soil(entry, lo, lo + len(values))
        if entry is None or self.geometry.write_through:
            self._write_memory(pline, lo, values)
        return hit

    def clean(self, vline: int, pline: int = PRIVATE, lines: int = 1) -> None:
        """Write back the dirty granules of ``lines`` lines and keep the lines."""
        for entry in self._range(vline, pline, lines):
            self.counters.cleans += 1
            if entry is not None:
                self._write_back(entry)

    def invalidate(self, vline: int, pline: int = PRIVATE, lines: int = 1) -> None:
        """Drop ``lines`` lines, and what was dirty in them."""
        for entry in self._range(vline, pline, lines):
            self.counters.invalidates += 1
            if entry is not None:
                self._drop(entry)

    def clean_invalidate(self, vline: int, pline: int = PRIVATE, lines: int = 1) -> None:
        """Write back, then drop, ``lines`` lines."""
        self.clean(vline, pline, lines)
        self.invalidate(vline, pline, lines)

    def flush(self) -> None:
        """Clean+invalidate the whole cache: sets ascending, ways in order."""
        self.counters.flushes += 1
        for ways in self.ways:
            for way, entry in enumerate(ways):
                if entry is not None:
                    self._write_back(entry)
                    ways[way] = None

    def find(self, vline: int, pline: int = PRIVATE) -> Entry | None:
        """Return the resident line an access to this address would hit."""
        index, key = self._place(vline, pline)
        for entry in self.ways[index]:
            if entry is not None and entry.key == key:
                return entry
        return None

    def peek_memory(self, pline: int) -> list[int]:
        """Return the words memory holds for a physical line."""
        return self.memory.get(pline, [0] * self.geometry.line_words)

    def _place(self, vline: int, pline: int) -> tuple[int, tuple[int, int]]:
        # Tags are physical unless the cache is VIVT; a private line is its own physical line.
        private = (0, vline)
        tag = private if pline == PRIVATE or self.geometry.tagging == "vivt" else (1, pline)
        indexed_by = pline if tag[0] and self.geometry.tagging == "pipt" else vline
        return indexed_by % self.geometry.sets, tag

    def _range(self, vline: int, pline: int, lines: int) -> list[Entry | None]:
        step = 0 if pline == PRIVATE else 1
        return [self.find(vline + i, pline + i * step) for i in range(lines)]

    def _fill(self, vline: int, pline: int, cause: tuple[int, int]) -> Entry:
        index, key = self._place(vline, pline)
        ways = self.ways[index]
        self.counters.fills += 1
        way = self._victims.pick(index, [entry is None for entry in ways])
        old = ways[way]
        if old is not None:
            self.counters.evictions += 1
            self._write_back(old)
        granules = self.geometry.line_words // self.geometry.dirty_words
        entry = Entry(key, pline, list(self.peek_memory(pline)), [False] * granules, cause)
        ways[way] = entry
        return entry

    def _soil(self, entry: Entry, lo: int, hi: int) -> None:
        size = self.geometry.dirty_words
        for granule in range(lo // size, (hi - 1) // size + 1):
            entry.dirty[granule] = True

    def _write_back(self, entry: Entry) -> None:
        size = self.geometry.dirty_words
        for granule, dirty in enumerate(entry.dirty):
            if dirty:
                self.counters.writebacks += 1
                first = granule * size
                self._write_memory(entry.pline, first, tuple(entry.words[first : first + size]))
                entry.dirty[granule] = False

    def _drop(self, entry: Entry) -> None:
        for ways in self.ways:
            for way, other in enumerate(ways):
                if other is entry:
                    ways[way] = None

    def _write_memory(self, pline: int, lo: int, values: tuple[int, ...]) -> None:
        if pline != PRIVATE:
            words = self.memory.setdefault(pline, [0] * self.geometry.line_words)
            words[lo : lo + len(values)] = values
