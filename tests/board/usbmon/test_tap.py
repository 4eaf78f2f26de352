# SPDX-License-Identifier: MIT
"""The tap of a card: which bus, which endpoints, how much room."""

from __future__ import annotations

import dataclasses
import mmap

import pytest

from stress.board.cards import Card, Pair
from stress.board.usb import UsbEndpoint, UsbFacts
from stress.board.usbmon import tap as tap_room
from stress.board.usbmon.format import parse
from stress.board.usbmon.tap import UsbTap, open_tap
from stress.errors import BackendUnavailable, DeviceError
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Direction, Granted, Mapping, StreamParams
from tests.board.own_memory import needs_own_memory
from tests.board.usbmon.usbmon_events import DEVICE, IN, OUT, raw

ENDS = (UsbEndpoint(OUT, "playback", "ADAPTIVE", 1000), UsbEndpoint(IN, "capture", "", 1000))
SIDE = StreamParams(48000, 2, FORMATS["S16_LE"], Access.RW, 1024, 4096)
GRANTED = Granted("hw:1,0", SIDE, SIDE)
CARDS = [Card(1, "softcard", "USB-Audio", ""), Card(2, "other", "USB-Audio", "")]


def _facts(bus=1, device=DEVICE, speed=12.0):
    return UsbFacts(bus, device, "1-1", "", "", "", speed, "vhci_hcd", ENDS)


class _Monitor:
    # Stands for /dev/usbmonN with these events in it, by bus.
    events: dict = {}
    dropped: dict = {}

    def __init__(self, bus, ring_bytes):
        self.ring_bytes, self.bus, self.closed = ring_bytes, bus, False
        self.dropped = _Monitor.dropped.get(bus, 0)
        _Monitor.asked[bus] = ring_bytes
        _Monitor.made.append(self)

    def drain(self):
        yield from self.events.get(self.bus, ())

    def close(self):
        self.closed = True


@pytest.fixture
def monitor(monkeypatch):
    monkeypatch.setattr(tap_room, "UsbMonitor", _Monitor)
    _Monitor.events, _Monitor.dropped, _Monitor.asked, _Monitor.made = {}, {}, {}, []
    return _Monitor


def test_tap_gives_both_streams_and_the_counts(monitor):
    monitor.events[1] = (
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
    monitor.events[1] = tuple(parse(*raw("S", OUT, [(-18, 0, 4)], b"outs", urb=n)) for n in range(100))
    monitor.dropped[1] = 7
    tap = UsbTap(_facts(), _facts(), ring_bytes=128 * 100)
    tap.start(GRANTED, 2.0)
    wire = tap.finish()
    assert wire.dropped == 7
    assert wire.out.data.size == 98 * 4


@pytest.mark.parametrize("speed", [12.0, 480.0])
def test_ring_has_room_for_the_burst(monitor, speed):
    # Measured on real kernels: up to 0.98 MB per second at 48 kHz S16 stereo.
    UsbTap(_facts(speed=speed), _facts(speed=speed)).start(GRANTED, 3.0)
    assert 3 * 0.98e6 <= monitor.asked[1] < 64 << 20


def test_tap_needs_a_usb_card(monitor, monkeypatch):
    monkeypatch.setattr(tap_room.usb, "read", lambda number, pcm_device: None)
    with pytest.raises(BackendUnavailable, match="no USB card"):
        open_tap(Pair("hw:softcard,0", "hw:softcard,0"), CARDS)
    monkeypatch.setattr(tap_room.usb, "read", lambda number, pcm_device: _facts(bus=number))
    assert open_tap(Pair("hw:1,0", "hw:softcard,0"), CARDS).source == "usbmon1"


@pytest.mark.parametrize("driver", ["snd-usb-caiaq", "snd-usb-6fire", "usb"])
def test_card_of_another_driver_has_no_wire_to_compare(monitor, monkeypatch, driver):
    facts = dataclasses.replace(_facts(), driver=driver)
    monkeypatch.setattr(tap_room.usb, "read", lambda number, pcm_device: facts)
    with pytest.raises(BackendUnavailable, match=f"the driver of this USB card is {driver}: only"):
        open_tap(Pair("hw:1,0", "hw:1,0"), CARDS)
    facts = dataclasses.replace(facts, driver="snd-usb-audio")
    assert open_tap(Pair("hw:1,0", "hw:1,0"), CARDS).source == "usbmon1"


def test_card_whose_endpoints_nobody_names_is_refused_with_the_reason(monitor, monkeypatch):
    monkeypatch.setattr(
        tap_room.usb, "read", lambda number, pcm_device: dataclasses.replace(_facts(), endpoints=())
    )
    with pytest.raises(BackendUnavailable, match="names an endpoint for audio"):
        open_tap(Pair("hw:1,0", "hw:1,0"), CARDS)


def test_card_that_was_plugged_in_again_is_followed_and_its_old_number_left_to_others(monitor, monkeypatch):
    present = [_facts(bus=1, device=5)]
    monkeypatch.setattr(tap_room.usb, "read", lambda number, pcm_device: present[0])
    tap = open_tap(Pair("hw:1,0", "hw:1,0"), CARDS)
    present[0] = _facts(bus=3, device=6)
    monitor.events[3] = (
        parse(*raw("C", IN, [(0, 0, 4)], b"evil", device=5)),
        parse(*raw("C", IN, [(0, 0, 4)], b"ins!", device=6)),
    )
    assert tap.start(GRANTED, 1.0) == ""
    assert tap.source == "usbmon3"
    assert tap.finish().into.data.tobytes() == b"ins!"
    present[0] = None
    assert tap.start(GRANTED, 1.0) == "the card is on no USB bus any more"
    assert tap.finish() is None


def test_ring_is_sized_by_the_shortest_interval(monitor):
    both = (*ENDS, UsbEndpoint(0x03, "playback", "ASYNC", 125), UsbEndpoint(0x04, "playback", "", 0))
    for ends, least in ((ENDS, 0), (both, 8000 * 2 * 144)):
        facts = dataclasses.replace(_facts(speed=480.0), endpoints=ends)
        UsbTap(facts, facts).start(GRANTED, 1.0)
        assert monitor.asked[1] > least


def test_disagreement_of_descriptors_and_driver_is_in_the_notes(monitor):
    facts = dataclasses.replace(_facts(), notes=("endpoint 0x81: a quirk?",))
    tap = UsbTap(facts, facts)
    tap.start(GRANTED, 1.0)
    assert tap.finish().notes == ("endpoint 0x81: a quirk?",)


def test_two_cards_on_two_buses_are_watched_together_and_kept_apart(monitor, monkeypatch):
    # Both devices have the same number, each on its own bus; each also sends what is not asked of it.
    monkeypatch.setattr(tap_room.usb, "read", lambda number, pcm_device: _facts(bus=number + 2))
    monitor.events[3] = (
        parse(*raw("S", OUT, [(-18, 0, 4)], b"outs")),
        parse(*raw("C", IN, [(0, 0, 4)], b"evil")),
    )
    monitor.events[4] = (
        parse(*raw("S", OUT, [(-18, 0, 4)], b"evil")),
        parse(*raw("C", IN, [(0, 0, 4)], b"ins!")),
    )
    tap = open_tap(Pair("hw:softcard,0", "hw:other,0"), CARDS)
    assert tap.source == "usbmon3+usbmon4"
    assert tap.start(GRANTED, 2.0) == ""
    wire = tap.finish()
    assert (wire.out.data.tobytes(), wire.into.data.tobytes()) == (b"outs", b"ins!")
    assert (wire.events, wire.dropped) == (4, 0)
    assert all(each.closed for each in monitor.made)


def test_drops_of_one_bus_cut_the_stream_of_that_bus_only(monitor):
    monitor.events[1] = tuple(parse(*raw("S", OUT, [(-18, 0, 4)], b"outs", urb=n)) for n in range(100))
    monitor.events[2] = tuple(parse(*raw("C", IN, [(0, 0, 4)], b"ins!")) for _ in range(100))
    monitor.dropped[2] = 5
    tap = UsbTap(_facts(bus=1), _facts(bus=2), ring_bytes=128 * 50)
    tap.start(GRANTED, 2.0)
    wire = tap.finish()
    assert wire.dropped == 5
    assert (wire.out.data.size, wire.into.data.size) == (100 * 4, 48 * 4)


def test_second_bus_that_may_not_be_watched_leaves_none_open(monitor, monkeypatch):
    def refuse(bus, ring_bytes):
        if bus == 2:
            raise DeviceError("no right", errno_=13, device="usbmon2", call="open")
        return _Monitor(bus, ring_bytes)

    monkeypatch.setattr(tap_room, "UsbMonitor", refuse)
    tap = UsbTap(_facts(bus=1), _facts(bus=2))
    assert "no right" in tap.start(GRANTED, 2.0)
    assert [each.closed for each in monitor.made] == [True]
    assert tap.finish() is None


def test_rings_are_those_of_the_moment_they_were_grabbed(monitor, tmp_path):
    needs_own_memory()
    path = tmp_path / "pcmC1D0p"
    path.write_bytes(bytes(16384))
    granted = dataclasses.replace(
        GRANTED, mappings=(Mapping(Direction.PLAYBACK, str(path), 16384, "", True),)
    )
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 16384) as area:
        tap = UsbTap(_facts(), _facts())
        tap.start(granted, 2.0)
        area[:5] = b"right"
        tap.grab()
        area[:5] = b"later"
        wire = tap.finish()
    assert wire.memory[Direction.PLAYBACK][:5].tobytes() == b"right"
    assert wire.notes == ()
