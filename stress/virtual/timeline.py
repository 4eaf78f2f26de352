"""One burst in virtual time: both streams, the background, context switches."""

from __future__ import annotations

from dataclasses import dataclass

from stress.virtual.capturing import CapturePlan, Capturing
from stress.virtual.playing import Playing, PlayPlan
from stress.virtual.steps import Step, StepList


@dataclass(frozen=True)
class Background:
    """What goes on besides the streams; times in ticks of one packet.

    Parameters
    ----------
    noise_per_tick : lines filled per tick, a fraction.
    flush_ticks : ascending ticks of whole-cache clean+invalidate.
    raced_urbs : numbers of the capture URBs that userspace overtakes.
    wake_ticks : from the period interrupt until a thread runs.
    play_tick : playback START; capture START is tick 0.
    halt_frame, halt : played frame at which the card freezes or goes away.
    """

    noise_per_tick: float = 0.0
    flush_ticks: tuple[int, ...] = ()
    raced_urbs: frozenset[int] = frozenset()
    wake_ticks: int = 0
    play_tick: int = 2
    halt_frame: int = -1
    halt: str = ""


class Timeline:
    """Run one burst and collect its steps.

    Attributes
    ----------
    steps : the steps, in time order.
    playing, capturing : the streams, with their pointers and states.
    tick : now; the card has moved this many packets.
    carried : frames the card has moved after 0, 1, ... ticks.
    halted : "freeze" or "unplug" when the card stopped.
    stopping : set by another thread to end the burst.
    flushes : whole-cache operations done.
    """

    def __init__(
        self, play: PlayPlan, capture: CapturePlan, carried: list[int], background: Background
    ) -> None:
        self.steps = StepList()
        self.playing = Playing(play, carried, self.steps)
        self.capturing = Capturing(capture, carried, self.steps)
        self.background = background
        self.tick = 0
        self.halted = ""
        self.stopping = False
        self.flushes = 0
        self.carried = carried
        self._noise_done = 0
        self._flush_at = 0
        self._play_wake = self._capture_wake = -1

    def run(self) -> None:
        """Walk until the captured buffer is full or nothing can move any more."""
        last_tick = len(self.carried) - 1
        while self._alive():
            tick = self._next_tick()
            if tick > last_tick or self._halts(tick):
                break
            self.tick = tick
            self._quiet(tick)
            self._kernel(tick)
            self._users(tick)
        self._quiet(self.tick)

    def _alive(self) -> bool:
        if self.stopping:
            return False
        if self.capturing.reading:
            return True
        return self.capturing.state == "XRUN" and self.playing.writing and not self.playing.stuck

    def _next_tick(self) -> int:
        playing, tick = self.playing, self.capturing.due
        if playing.running:
            tick = min(tick, playing.due)
        elif playing.state == "PREPARED":
            tick = min(tick, max(self.background.play_tick, self.tick))
        for wake in (self._play_wake, self._capture_wake):
            if wake >= 0:
                tick = min(tick, wake)
        return tick

    def _halts(self, tick: int) -> bool:
        frame = self.background.halt_frame
        playing = self.playing
        if frame < 0 or not playing.running or self.carried[tick - playing.started_tick] < frame:
            return False
        self.halted = self.background.halt
        return True

    def _quiet(self, tick: int) -> None:
        # Background lines and address-space switches since the last step, in order.
        flushes = self.background.flush_ticks
        while self._flush_at < len(flushes) and flushes[self._flush_at] <= tick:
            self._noise(flushes[self._flush_at])
            self.steps.add(Step.FLUSH, 0, 1)
            self._flush_at += 1
            self.flushes += 1
        self._noise(tick)

    def _noise(self, tick: int) -> None:
        due = int(tick * self.background.noise_per_tick)
        if due > self._noise_done:
            self.steps.add(Step.NOISE, 0, due - self._noise_done)
            self._noise_done = due

    def _kernel(self, tick: int) -> None:
        background, capturing, playing = self.background, self.capturing, self.playing
        if capturing.due == tick:
            raced = capturing.due // capturing.plan.packets in background.raced_urbs
            running = capturing.state == "RUNNING"
            if not running:
                capturing.due += capturing.plan.packets
            elif capturing.complete(raced) and not capturing.overrun() and self._capture_wake < 0:
                self._capture_wake = tick + background.wake_ticks
        if playing.state == "PREPARED" and tick >= background.play_tick:
            playing.start(tick)
            self._play_wake = tick + background.wake_ticks
        elif playing.running and playing.due == tick and playing.complete() and self._play_wake < 0:
            self._play_wake = tick + background.wake_ticks

    def _users(self, tick: int) -> None:
        if 0 <= self._capture_wake <= tick:
            self._capture_wake = -1
            self.capturing.wake()
        if 0 <= self._play_wake <= tick:
            self._play_wake = -1
            self.playing.wake()
