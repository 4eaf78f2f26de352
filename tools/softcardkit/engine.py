# SPDX-License-Identifier: MIT
"""The lockstep bus clock and the FIFO between playback and capture.

One tick is one packet slot of both endpoints: the OUT packet goes into the FIFO, and
what exceeds the latency comes out as the IN packet. Where a live endpoint has no URB
the clock waits, so that no packet is ever invented: pacing the two endpoints
independently loses or repeats packets whenever the host is late.
"""

from __future__ import annotations

import struct
from typing import Any

from stress.model.fault import FaultKind
from tools.softcardkit.config import CardConfig, Speed, Sync
from tools.softcardkit.descriptors import FEEDBACK_REFRESH, IN_INTERFACE, OUT_INTERFACE
from tools.softcardkit.faultspec import Fault
from tools.softcardkit.inject import Injected, Injector, Packet
from tools.softcardkit.lifecycle import Lifecycle
from tools.softcardkit.log import EventLog
from tools.softcardkit.schedule import NEVER
from tools.softcardkit.spoil import Layout
from tools.softcardkit.urbs import Endpoint, IsoCodec, Urb
from tools.softcardkit.volume import Volume
from tools.softcardkit.wire import Submit


class Engine:
    """The isochronous half of the card; knows no clock and no socket.

    ``replies`` collects the PDUs to be sent. ``frozen`` and ``unplugged`` are set by
    faults and by whoever drives the engine.

    Threads: one.
    """

    def __init__(
        self,
        config: CardConfig,
        injected: Injected | None = None,
        log: EventLog | None = None,
    ) -> None:
        self._config = config
        self._log = log or EventLog()
        self._codec = IsoCodec()
        # The capture packets pace playback: they keep the nominal rate, whether playback has a URB or not.
        self._implicit = config.sync is Sync.IMPLICIT
        slips = config.sync is not Sync.ASYNCHRONOUS
        self.injector = Injector(injected or Injected(), self._log, self._act, slips)
        self.playback, self.capture, self.feedback = Endpoint(), Endpoint(), Endpoint()
        self.lifecycle = Lifecycle()
        self.volume = Volume()
        self.replies: list[bytes] = []
        self.frozen = self.unplugged = False
        self.thaw_ms = 0
        self.ticks = 0
        self._fifo = bytearray()
        # Bytes of a sample and channels, of playback and of capture.
        self._layouts = [(0, 0), (0, 0)]
        self._pushed = self._popped = 0
        self._latency_bytes = self._limit = self._credit = self._fifo_bytes = 0
        self._feedback_ticks = (1 << FEEDBACK_REFRESH) * config.packets_per_second // 1000
        self.set_rate(config.rates[0])

    def set_rate(self, rate: int) -> None:
        """Set the sample clock [Hz] of both endpoints."""
        self.rate = rate
        self.lifecycle.set_rate(rate)
        slots = self._config.packets_per_second
        # A capture packet never exceeds 1.5 times the nominal one: the host's URB
        # buffers are made for that (sound/usb/endpoint.c, data_ep_set_params).
        self._max_frames = max(3 * rate // (2 * slots), 1)

    def set_interface(self, interface: int, alternate: int) -> None:
        """Select an alternate setting: its stream ends, the next URB begins one."""
        for number, endpoint in ((OUT_INTERFACE, self.playback), (IN_INTERFACE, self.capture)):
            if number == interface:
                self._end(endpoint)
                endpoint.alternate = alternate
                if endpoint is self.playback and not alternate:
                    self.lifecycle.closed()
                if alternate:
                    fmt = self._config.format_of(alternate)
                    channels = self._config.channels_of(endpoint is self.capture)
                    endpoint.frame_bytes = fmt.frame_bytes(channels)
                    self._layouts[endpoint is self.capture] = (fmt.sample_bytes, channels)
                    if not self.playback.started:
                        self._fifo_bytes = self._loop_bytes()

    def submit(self, endpoint: Endpoint, submit: Submit) -> None:
        """Queue an isochronous URB on one of the three endpoints."""
        endpoint.submit(Urb(submit, self._codec))

    def unlink(self, seqnum: int) -> bool:
        """Take back a URB; its stream ends. False when the card does not hold it.

        A host that stops both directions unlinks only what the card holds at that
        moment, so a direction that has nothing here then has ended as well.
        """
        if seqnum in self.playback.recent:
            self.lifecycle.taken_back()
        for endpoint in (self.playback, self.capture, self.feedback):
            held = endpoint.remove(seqnum)
            # A stop takes back the newest URB with the others, also where all of them were given
            # back a moment ago; after a stop that is long past, the newest is another one.
            if held or seqnum == endpoint.newest:
                for other in (self.playback, self.capture):
                    if other is endpoint or not other.queue:
                        self._end(other)
                return held
        return False

    @property
    def waiting(self) -> bool:
        """Whether a live endpoint has no URB, so that the bus clock stands still."""
        play, capture = self.playback, self.capture
        starved = play.live and not play.queue and not (self._implicit and capture.live)
        return starved or (capture.live and not capture.queue)

    @property
    def live(self) -> bool:
        """Whether any stream is live."""
        return self.playback.live or self.capture.live

    def pass_starved(self) -> None:
        """Let the clock run without the endpoints that have no URB.

        The host drained them, or is very late; their streams go on with the next URB.
        """
        for endpoint in (self.playback, self.capture):
            if endpoint.live and not endpoint.queue:
                endpoint.live = False

    def advance(self, ticks: int) -> int:
        """Run up to `ticks` slots; return how many it was.

        Stops early when a live endpoint has no URB, nothing is live, or the card froze
        or left the bus.
        """
        done = 0
        while done < ticks and not (self.frozen or self.unplugged) and self.live and not self.waiting:
            slots = self._run_clean(ticks - done)
            if not slots and not self._tick():
                break
            done += slots or 1
        return done

    def _run_clean(self, ticks: int) -> int:
        # What `_tick` does, for the rest of a playback URB, without its questions: half
        # the cost of a slot. 0 where a question may have another answer.
        play, capture, injector = self.playback, self.capture, self.injector
        size = play.frame_bytes
        if not (play.live and capture.started and capture.live and play.started) or self.feedback.queue:
            return 0
        if self._implicit or self.volume.changes:
            return 0
        urb = play.queue[0]
        end = play.frames + (len(urb.data) - urb.offsets[urb.index]) // size
        if end > injector.next_frame or play.packets + urb.count > injector.next_packet:
            return 0
        if injector.capture.next_byte != NEVER or capture.frame_bytes != size:
            return 0
        if not urb.index:
            injector.sent.append(urb.data)
        slots = min(urb.count - urb.index, ticks)
        pushed, pulled, done = self._copy_slots(urb, slots, self._max_frames * size)
        play.frames += pushed // size
        play.packets += done
        self._pushed += pushed
        capture.frames += pulled // size
        capture.packets += done
        self._popped += pulled
        self.ticks += done
        if urb.index == urb.count:
            self.replies.append(play.queue.popleft().reply(self._codec))
        return done

    def _copy_slots(self, urb: Urb, slots: int, limit: int) -> tuple[int, int, int]:
        # Returns the bytes pushed and pulled, and the slots done: fewer than asked for
        # when the capture runs out of URBs.
        fifo, latency, queue = self._fifo, self._latency_bytes, self.capture.queue
        data, size = urb.data, self.playback.frame_bytes
        first, pulled, pushed = urb.index, 0, 0
        for start, length in zip(urb.offsets[first : first + slots], urb.lengths[first : first + slots]):
            if not queue:
                break
            fifo += data[start : start + length]
            target = queue[0]
            take = len(fifo) - latency
            room = target.lengths[target.index]
            if take > limit or take > room:
                take = min(limit, room - room % size)
            elif take < 0:
                take = 0
            target.fill(fifo[:take], 0)
            del fifo[:take]
            if target.index == target.count:
                self.replies.append(queue.popleft().reply(self._codec))
            urb.accept(0)
            pulled += take
            pushed += length
        return pushed, pulled, urb.index - first

    def _tick(self) -> bool:
        play, capture = self.playback, self.capture
        pushes = play.live and bool(play.queue)
        if pushes and not self._push():
            return False
        if pushes and not self._implicit:
            take = len(self._fifo) - self._latency_bytes
        else:
            take = self._nominal() * (self._fifo_bytes or 1)
        if capture.live:
            self._pull(take)
        elif take > 0:
            self._popped += min(take, len(self._fifo))
            del self._fifo[:take]
        self.ticks += 1
        if self.feedback.queue and self.ticks % self._feedback_ticks == 0:
            self._give_feedback()
        return True

    def _push(self) -> bool:
        # The playback half of a tick; False when a fault stopped the card before it.
        play, injector = self.playback, self.injector
        if not play.started:
            self._begin_playback()
        urb = play.queue[0]
        if not urb.index:
            injector.sent.append(urb.data)
        packet = urb.packet()
        frames = len(packet) // play.frame_bytes
        status = 0
        if play.frames + frames > injector.next_frame or play.packets >= injector.next_packet:
            spoiled = injector.take(
                Packet(packet, play.frames, play.packets, self._pushed, self._place_in_capture())
            )
            if spoiled is None:
                return False
            packet, status = spoiled
        if self.volume.changes:
            packet = self.volume.heard(packet, self._layouts[0][0])
        heard = self._as_captured(packet)
        self._fifo += heard
        self._pushed += len(heard)
        play.frames += frames
        play.packets += 1
        urb.accept(status)
        if urb.index == urb.count:
            self.replies.append(play.queue.popleft().reply(self._codec))
        return True

    def _as_captured(self, packet: bytes | bytearray) -> bytes | bytearray:
        # Channel by channel, from the most significant byte down; silence where none was played.
        (size, channels), (back, wanted) = self._layouts
        if not self.capture.alternate or (size, channels) == (back, wanted):
            return packet
        frames, both, keep = len(packet) // (size * channels), min(channels, wanted), min(size, back)
        out = bytearray(frames * back * wanted)
        for channel in range(both):
            for byte in range(1, keep + 1):
                out[channel * back + back - byte :: back * wanted] = packet[
                    channel * size + size - byte :: size * channels
                ]
        return out

    def _loop_bytes(self) -> int:
        # Bytes of a frame in the FIFO: those of capture, as soon as it has a format.
        return self.capture.frame_bytes if self.capture.alternate else self.playback.frame_bytes

    def _place_in_capture(self) -> int | None:
        capture, size = self.capture, self._loop_bytes()
        if not capture.live or not size:
            return None
        frames = capture.frames if capture.started else 0
        return frames + len(self._fifo) // size

    def _pull(self, take: int) -> None:
        # The capture half: at most `take` bytes, at most what the packet may carry.
        capture = self.capture
        if not capture.started:
            self._begin(capture, "capture")
        urb, size = capture.queue[0], capture.frame_bytes
        room = min(urb.lengths[urb.index], self._max_frames * size)
        if size == self._fifo_bytes:
            take = max(min(take, room - room % size), 0)
            chunk = self._fifo[:take]
            del self._fifo[:take]
            status = 0
            if self._popped + take > self.injector.capture.next_byte:
                chunk, status = self.injector.capture.give(chunk, self._popped, capture.frames)
            elif len(chunk) < take:
                chunk += bytes(take - len(chunk))
            self._popped += take
        else:
            # Nothing is played yet, or capture changed its format meanwhile: nothing to loop.
            chunk, status = bytearray(min(self._nominal() * size, room - room % size)), 0
        capture.frames += len(chunk) // size
        capture.packets += 1
        urb.fill(chunk, status)
        if urb.index == urb.count:
            self.replies.append(capture.queue.popleft().reply(self._codec))

    def _nominal(self) -> int:
        # Frames of one slot at the sample clock, remainders carried over.
        self._credit += round(self.rate * (1_000_000 + self.injector.ppm))
        frames, self._credit = divmod(self._credit, 1_000_000 * self._config.packets_per_second)
        return frames

    def _begin_playback(self) -> None:
        event = self.lifecycle.begin(self.rate)
        self._begin(self.playback, "playback", event)
        size = self.playback.frame_bytes
        layout = Layout(size, size // self._config.channels, self._config.channels)
        self._fifo_bytes = self._loop_bytes()
        self._latency_bytes = self._config.latency * self._fifo_bytes
        self._fifo[:] = bytes(self._latency_bytes)
        self._popped, self._pushed = 0, self._latency_bytes
        self.injector.start(self.playback.stream, layout, self.rate, event)

    def _begin(self, endpoint: Endpoint, direction: str, event: str = "") -> None:
        endpoint.begin()
        self._log.write(
            "stream",
            direction=direction,
            state="start",
            stream=endpoint.stream,
            rate=self.rate,
            format=self._config.format_of(endpoint.alternate or 1).name,
            **({"after": event} if event else {}),
        )

    def _end(self, endpoint: Endpoint) -> None:
        if endpoint.end():
            direction = "playback" if endpoint is self.playback else "capture"
            if endpoint is self.playback:
                self.injector.stop()
            self._log.write(
                "stream",
                direction=direction,
                state="stop",
                stream=endpoint.stream,
                frames=endpoint.frames,
                packets=endpoint.packets,
            )

    def _give_feedback(self) -> None:
        # Audio class 1.0 follows USB 2.0, 5.12.4.2: 10.14 frames per millisecond in 3
        # bytes at full speed, 16.16 frames per microframe in 4 bytes at high speed.
        high = self._config.speed is Speed.HIGH
        per_slot = self.rate * (1 + self.injector.ppm * 1e-6) / (8000 if high else 1000)
        value = struct.pack("<I", round(per_slot * (1 << 16 if high else 1 << 14)))
        urb = self.feedback.queue[0]
        urb.fill(value[: min(4 if high else 3, urb.lengths[urb.index])], 0)
        if urb.index == urb.count:
            self.replies.append(self.feedback.queue.popleft().reply(self._codec))

    def _act(self, fault: Fault) -> None:
        self._log.write(
            "fault",
            kind=fault.kind.value,
            stream=self.playback.stream,
            frame=self.playback.frames,
            frames=0,
            capture_frame=self._place_in_capture(),
            **fault.details(),
        )
        if fault.kind is FaultKind.UNPLUG:
            self.unplugged = True
        else:
            self.frozen, self.thaw_ms = True, fault.ms

    def status(self) -> dict[str, Any]:
        """Return the counters, for the control socket."""
        values: dict[str, Any] = {"rate": self.rate, "ticks": self.ticks, "frozen": self.frozen}
        for name, endpoint in (("playback", self.playback), ("capture", self.capture)):
            values[name] = {
                "live": endpoint.live,
                "stream": endpoint.stream,
                "frames": endpoint.frames,
                "packets": endpoint.packets,
                "urbs": endpoint.urbs,
                "queued": len(endpoint.queue),
            }
        values["events"] = dict(self._log.counts)
        return values
