# SPDX-License-Identifier: MIT
"""The capture stream of one burst: the driver's URBs and the reader."""

from __future__ import annotations

from dataclasses import dataclass

from stress.virtual.steps import StepKind, StepList


@dataclass(frozen=True)
class CapturePlan:
    """What the capture side of a burst does; sizes in frames.

    Parameters
    ----------
    frames : frames the read call asks for.
    line_bytes, frame_bytes : [bytes].
    packets : packets per URB.
    whole : reads end at the last whole line before hw_ptr.
    ahead : touch this many frames ahead of hw_ptr; 0 = none.
    absent : the card only plays; nobody touches the ring.
    flush : clean+invalidate before each read.
    stop_at : the reader stops for good at this frame, -1 = never.
    loops : the reader is a loop over periods, not one call.
    work : what a wake-up loads outside the ring, as steps and numbers of lines.
    """

    frames: int
    period_size: int
    buffer_size: int
    line_bytes: int
    frame_bytes: int
    packets: int
    whole: bool = False
    ahead: int = 0
    absent: bool = False
    flush: bool = False
    stop_at: int = -1
    loops: bool = False
    work: tuple[tuple[StepKind, int], ...] = ()


class Capturing:
    """Walk the capture stream from URB to URB.

    Parameters
    ----------
    plan : what to do.
    carried : frames carried by 0, 1, ... packets since START.
    steps : where the touches go.
    """

    def __init__(self, plan: CapturePlan, carried: list[int], steps: StepList) -> None:
        self.plan = plan
        self.hw = self.appl = 0
        self.state = "RUNNING"
        self.wakes = 0
        self.due = plan.packets
        self._carried = carried
        self._steps = steps
        self._wake_at = plan.period_size

    @property
    def reading(self) -> bool:
        """True while the read call has not returned."""
        return self.appl < self.plan.frames and self.state != "XRUN"

    def complete(self, raced: bool = False) -> bool:
        """Complete one URB; tell whether the reader wakes.

        Parameters
        ----------
        raced : userspace runs, on another processor, after hw_ptr moved and
            before the last packet's memcpy.
        """
        if self.state != "RUNNING":
            self.due += self.plan.packets
            return False
        first, end = self.hw, self._carried[self.due]
        held = self._carried[self.due - 1] if raced else end
        self._store(first, held)
        self.hw = end
        self.due += self.plan.packets
        if raced:
            woken = self._woken()
            if woken:
                self.wake()
            self._store(held, end)
            return False
        return self._woken()

    def wake(self) -> None:
        """Let the reader run; a ring that filled up meanwhile is an overrun."""
        if not self.reading or 0 <= self.plan.stop_at <= self.appl:
            return
        self.wakes += 1
        for step, lines in self.plan.work:
            self._steps.add(step, 0, lines)
        if self.plan.flush:
            self._steps.add(StepKind.FLUSH, 0, 1)
        end = min(self._line_floor(self.hw) if self.plan.whole else self.hw, self.plan.frames)
        if end > self.appl:
            self._steps.add(StepKind.USER_READ, self.appl, end)
            self.appl = end
        if self.plan.ahead:
            self._touch_ahead()

    def overrun(self) -> bool:
        """Stop the stream when the ring is full of unread frames."""
        if self.state == "RUNNING" and self.hw - self.appl >= self.plan.buffer_size:
            self.state = "XRUN"
            return True
        return False

    def posture(self, tick: int) -> tuple[int, ...]:
        """Return where this stream stands relative to itself at `tick`.

        Two ticks of equal posture, whole cycles of packet sizes apart, go on alike.
        """
        offset = self.hw % self.plan.buffer_size if self.plan.whole else 0
        running = self.state == "RUNNING"
        return (self.due - tick, self.hw - self.appl, self._wake_at - self.hw, offset, running)

    def leap(self, ticks: int, frames: int, wakes: int) -> None:
        """Move on as if what repeats had been walked."""
        self.hw += frames
        self.appl += frames
        self._wake_at += frames
        self.due += ticks
        self.wakes += wakes

    def _woken(self) -> bool:
        if self.hw < self._wake_at:
            return False
        self._wake_at += (self.hw - self._wake_at) // self.plan.period_size * self.plan.period_size
        self._wake_at += self.plan.period_size
        return True

    def _store(self, first: int, end: int) -> None:
        if end > first:
            self._steps.add(StepKind.KERNEL_STORE, first, end)

    def _touch_ahead(self) -> None:
        plan = self.plan
        first, end = self._line_ceiling(self.appl), min(self.hw + plan.ahead, self.appl + plan.buffer_size)
        if end > first:
            self._steps.add(StepKind.USER_AHEAD, first, end)

    def _line_floor(self, frame: int) -> int:
        # Whole frames only, so a line that ends inside a frame is left for the next read.
        plan = self.plan
        lap = frame // plan.buffer_size * plan.buffer_size
        offset_bytes = (frame - lap) * plan.frame_bytes
        return lap + offset_bytes // plan.line_bytes * plan.line_bytes // plan.frame_bytes

    def _line_ceiling(self, frame: int) -> int:
        plan = self.plan
        lap = frame // plan.buffer_size * plan.buffer_size
        lines = -(-(frame - lap) * plan.frame_bytes // plan.line_bytes)
        return lap + min(-(-lines * plan.line_bytes // plan.frame_bytes), plan.buffer_size)
