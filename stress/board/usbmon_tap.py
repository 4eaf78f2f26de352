"""The tap of a USB card: its bus through usbmon, its rings through memory."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stress.board import ringmemory, usb
from stress.board.usbmon import MOST_RING, UsbMonitor
from stress.board.usbmon_format import HEADER_BYTES, ISO_BYTES, SLOT_BYTES, Event
from stress.board.usbmon_streams import Lane, in_stream, out_stream, trusted
from stress.errors import BackendUnavailable, DeviceError
from stress.model.wire import Wire, WireStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.board.cards import Card, Pair
    from stress.board.usb import UsbFacts
    from stress.model.pcm import Granted, StreamParams

# Room beside the estimate, for other devices of the bus and rates above nominal.
# Source: measured 0.74 to 0.98 MB per second of 48 kHz S16 stereo in both
# directions at full speed, the estimate gives 0.9. Higher: memory of a small
# board; lower: the end of a burst is dropped.
ROOM = 1.3
# Share of the free memory usbmon's ring may take. Higher: a small board starts
# to reclaim pages during the burst; lower: long bursts lose their end.
MEMORY_SHARE = 8
FULL_SPEED_MBPS = 12.0


@dataclass(frozen=True)
class _Side:
    facts: UsbFacts
    direction: str

    def lane(self, frame_bytes: int) -> Lane:
        mine = [end.address for end in self.facts.endpoints if end.direction == self.direction]
        return Lane(self.facts.device, frozenset(mine), frame_bytes)

    def bytes_per_s(self, params: StreamParams) -> float:
        slow = self.facts.speed_mbps <= FULL_SPEED_MBPS
        intervals = [end.packet_us for end in self.facts.endpoints if end.direction == self.direction]
        packets = 1e6 / (max(intervals, default=0) or (1000 if slow else 125))
        # The worst case is one packet per URB: two events, each with a descriptor.
        event = HEADER_BYTES + ISO_BYTES + SLOT_BYTES
        return packets * 2 * event + params.rate * params.frame_bytes


class UsbTap:
    """Watches the bus of a card while a burst streams.

    Parameters
    ----------
    ring_bytes : of usbmon; 0 sizes it for each burst.

    Threads: one caller.

    Raises
    ------
    DeviceError, BackendUnavailable : `open_tap` says when.
    """

    def __init__(self, playback: UsbFacts, capture: UsbFacts, ring_bytes: int = 0) -> None:
        self._sides = (_Side(playback, "playback"), _Side(capture, "capture"))
        self._asked_bytes = ring_bytes
        self._monitor: UsbMonitor | None = None
        self._granted: Granted | None = None
        self.source = f"usbmon{playback.bus}"

    def start(self, granted: Granted, seconds: float) -> str:
        """Look from now on; return why not, "" when it does."""
        self._close()
        self._granted = granted
        size = self._asked_bytes or self._estimate(granted, seconds)
        try:
            self._monitor = UsbMonitor(self._sides[0].facts.bus, size)
        except (DeviceError, BackendUnavailable) as error:
            return str(error)
        return ""

    def finish(self) -> Wire | None:
        """Fetch everything, stop looking, and join the payload."""
        monitor, granted = self._monitor, self._granted
        if monitor is None or granted is None:
            return None
        began = time.process_time_ns()
        events = list(monitor.drain())
        ring, dropped = monitor.ring_bytes, monitor.dropped
        self._close()
        wire = self._joined(events, ring, dropped, granted)
        views = {
            mapping.direction: ringmemory.read(
                mapping,
                (granted.playback if mapping.direction.value == "playback" else granted.capture).buffer_bytes,
            )
            for mapping in granted.mappings
        }
        refused = tuple(view for view in views.values() if isinstance(view, str))
        return Wire(
            source=self.source,
            out=wire[0],
            into=wire[1],
            events=len(events),
            dropped=dropped,
            truncated=sum(event.truncated for event in events),
            memory={way: view for way, view in views.items() if not isinstance(view, str)},
            drain_ns=time.process_time_ns() - began,
            has_capture=bool(self._sides[1].lane(1).endpoints),
            several_cpus=os.sysconf("SC_NPROCESSORS_ONLN") > 1,
            notes=refused,
        )

    def _joined(
        self, events: Sequence[Event], ring: int, dropped: int, granted: Granted
    ) -> tuple[WireStream, WireStream]:
        whole = events[: trusted(events, dropped, ring)]
        out, into = self._sides
        return (
            out_stream(whole, out.lane(granted.playback.frame_bytes)),
            in_stream(whole, into.lane(granted.capture.frame_bytes)),
        )

    def _estimate(self, granted: Granted, seconds: float) -> int:
        out, into = self._sides
        rate = out.bytes_per_s(granted.playback) + into.bytes_per_s(granted.capture)
        return min(int(ROOM * seconds * rate), MOST_RING, _free_bytes() // MEMORY_SHARE)

    def _close(self) -> None:
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None


def _free_bytes(proc: Path = Path("/proc")) -> int:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", (proc / "meminfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return int(found.group(1)) * 1024 if found else MOST_RING


def open_tap(devices: Pair, known: Sequence[Card], ring_bytes: int = 0) -> UsbTap:
    """Return a tap for the card or cards of `devices`, which is allowed to look.

    Raises
    ------
    BackendUnavailable : no USB card, two buses, or no usbmon here.
    DeviceError : no right to use it.
    """
    facts = [_facts(name, known) for name in (devices.playback, devices.capture)]
    playback, capture = facts
    if playback is None or capture is None:
        raise BackendUnavailable("this is no USB card: it has no wire to look at")
    if playback.bus != capture.bus:
        raise BackendUnavailable("playback and capture are on two USB buses: the wire view needs one")
    # Asked once before anything runs, so that the reason stands at the top of the report.
    UsbMonitor(playback.bus, 0).close()
    return UsbTap(playback, capture, ring_bytes)


def _facts(name: str, known: Sequence[Card]) -> UsbFacts | None:
    card = name.partition(":")[2].partition(",")[0]
    number = next((entry.number for entry in known if card in (str(entry.number), entry.id)), None)
    return None if number is None else usb.read(number)
