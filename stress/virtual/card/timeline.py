# SPDX-License-Identifier: MIT
"""One burst in virtual time: both streams of a card, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass

from stress.virtual.card.capturing import CapturePlan, Capturing
from stress.virtual.card.playing import NEVER, Playing, PlayPlan
from stress.virtual.steps import StepKind, StepList

# Ticks without a repetition after which the search for one is given up: drifting clocks have none.
_SEARCH_TICKS = 3000
# Turns of a repetition left to be walked before anything changes.
_MARGIN_TURNS = 2


@dataclass(frozen=True)
class Events:
    """What happens to the streams from outside; times in ticks of one packet.

    Parameters
    ----------
    wake_ticks : from the period interrupt until a thread runs.
    play_tick : playback START; capture START is tick 0.
    raced_urbs : numbers of the capture URBs that userspace overtakes.
    halt_frame, halt : played frame at which the card freezes or goes away.
    cycle_ticks : ticks after which packet sizes repeat.
    urb_lines : lines that an interrupt which completes URBs loads.
    turns : threads that wake at the same tick take turns at running first. Of two kernel
        timers that run out together, the one armed last runs first, and is armed again
        first. Source: Linux kernel/time/timer.c:enqueue_timer, expire_timers.
    """

    wake_ticks: int = 0
    play_tick: int = 2
    raced_urbs: frozenset[int] = frozenset()
    halt_frame: int = -1
    halt: str = ""
    cycle_ticks: int = 1
    urb_lines: int = 0
    turns: bool = False


class Timeline:
    """Run one burst and collect its steps.

    Attributes
    ----------
    steps : the steps of the streams, in time order.
    playing, capturing : the streams, with their pointers and states.
    carried : frames the card has moved after 0, 1, ... ticks.
    tick : now; the card has moved this many packets.
    halted : "freeze" or "unplug" when the card stopped.
    stopping : set by another thread to end the burst.
    """

    def __init__(self, play: PlayPlan, capture: CapturePlan, carried: list[int], events: Events) -> None:
        self.steps = StepList()
        self.playing = Playing(play, carried, self.steps)
        self.capturing = Capturing(capture, carried, StepList() if capture.absent else self.steps)
        self.events = events
        self.carried = carried
        self.tick = 0
        self.halted = ""
        self.stopping = False
        self._play_wake = self._capture_wake = NEVER
        self._writer_first = False
        self._seen: dict[tuple[int, ...], tuple[int, ...]] = {}

    def run(self) -> None:
        """Walk until the captured buffer is full or nothing can move any more."""
        last_tick = len(self.carried) - 1
        searching = not self.events.raced_urbs
        while self._alive():
            tick = self._next_tick()
            if tick > last_tick or self._halts(tick):
                break
            self.tick = self.steps.tick = tick
            self._kernel(tick)
            self._users(tick)
            if searching and self.playing.state != "PREPARED" and tick % self.events.cycle_ticks == 0:
                searching = self._leap()

    def _alive(self) -> bool:
        if self.stopping:
            return False
        if self.capturing.reading:
            return True
        return self.capturing.state == "XRUN" and self.playing.writing and not self.playing.stuck

    def _next_tick(self) -> int:
        playing = self.playing
        tick = min(self.capturing.due, self._play_wake, self._capture_wake)
        if playing.running:
            return min(tick, playing.due)
        if playing.state == "PREPARED":
            return min(tick, max(self.events.play_tick, self.tick))
        return tick

    def _halts(self, tick: int) -> bool:
        frame, playing = self.events.halt_frame, self.playing
        if frame < 0 or not playing.running or self.carried[tick - playing.started_tick] < frame:
            return False
        self.halted = self.events.halt
        return True

    def _kernel(self, tick: int) -> None:
        events, capturing, playing = self.events, self.capturing, self.playing
        played = playing.running and playing.due == tick
        if events.urb_lines and (played or (capturing.due == tick and not capturing.plan.absent)):
            # One interrupt for all that a frame of the bus completes.
            self.steps.add(StepKind.URB_WORK, 0, events.urb_lines)
        if capturing.due == tick:
            raced = capturing.due // capturing.plan.packets in events.raced_urbs
            if capturing.complete(raced) and not capturing.overrun():
                self._capture_wake = min(self._capture_wake, tick + events.wake_ticks)
        if playing.state == "PREPARED" and tick >= events.play_tick:
            playing.start(tick)
            self._play_wake = tick + events.wake_ticks
        elif played and playing.complete():
            self._play_wake = min(self._play_wake, tick + events.wake_ticks)

    def _users(self, tick: int) -> None:
        reads, writes = self._capture_wake <= tick, self._play_wake <= tick
        if reads:
            self._capture_wake = NEVER
        if writes:
            self._play_wake = NEVER
        if reads and writes and self.events.turns:
            self._writer_first = not self._writer_first
        if writes and self._writer_first:
            self.playing.wake()
        if reads:
            self.capturing.wake()
        if writes and not self._writer_first:
            self.playing.wake()

    def _leap(self) -> bool:
        # Streams that stand to each other as they once did will repeat themselves;
        # what repeats is copied. Returns whether to go on searching.
        tick, playing, capturing = self.tick, self.playing, self.capturing
        wakes = (self._play_wake - tick, self._capture_wake - tick)
        now = (tick, len(self.steps), playing.hw, capturing.hw, playing.wakes, capturing.wakes)
        waits = (wake if wake < NEVER // 2 else -1 for wake in wakes)
        key = (*playing.posture(tick), *capturing.posture(tick), *waits, self._writer_first)
        before = self._seen.setdefault(key, now)
        if before is now:
            return len(self._seen) < _SEARCH_TICKS
        turn = tuple(new - old for new, old in zip(now, before))
        times = self._turns(turn[0], turn[2], turn[3]) - _MARGIN_TURNS
        self._seen.clear()
        if times > 0:
            self.steps.repeat(before[1], times, (turn[0], turn[2], turn[3]))
            self.tick += times * turn[0]
            playing.leap(times * turn[0], times * turn[2], times * turn[4])
            capturing.leap(times * turn[0], times * turn[3], times * turn[5])
            shift = times * turn[0]
            self._play_wake += shift if self._play_wake < NEVER else 0
            self._capture_wake += shift if self._capture_wake < NEVER else 0
        return times > 0

    def _turns(self, ticks: int, played: int, captured: int) -> int:
        # How many turns fit before a buffer, a fault or the clock's table ends.
        playing, capturing = self.playing, self.capturing
        room = [(len(self.carried) - 1 - self.tick) // ticks]
        for stream, step in ((playing, played), (capturing, captured)):
            plan = stream.plan
            if step:
                room.append((plan.frames - stream.appl) // step if stream.appl < plan.frames else 0)
                if plan.stop_at >= 0:
                    room.append((plan.stop_at - stream.appl) // step)
        if self.events.halt_frame >= 0 and played:
            room.append((self.events.halt_frame - playing.hw) // played)
        return min(room)
