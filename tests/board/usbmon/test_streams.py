# SPDX-License-Identifier: MIT
"""Events joined to byte streams: packets, gaps, statuses, stops, drops."""

from __future__ import annotations

import errno

import pytest

from stress.board.usbmon.format import parse
from stress.board.usbmon.streams import BusStream, in_stream, out_stream, trusted
from tests.board.usbmon.usbmon_events import DEVICE, IN, OUT, raw

OUT_LANE = BusStream(DEVICE, frozenset({OUT}), 4)
IN_LANE = BusStream(DEVICE, frozenset({IN}), 4)


def _bytes(stream):
    return stream.data.tobytes()


@pytest.mark.parametrize("per_urb", [1, 8])
@pytest.mark.parametrize("size", [24, 192])
def test_out_stream_is_every_packet_in_order(per_urb, size):
    sent = bytes(n % 251 for n in range(per_urb * size * 3))
    events = []
    for urb in range(3):
        data = sent[urb * per_urb * size : (urb + 1) * per_urb * size]
        packets = [(-18, n * size, size) for n in range(per_urb)]
        events.append(parse(*raw("S", OUT, packets, data, urb=urb)))
        events.append(parse(*raw("C", OUT, [(0, n * size, size) for n in range(per_urb)], urb=urb)))
    stream = out_stream(events, OUT_LANE)
    assert len(stream.data) == len(sent)
    assert _bytes(stream) == sent
    assert stream.starts.tolist() == list(range(0, len(sent), size))
    assert stream.failed == 0


def test_in_stream_leaves_out_the_gaps_between_packets():
    # Each packet has a slot of 200 bytes and fills a part of it.
    data = b"\xaa" * 192 + b"\xee" * 8 + b"\xbb" * 188 + b"\xee" * 12 + b"\xcc" * 196
    event = parse(*raw("C", IN, [(0, 0, 192), (0, 200, 188), (0, 400, 196)], data))
    assert _bytes(in_stream([event], IN_LANE)) == b"\xaa" * 192 + b"\xbb" * 188 + b"\xcc" * 196


def test_in_stream_takes_whole_frames_only_as_the_driver_does():
    event = parse(*raw("C", IN, [(0, 0, 7), (0, 8, 8)], b"12345670abcdefgh"))
    assert _bytes(in_stream([event], IN_LANE)) == b"1234" + b"abcdefgh"


def test_other_endpoints_and_devices_are_not_part_of_the_stream():
    events = [
        parse(*raw("S", OUT, [(0, 0, 4)], b"good")),
        parse(*raw("S", 0x03, [(0, 0, 4)], b"evil")),
        parse(*raw("S", OUT, [(0, 0, 4)], b"evil", device=6)),
        parse(*raw("C", 0x81, [(0, 0, 4)], b"feed")),
    ]
    assert _bytes(out_stream(events, OUT_LANE)) == b"good"
    assert _bytes(in_stream(events, IN_LANE)) == b""


def test_out_packet_that_failed_on_the_bus_keeps_its_status():
    events = [
        parse(*raw("S", OUT, [(-18, 0, 4), (-18, 4, 4)], b"aaaabbbb", urb=1)),
        parse(*raw("S", OUT, [(-18, 0, 4), (-18, 4, 4)], b"ccccdddd", urb=2)),
        parse(*raw("C", OUT, [(0, 0, 4), (-71, 4, 0)], urb=1)),
        parse(*raw("C", OUT, [(0, 0, 4), (0, 4, 4)], urb=2)),
    ]
    stream = out_stream(events, OUT_LANE)
    assert _bytes(stream) == b"aaaabbbbccccdddd"
    assert stream.statuses.tolist() == [0, -71, 0, 0]


def test_urb_used_again_marks_its_latest_packets():
    events = [
        parse(*raw("S", OUT, [(-18, 0, 4)], b"aaaa")),
        parse(*raw("C", OUT, [(0, 0, 4)])),
        parse(*raw("S", OUT, [(-18, 0, 4)], b"bbbb")),
        parse(*raw("C", OUT, [(-71, 0, 4)])),
    ]
    assert out_stream(events, OUT_LANE).statuses.tolist() == [0, -71]


@pytest.mark.parametrize("status", [-errno.ENOENT, -errno.ECONNRESET, -errno.ESHUTDOWN])
def test_packets_of_a_stopped_stream_are_no_losses(status):
    events = [
        parse(*raw("S", OUT, [(-18, 0, 4)], b"aaaa")),
        parse(*raw("C", OUT, [(-18, 0, 0)], status=status)),
        parse(*raw("C", IN, [(-18, 0, 0), (-18, 200, 0)], status=status)),
    ]
    assert out_stream(events, OUT_LANE).failed == 0
    tail = in_stream(events, IN_LANE)
    assert tail.failed == 0
    assert len(tail.starts) == 0


def test_in_packet_that_failed_is_empty_and_counted():
    event = parse(*raw("C", IN, [(0, 0, 4), (-71, 4, 0), (0, 4, 4)], b"aaaabbbb"))
    stream = in_stream([event], IN_LANE)
    assert _bytes(stream) == b"aaaabbbb"
    assert stream.statuses.tolist() == [0, -71, 0]


def test_failed_submission_counts_as_lost():
    events = [
        parse(*raw("S", OUT, [(-18, 0, 4)], b"aaaa")),
        parse(*raw("E", OUT, [(-18, 0, 4)], status=-28)),
    ]
    assert out_stream(events, OUT_LANE).statuses.tolist() == [-28]


def test_stream_ends_before_a_truncated_event():
    out = [
        parse(*raw("S", OUT, [(0, 0, 4)], b"aaaa", urb=1)),
        parse(*raw("S", OUT, [(0, 0, 4)], b"bbbb", urb=2, kept=16 + 2)),
        parse(*raw("S", OUT, [(0, 0, 4)], b"cccc", urb=3)),
    ]
    assert _bytes(out_stream(out, OUT_LANE)) == b"aaaa"
    into = [
        parse(*raw("C", IN, [(0, 0, 4)], b"aaaa")),
        parse(*raw("C", IN, [(0, 0, 4)], b"bbbb", kept=16 + 3)),
        parse(*raw("C", IN, [(0, 0, 4)], b"cccc")),
    ]
    assert _bytes(in_stream(into, IN_LANE)) == b"aaaa"


def test_all_events_are_trusted_when_none_was_dropped():
    events = [parse(*raw("S", OUT, [(0, 0, 4)], b"aaaa"))] * 10
    assert trusted(events, 0, 256) == 10


def test_events_are_trusted_until_a_lost_one_may_have_been_before_them():
    # A small event may fit where a large one did not: only the fill level tells.
    small = parse(*raw("C", OUT, [(0, 0, 4)]))
    large = parse(*raw("S", OUT, [(0, 0, 192)], bytes(192)))
    assert (small.slot_bytes, large.slot_bytes) == (128, 320)
    events = [large] * 10 + [small] * 4
    # 10 * 320 + 4 * 128 used; two large slots before the end, one could have been refused.
    assert trusted(events, 1, 3840) == 10
    assert trusted(events, 1, 3839) == 9
    assert trusted(events, 1, 3200) == 8
