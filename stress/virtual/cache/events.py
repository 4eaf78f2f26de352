# SPDX-License-Identifier: MIT
"""Everything that happens to shared memory in a trace, sorted by line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Flags, Ints
from stress.virtual.cache.lives import NEVER
from stress.virtual.cache.trace import (
    CLEAN,
    CLEAN_INVALIDATE,
    FLUSH,
    INVALIDATE,
    LOAD,
    STORE,
    UNCACHED,
    ZEROS,
    Trace,
)

# FIRST begins every line's events and stands for what memory held before; OLD is a cache
# line that was resident before; GONE the end of a cache line; LAST ends the events.
FIRST, OLD, ACCESS, GONE, LAST = range(5)
_SHIFT = 2  # FIRST and OLD come before access number 0
_ACCESS_RANK = 0xFFFF  # an access comes after the eviction that it causes


@dataclass(frozen=True)
class LineLives:
    """Hold the cache lines of shared memory: those of old, then those filled.

    ``colour`` tells apart the copies of one physical line that can be resident
    at the same time; ``slot`` is set * ways + way; ``row`` is the access that
    filled the line, as a row of the trace, -1 for the lines of old.
    """

    pline: Ints
    colour: Ints
    slot: Ints
    row: Ints
    death: Ints
    may_be_dirty: Flags


class LineEvents:
    """Sort accesses and lives of cache lines by physical line, then time.

    All columns are (e,) and in that order. ``ref`` is the row of the trace for
    an ACCESS, the number of the cache line for OLD and GONE, and the physical
    line for FIRST and LAST. ``place`` has the event of each row, ``birth`` the
    event of each cache line, ``line`` the cache line born in an event or -1.

    Parameters
    ----------
    colour : (rows of the trace,) int64: see `LineLives`.

    Attributes
    ----------
    lines : the cache lines, by number.
    """

    def __init__(self, trace: Trace, colour: Ints, lines: LineLives) -> None:
        self.lines = lines
        old = np.flatnonzero(lines.row < 0)
        gone = np.flatnonzero(lines.may_be_dirty & (lines.death < NEVER))
        gone = gone[np.argsort(lines.death[gone], kind="stable")]
        self.touched = _distinct(trace.pline, lines.pline[old])
        self._merge(trace, colour, lines, old, gone)
        self._describe(trace)
        events = np.arange(len(self.code), dtype=np.int64)
        self.place = np.zeros(len(trace.at), np.int64)
        self.place[self.ref[self.access]] = events[self.access]
        self.last = events[self.code == LAST]
        self.birth = np.where(lines.row >= 0, self.place[lines.row] if len(self.place) else 0, 0)
        olds = events[self.code == OLD]
        self.birth[self.ref[olds]] = olds
        self.line = np.full(len(events), -1, np.int64)
        self.line[self.birth] = np.arange(len(lines.row), dtype=np.int64)

    def _merge(self, trace: Trace, colour: Ints, lines: LineLives, old: Ints, gone: Ints) -> None:
        touched, none = self.touched, np.zeros(len(self.touched), np.int64)
        death = lines.death[gone]
        # A whole-cache operation takes set by set and way by way, which decides
        # between two dirty copies of one line.
        rank = np.where(trace.op[death] == FLUSH, lines.slot[gone] + 1, 0) if len(gone) else death
        rows = np.arange(len(trace.at), dtype=np.int64)
        parts = (
            (FIRST, touched, touched, none, none, 0),
            (OLD, old, lines.pline[old], np.ones(len(old), np.int64), lines.colour[old], 0),
            (ACCESS, rows, trace.pline, trace.at + _SHIFT, colour, _ACCESS_RANK),
            (GONE, gone, lines.pline[gone], death + _SHIFT, lines.colour[gone], rank),
            (LAST, touched, touched, none + len(trace) + _SHIFT, none, 0),
        )
        times = [(part[3].astype(np.int64) << 16) | part[5] for part in parts]
        order = _by_line_and_time([part[2] for part in parts], times)
        self.code = np.concatenate([np.full(len(part[1]), part[0], np.int8) for part in parts])[order]
        self.ref = np.concatenate([part[1] for part in parts])[order]
        self.time = np.concatenate([part[3] for part in parts])[order] - _SHIFT
        self.colour = np.concatenate([part[4] for part in parts])[order]

    def _describe(self, trace: Trace) -> None:
        self.access = self.code == ACCESS
        if len(trace.at):
            row = np.where(self.access, self.ref, 0)
            op = np.where(self.access, trace.op[trace.at][row], FLUSH)
            flags = trace.flags[row]
            self.lo, self.hi = trace.lo[row], trace.hi[row]
            # What a store puts into word 0, and how much more into the next one.
            self.step = np.where(flags & ZEROS, 0, 1)
            self.base = np.where(flags & ZEROS, 0, trace.value[row] - self.lo)
        else:
            op, flags = np.full(len(self.code), FLUSH), np.zeros(len(self.code), np.uint8)
            self.lo = self.hi = self.step = self.base = np.zeros(len(self.code), np.int64)
        self.cached = self.access & ((flags & UNCACHED) == 0)
        self.load, self.store = op == LOAD, op == STORE
        self.cleans = (op == CLEAN) | (op == CLEAN_INVALIDATE)
        self.drops = (op == INVALIDATE) | (op == CLEAN_INVALIDATE)


def _by_line_and_time(plines: list[Ints], times: list[Ints]) -> Ints:
    # The parts are nearly in order of time, for which numpy's stable sort is a merge, and
    # 16-bit keys are radix sorted: several times faster than sorting pairs.
    pline, time = np.concatenate(plines), np.concatenate(times)
    by_time = np.argsort(time, kind="stable")
    key = pline.astype(np.uint16) if int(pline.max(initial=0)) < 65536 else pline
    order: Ints = by_time[np.argsort(key[by_time], kind="stable")]
    return order


def _distinct(*columns: Ints) -> Ints:
    every = np.concatenate(columns)
    return np.flatnonzero(np.bincount(every.astype(np.intp, copy=False))) if len(every) else every
