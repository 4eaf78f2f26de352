# SPDX-License-Identifier: MIT
"""The bus of a card as usbmon writes it, and what the driver makes of it: a model apart from the code.

Source: Linux sound/usb/pcm.c (retire_capture_urb, copy_to_urb_quirk), drivers/usb/mon/mon_bin.c.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stress.board.usb import UsbFacts, agreed
from stress.board.usb_descriptors import parse_descriptors
from stress.board.usb_stream import parse_listed
from stress.board.usbmon import tap as tap_room
from stress.board.usbmon.format import parse
from stress.board.usbmon.tap import UsbTap
from stress.detect.exact import checker
from stress.detect.exact.expected import Expected
from stress.experiment.wire.views import HostBuffers, WireComparison, look
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Exchange, Granted, StreamParams, StreamResult
from stress.model.ring import Rings
from stress.model.wire import Wire
from stress.patterns.word import Pattern
from tests.board.usb_cards import text
from tests.board.usbmon.usbmon_events import raw

POSITION, RATE, DEVICE = 77777, 48000, 7
# Frames of a packet: what 44.1 kHz on a high-speed bus gives.
SIZES = (6, 5, 6, 5, 5)
PER_URB, IN_FLIGHT = 8, 3
FEEDBACK = {3: bytes((0x10, 0x14, 0x0B)), 4: bytes((0x33, 0x83, 0x05, 0x00))}


class Monitor:
    """Stands for /dev/usbmonN with `events` in it."""

    events: tuple = ()
    dropped = 0

    def __init__(self, bus, ring_bytes):
        self.ring_bytes = ring_bytes

    def drain(self):
        """Yield the events."""
        yield from self.events

    def close(self):
        """Do nothing."""


@dataclass
class Traffic:
    """Both directions of one burst over one device.

    Parameters
    ----------
    out, into : addresses of the data endpoints, None for none.
    paces : endpoint of figures, with the size of one [bytes].
    lengths : each OUT packet has its length before it.
    cut : bytes by which each third IN packet is shorter than whole frames.
    joins : the driver goes on with a frame in the next packet.
    skipped : bytes of the stream that the driver does not take.
    statuses : of IN packets by number; data comes with them all the same.
    empty : numbers of IN packets without a byte.
    """

    fmt: str = "S16_LE"
    channels: int = 2
    frames: int = 3000
    out: int | None = 0x01
    into: int | None = 0x82
    paces: tuple[tuple[int, int], ...] = ()
    lengths: bool = False
    cut: int = 0
    joins: bool = False
    skipped: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    empty: tuple[int, ...] = ()
    device: int = DEVICE
    rings: Rings = field(default_factory=lambda: Rings(playback=256, capture=320))

    def __post_init__(self):
        self.pattern = Pattern("mix1", FORMATS[self.fmt], self.channels)
        self.step = self.pattern.frame_bytes
        flat = np.zeros(self.frames * self.step, np.uint8)
        self.pattern.fill(POSITION, flat)
        self.written = flat
        noise = np.random.default_rng(5).integers(0, 256, self.frames * self.step)
        self.packets = self._packets(noise.astype(np.uint8).tobytes())
        self.read = np.frombuffer(self._taken(), np.uint8).copy()

    def _packets(self, data):
        parts, at, number = [], 0, 0
        while at < len(data):
            size = 0 if number in self.empty else SIZES[number % len(SIZES)] * self.step
            size -= self.cut if size and number % 3 == 2 else 0
            parts.append(data[at : at + size])
            at, number = at + size, number + 1
        return parts

    def _taken(self):
        # What the driver puts into the capture ring.
        skip, taken = self.skipped, []
        for part in self.packets:
            dropped = min(skip, len(part))
            part, skip = part[dropped:], skip - dropped
            taken.append(part if self.joins else part[: len(part) // self.step * self.step])
        data = b"".join(taken)
        return data[: len(data) // self.step * self.step]

    def events(self):
        """Return all events of the burst, IN and OUT by turns."""
        sent = [self._out(number, part) for number, part in enumerate(self._out_urbs())] if self.out else []
        came = [self._in(number) for number in range(0, len(self.packets), PER_URB)] if self.into else []
        events = []
        for number in range(max(len(sent), len(came)) + IN_FLIGHT):
            # A URB is handed in again as soon as it is given back: three are under way at any time.
            events += [sent[number][0]] if number < len(sent) else []
            done = number - IN_FLIGHT
            events += [sent[done][1]] if 0 <= done < len(sent) else []
            events += came[number] if number < len(came) else []
            events += [self._figure(*one) for one in self.paces]
        return events

    def _out_urbs(self):
        data, at, urbs = self.written.tobytes(), 0, []
        while at < len(data):
            urb = []
            for size in SIZES * 2:
                part = data[at : at + size * self.step]
                urb.append((len(part).to_bytes(4, "little") if self.lengths else b"") + part)
                at += len(part)
            urbs.append([part for part in urb if part or self.lengths])
        return urbs

    def _out(self, number, parts):
        data = b"".join(parts)
        ends = np.cumsum([0, *map(len, parts)]).tolist()
        asked = [(-18, at, len(part)) for at, part in zip(ends, parts)]
        gone = [(0, at, len(part)) for at, part in zip(ends, parts)]
        about = {"urb": 0x100 + number % IN_FLIGHT, "device": self.device}
        return parse(*raw("S", self.out, asked, data, **about)), parse(*raw("C", self.out, gone, **about))

    def _in(self, first):
        # Each packet has room for the largest; the last one ends the data.
        room = max(map(len, self.packets)) + 8
        parts = self.packets[first : first + PER_URB]
        data = b"".join(part.ljust(room, b"\xee") for part in parts)
        ends = [
            (self.statuses.get(first + place, 0), place * room, len(part)) for place, part in enumerate(parts)
        ]
        data = data[: max((at + size for _, at, size in ends if size), default=0)]
        about = {"urb": 0x200 + first // PER_URB % IN_FLIGHT, "device": self.device}
        asked = [(-18, place * room, room) for place in range(len(parts))]
        return [
            parse(*raw("S", self.into, asked, **about)),
            parse(*raw("C", self.into, ends, data, **about)),
        ]

    def _figure(self, address, size):
        about = {"urb": 0x300, "device": self.device}
        kind = "C" if address & 0x80 else "S"
        return parse(*raw(kind, address, [(0, 0, size)], FEEDBACK.get(size, bytes(range(size))), **about))

    def seen(self, monkeypatch, facts, events=None, dropped=0) -> Wire:
        """Return what a tap of the card with `facts` makes of the events."""
        side = StreamParams(RATE, self.channels, FORMATS[self.fmt], Access.RW, 64, self.rings.playback)
        monkeypatch.setattr(tap_room, "UsbMonitor", Monitor)
        monkeypatch.setattr(Monitor, "events", tuple(self.events() if events is None else events))
        monkeypatch.setattr(Monitor, "dropped", dropped)
        tap = UsbTap(facts, facts)
        assert tap.start(Granted("hw:2,0", side, side), 0.1) == ""
        return tap.finish()

    def views(self, wire) -> WireComparison:
        """Return the comparison of what was written and read with the wire."""
        read = self.read if self.into else self.read[:0]
        exchange = Exchange(
            StreamResult(self.frames, "RUNNING", hw_ptr=self.frames),
            StreamResult(read.size // self.step, "RUNNING", hw_ptr=read.size // self.step),
            self.frames,
        )
        sent = HostBuffers(
            self.written, read, POSITION, self.frames, self.rings, self.step, 32, RATE, ()
        )  # fmt: skip
        return look(wire, sent, exchange, self._detector)

    def _detector(self, captured, rings, position, due, planted=0):
        return checker.check(captured, Expected(self.pattern, rings, position, due))


def facts_of(card, form="5.11", settings=None) -> UsbFacts:
    """Return what the tool makes of `card` on the kernel of `form`, "" for one without /proc/asound."""
    listed = parse_listed(text(settings or card.settings, form, card.speed)) if form else ()
    ends, notes = agreed(parse_descriptors(card.raw, card.speed), listed)
    return UsbFacts(1, DEVICE, "1-3", "", "", "", card.speed, "xhci_hcd", ends, notes=notes)
