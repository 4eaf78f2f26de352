# SPDX-License-Identifier: MIT
"""Endpoints from raw descriptors: which carry audio, which only pace."""

from __future__ import annotations

import pytest

from stress.board.usb_descriptors import parse_descriptors
from tests.board.usb_texts import (
    ASYNC,
    FEEDBACK,
    ISO,
    UAC1_SYNCH,
    UAC2_EXPLICIT,
    UAC2_IMPLICIT,
    VENDOR,
    device,
    endpoint,
    interface,
)


def _audio(raw, speed=480.0, **more):
    return [
        (end.address, end.sync, end.packet_us, end.feedback, end.feedback_from)
        for end in parse_descriptors(raw, speed, **more)
        if end.carries_audio
    ]


def test_explicit_feedback_endpoint_carries_no_audio():
    assert _audio(UAC2_EXPLICIT) == [
        (0x01, "ASYNC", 125, "explicit", 0x81),
        (0x82, "ASYNC", 125, "", 0),
    ]


def test_implicit_feedback_names_the_capture_endpoint_which_carries_audio():
    assert _audio(UAC2_IMPLICIT) == [(0x05, "ASYNC", 125, "implicit", 0x85), (0x85, "ASYNC", 125, "", 0)]


def test_uac1_feedback_without_a_usage_is_the_second_endpoint_in_both_directions():
    assert _audio(UAC1_SYNCH, 12.0) == [
        (0x03, "ASYNC", 1000, "explicit", 0x83),
        (0x84, "ADAPTIVE", 1000, "explicit", 0x04),
    ]


def test_asynchronous_endpoint_without_any_feedback_has_none():
    raw = device(interface(1, 1), endpoint(0x01, ISO | ASYNC), interface(2, 1), endpoint(0x82, ISO | ASYNC))
    assert [end[3] for end in _audio(raw)] == ["", ""]


def test_feedback_endpoint_that_comes_first_is_not_taken_for_audio():
    raw = device(interface(1, 1), endpoint(0x81, ISO | FEEDBACK, 4), endpoint(0x01, ISO | ASYNC))
    assert [end[0] for end in _audio(raw)] == [0x01]


@pytest.mark.parametrize(("interval", "packet_us"), [(1, 125), (2, 250), (4, 1000), (5, 125), (0, 125)])
def test_interval_at_high_speed_follows_the_driver(interval, packet_us):
    raw = device(interface(1, 1), endpoint(0x01, ISO | ASYNC, 200, interval))
    assert _audio(raw)[0][2] == packet_us


def test_vendor_interface_is_kept_and_marked():
    assert [(end.address, end.audio) for end in parse_descriptors(VENDOR, 480.0)] == [
        (1, False),
        (0x81, False),
    ]


def test_other_interfaces_and_other_transfers_are_passed_over():
    raw = device(interface(3, 0, klass=3, subclass=0), endpoint(0x83, 3), interface(1, 1), endpoint(0x81, 2))
    assert _audio(raw) == []


def test_only_the_active_configuration_counts():
    parts = {1: (interface(1, 1), endpoint(0x01, ISO)), 2: (interface(1, 1), endpoint(0x02, ISO))}
    raw = device(configurations=parts)
    assert [end[0] for end in _audio(raw)] == [0x01]
    assert [end[0] for end in _audio(raw, configuration=2)] == [0x02]


def test_largest_packet_counts_the_transactions_of_a_microframe():
    raw = device(interface(1, 1), endpoint(0x01, ISO, 0x0800 | 1024))
    assert parse_descriptors(raw, 480.0)[0].max_packet == 2048


@pytest.mark.parametrize("cut", range(0, len(UAC2_EXPLICIT), 5))
def test_torn_descriptors_are_read_as_far_as_they_go(cut):
    whole = [end[0] for end in _audio(UAC2_EXPLICIT)]
    assert [end[0] for end in _audio(UAC2_EXPLICIT[:cut])] == whole[: len(_audio(UAC2_EXPLICIT[:cut]))]


def test_descriptor_of_length_zero_ends_the_reading():
    assert parse_descriptors(UAC2_EXPLICIT[:18] + bytes(40), 480.0) == ()
