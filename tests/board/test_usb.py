# SPDX-License-Identifier: MIT
"""Descriptors and the driver's own list checked against each other."""

from __future__ import annotations

from stress.board.usb import agreed, parse_stream
from stress.board.usb_descriptors import parse_descriptors
from stress.board.usb_stream import parse_listed
from tests.board.usb_texts import (
    ASYNC,
    ISO,
    STREAM_2_6,
    STREAM_6_1,
    UAC2_EXPLICIT,
    UAC2_IMPLICIT,
    VENDOR,
    device,
    endpoint,
    interface,
)


def _agreed(raw, text, speed=480.0):
    ends, notes = agreed(parse_descriptors(raw, speed), parse_listed(text))
    return [(end.address, end.direction, end.sync, end.packet_us, end.feedback) for end in ends], notes


def test_endpoints_of_a_clean_asynchronous_card_leave_the_feedback_out():
    expected = [(1, "playback", "ASYNC", 125, "explicit"), (0x82, "capture", "ASYNC", 125, "")]
    for text in (STREAM_6_1, ""):
        assert _agreed(UAC2_EXPLICIT, text) == (expected, ())


def test_descriptors_fill_in_what_an_old_kernel_does_not_print():
    raw = device(
        interface(1, 1), endpoint(0x01, ISO | 8, 200, 1), interface(2, 1), endpoint(0x82, ISO | ASYNC, 100, 4)
    )
    ends, notes = _agreed(raw, STREAM_2_6)
    assert [(end[0], end[3]) for end in ends] == [(1, 125), (0x82, 1000)]
    assert notes == ()


def test_each_pcm_device_has_the_interfaces_that_its_file_names():
    raw = device(
        interface(1, 1), endpoint(0x01, ISO | ASYNC), interface(3, 1), endpoint(0x03, ISO | ASYNC),
        interface(2, 1), endpoint(0x82, ISO | ASYNC),
    )  # fmt: skip
    assert [end[0] for end in _agreed(raw, STREAM_6_1)[0]] == [1, 0x82]
    assert [end[0] for end in _agreed(raw, "")[0]] == [1, 3, 0x82]


def test_driver_that_streams_on_what_descriptors_do_not_have_is_believed_and_noted():
    ends, notes = _agreed(UAC2_IMPLICIT, STREAM_6_1)
    assert [end[0] for end in ends] == [1, 0x82]
    assert len(notes) == 2
    assert "0x01 (playback)" in notes[0]
    assert "have no such audio endpoint" in notes[0]


def test_driver_that_streams_on_a_feedback_endpoint_is_noted():
    text = STREAM_6_1.replace("0x82 (2 IN) (ASYNC)", "0x81 (1 IN) (ASYNC)")
    assert "call it a feedback endpoint" in _agreed(UAC2_EXPLICIT, text)[1][0]


def test_vendor_interfaces_count_where_there_is_no_other_or_the_driver_names_them():
    assert [end[0] for end in _agreed(VENDOR, "")[0]] == [0x01, 0x81]
    both = VENDOR + interface(4, 1) + endpoint(0x04, ISO | ASYNC)
    assert [end[0] for end in _agreed(both, "")[0]] == [0x04]


def test_several_settings_of_one_endpoint_are_one_with_the_shortest_interval():
    raw = device(
        interface(1, 1), endpoint(1, ISO | ASYNC, 96, 4), interface(1, 2), endpoint(1, ISO | ASYNC, 400, 1)
    )
    ends, _ = agreed(parse_descriptors(raw, 480.0), ())
    assert [(end.packet_us, end.max_packet) for end in ends] == [(125, 400)]


def test_empty_stream_file_and_no_descriptors_give_no_endpoint():
    assert parse_stream("") == ()
    assert agreed((), ()) == ((), ())
