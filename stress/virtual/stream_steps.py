"""What happens when in a simulated stream: the control flow, without data.

The order within a millisecond is fixed: background loads, context switch,
kernel copy, then the user's wake.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from stress.virtual.stream_case import StreamCase

# A step is (kind, first byte, end byte) in stream positions; NOISE has the
# number of lines as its end byte, FLUSH nothing.
NOISE, WAKE_NOISE, FLUSH_ALL, MEMSET, KERNEL_LOAD, KERNEL_STORE, USER_READ, USER_PRE, PBUF, USER_WRITE, USER_CLEAN = (
    range(11)
)
Step = tuple[int, int, int]


class StreamSteps:
    """Produce the steps of a stream, some milliseconds at a time."""

    def __init__(self, case: StreamCase) -> None:
        self._case = case
        self.tick = 0
        self._hw = self._appl = 0
        self._wake = case.per
        self._random = np.random.RandomState(case.seed)

    def begin(self) -> list[Step]:
        """Return the steps before the stream starts: hw_params and prefill."""
        case = self._case
        steps: list[Step] = [(MEMSET, 0, case.ring)]
        if case.flush == 1:
            steps.append((FLUSH_ALL, 0, 0))
        if case.mode == "play" and not case.ack:
            while self._appl + case.per <= case.queued_bytes:
                self._write_period(steps.append)
                if case.flush:
                    steps.append((FLUSH_ALL, 0, 0))
        return steps

    def advance(self, ticks: int) -> list[Step]:
        """Return the steps of the next ``ticks`` milliseconds."""
        case, steps = self._case, []  # type: StreamCase, List[Step]
        add = steps.append
        wake = self._capture if case.mode == "cap" else self._play_ack if case.ack else self._play
        switches = self._switches(ticks)
        for tick in range(self.tick, self.tick + ticks):
            if case.xk:
                add((NOISE, 0, case.xk))
            if switches[tick - self.tick]:
                add((FLUSH_ALL, 0, 0))
            wake(tick, add)
        self.tick += ticks
        return steps

    def _switches(self, ticks: int) -> list[bool]:
        case = self._case
        if not case.csw:
            return [False] * ticks
        if case.cswper:
            edges = np.floor(np.arange(self.tick, self.tick + ticks + 1) * case.csw / 1000)
            return [bool(step) for step in np.diff(edges) > 0]
        draws = self._random.random_sample(ticks) < 1 - np.exp(-case.csw / 1000)
        return [bool(draw) for draw in draws]

    def _woken(self, position: int) -> bool:
        if position < self._wake:
            return False
        self._wake += (position - self._wake) // self._case.per * self._case.per + self._case.per
        return True

    def _play(self, tick: int, add: Callable[[Step], None]) -> None:
        case = self._case
        if (tick + 1) % case.urb == 0:
            end = min(case.wire_bytes(tick), self._appl)
            if end > self._hw:
                add((KERNEL_LOAD, self._hw, end))
                self._hw = end
        if self._woken(self._hw):
            self._wake_noise(add)
            while self._appl + case.per <= self._hw + case.queued_bytes:
                self._write_period(add)
            if case.flush:
                add((FLUSH_ALL, 0, 0))

    def _play_ack(self, tick: int, add: Callable[[Step], None]) -> None:
        # The commit itself copies: no prefill, and the wire alone sets the pace.
        case, target = self._case, self._case.wire_bytes(tick)
        if self._woken(target):
            self._wake_noise(add)
            while self._appl + case.per <= target:
                self._write_period(add)
            if case.flush:
                add((FLUSH_ALL, 0, 0))
            if self._appl > self._hw:
                add((KERNEL_LOAD, self._hw, self._appl))
                self._hw = self._appl

    def _capture(self, tick: int, add: Callable[[Step], None]) -> None:
        case = self._case
        if (tick + 1) % case.urb == 0:
            end = case.wire_bytes(tick)
            if end > self._hw:
                add((KERNEL_STORE, self._hw, end))
                self._hw = end
        if self._woken(self._hw):
            self._wake_noise(add)
            if case.flush:
                add((FLUSH_ALL, 0, 0))
            end = self._hw if case.exact else self._line_floor(self._hw)
            if end > self._appl:
                add((USER_READ, self._appl, end))
                self._appl = end
            ahead = min(self._hw + case.pre, self._appl + case.ring)
            if case.pre and ahead > self._line_ceiling(self._appl):
                add((USER_PRE, self._line_ceiling(self._appl), ahead))

    def _write_period(self, add: Callable[[Step], None]) -> None:
        start, end = self._appl, self._appl + self._case.per
        if self._case.src == "pbuf":
            add((PBUF, start, end))
        add((USER_WRITE, start, end))
        if self._case.uclean:
            add((USER_CLEAN, start, end))
        self._appl = end

    def _wake_noise(self, add: Callable[[Step], None]) -> None:
        if self._case.xu:
            add((WAKE_NOISE, 0, self._case.xu))

    def _line_floor(self, position: int) -> int:
        # A line begins at a multiple of its size in the ring, and at the wrap.
        offset = position % self._case.ring
        return position - offset % self._case.geometry.line_bytes

    def _line_ceiling(self, position: int) -> int:
        floor = self._line_floor(position)
        lap_end = position - position % self._case.ring + self._case.ring
        return position if floor == position else min(floor + self._case.geometry.line_bytes, lap_end)
