# SPDX-License-Identifier: MIT
"""Expand the steps of a simulated stream into accesses of one line each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Bytes, Ints, LineNumbers
from stress.virtual.cache.geometry import PAGE_BYTES
from stress.virtual.cache.trace import CLEAN, DELIVER, FLUSH, LOAD, PRETOUCH, STORE, ZEROS, Trace
from tools.refkit import steps as kinds
from tools.refkit.case import FRAME_BYTES, NOISE_SPAN_BYTES, STREAM_SPAN_BYTES, StreamCase

KERNEL, USER = 0, 1
RING_BASE = (0xD0000000, 0x40000000)
SOURCE_BASE, DEST_BASE = 0x50000000, 0x60000000
NOISE_BASE, WAKE_NOISE_BASE = 0x70000000, 0x78000000

# Per kind of step: the op on the ring, through which alias, with which flags.
_RING_OP = {
    kinds.MEMSET: (STORE, KERNEL, ZEROS),
    kinds.KERNEL_LOAD: (LOAD, KERNEL, DELIVER),
    kinds.KERNEL_STORE: (STORE, KERNEL, 0),
    kinds.USER_READ: (LOAD, USER, DELIVER),
    kinds.USER_PRE: (LOAD, USER, PRETOUCH),
    kinds.USER_WRITE: (STORE, USER, 0),
    kinds.USER_CLEAN: (CLEAN, USER, 0),
}
_RING_OP_TABLE = np.array([_RING_OP.get(kind, (0, 0, 0)) for kind in range(kinds.KINDS)], np.int64)


class _Noise:
    # Private loads: uniform, one fixed list, or one line after the other.
    def __init__(self, kind: str, lines: int, base: int, line_bytes: int, seed: int) -> None:
        self._kind, self._base = kind, base // line_bytes
        self._span = NOISE_SPAN_BYTES // line_bytes
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._fixed = self._draw(lines) if kind == "ws" else np.zeros(0, np.int64)
        self._next = 0

    def _draw(self, count: int) -> Ints:
        return self._random.integers(0, self._span, size=count, dtype=np.int32)

    def lines(self, bursts: int, each: int) -> Ints:
        count = bursts * each
        if self._kind == "rand":
            return self._draw(count) + self._base
        if self._kind == "ws":
            return np.tile(self._fixed, bursts) + self._base
        first = self._next
        self._next = (first + count) % self._span
        return (np.arange(first, first + count, dtype=np.int64)) % self._span + self._base


@dataclass(frozen=True)
class _Units:
    # What of each step lies in one line of the ring: (u,) int64 each.
    step: Ints
    kind: Ints
    line: Ints  # of the ring
    line_start: Ints  # stream position [bytes]
    start: Ints
    end: Ints
    period_start: Ints


class StreamTracer:
    """Turn steps into a :class:`Trace`, remembering where the noise stands."""

    def __init__(self, case: StreamCase) -> None:
        self._case = case
        line = case.geometry.line_bytes
        self._noise = {
            kinds.NOISE: _Noise(case.xkm, case.xk, NOISE_BASE, line, case.seed * 2 + 1),
            kinds.WAKE_NOISE: _Noise(case.xum, case.xu, WAKE_NOISE_BASE, line, case.seed * 2 + 2),
        }
        self._lap_lines = -(-case.ring // line)
        self._period_lines = -(-case.per // line)

    def trace(self, steps: Ints) -> Trace:
        """Return the accesses of these (s, 3) steps, in order."""
        kind = steps[:, 0]
        ring = np.flatnonzero(kind > kinds.PBUF)
        units = self._units(ring, steps[ring])
        source, before = self._sources(units)
        dest, after = self._destinations(units)
        total = before + 1 + after
        # Accesses per step, then where each step and each unit begins.
        count = np.where(kind == kinds.FLUSH_ALL, 1, steps[:, 2])
        count[kind == kinds.PBUF] = self._period_lines
        count[ring] = np.bincount(units.step.astype(np.intp, copy=False), total, minlength=len(kind))[ring]
        begin = np.cumsum(count) - count
        passed = np.cumsum(total) - total
        first = np.flatnonzero(np.diff(units.step, prepend=-1))
        of = np.repeat(np.arange(len(first), dtype=np.int64), np.diff(np.append(first, len(total))))
        place = begin[units.step] + passed - passed[first][of] + before
        op = np.zeros(int(count.sum()), np.uint8)
        vline = np.zeros(len(op), np.int32)
        self._private(op, vline, kind, begin)
        self._buffers(op, vline, place, source, before, dest, after)
        return self._rows(op, vline, units, place)

    def _units(self, ring: Ints, table: Ints) -> _Units:
        first = self._unit_of(table[:, 1])
        count = (self._unit_of(table[:, 2] - 1) - first + 1).astype(np.intp, copy=False)
        step = np.repeat(np.arange(len(table), dtype=np.int64), count)
        unit = np.arange(len(step), dtype=np.int64) + np.repeat(first - (np.cumsum(count) - count), count)
        line, lap_lines = self._case.geometry.line_bytes, self._lap_lines
        index = unit % lap_lines
        if self._case.ring == lap_lines * line:
            line_start = unit * line
            line_end = line_start + line
        else:
            lap = unit // lap_lines * self._case.ring
            line_start = lap + index * line
            line_end = np.minimum(line_start + line, lap + self._case.ring)
        start, end = np.maximum(line_start, table[step, 1]), np.minimum(line_end, table[step, 2])
        return _Units(ring[step], table[step, 0], index, line_start, start, end, table[step, 1])

    def _unit_of(self, position: Ints) -> Ints:
        ring, line = self._case.ring, self._case.geometry.line_bytes
        if ring % line == 0:
            return position // line
        return position // ring * self._lap_lines + position % ring // line

    def _sources(self, units: _Units) -> tuple[Ints, Ints]:
        # Address the words come from, and the loads before the store, per unit.
        case, line = self._case, self._case.geometry.line_bytes
        writes = units.kind == kinds.USER_WRITE
        before = np.where(writes, case.rmw, 0)
        if case.src == "gen":
            return np.zeros(0, np.int64), before
        if case.images:
            address = units.start // case.ring % case.images * case.ring + units.start % case.ring
        else:
            address = self._buffer(case.src, units)
        address += SOURCE_BASE
        lines = (address + units.end - units.start - 1) // line - address // line + 1
        return address, before + np.where(writes, lines, 0)

    def _destinations(self, units: _Units) -> tuple[Ints, Ints]:
        line = self._case.geometry.line_bytes
        if self._case.dst == "none":
            return np.zeros(0, np.int64), np.zeros(len(units.kind), np.int64)
        address = self._buffer(self._case.dst, units) + DEST_BASE
        lines = (address + units.end - units.start - 1) // line - address // line + 1
        return address, np.where(units.kind == kinds.USER_READ, lines, 0)

    def _buffer(self, kind: str, units: _Units) -> Ints:
        return units.start - units.period_start if kind == "pbuf" else units.start % STREAM_SPAN_BYTES

    def _buffers(
        self, op: Bytes, vline: LineNumbers, place: Ints, source: Ints, before: Ints, dest: Ints, after: Ints
    ) -> None:
        # At most two lines each, because a unit is no longer than a line.
        line, rmw = self._case.geometry.line_bytes, self._case.rmw
        for extra in range(2):
            loads = np.flatnonzero(before > rmw + extra)
            if len(source) and len(loads):
                vline[(place - before)[loads] + extra] = source[loads] // line + extra
            stores = np.flatnonzero(after > extra)
            if len(stores):
                vline[place[stores] + 1 + extra] = dest[stores] // line + extra
                op[place[stores] + 1 + extra] = STORE

    def _private(self, op: Bytes, vline: LineNumbers, kind: Ints, begin: Ints) -> None:
        case = self._case
        op[begin[kind == kinds.FLUSH_ALL]] = FLUSH
        for noise, each in ((kinds.NOISE, case.xk), (kinds.WAKE_NOISE, case.xu)):
            starts = begin[kind == noise]
            if len(starts):
                vline[_runs(starts, each)] = self._noise[noise].lines(len(starts), each)
        starts = begin[kind == kinds.PBUF]
        if len(starts):
            op[_runs(starts, self._period_lines)] = STORE
            base = SOURCE_BASE // case.geometry.line_bytes
            vline[_runs(starts, self._period_lines)] = np.tile(
                base + np.arange(self._period_lines, dtype=np.int64), len(starts)
            )

    def _rows(self, op: Bytes, vline: LineNumbers, units: _Units, place: Ints) -> Trace:
        # One row of shared memory per unit, and one more for the load before an RMW's store.
        case, line = self._case, self._case.geometry.line_bytes
        ops, alias, flags = _RING_OP_TABLE[units.kind].T
        lo = (units.start - units.line_start) // FRAME_BYTES
        pline, hi = units.line, lo + (units.end - units.start) // FRAME_BYTES
        value = units.start // FRAME_BYTES + 1
        if case.rmw:
            twice = 1 + (units.kind == kinds.USER_WRITE).astype(np.intp)
            unit = np.repeat(np.arange(len(twice), dtype=np.int64), twice)
            ahead = np.append(unit[1:] == unit[:-1], False) if len(unit) else np.zeros(0, bool)
            ops = np.where(ahead, LOAD, ops[unit])
            place = place[unit] - ahead
            value, flags = value[unit], flags[unit]
            pline, alias, lo, hi = (column[unit] for column in (pline, alias, lo, hi))
        op[place] = ops
        base = np.array(RING_BASE, np.int64) + np.array([case.kpage * PAGE_BYTES, 0])
        vline[place] = pline + base[alias] // line
        return Trace(op, vline, place, pline, alias, lo, hi, value, flags.astype(np.uint8))


def _runs(starts: Ints, each: int) -> Ints:
    return (starts[:, None] + np.arange(each, dtype=np.int64)).ravel()
