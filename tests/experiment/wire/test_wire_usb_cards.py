# SPDX-License-Identifier: MIT
"""A healthy card of any synchronisation has no wrong run on the wire, whatever else its bus carries."""

from __future__ import annotations

import dataclasses
import errno

import numpy as np
import pytest

from stress.board.usb import UsbEndpoint, UsbFacts
from stress.board.usbmon.format import parse
from stress.experiment.wire.views import by_wire
from stress.model.finding import Kind
from tests.board.usb_cards import CARDS, FULL
from tests.board.usbmon.usbmon_events import raw
from tests.experiment.wire.usb_traffic import DEVICE, Traffic, facts_of

PLAIN = UsbFacts(
    1, DEVICE, "1-3", "", "", "", 480.0, "xhci_hcd",
    (UsbEndpoint(0x01, "playback", "ASYNC", 125), UsbEndpoint(0x82, "capture", "ASYNC", 125)),
)  # fmt: skip
WIDE = {"fmt": "S32_LE", "channels": 8, "frames": 1500}


def _clean(traffic, wire):
    views = traffic.views(wire)
    assert (views.playback.counts, views.capture.counts) == ({}, {})
    assert (views.playback.wrong_frames, views.capture.wrong_frames) == (0, 0)
    assert views.out_frames == (traffic.frames if traffic.out else 0)
    assert views.in_frames == (traffic.read.size // traffic.step if traffic.into else 0)
    assert views.playback.locked
    return views


def _traffic_of(card, **more):
    mine = [end[0] for end in card.ends]
    into = [end for end in mine if end & 0x80] or [None]
    out = [end for end in mine if not end & 0x80]
    size = 3 if card.speed == FULL else 4
    return [
        Traffic(out=one, into=two, paces=tuple((end, size) for end in card.paces), **more)
        for one in out
        for two in into
    ]


@pytest.mark.parametrize("form", ["2.6.18", "5.4", "5.11"])
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_healthy_card_has_no_wrong_run_beside_its_figures(monkeypatch, card, form):
    for traffic in _traffic_of(card):
        wire = traffic.seen(monkeypatch, facts_of(card, form))
        assert wire.out.data.tobytes() == traffic.written.tobytes()
        _clean(traffic, wire)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_card_without_a_stream_file_joins_no_figure_to_its_audio(monkeypatch, card):
    # The endpoint of an interface that is no PCM carries audio, as far as descriptors say.
    unlisted = {end.address for end in facts_of(card, "").endpoints}
    for traffic in _traffic_of(card):
        traffic.paces = tuple(one for one in traffic.paces if one[0] not in unlisted)
        _clean(traffic, traffic.seen(monkeypatch, facts_of(card, "")))


@pytest.mark.parametrize("more", [{}, WIDE], ids=["stereo", "eight channels"])
@pytest.mark.parametrize(
    "odd",
    [
        {"empty": (0, 1, 2, 9, 17, 40)},
        {"empty": tuple(range(8, 16))},
        {"statuses": dict.fromkeys((3, 20, 21), -errno.EPROTO)},
        {"statuses": {5: -errno.EXDEV, 30: -errno.EOVERFLOW}, "empty": (6, 31)},
        {"cut": 1},
        {"cut": 3},
        {"cut": 1, "joins": True},
        {"cut": 2, "joins": True},
        {"joins": True, "skipped": 2},
        {"joins": True, "skipped": 2, "cut": 2},
        {"skipped": 96},
        {"lengths": True},
    ],
    ids=str,
)
def test_odd_packets_of_a_healthy_card_are_no_wrong_run(monkeypatch, odd, more):
    traffic = Traffic(**odd, **more)
    _clean(traffic, traffic.seen(monkeypatch, PLAIN))


@pytest.mark.parametrize("odd", [{}, {"cut": 2, "joins": True}, {"cut": 1}, {"joins": True, "skipped": 2}])
def test_stale_line_is_found_whatever_the_packets_are_like(monkeypatch, odd):
    traffic = Traffic(**odd)
    rows = traffic.read.reshape(-1, traffic.step)
    at = 3 * traffic.rings.capture + 64
    rows[at : at + 8] = rows[at - traffic.rings.capture : at + 8 - traffic.rings.capture].copy()
    views = traffic.views(traffic.seen(monkeypatch, PLAIN))
    found = [(one.kind, one.frame, one.frames, one.laps) for one in views.capture.findings]
    assert found == [(Kind.STALE, at, 8, 1)]
    assert not views.playback.counts


def test_packets_that_are_joined_or_skipped_are_said(monkeypatch):
    notes = [
        traffic.views(traffic.seen(monkeypatch, PLAIN)).wire.notes
        for traffic in (
            Traffic(cut=2, joins=True),
            Traffic(joins=True, skipped=2),
            Traffic(skipped=96),
            Traffic(cut=2),
        )
    ]
    assert notes == [
        ("packets end within a frame, and the driver joins them by bytes",),
        ("2 bytes came in before the driver took the first one",),
        ("24 frames came in before the driver took the first one",),
        (),
    ]


def test_audio_that_begins_with_a_number_loses_nothing(monkeypatch):
    # Only where every packet counts its own bytes does the driver do so.
    traffic = Traffic()
    first = 6 * traffic.step
    traffic.written[:4] = np.frombuffer((first - 4).to_bytes(4, "little"), np.uint8)
    assert traffic.seen(monkeypatch, PLAIN).out.data.tobytes() == traffic.written.tobytes()


def test_other_devices_and_transfers_on_the_bus_are_not_heard(monkeypatch):
    traffic = Traffic()
    others = Traffic(device=DEVICE + 1).events()
    mixed = [event for pair in zip(traffic.events(), others) for event in pair]
    bulk = parse(*raw("C", 0x82, [], b"evil" * 40, device=DEVICE, transfer=3))
    mixed = mixed[:50] + [bulk] * 5 + mixed[50:]
    whole = traffic.seen(monkeypatch, PLAIN, mixed)
    assert whole.into.data.size == traffic.read.size
    _clean(traffic, whole)


@pytest.mark.parametrize("status", [-errno.ENOENT, -errno.ECONNRESET, -errno.ESHUTDOWN])
def test_urbs_of_a_stream_that_was_stopped_are_no_wrong_run(monkeypatch, status):
    traffic = Traffic()
    about = {"device": DEVICE, "status": status}
    tail = [
        parse(*raw("C", 0x82, [(-18, at, 0) for at in range(0, 256, 32)], urb=0x200, **about)),
        parse(*raw("C", 0x01, [(status, 0, 0)] * 3, urb=0x100, **about)),
        parse(*raw("E", 0x01, [(-18, 0, 24)], urb=0x101, **about)),
    ]
    _clean(traffic, traffic.seen(monkeypatch, PLAIN, traffic.events() + tail))


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_events_that_found_no_room_shorten_the_comparison_and_are_counted(monkeypatch, kept):
    traffic = Traffic()
    events = traffic.events()
    room = int(sum(event.slot_bytes for event in events) * kept)
    # A small event still finds room where a large one did not.
    used, held = 0, []
    for event in events:
        if used + event.slot_bytes <= room:
            used += event.slot_bytes
            held.append(event)
    facts = dataclasses.replace(PLAIN)
    wire = traffic.seen(monkeypatch, facts, held, dropped=len(events) - len(held))
    views = traffic.views(wire)
    assert (views.playback.counts, views.capture.counts) == ({}, {})
    assert 0 < views.in_frames < traffic.read.size // traffic.step
    assert views.lost_frames > 0


def test_data_that_usbmon_could_not_read_ends_the_stream_and_is_counted(monkeypatch):
    traffic = Traffic()
    events = traffic.events()
    blind = [event._replace(data=b"") if place > 60 else event for place, event in enumerate(events)]
    wire = traffic.seen(monkeypatch, PLAIN, blind)
    views = traffic.views(wire)
    assert (views.playback.counts, views.capture.counts) == ({}, {})
    assert wire.truncated > 0
    assert 0 < views.out_frames < traffic.frames


def test_endpoint_that_nobody_names_is_said_where_the_known_one_is_silent(monkeypatch):
    traffic = Traffic(out=0x03, into=0x84)
    wire = traffic.seen(monkeypatch, PLAIN)
    assert wire.notes == (
        "playback: packets went over endpoint 0x03, none over 0x01, which carries it",
        "capture: packets went over endpoint 0x84, none over 0x82, which carries it",
    )
    assert by_wire(traffic.views(wire), 4, 32).locked is False
