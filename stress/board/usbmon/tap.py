# SPDX-License-Identifier: MIT
"""The tap of a USB card: its bus through usbmon, its rings through memory."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from stress.board import usb
from stress.board.cards import card_of, device_of
from stress.board.memory import available
from stress.board.ring_snapshot import RingMemory
from stress.board.usbmon.device import MOST_RING, UsbMonitor
from stress.board.usbmon.format import HEADER_BYTES, ISO_BYTES, SLOT_BYTES, UsbEvent
from stress.board.usbmon.streams import (
    BusStream,
    in_stream,
    joined_in_stream,
    other_endpoints,
    out_stream,
    trusted,
)
from stress.errors import BackendUnavailable, DeviceError
from stress.model.pcm import Direction, Granted, StreamParams
from stress.model.wire import Wire

if TYPE_CHECKING:
    from stress.board.cards import Card, Pair
    from stress.board.usb import UsbFacts

    Look = Callable[[], tuple["UsbFacts | None", "UsbFacts | None"]]

# Room beside the estimate, for other devices of the bus and rates above nominal.
# Source: measured 0.74 to 0.98 MB per second of 48 kHz S16 stereo in both
# directions at full speed, the estimate gives 0.9. Higher: memory of a small
# board; lower: the end of a burst is dropped.
ROOM = 1.3
# Share of the free memory usbmon's ring may take. Higher: a small board starts
# to reclaim pages during the burst; lower: long bursts lose their end.
MEMORY_SHARE = 8
FULL_SPEED_MBPS = 12.0
# The driver whose packets hold frames as its rings do. Others have protocols of their own: snd-usb-caiaq
# interleaves bytes, snd-usb-6fire puts four bytes before each packet. Source: Linux sound/usb.
DRIVER = "snd-usb-audio"


@dataclass(frozen=True)
class _Side:
    facts: UsbFacts
    direction: str

    def lane(self, frame_bytes: int) -> BusStream:
        mine = [end.address for end in self.facts.endpoints if end.direction == self.direction]
        return BusStream(self.facts.device, frozenset(mine), frame_bytes)

    def bytes_per_s(self, params: StreamParams) -> float:
        slow = self.facts.speed_mbps <= FULL_SPEED_MBPS
        intervals = [end.packet_us for end in self.facts.endpoints if end.direction == self.direction]
        known = [interval for interval in intervals if interval]
        packets = 1e6 / min(known, default=1000 if slow else 125)
        # The worst case is one packet per URB: two events, each with a descriptor.
        event = HEADER_BYTES + ISO_BYTES + SLOT_BYTES
        return packets * 2 * event + params.rate * params.frame_bytes

    def missing(self, events: Sequence[UsbEvent]) -> list[str]:
        lane = self.lane(1)
        others = other_endpoints(events, lane, self.direction == "capture")
        if not lane.endpoints or not others or any(lane.owns(event) for event in events):
            return []
        names, known = (" ".join(f"0x{end:02x}" for end in sorted(ends)) for ends in (others, lane.endpoints))
        return [f"{self.direction}: packets went over endpoint {names}, none over {known}, which carries it"]


@dataclass(frozen=True)
class _Seen:
    # What one bus gave: all events, and the first of them that have no hole before them.
    events: Sequence[UsbEvent]
    whole: Sequence[UsbEvent]
    dropped: int

    @classmethod
    def of(cls, monitor: UsbMonitor) -> _Seen:
        events = list(monitor.drain())
        whole = events[: trusted(events, monitor.dropped, monitor.ring_bytes)]
        return cls(events, whole, monitor.dropped)


class UsbTap:
    """Watches the bus of a card, or of two cards, while a burst streams.

    Parameters
    ----------
    ring_bytes : of each usbmon; 0 sizes it for each burst.
    look : reads both facts anew: a card that was plugged in again has another number.

    Threads: one caller.

    Raises
    ------
    DeviceError, BackendUnavailable : `open_tap` says when.
    """

    def __init__(
        self, playback: UsbFacts, capture: UsbFacts, ring_bytes: int = 0, look: Look | None = None
    ) -> None:
        self._asked_bytes, self._look = ring_bytes, look
        self._monitors: dict[int, UsbMonitor] = {}
        self._rings: dict[Direction, RingMemory] = {}
        self._granted: Granted | None = None
        self._take(playback, capture)

    def _take(self, playback: UsbFacts, capture: UsbFacts) -> None:
        self._sides = (_Side(playback, "playback"), _Side(capture, "capture"))
        self._buses = sorted({playback.bus, capture.bus})
        self.source = "+".join(f"usbmon{bus}" for bus in self._buses)

    def start(self, granted: Granted, seconds: float) -> str:
        """Look from now on; return why not, "" when it does."""
        self._close()
        self._granted = granted
        if self._look:
            playback, capture = self._look()
            if playback is None or capture is None:
                return "the card is on no USB bus any more"
            self._take(playback, capture)
        try:
            for bus in self._buses:
                size = self._asked_bytes or self._estimate(bus, granted, seconds)
                self._monitors[bus] = UsbMonitor(bus, size)
        except (DeviceError, BackendUnavailable) as error:
            self._close()
            return str(error)
        params = {Direction.PLAYBACK: granted.playback, Direction.CAPTURE: granted.capture}
        self._rings = {
            mapping.direction: RingMemory(mapping, params[mapping.direction].buffer_bytes)
            for mapping in granted.mappings
        }
        return ""

    def grab(self) -> None:
        """Copy the rings as memory holds them now."""
        for ring in self._rings.values():
            ring.take()

    def finish(self) -> Wire | None:
        """Fetch everything, stop looking, and join the payload."""
        granted = self._granted
        if not self._monitors or granted is None:
            return None
        began = time.process_time_ns()
        seen = {bus: _Seen.of(monitor) for bus, monitor in self._monitors.items()}
        rings = self._rings
        self._close()
        out, into = self._sides
        came, lane = seen[into.facts.bus].whole, into.lane(granted.capture.frame_bytes)
        return Wire(
            source=self.source,
            out=out_stream(seen[out.facts.bus].whole, out.lane(granted.playback.frame_bytes)),
            into=in_stream(came, lane),
            joined=joined_in_stream(came, lane),
            events=sum(len(part.events) for part in seen.values()),
            dropped=sum(part.dropped for part in seen.values()),
            truncated=sum(event.truncated for part in seen.values() for event in part.events),
            memory={way: ring.view for way, ring in rings.items() if ring.view is not None},
            drain_ns=time.process_time_ns() - began,
            has_capture=bool(into.lane(1).endpoints),
            several_cpus=os.sysconf("SC_NPROCESSORS_ONLN") > 1,
            notes=(
                *(ring.refusal for ring in rings.values() if ring.refusal),
                *dict.fromkeys(note for side in self._sides for note in side.facts.notes),
                *(note for side in self._sides for note in side.missing(seen[side.facts.bus].whole)),
            ),
        )

    def _estimate(self, bus: int, granted: Granted, seconds: float) -> int:
        params = (granted.playback, granted.capture)
        mine = [(side, each) for side, each in zip(self._sides, params) if side.facts.bus == bus]
        rate = sum(side.bytes_per_s(each) for side, each in mine)
        most = _free_bytes() // MEMORY_SHARE // len(self._buses)
        return min(int(ROOM * seconds * rate), MOST_RING, most)

    def _close(self) -> None:
        for monitor in self._monitors.values():
            monitor.close()
        for ring in self._rings.values():
            ring.close()
        self._monitors, self._rings = {}, {}


def _free_bytes() -> int:
    found = available()
    return MOST_RING if found is None else found


def open_tap(devices: Pair, known: Sequence[Card], ring_bytes: int = 0) -> UsbTap:
    """Return a tap for the card or cards of `devices`, which is allowed to look.

    Raises
    ------
    BackendUnavailable : no USB card, or no usbmon here.
    DeviceError : no right to use it.
    """

    def look() -> tuple[UsbFacts | None, UsbFacts | None]:
        return _facts(devices.playback, known), _facts(devices.capture, known)

    playback, capture = look()
    if playback is None or capture is None:
        raise BackendUnavailable("this is no USB card: it has no wire to look at")
    for facts in (playback, capture):
        if reason := _unfit(facts):
            raise BackendUnavailable(reason)
    # Asked once before anything runs, so that the reason stands at the top of the report.
    for bus in {playback.bus, capture.bus}:
        UsbMonitor(bus, 0).close()
    return UsbTap(playback, capture, ring_bytes, look)


def _unfit(facts: UsbFacts) -> str:
    if facts.driver and facts.driver != DRIVER:
        return (
            f"the driver of this USB card is {facts.driver}: only the packets of {DRIVER} hold frames as its "
            "rings do, so the wire cannot be compared with them"
        )
    if not facts.endpoints:
        return "neither the descriptors of this USB card nor /proc/asound names an endpoint for audio"
    return ""


def _facts(name: str, known: Sequence[Card]) -> UsbFacts | None:
    card = card_of(name, known)
    return None if card is None else usb.read(card.number, pcm_device=device_of(name))
