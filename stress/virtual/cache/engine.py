# SPDX-License-Identifier: MIT
"""The fast cache model: whole traces at once, equal to the one-at-a-time cache.

A burst is simulated in three stages. The tag stage finds which accesses miss
and when every line is evicted (:mod:`engine_tags`). The accesses to shared memory
and the evictions are sorted by physical line (:mod:`engine_events`). The values
follow from that (:mod:`engine_data`).

How to use it: build a :class:`~stress.virtual.cache.trace.Trace` of any length, hand
it to :meth:`CacheEngine.run`, read the values of its DELIVER loads from the
result. The cache and memory keep their state from one trace to the next, and
how a stream of accesses is cut into traces changes nothing; traces of about 1e5
accesses run fastest. Values are stream positions, not data: the caller turns
them into bytes. Several rings share one cache by using different physical
lines; each counts its own stream. ::

    engine = CacheEngine(named_geometry("arm926"), physical_lines=128, seed=1)
    seen = engine.run(trace)
    position = seen.values - 1  # -1 is a zero of hw_params

Not modelled: the write buffer (a store acts at once), prefetch, the order of
words within an access.
"""

from __future__ import annotations

import numpy as np

from stress.errors import ConfigError
from stress.model.arrays import Integers, Ints
from stress.virtual.cache.data import Before, Contents
from stress.virtual.cache.events import OLD, LineEvents, LineLives
from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.loop import TagLoop
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.tags import TagAccesses, TagResult, TagStage
from stress.virtual.cache.trace import (
    CLEAN_INVALIDATE,
    DELIVER,
    FLUSH,
    INVALIDATE,
    LOAD,
    STORE,
    UNCACHED,
    Trace,
)

MOST_LINES = 1 << 19  # of shared memory: physical line numbers have 19 bits in the sort keys
MOST_ACCESSES = (1 << 28) - 4  # in one trace: access numbers have 28 bits in the sort keys
_PHYSICAL = 1 << 29  # keys of physical lines begin above those of virtual lines
_ALIASES = 2


class CacheEngine:
    """Run traces through a D-cache and the memory behind it.

    Parameters
    ----------
    physical_lines : lines of shared memory; ``pline`` must be below it.
    seed : of random replacement.

    Attributes
    ----------
    memory : (physical_lines, line_words) int64: what memory holds.

    Raises
    ------
    ConfigError : more shared memory than the engine can number.

    Threads: none; one caller.
    """

    def __init__(self, geometry: CacheGeometry, physical_lines: int, seed: int = 0) -> None:
        if not 1 <= physical_lines <= MOST_LINES:
            raise ConfigError(f"{physical_lines}", key="physical_lines", allowed=f"1 to {MOST_LINES}")
        self.geometry = geometry
        self.memory = np.zeros((physical_lines, geometry.line_words), np.int64)
        coupled = geometry.replacement == "rrg" or geometry.prefer_invalid
        self._tags = TagLoop(geometry, seed) if coupled else TagStage(geometry, seed)
        slots = geometry.sets * geometry.ways
        granules = geometry.line_words // geometry.dirty_words
        # The resident lines of shared memory, by set * ways + way; pline -1 is none.
        self._pline, self._colour, self._cause = (np.full(slots, -1, np.int64) for _ in range(3))
        self._flags = np.zeros(slots, np.int64)
        self._words = np.zeros((slots, geometry.line_words), np.int64)
        self._dirty = np.zeros((slots, granules), bool)
        # How many copies of one physical line can be resident, and which one an alias shows.
        self._colours = {"vivt": _ALIASES, "vipt": geometry.colours, "pipt": 1}[geometry.tagging]
        vivt = geometry.tagging == "vivt"
        self._alias_colour = np.tile(np.arange(_ALIASES, dtype=np.int64)[:, None] * vivt, (1, physical_lines))
        self.fills = 0

    def run(self, trace: Trace) -> Deliveries:
        """Run one trace and return what its DELIVER loads saw.

        Raises
        ------
        ConfigError : a physical line or alias that was not announced, or a
            trace of more than 2**28 accesses.
        """
        self._check(trace)
        colour, key, index = self._identify(trace)
        given, rows = self._lookups(trace, key, index)
        result = self._tags.run(given)
        self.fills += len(result.access)
        lines = self._lines(trace, colour, result, rows)
        events = LineEvents(trace, colour, lines)
        old = np.flatnonzero(self._pline >= 0)
        before = Before(self.memory, self._words[old], self._dirty[old])
        contents = Contents(self.geometry, self._colours, events, before)
        seen = self._deliveries(trace, events, contents, old)
        self._keep(trace, events, contents, result, old)
        return seen

    def _check(self, trace: Trace) -> None:
        if len(trace) > MOST_ACCESSES:
            raise ConfigError(f"{len(trace)} accesses", where="trace", allowed=f"at most {MOST_ACCESSES}")
        for key, most in (("pline", len(self.memory)), ("alias", _ALIASES)):
            column = getattr(trace, key)
            if len(column) and not 0 <= int(column.min()) <= int(column.max()) < most:
                raise ConfigError("out of range", where="trace", key=key, allowed=f"0 to {most - 1}")

    def _identify(self, trace: Trace) -> tuple[Ints, Integers, Integers]:
        # Colour of each shared access; key and set of every access.
        shape, vline = self.geometry, trace.vline.astype(np.int32, copy=False)
        key, index = vline, vline & (shape.sets - 1)
        if shape.tagging == "vivt":
            return trace.alias, key, index
        key = key.copy()
        if shape.tagging == "pipt":
            index[trace.at] = trace.pline & (shape.sets - 1)
        colour = index[trace.at] * shape.colours // shape.sets if shape.tagging == "vipt" else 0 * trace.alias
        key[trace.at] = _PHYSICAL + trace.pline * shape.colours + colour
        self._alias_colour[trace.alias, trace.pline] = colour
        return colour, key, index

    def _lookups(self, trace: Trace, key: Integers, index: Integers) -> tuple[TagAccesses, Integers]:
        op = trace.op
        drops = (op == INVALIDATE) | (op == CLEAN_INVALIDATE)
        looks = (op == LOAD) | drops
        if self.geometry.write_allocate:
            looks |= op == STORE
        past = trace.at[(trace.flags & UNCACHED) != 0]
        looks[past] = drops[past]
        time, flush_time = np.flatnonzero(looks), np.flatnonzero(op == FLUSH)
        epoch = np.searchsorted(flush_time, time) if len(flush_time) else np.zeros(len(time), np.int8)
        row = np.full(len(op), -1, np.int32)
        row[trace.at] = np.arange(len(trace.at), dtype=np.int32)
        row = row[time]
        return TagAccesses(time, index[time], key[time], epoch, drops[time], row >= 0, flush_time), row

    def _lines(self, trace: Trace, colour: Ints, result: TagResult, rows: Integers) -> LineLives:
        old = np.flatnonzero(self._pline >= 0)
        row = rows[result.access[result.shared]]
        stored = (trace.op[trace.at] == STORE) & ((trace.flags & UNCACHED) == 0)
        # bincount, repeat and take want pointer-sized numbers: on 32-bit machines int64 is refused.
        soiled = np.bincount(colour[stored].astype(np.intp, copy=False), minlength=self._colours) > 0
        may_be_dirty = np.concatenate(
            [self._dirty[old].any(axis=1) | soiled[self._colour[old]], soiled[colour[row]]]
        )
        return LineLives(
            np.concatenate([self._pline[old], trace.pline[row]]),
            np.concatenate([self._colour[old], colour[row]]),
            np.concatenate([old, result.index * self.geometry.ways + result.way]),
            np.concatenate([np.full(len(old), -1, np.int64), row]),
            np.concatenate([result.old_death.ravel()[old], result.death]),
            may_be_dirty & (not self.geometry.write_through),
        )

    def _deliveries(self, trace: Trace, events: LineEvents, contents: Contents, old: Ints) -> Deliveries:
        row = np.flatnonzero((trace.op[trace.at] == LOAD) & ((trace.flags & DELIVER) != 0))
        event, past = events.place[row], (trace.flags[row] & UNCACHED) != 0
        cells = np.empty((len(row), contents.cells), np.int64)
        for cell in range(contents.cells):
            cells[:, cell] = contents.loaded(cell, event)
            if past.any():
                cells[past, cell] = contents.memory_at(cell, event[past])
        born = np.where(past, event, contents.born(event))
        flags, cause = self._causes(trace, events, born, old)
        flags[past], cause[past] = 0, 0
        witness = _Witness(contents, event, trace.pline[row], self._alias_colour.copy())
        return Deliveries(row, contents.expand(cells), born != event, flags, cause, witness)

    def _causes(self, trace: Trace, events: LineEvents, born: Ints, old: Ints) -> tuple[Ints, Ints]:
        # What the access that filled a line said of itself: flags, and the value for word 0.
        from_before = events.code[born] == OLD
        flags, cause = np.zeros(len(born), np.int64), np.zeros(len(born), np.int64)
        slot = old[events.ref[born[from_before]]]
        flags[from_before], cause[from_before] = self._flags[slot], self._cause[slot]
        row = events.ref[born[~from_before]]
        flags[~from_before], cause[~from_before] = trace.flags[row], trace.value[row] - trace.lo[row]
        return flags, cause

    def _keep(
        self, trace: Trace, events: LineEvents, contents: Contents, result: TagResult, old: Ints
    ) -> None:
        # Memory and the resident lines as the next trace finds them.
        lines = events.lines
        event = events.last
        memory = [contents.memory_at(cell, event) for cell in range(contents.cells)]
        self.memory[events.touched] = contents.expand(np.stack(memory, axis=1))
        number = self._resident(result, old)
        slot = np.flatnonzero(number >= 0)
        number = number[slot]
        flags, cause = self._causes(trace, events, events.birth[number], old)
        at = event[np.searchsorted(events.touched, lines.pline[number])]
        words = [contents.line_at(cell, at, lines.colour[number]) for cell in range(contents.cells)]
        self._pline[:], self._dirty[:] = -1, False
        self._pline[slot], self._colour[slot] = lines.pline[number], lines.colour[number]
        self._flags[slot], self._cause[slot] = flags, cause
        self._words[slot] = contents.expand(np.stack(words, axis=1))
        self._dirty[slot] = contents.dirty_at(at, lines.colour[number])

    def _resident(self, result: TagResult, old: Ints) -> Ints:
        # For each way of each set the number of its line of shared memory, else -1.
        slots = len(self._pline)
        of_fill = np.full(len(result.access) + 1, -1, np.int64)
        of_old = np.full(slots, -1, np.int64)
        of_old[old] = np.arange(len(old), dtype=np.int64)
        of_fill[result.shared] = len(old) + np.arange(len(result.shared), dtype=np.int64)
        last = result.last.ravel()
        number = np.where(last >= 0, of_fill[last], of_old)
        return np.where(self._tags.keys.ravel() >= 0, number, -1)


class _Witness:
    def __init__(self, contents: Contents, event: Ints, pline: Ints, colours: Ints) -> None:
        self._contents, self._event, self._pline, self._colours = contents, event, pline, colours

    def memory_word(self, delivery: Ints, word: Ints) -> Ints:
        """Return what memory held in that word of the delivered line."""
        cell = word // self._contents.cell
        return self._word(self._contents.memory_at(cell, self._event[delivery]), word)

    def alias_word(self, delivery: Ints, word: Ints, alias: int) -> Ints:
        """Return what the alias's resident line held, -1 where none was."""
        cell, colour = word // self._contents.cell, self._colours[alias, self._pline[delivery]]
        return self._word(self._contents.line_at(cell, self._event[delivery], colour), word)

    def _word(self, first: Ints, word: Ints) -> Ints:
        return np.where(first > 0, first + word % self._contents.cell, first)
