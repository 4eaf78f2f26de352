"""The tap of a card: which bus, which endpoints, how much room."""

from __future__ import annotations

import pytest

from stress.board import usbmon_tap
from stress.board.cards import Card, Pair
from stress.board.usb import UsbEndpoint, UsbFacts
from stress.board.usbmon_format import parse
from stress.board.usbmon_tap import UsbTap, open_tap
from stress.errors import BackendUnavailable
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Granted, StreamParams
from tests.board.usbmon_events import DEVICE, IN, OUT, raw

ENDS = (UsbEndpoint(OUT, "playback", "ADAPTIVE", 1000), UsbEndpoint(IN, "capture", "", 1000))
SIDE = StreamParams(48000, 2, FORMATS["S16_LE"], Access.RW, 1024, 4096)
GRANTED = Granted("hw:1,0", SIDE, SIDE)
CARDS = [Card(1, "softcard", "USB-Audio", ""), Card(2, "other", "USB-Audio", "")]


def _facts(bus=1, device=DEVICE, speed=12.0):
    return UsbFacts(bus, device, "1-1", "", "", "", speed, "vhci_hcd", ENDS)


class _Monitor:
    # Stands for /dev/usbmonN with these events in it.
    events: tuple = ()
    dropped = 0

    def __init__(self, bus, ring_bytes):
        self.ring_bytes, self.closed = ring_bytes, False
        _Monitor.asked = ring_bytes

    def drain(self):
        yield from self.events

    def close(self):
        self.closed = True


@pytest.fixture
def monitor(monkeypatch):
    monkeypatch.setattr(usbmon_tap, "UsbMonitor", _Monitor)
    yield _Monitor
    _Monitor.events, _Monitor.dropped = (), 0


def test_tap_gives_both_streams_and_the_counts(monitor):
    monitor.events = (
        parse(*raw("S", OUT, [(-18, 0, 4)], b"outs")),
        parse(*raw("C", OUT, [(0, 0, 4)])),
        parse(*raw("C", IN, [(0, 0, 4)], b"ins!")),
        parse(*raw("C", IN, [(0, 0, 4)], b"evil", device=9)),
    )
    tap = UsbTap(_facts(), _facts())
    assert tap.start(GRANTED, 2.0) == ""
    wire = tap.finish()
    assert (wire.out.data.tobytes(), wire.into.data.tobytes()) == (b"outs", b"ins!")
    assert (wire.source, wire.events, wire.dropped, wire.truncated) == ("usbmon1", 4, 0, 0)
    assert tap.finish() is None


def test_dropped_events_cut_the_streams(monitor):
    monitor.events = tuple(parse(*raw("S", OUT, [(-18, 0, 4)], b"outs", urb=n)) for n in range(100))
    monitor.dropped = 7
    tap = UsbTap(_facts(), _facts(), ring_bytes=128 * 100)
    tap.start(GRANTED, 2.0)
    wire = tap.finish()
    assert wire.dropped == 7
    assert wire.out.data.size == 98 * 4


@pytest.mark.parametrize("speed", [12.0, 480.0])
def test_ring_has_room_for_the_burst(monitor, speed):
    # Measured on real kernels: up to 0.98 MB per second at 48 kHz S16 stereo.
    UsbTap(_facts(speed=speed), _facts(speed=speed)).start(GRANTED, 3.0)
    assert 3 * 0.98e6 <= monitor.asked < 64 << 20


def test_tap_needs_a_usb_card_and_one_bus(monitor, monkeypatch):
    monkeypatch.setattr(usbmon_tap.usb, "read", lambda number: None)
    with pytest.raises(BackendUnavailable, match="no USB card"):
        open_tap(Pair("hw:softcard,0", "hw:softcard,0"), CARDS)
    monkeypatch.setattr(usbmon_tap.usb, "read", lambda number: _facts(bus=number))
    with pytest.raises(BackendUnavailable, match="two USB buses"):
        open_tap(Pair("hw:softcard,0", "hw:other,0"), CARDS)
    assert open_tap(Pair("hw:1,0", "hw:softcard,0"), CARDS).source == "usbmon1"
