"""Expand the steps of a simulated stream into accesses of one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.virtual import stream_steps as steps_
from stress.virtual.stream_case import FRAME_BYTES, NOISE_SPAN_BYTES, STREAM_SPAN_BYTES, StreamCase
from stress.virtual.stream_steps import Step
from stress.virtual.trace import CLEAN, DELIVER, FLUSH, LOAD, PRETOUCH, STORE, ZEROS, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

KERNEL, USER = 0, 1
RING_BASE = (0xD0000000, 0x40000000)
SOURCE_BASE, DEST_BASE = 0x50000000, 0x60000000
NOISE_BASE, WAKE_NOISE_BASE = 0x70000000, 0x78000000

# Per kind of step: the op on the ring, through which alias, with which flags.
_RING_OP = {
    steps_.MEMSET: (STORE, KERNEL, ZEROS),
    steps_.KERNEL_LOAD: (LOAD, KERNEL, DELIVER),
    steps_.KERNEL_STORE: (STORE, KERNEL, 0),
    steps_.USER_READ: (LOAD, USER, DELIVER),
    steps_.USER_PRE: (LOAD, USER, PRETOUCH),
    steps_.USER_WRITE: (STORE, USER, 0),
    steps_.USER_CLEAN: (CLEAN, USER, 0),
}


class _Noise:
    # Private loads: uniform, one fixed list, or one line after the other.
    def __init__(self, kind: str, lines: int, base: int, line_bytes: int, seed: int) -> None:
        self._kind, self._base = kind, base // line_bytes
        self._span = NOISE_SPAN_BYTES // line_bytes
        self._random = np.random.RandomState(seed)
        self._fixed = self._draw(lines) if kind == "ws" else np.zeros(0, np.int64)
        self._next = 0

    def _draw(self, count: int) -> Ints:
        return self._random.randint(0, self._span, size=count).astype(np.int64)

    def lines(self, bursts: int, each: int) -> Ints:
        count = bursts * each
        if self._kind == "rand":
            return self._base + self._draw(count)
        if self._kind == "ws":
            return self._base + np.tile(self._fixed, bursts)
        first = self._next
        self._next = (first + count) % self._span
        return self._base + (first + np.arange(count, dtype=np.int64)) % self._span


class StreamTracer:
    """Turn steps into a :class:`Trace`, remembering where the noise stands."""

    def __init__(self, case: StreamCase) -> None:
        self._case = case
        line = case.geometry.line_bytes
        self._noise = _Noise(case.xkm, case.xk, NOISE_BASE, line, (case.seed * 2 + 1) % 2**32)
        self._wake_noise = _Noise(case.xum, case.xu, WAKE_NOISE_BASE, line, (case.seed * 2 + 2) % 2**32)
        self._lap_lines = -(-case.ring // line)

    def trace(self, steps: list[Step]) -> Trace:
        """Return the accesses of these steps, in order."""
        table = np.array(steps, dtype=np.int64).reshape(len(steps), 3)
        kind, first, count = self._units(table)
        step = np.repeat(np.arange(len(table)), count)
        unit = np.arange(len(step)) - np.repeat(np.cumsum(count) - count, count) + first[step]
        kinds = kind[step]
        start, end = self._extent(unit, table[step, 1], table[step, 2], kinds)
        return self._accesses(kinds, start, end, table[step, 1])

    def _units(self, table: Ints) -> tuple[Ints, Ints, Ints]:
        # A step falls into units: what of it lies in one line. Noise has a unit per load.
        kind = table[:, 0]
        ring = kind >= steps_.MEMSET
        first = self._unit_of(table[:, 1])
        count = self._unit_of(table[:, 2] - 1) - first + 1
        count = np.where(kind == steps_.FLUSH_ALL, 1, np.where(ring, count, table[:, 2]))
        pbuf = kind == steps_.PBUF
        if pbuf.any():
            length = table[:, 2] - table[:, 1]
            count = np.where(pbuf, -(-length // self._case.geometry.line_bytes), count)
            first = np.where(pbuf, 0, first)
        return kind, first, count

    def _unit_of(self, position: Ints) -> Ints:
        ring, line = self._case.ring, self._case.geometry.line_bytes
        if ring % line == 0:
            return position // line
        return position // ring * self._lap_lines + position % ring // line

    def _extent(self, unit: Ints, step_start: Ints, step_end: Ints, kind: Ints) -> tuple[Ints, Ints]:
        ring, line = self._case.ring, self._case.geometry.line_bytes
        if ring % line == 0:
            start = unit * line
            end = start + line
        else:
            lap, index = unit // self._lap_lines, unit % self._lap_lines
            start = lap * ring + index * line
            end = np.minimum(start + line, (lap + 1) * ring)
        return np.maximum(start, step_start), np.minimum(end, step_end)

    def _accesses(self, kind: Ints, start: Ints, end: Ints, period_start: Ints) -> Trace:
        case, line = self._case, self._case.geometry.line_bytes
        writes = kind == steps_.USER_WRITE
        reads = kind == steps_.USER_READ
        before, after = np.zeros((2, len(kind)), np.int64)
        source = dest = None
        if case.src != "gen" and writes.any():
            source = self._source(start[writes], period_start[writes])
            before[writes] = (source + (end - start)[writes] - 1) // line - source // line + 1
        if case.rmw:
            before[writes] += 1
        if case.dst != "none" and reads.any():
            dest = DEST_BASE + self._buffer(case.dst, start[reads], period_start[reads])
            after[reads] = (dest + (end - start)[reads] - 1) // line - dest // line + 1
        place = np.cumsum(before + after + 1) - after - 1
        total = int(place[-1] + after[-1] + 1) if len(place) else 0
        op = np.zeros(total, np.uint8)
        vline = np.zeros(total, np.int64)
        if source is not None:
            self._spread(vline, source, (place - before)[writes], before[writes] - case.rmw)
        if dest is not None:
            self._spread(vline, dest, (place + 1)[reads], after[reads])
            for extra in range(int(after.max())):
                op[(place + 1 + extra)[after > extra]] = STORE
        self._private(op, vline, kind, place)
        return self._ring(op, vline, kind, start, end, place)

    def _spread(self, vline: Ints, address: Ints, place: Ints, count: Ints) -> None:
        # At most two lines: a unit is no longer than a line.
        line = self._case.geometry.line_bytes
        vline[place] = address // line
        two = count > 1
        vline[place[two] + 1] = address[two] // line + 1

    def _source(self, start: Ints, period_start: Ints) -> Ints:
        case = self._case
        if case.images:
            return SOURCE_BASE + start // case.ring % case.images * case.ring + start % case.ring
        return SOURCE_BASE + self._buffer(case.src, start, period_start)

    def _buffer(self, kind: str, start: Ints, period_start: Ints) -> Ints:
        return start - period_start if kind == "pbuf" else start % STREAM_SPAN_BYTES

    def _private(self, op: NDArray[np.uint8], vline: Ints, kind: Ints, place: Ints) -> None:
        case = self._case
        op[place[kind == steps_.FLUSH_ALL]] = FLUSH
        noise = place[kind == steps_.NOISE]
        if len(noise):
            vline[noise] = self._noise.lines(len(noise) // case.xk, case.xk)
        noise = place[kind == steps_.WAKE_NOISE]
        if len(noise):
            vline[noise] = self._wake_noise.lines(len(noise) // case.xu, case.xu)
        stores = np.flatnonzero(kind == steps_.PBUF)
        if len(stores):
            lines = -(-case.per // case.geometry.line_bytes)
            op[place[stores]] = STORE
            vline[place[stores]] = SOURCE_BASE // case.geometry.line_bytes + np.arange(len(stores)) % lines

    def _ring(
        self, op: NDArray[np.uint8], vline: Ints, kind: Ints, start: Ints, end: Ints, place: Ints
    ) -> Trace:
        case, line = self._case, self._case.geometry.line_bytes
        table = np.full((11, 3), -1, np.int64)
        for key, row in _RING_OP.items():
            table[key] = row
        units = np.flatnonzero(table[kind, 0] >= 0)
        ops, alias, flags = table[kind[units]].T
        begin, stop, at = start[units], end[units], place[units]
        if case.rmw:
            units_w = np.flatnonzero(ops == STORE) if case.mode == "play" else units[:0]
            units_w = units_w[alias[units_w] == USER]
            order = np.argsort(np.concatenate([2 * np.arange(len(units)), 2 * units_w - 1]), kind="stable")
            ops = np.concatenate([ops, np.full(len(units_w), LOAD)])[order]
            begin, stop, alias, flags = (
                np.concatenate([column, column[units_w]])[order] for column in (begin, stop, alias, flags)
            )
            at = np.concatenate([at, at[units_w] - 1])[order]
        offset = begin % case.ring
        op[at] = ops
        vline[at] = np.array(RING_BASE, np.int64)[alias] // line + offset // line
        lo = offset % line // FRAME_BYTES
        return Trace(
            op,
            vline,
            at,
            offset // line,
            alias,
            lo,
            lo + (stop - begin) // FRAME_BYTES,
            begin // FRAME_BYTES + 1,
            flags.astype(np.uint8),
        )
