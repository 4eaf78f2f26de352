# SPDX-License-Identifier: MIT
"""The playback stream of one burst: the writer, the driver's URBs, the wire."""

from __future__ import annotations

from dataclasses import dataclass

from stress.virtual.card.urbs import UrbShape
from stress.virtual.steps import StepKind, StepList

RUNNING, XRUN = "RUNNING", "XRUN"
NEVER = 1 << 62


@dataclass(frozen=True)
class PlayPlan:
    """What the playback side of a burst does; sizes in frames.

    Parameters
    ----------
    frames : frames handed to the write call.
    queue : most frames kept queued.
    step : frames written at once by a loop; 0 = one call that writes what fits.
    polls : the loop looks for room whenever the device moved, not per period.
    rmw : lines are loaded before they are stored.
    prefill_rmw : only so many frames are prefilled, and those by rmw; 0 = the
        prefill is as large as the queue and like the rest.
    behind : URBs are copied when they are due and not when they are queued.
    flush, clean : cache maintenance before each commit.
    stop_at : the writer stops for good at this frame, -1 = never.
    work : what a wake-up loads outside the ring, as steps and numbers of lines.
    start_work : the same of START, between the prefill and its copies.
    """

    frames: int
    period_size: int
    buffer_size: int
    queue: int
    urbs: UrbShape
    step: int = 0
    polls: bool = False
    rmw: bool = False
    prefill_rmw: int = 0
    behind: bool = False
    flush: bool = False
    clean: bool = False
    lowlatency: bool = True
    keeps_last_packet: bool = True
    stop_at: int = -1
    work: tuple[tuple[StepKind, int], ...] = ()
    start_work: tuple[tuple[StepKind, int], ...] = ()


class Playing:
    """Walk the playback stream from URB to URB.

    Parameters
    ----------
    plan : what to do.
    carried : frames carried by 0, 1, ... packets since START.
    steps : where the touches go.
    """

    def __init__(self, plan: PlayPlan, carried: list[int], steps: StepList) -> None:
        self.plan = plan
        self.hw = self.appl = 0
        self.least: int | None = None  # queued when the device had moved while the writer wrote [frames]
        self.state = "PREPARED"
        self.running = False
        self.started_tick = 0
        self.cut_short = False
        self.wakes = 0
        self._carried = carried
        self._steps = steps
        self._packet = 0
        self._transferred = self._frame_limit = 0
        self._wake_at = plan.period_size
        self._in_flight: list[int] = []  # last packet of each URB on its way

    @property
    def due(self) -> int:
        """Tick at which the oldest URB completes; never without one."""
        return self.started_tick + self._in_flight[0] if self._in_flight else NEVER

    @property
    def writing(self) -> bool:
        """True while the write call has not returned."""
        return self.appl < self.plan.frames and self.state != XRUN

    @property
    def stuck(self) -> bool:
        """True when too little is queued for the driver to send anything."""
        return self.running and not self._in_flight

    @property
    def sent(self) -> int:
        """Frames handed to the bus."""
        return self._carried[min(self._packet, len(self._carried) - 1)]

    def start(self, tick: int) -> None:
        """Prefill the ring, then START: the driver fills URBs in the caller."""
        if self.plan.prefill_rmw:
            self._commit(min(self.plan.prefill_rmw, self.plan.queue, self.plan.frames), True)
        else:
            self._write(self.plan.rmw)
        for step, lines in self.plan.start_work:
            self._steps.add(step, 0, lines)
        self.started_tick = tick
        self.state = RUNNING
        self.running = True
        self._queue_urbs()

    def complete(self) -> bool:
        """Complete the oldest URB and refill; tell whether the writer wakes."""
        packet = self._in_flight.pop(0)
        dry = self.plan.behind and self._carried[packet] > self.appl
        if self.plan.behind:
            self._copy(min(self._carried[packet], self.appl))
        self._queue_urbs()
        if self.writing:
            queued = self.appl - self.hw
            self.least = queued if self.least is None else min(self.least, queued)
        if dry or not self._in_flight:
            self.cut_short = self.appl < self.plan.frames
            self.state, self.running = XRUN, False
        if not self.running:
            return False
        if self.hw < self._wake_at:
            return self.plan.polls
        self._wake_at += (self.hw - self._wake_at) // self.plan.period_size * self.plan.period_size
        self._wake_at += self.plan.period_size
        return True

    def wake(self) -> None:
        """Let the writer run."""
        if not self.writing or 0 <= self.plan.stop_at <= self.appl:
            return
        self.wakes += 1
        for step, lines in self.plan.work:
            self._steps.add(step, 0, lines)
        self._write(self.plan.rmw)

    def posture(self, tick: int) -> tuple[int, ...]:
        """Return where this stream stands relative to itself at `tick`.

        Two ticks of equal posture, whole cycles of packet sizes apart, go on alike.
        """
        urbs = [self.started_tick + packet - tick for packet in self._in_flight]
        halted = self.plan.frames - self.appl if self.appl >= self.plan.frames else -1
        urb = (self._transferred, self._frame_limit)
        ahead = (self.appl - self.hw, self._wake_at - self.hw, self.hw - self.sent, *urb)
        return (*ahead, self.running, halted, len(urbs), *urbs)

    def leap(self, ticks: int, frames: int, wakes: int) -> None:
        """Move on as if what repeats had been walked."""
        if not frames:
            return
        self.hw += frames
        self.appl += frames
        self._wake_at += frames
        self._packet += ticks
        self.wakes += wakes
        self._in_flight = [packet + ticks for packet in self._in_flight]

    def _write(self, rmw: bool) -> None:
        plan = self.plan
        if not plan.step:
            room = min(self.hw + plan.queue, plan.frames) - self.appl
            if room > 0:
                self._commit(room, rmw)
            return
        while self.appl < plan.frames:
            room = min(plan.step, plan.frames - self.appl)
            if self.appl + room > self.hw + plan.queue:
                return
            self._commit(room, rmw)

    def _commit(self, frames: int, rmw: bool) -> None:
        plan, first = self.plan, self.appl
        if rmw:
            self._steps.add(StepKind.USER_LOAD, first, first + frames)
        self._steps.add(StepKind.USER_STORE, first, first + frames)
        if plan.clean:
            self._steps.add(StepKind.USER_CLEAN, first, first + frames)
        if plan.flush:
            self._steps.add(StepKind.FLUSH, 0, 1)
        self.appl = first + frames

    def _queue_urbs(self) -> None:
        while len(self._in_flight) < self.plan.urbs.urbs and self._fill_urb():
            pass

    def _fill_urb(self) -> bool:
        # One URB ends at a period boundary or when it is full; its copy is one memcpy.
        plan, carried, packet = self.plan, self._carried, self._packet
        if plan.behind:
            self._packet += plan.urbs.packets
            self._in_flight.append(self._packet)
            return True
        first, last = packet, packet + plan.urbs.packets
        most = self.appl - (1 if plan.keeps_last_packet else 0) if plan.lowlatency else 1 << 62
        limit = min(self._frame_limit + plan.urbs.frames, plan.period_size)
        while packet < last and carried[packet + 1] <= most:
            self._transferred += carried[packet + 1] - carried[packet]
            packet += 1
            if self._transferred >= limit:
                break
        if packet == first:
            return False
        self._frame_limit += plan.urbs.frames
        if self._transferred >= plan.period_size:
            self._transferred -= plan.period_size
            self._frame_limit = 0
        self._packet = packet
        self._in_flight.append(packet)
        self._copy(carried[packet])
        return True

    def _copy(self, end: int) -> None:
        if end > self.hw:
            self._steps.add(StepKind.KERNEL_LOAD, self.hw, end)
            self.hw = end
