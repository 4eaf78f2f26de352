# SPDX-License-Identifier: MIT
"""What happens when in a simulated stream: the control flow, without data.

The order within a millisecond is fixed: background loads, context switch,
kernel copy, then the user's wake.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Flags, Ints
from tools.refkit.case import FRAME_BYTES, StreamCase

# A step is (kind, first byte, end byte) in stream positions; noise has the number of lines
# as its end byte, FLUSH_ALL nothing. The kinds behind PBUF act on the ring.
NOISE, WAKE_NOISE, FLUSH_ALL, PBUF, MEMSET, KERNEL_LOAD, KERNEL_STORE, USER_READ, USER_PRE = range(9)
USER_WRITE, USER_CLEAN = 9, 10
KINDS = 11


class StreamSteps:
    """Produce the steps of a stream, some milliseconds at a time."""

    def __init__(self, case: StreamCase) -> None:
        self._case = case
        self.tick = 0
        self._hw = self._appl = 0
        self._wake = case.per
        self._random = np.random.RandomState(case.seed)

    def begin(self) -> Ints:
        """Return the steps before the stream starts: hw_params and prefill."""
        case, sheet = self._case, _Sheet()
        now = np.zeros(1, np.int64)
        sheet.add(0, now, MEMSET, 0, case.ring)
        if case.flush == 1:
            sheet.add(1, now, FLUSH_ALL, 0, 0)
        if case.mode == "play" and not case.ack:
            periods = case.queued_bytes // case.per
            number = np.arange(periods, dtype=np.int64)
            self._periods(sheet, 1 + number, number * case.per)
            if case.flush:
                sheet.add(9, 1 + number, FLUSH_ALL, 0, 0)
            self._appl = periods * case.per
        return sheet.steps()

    def advance(self, ticks: int) -> Ints:
        """Return the steps of the next ``ticks`` milliseconds.

        Returns
        -------
        (s, 3) int64 : kind, first byte, end byte of every step in order.
        """
        case, sheet = self._case, _Sheet()
        every = np.arange(ticks, dtype=np.int64)
        if case.xk:
            sheet.add(0, every, NOISE, 0, case.xk)
        sheet.add(1, np.flatnonzero(self._switches(ticks)), FLUSH_ALL, 0, 0)
        wire = (every + self.tick + 1) * case.rate // 1000 * FRAME_BYTES
        copies = (every + self.tick + 1) % case.urb == 0
        if case.mode == "cap":
            self._capture(sheet, wire, copies)
        elif case.ack:
            self._play_ack(sheet, wire)
        else:
            self._play(sheet, wire, copies)
        self.tick += ticks
        return sheet.steps()

    def _switches(self, ticks: int) -> Flags:
        case = self._case
        if case.cswper or not case.csw:
            edges = np.floor(np.arange(self.tick, self.tick + ticks + 1, dtype=np.int64) * case.csw / 1000)
            return np.diff(edges) > 0
        switched: Flags = self._random.random_sample(ticks) < 1 - np.exp(-case.csw / 1000)
        return switched

    def _wakes(self, position: Ints) -> Ints:
        # The user wakes when the position passes the next multiple of a period.
        level = position // self._case.per
        before = np.append(self._wake // self._case.per - 1, level[:-1])
        self._wake = max(self._wake, (int(level[-1]) + 1) * self._case.per)
        return np.flatnonzero(level > before)

    def _play(self, sheet: _Sheet, wire: Ints, copies: Flags) -> None:
        case = self._case
        hw = np.maximum.accumulate(np.append(self._hw, np.where(copies, wire, 0)))
        wake = self._wake
        wakes = self._wakes(hw[1:])
        appl = self._committed(wakes, (hw[1:] + case.queued_bytes) // case.per * case.per)
        if np.any(appl[:-1] < hw[1:]):
            self._wake = wake
            self._play_dry(sheet, wire, copies)
            return
        moved = np.flatnonzero(hw[1:] > hw[:-1])
        sheet.add(2, moved, KERNEL_LOAD, hw[moved], hw[moved + 1])
        self._wake_noise(sheet, wakes)
        self._commits(sheet, wakes, appl)
        self._hw, self._appl = int(hw[-1]), int(appl[-1])

    def _play_dry(self, sheet: _Sheet, wire: Ints, copies: Flags) -> None:
        # The wire overtakes the user, whose next commit then depends on this one.
        case = self._case
        appl = np.full(len(wire) + 1, self._appl, np.int64)
        wakes = []
        for tick, (target, copy) in enumerate(zip(wire.tolist(), copies.tolist())):
            end = min(target, self._appl)
            if copy and end > self._hw:
                sheet.add(2, np.array([tick]), KERNEL_LOAD, self._hw, end)
                self._hw = end
            if self._hw >= self._wake:
                self._wake = self._hw // case.per * case.per + case.per
                self._appl = max(self._appl, (self._hw + case.queued_bytes) // case.per * case.per)
                wakes.append(tick)
            appl[tick + 1] = self._appl
        self._wake_noise(sheet, np.array(wakes, np.int64))
        self._commits(sheet, np.array(wakes, np.int64), appl)

    def _play_ack(self, sheet: _Sheet, wire: Ints) -> None:
        # The commit itself copies: no prefill, and the wire alone sets the pace.
        wakes = self._wakes(wire)
        appl = self._committed(wakes, wire // self._case.per * self._case.per)
        self._wake_noise(sheet, wakes)
        self._commits(sheet, wakes, appl)
        sheet.add(10, wakes, KERNEL_LOAD, appl[wakes], appl[wakes + 1])
        self._hw = self._appl = int(appl[-1])

    def _capture(self, sheet: _Sheet, wire: Ints, copies: Flags) -> None:
        case = self._case
        hw = np.maximum.accumulate(np.append(self._hw, np.where(copies, wire, 0)))
        moved = np.flatnonzero(hw[1:] > hw[:-1])
        sheet.add(2, moved, KERNEL_STORE, hw[moved], hw[moved + 1])
        wakes = self._wakes(hw[1:])
        self._wake_noise(sheet, wakes)
        if case.flush:
            sheet.add(4, wakes, FLUSH_ALL, 0, 0)
        limit = hw[1:] if case.exact else self._line_floor(hw[1:])
        read = self._committed(wakes, limit)
        moved = wakes[read[wakes + 1] > read[wakes]]
        sheet.add(5, moved, USER_READ, read[moved], read[moved + 1])
        if case.pre:
            first = self._line_ceiling(read[wakes + 1])
            end = np.minimum(hw[wakes + 1] + case.pre, read[wakes + 1] + case.ring)
            some = end > first
            sheet.add(6, wakes[some], USER_PRE, first[some], end[some])
        self._hw, self._appl = int(hw[-1]), int(read[-1])

    def _committed(self, wakes: Ints, position: Ints) -> Ints:
        # The user's position before the first tick and after each.
        at_wake = np.zeros(len(position), np.int64)
        at_wake[wakes] = position[wakes]
        return np.maximum.accumulate(np.append(self._appl, at_wake))

    def _commits(self, sheet: _Sheet, wakes: Ints, appl: Ints) -> None:
        periods = ((appl[wakes + 1] - appl[wakes]) // self._case.per).astype(np.intp, copy=False)
        tick = np.repeat(wakes, periods)
        start = np.repeat(appl[wakes], periods) + _ordinal(tick) * self._case.per
        self._periods(sheet, tick, start)
        if self._case.flush:
            sheet.add(9, wakes, FLUSH_ALL, 0, 0)

    def _periods(self, sheet: _Sheet, tick: Ints, start: Ints) -> None:
        end = start + self._case.per
        if self._case.src == "pbuf":
            sheet.add(4, tick, PBUF, start, end, together=True)
        sheet.add(5, tick, USER_WRITE, start, end, together=True)
        if self._case.uclean:
            sheet.add(6, tick, USER_CLEAN, start, end, together=True)

    def _wake_noise(self, sheet: _Sheet, wakes: Ints) -> None:
        if self._case.xu:
            sheet.add(3, wakes, WAKE_NOISE, 0, self._case.xu)

    def _line_floor(self, position: Ints) -> Ints:
        # A line begins at a multiple of its size in the ring, and at the wrap.
        return position - position % self._case.ring % self._case.geometry.line_bytes

    def _line_ceiling(self, position: Ints) -> Ints:
        floor = self._line_floor(position)
        lap_end = position - position % self._case.ring + self._case.ring
        above = np.minimum(floor + self._case.geometry.line_bytes, lap_end)
        return np.where(floor == position, position, above)


class _Sheet:
    # Collects steps kind by kind and puts them in order: by tick, then place within the
    # tick; where a tick has several periods, each period's steps stay together.
    def __init__(self) -> None:
        self._parts: list[tuple[Ints, ...]] = []

    def add(
        self, place: int, tick: Ints, kind: int, first: Ints | int, end: Ints | int, together: bool = False
    ) -> None:
        place_key = (4 << 40) + (_ordinal(tick) << 4) + place if together else place << 40
        columns = (np.broadcast_to(np.asarray(value, np.int64), tick.shape) for value in (kind, first, end))
        self._parts.append(((tick.astype(np.int64) << 44) + place_key, *columns))

    def steps(self) -> Ints:
        key, *columns = (np.concatenate(part) for part in zip(*self._parts))
        ordered: Ints = np.stack(columns, axis=1)[np.argsort(key, kind="stable")]
        return ordered


def _ordinal(tick: Ints) -> Ints:
    # [i] is how many equal ticks came right before number i.
    begin = np.flatnonzero(np.diff(tick, prepend=-1))
    return np.arange(len(tick), dtype=np.int64) - np.repeat(begin, np.diff(np.append(begin, len(tick))))
