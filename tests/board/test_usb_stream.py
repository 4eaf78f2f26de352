# SPDX-License-Identifier: MIT
"""Endpoints from streamM files in the forms that kernels from 2.6 to 7 write."""

from __future__ import annotations

from stress.board.usb_stream import parse_listed
from tests.board.usb_texts import STREAM_2_6, STREAM_5_4, STREAM_6_1


def _rows(text):
    return [(e.address, e.direction, e.sync, e.packet_us, e.interface, e.altset) for e in parse_listed(text)]


def test_form_of_2_6_has_number_and_direction():
    assert _rows(STREAM_2_6) == [
        (0x01, "playback", "ADAPTIVE", 0, 1, 1),
        (0x82, "capture", "ASYNC", 0, 2, 1),
    ]


def test_form_of_5_4_has_intervals_for_each_setting():
    assert _rows(STREAM_5_4) == [
        (0x04, "playback", "ASYNC", 125, 1, 1),
        (0x04, "playback", "ASYNC", 1000, 1, 2),
    ]


def test_sync_endpoint_lines_belong_to_the_endpoint_and_are_none_themselves():
    found = parse_listed(STREAM_6_1)
    assert [(e.address, e.feedback, e.feedback_from) for e in found] == [(1, "explicit", 0x81), (0x82, "", 0)]


def test_implicit_mode_is_told_from_explicit():
    text = STREAM_6_1.replace("Mode: No", "Mode: Yes").replace("0x81 (1 IN)", "0x82 (2 IN)")
    assert [(e.feedback, e.feedback_from) for e in parse_listed(text)][0] == ("implicit", 0x82)


def test_setting_without_an_endpoint_line_takes_nothing_from_the_one_before():
    text = STREAM_5_4.replace("    Endpoint: 4 OUT (ASYNC)\n    Rates: 88200", "    Rates: 88200")
    assert _rows(text) == [(0x04, "playback", "ASYNC", 125, 1, 1)]


def test_endpoint_without_a_sync_type_has_none():
    assert _rows("    Endpoint: 3 IN\n") == [(0x83, "capture", "", 0, 0, 0)]


def test_windows_line_ends_change_nothing():
    assert _rows(STREAM_6_1.replace("\n", "\r\n")) == _rows(STREAM_6_1)
