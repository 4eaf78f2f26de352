# SPDX-License-Identifier: MIT
"""Which value is where: the cache's data worked out from the lives of its lines.

Nothing here goes step by step. The value a load sees is that of the last
store into the line it hits, or else what memory held when that line was
filled; and what memory holds is the value of the last store that went to it, or
what a line brought back when it was written to it. So every question is answered
by "the last event of such a kind before this one", which is a running maximum,
followed from event to event until it ends at a store.

Words are treated in cells: the largest runs of words that every access and
everything known from before treats alike, often the whole line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Flags, Ints, LineNumbers
from stress.virtual.cache.events import FIRST, GONE, OLD, LineEvents, LineLives
from stress.virtual.cache.geometry import CacheGeometry


@dataclass(frozen=True)
class Before:
    """What memory and the resident lines held before a trace.

    Parameters
    ----------
    memory : (physical lines, line_words) int64.
    words : (lines of old, line_words) int64.
    dirty : (lines of old, granules) bool.
    """

    memory: Ints
    words: Ints
    dirty: Flags


class Contents:
    """Answer what memory and cache lines held at any event.

    Parameters
    ----------
    colours : how many copies of a physical line can be resident at once.
    """

    def __init__(self, geometry: CacheGeometry, colours: int, events: LineEvents, before: Before) -> None:
        self._geometry, self._colours, self._events = geometry, colours, events
        self.cell = self._cell_words(before)
        self._index = np.arange(len(events.code), dtype=np.int32)
        self._lives(events.lines)
        self._stores(before.dirty)
        self._writes()
        self._values(before)

    def memory_at(self, cell: Ints | int, event: Ints) -> Ints:
        """Return what memory held in word 0 of the cell just before the event.

        Parameters
        ----------
        cell : (n,) int64, or one for all.
        event : (n,) int64.

        Returns
        -------
        (n,) int64.
        """
        return self._value(cell, self._written[cell, event - 1])

    def line_at(self, cell: Ints | int, event: Ints, colour: Ints) -> Ints:
        """Return what the resident line held in word 0 of the cell, -1 if none was.

        Parameters
        ----------
        cell : (n,) int64, or one for all.
        event, colour : (n,) int64.

        Returns
        -------
        (n,) int64.
        """
        born = self._latest[colour, event]
        resident = self._death[born] > self._events.time[event]
        held = self._value(cell, self._source(cell, event, colour, born))
        return np.where(resident, held, -1)

    def loaded(self, cell: int, event: Ints) -> Ints:
        """Return what cached loads saw in word 0 of the cell; `event` and result (n,) int64."""
        colour, born = self._events.colour[event], self._own[event]
        return self._value(cell, self._source(cell, event, colour, born))

    def born(self, event: Ints) -> Ints:
        """Return the event that filled the line an access used, or found it of old; both (n,) int64."""
        own: Ints = self._own[event]
        return own

    def dirty_at(self, event: Ints, colour: Ints) -> Flags:
        """Return (n, granules) bool: what is dirty in the resident line.

        Parameters
        ----------
        event, colour : (n,) int64.
        """
        unit = self._dirty_of_granule()
        born, since = self._latest[colour, event], self._cleaned[colour, event - 1]
        soiled = self._soiled[colour[:, None], unit[None, :], event[:, None]]
        return soiled >= np.maximum(born, since + 1)[:, None]

    def expand(self, values: Ints) -> Ints:
        """Return (n, line_words) int64 of `values`, (n, cells): those of the words 0 of cells."""
        words = values[:, :, None] + np.arange(self.cell, dtype=np.int64)
        words[values <= 0] = 0
        return words.reshape(len(values), self._geometry.line_words)

    @property
    def cells(self) -> int:
        """Return the number of cells in a line."""
        return self._geometry.line_words // self.cell

    def _cell_words(self, before: Before) -> int:
        events, size = self._events, self._geometry.line_words
        used = events.access
        bits = int(np.bitwise_or.reduce(events.lo[used] | events.hi[used], initial=size))
        cell = bits & -bits
        held = np.concatenate([before.memory[events.touched], before.words])
        while cell > 1 and not _alike(held, before.dirty, cell, self._geometry.dirty_words):
            cell //= 2
        return cell

    def _lives(self, lines: LineLives) -> None:
        # For every colour and event the last birth (or loss) of a line so far.
        events = self._events
        self._death = np.full(len(events.code), -1, np.int64)
        self._death[events.birth] = lines.death
        change = (events.line >= 0) | events.drops
        self._latest = np.stack(
            [
                self._last((change & (events.colour == colour)) | (events.code == FIRST))
                for colour in range(self._colours)
            ]
        )
        self._own = self._latest[events.colour, self._index - events.drops]
        self.resident = events.access & (self._death[self._own] > events.time) & events.cached
        gone = np.flatnonzero(events.code == GONE)
        self.resident[gone] = events.line[self._own[gone]] == events.ref[gone]

    def _stores(self, dirty: Flags) -> None:
        # The last store into each cell of a resident line, and into each dirty granule.
        events, shape = self._events, self._geometry
        inside = events.store & self.resident
        self._stored: LineNumbers | None = None
        if inside.any():
            self._stored = self._stored_last(inside)
        self._direct = events.store & (~self.resident | shape.write_through)
        self._unit = max(self.cell, shape.dirty_words)
        self._units = shape.line_words // self._unit
        old = np.flatnonzero(events.code == OLD)
        self._can_write = (not shape.write_through) and bool(inside.any() or dirty.any())
        self._soiled = np.zeros((self._colours, self._units, len(events.code)), np.int32)
        self._cleaned = np.zeros((self._colours, len(events.code)), np.int32)
        if not self._can_write:
            return
        for colour in range(self._colours):
            same = events.colour == colour
            self._cleaned[colour] = self._last(events.cleans & same)
            for unit in range(self._units):
                first = unit * self._unit
                soils = inside & same & (events.lo < first + self._unit) & (events.hi > first)
                soils[old] = dirty[events.ref[old], first // shape.dirty_words] & same[old]
                self._soiled[colour, unit] = self._last(soils)

    def _stored_last(self, inside: Flags) -> LineNumbers:
        events = self._events
        stored = np.zeros((self._colours, self.cells, len(events.code)), np.int32)
        for colour in np.flatnonzero(np.bincount(events.colour[inside].astype(np.intp, copy=False))):
            same = inside & (events.colour == colour)
            for cell in range(self.cells):
                stored[colour, cell] = self._last(same & self._covers(cell))
        return stored

    def _writes(self) -> None:
        # The last write to each cell of memory: stores past the cache, and lines written back.
        events = self._events
        back = np.flatnonzero(((events.code == GONE) | events.cleans) & self.resident)
        self._returns = np.zeros(len(events.code), bool)
        written = []
        for cell in range(self.cells):
            writes = (self._direct & self._covers(cell)) | (events.code == FIRST)
            if self._can_write and len(back):
                colour, unit = events.colour[back], cell * self.cell // self._unit
                since = np.maximum(self._own[back], self._cleaned[colour, back - 1] + 1)
                writes[back] = self._soiled[colour, unit, back] >= since
                self._returns[back] |= writes[back]
            written.append(self._last(writes))
        self._written = np.stack(written)
        self._any_returns = bool(self._returns.any())
        # For the fill of a line: where its words came from. A line of old brought its own.
        self._filled = np.zeros_like(self._written)
        self._filled[:, 1:] = self._written[:, :-1]
        old = np.flatnonzero(events.code == OLD)
        self._filled[:, old] = old

    def _values(self, before: Before) -> None:
        events = self._events
        first, old = np.flatnonzero(events.code == FIRST), np.flatnonzero(events.code == OLD)
        word = np.arange(self.cells, dtype=np.int64) * self.cell
        self._known = events.base + word[:, None] * events.step
        self._known[:, first] = before.memory[events.ref[first][:, None], word].T
        self._known[:, old] = before.words[events.ref[old][:, None], word].T

    def _value(self, cell: Ints | int, event: Ints) -> Ints:
        # Follows lines that were written back to where their words came from.
        cell = np.broadcast_to(cell, event.shape)
        if self._any_returns:
            event = event.copy()
            open_ = np.flatnonzero(self._returns[event])
            while len(open_):
                at = event[open_]
                event[open_] = self._source(cell[open_], at, self._events.colour[at], self._own[at])
                open_ = open_[self._returns[event[open_]]]
        return self._known[cell, event]

    def _source(self, cell: Ints | int, event: Ints, colour: Ints, born: Ints | LineNumbers) -> Ints:
        # The event that put its word into a line: a store, or the line's fill.
        filled: Ints = self._filled[cell, born]
        if self._stored is None:
            return filled
        stored = self._stored[colour, cell, event]
        return np.where(stored >= born, stored, filled)

    def _covers(self, cell: int) -> Flags:
        first = cell * self.cell
        return (self._events.lo <= first) & (self._events.hi >= first + self.cell)

    def _last(self, marked: Flags) -> LineNumbers:
        # Of every event the last marked one up to it, 0 for none.
        last: LineNumbers = np.maximum.accumulate(marked * self._index)
        return last

    def _dirty_of_granule(self) -> Ints:
        granules = self._geometry.line_words // self._geometry.dirty_words
        return np.arange(granules, dtype=np.int64) * self._geometry.dirty_words // self._unit


def _alike(words: Ints, dirty: Flags, cell: int, dirty_words: int) -> bool:
    # Whether each cell counts upwards or is zero, and is dirty as a whole or not at all.
    cells = words.reshape(len(words), words.shape[1] // cell, cell)
    first = cells[:, :, :1]
    counts = np.where(first > 0, cells - first == np.arange(cell, dtype=np.int64), cells == 0)
    if cell <= dirty_words or not len(dirty):
        return bool(counts.all())
    together = dirty.reshape(len(dirty), -1, cell // dirty_words)
    return bool(counts.all() and (together == together[:, :, :1]).all())
