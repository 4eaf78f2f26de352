# SPDX-License-Identifier: MIT
"""From the events of a stretch to findings, with every field of each."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.exact.stretches import DUE, FRAME, a_builder, built, frames, strange, stretch

# Old data.


@pytest.mark.parametrize("at", [0, 100, 464, 470])
@pytest.mark.parametrize("laps", [1, 3])
def test_whole_laps_of_the_playback_ring_have_their_offset_there(at, laps):
    (one,) = built(stretch((at, frames(DUE + at - 480 * laps, 8)), n=600))
    place = 4 * ((16 + at) % 480)
    assert one == Finding(
        Kind.STALE, FRAME + at, 8, DUE + at, lag=480 * laps, laps=laps, ring="playback", ring_offset=place
    )


def test_whole_laps_of_the_capture_ring_have_their_offset_there():
    (one,) = built(stretch((100, frames(DUE + 100 - 1056, 8))))
    place = 4 * ((FRAME + 100) % 528)
    assert one == Finding(
        Kind.STALE, FRAME + 100, 8, DUE + 100, lag=1056, laps=2, ring="capture", ring_offset=place
    )


def test_the_capture_ring_counts_from_where_the_capture_starts_in_it():
    rings = Rings(480, 528, 7)
    (one,) = built(stretch((100, frames(DUE + 100 - 528, 8))), rings=rings)
    assert one.ring_offset == 4 * ((FRAME + 107) % 528)


def test_laps_of_both_rings_name_the_one_in_which_whole_lines_are_old():
    # 5280 frames are 11 laps of one and 10 of the other ring. A line of 8 frames begins at 16 + 96 of 480;
    # in the capture ring (FRAME + 96) % 528 = 152, a whole line as well: then the fewer laps.
    (one,) = built(stretch((96, frames(DUE + 96 - 5280, 8))))
    assert (one.ring, one.laps, one.details) == ("capture", 10, {"also": {"ring": "playback", "laps": 11}})
    rings = Rings(480, 528, 1)
    (one,) = built(stretch((96, frames(DUE + 96 - 5280, 8))), rings=rings)
    assert (one.ring, one.laps, one.details) == ("playback", 11, {"also": {"ring": "capture", "laps": 10}})


def test_laps_of_both_rings_name_the_one_that_other_findings_name():
    both = frames(DUE + 196 - 5280, 8)
    for lag, ring in ((480, "playback"), (528, "capture")):
        found = built(stretch((96, frames(DUE + 96 - lag, 8)), (196, both)))
        assert [one.ring for one in found] == [ring, ring]


def test_a_lap_that_is_no_lap_is_misplaced():
    for lag in (7, -7, 481):
        (one,) = built(stretch((100, frames(DUE + 100 - lag, 8))))
        assert one == Finding(Kind.MISPLACED, FRAME + 100, 8, DUE + 100, lag=lag)


def test_data_from_before_the_first_position_is_of_an_earlier_burst():
    # At frame 100 the first position of the burst is 116 frames old.
    first = DUE - 16
    (one,) = built(stretch((100, frames(DUE + 100 - 116, 8))), first=first)
    assert one == Finding(Kind.MISPLACED, FRAME + 100, 8, DUE + 100, lag=116)
    (one,) = built(stretch((100, frames(DUE + 100 - 117, 8))), first=first)
    details = {"origin": "earlier burst", "seen_position": DUE - 17}
    assert one == Finding(Kind.STALE, FRAME + 100, 8, DUE + 100, lag=117, details=details)


def test_data_of_an_earlier_burst_that_is_whole_laps_old_has_a_place():
    first = DUE - 16
    for lag, ring, place in ((960, "playback", 116 % 480), (1056, "capture", (FRAME + 100) % 528)):
        (one,) = built(stretch((100, frames(DUE + 100 - lag, 8))), first=first)
        details = {"origin": "earlier burst", "seen_position": DUE + 100 - lag}
        assert one == Finding(
            Kind.STALE, FRAME + 100, 8, DUE + 100, lag=lag, ring=ring, ring_offset=4 * place, details=details
        )


def test_old_data_behind_a_slip_is_laps_of_the_capture_ring_by_its_own_count():
    builder = a_builder()
    rows = stretch(n=900)
    rows[200:] = frames(DUE + 200 + 30, 700)  # 30 frames are lost
    lap = rows[600 - 528 : 608 - 528].copy()
    rows[600:608] = lap
    slip, one = built(rows, builder)
    assert slip == Finding(Kind.DROP, FRAME + 200, 30, DUE + 200)
    assert one == Finding(
        Kind.STALE,
        FRAME + 600,
        8,
        DUE + 630,
        lag=528,
        laps=1,
        ring="capture",
        ring_offset=4 * ((FRAME + 600) % 528),
        details={"position_lag": 558},
    )
    # What lies behind the slip when it was captured is no lap across it.
    rows[760:768] = frames(DUE + 790 - 558, 8)
    assert built(rows)[-1].kind is Kind.MISPLACED


# Slips.


def test_a_slip_ahead_lost_frames_and_one_back_repeats_them():
    rows = stretch()
    rows[100:] = frames(DUE + 105, 300)
    assert built(rows) == [Finding(Kind.DROP, FRAME + 100, 5, DUE + 100)]
    rows[100:] = frames(DUE + 95, 300)
    assert built(rows) == [Finding(Kind.REPEAT, FRAME + 100, 5, DUE + 100, lag=5)]


def test_a_slip_back_by_whole_laps_is_a_replay():
    rows = stretch(n=1200)
    for lag, details in ((960, {"replay": "playback", "laps": 2}), (528, {"replay": "capture", "laps": 1})):
        rows[100:] = frames(DUE + 100 - lag, 1100)
        assert built(rows) == [Finding(Kind.REPEAT, FRAME + 100, lag, DUE + 100, lag=lag, details=details)]


@pytest.mark.parametrize("count", [1, 5, 40])
def test_strange_frames_between_right_ones_are_inserted(count):
    rows = np.concatenate([frames(DUE, 100), strange(count), frames(DUE + 100, 200)])
    assert built(rows) == [
        Finding(Kind.INSERT, FRAME + 100, count, DUE + 100, details={"content": "unknown"})
    ]


def test_zeros_and_held_frames_that_came_in_between_are_inserted():
    zeros = np.zeros((9, 4), np.uint8)
    rows = np.concatenate([frames(DUE, 100), zeros, frames(DUE + 100, 200)])
    assert built(rows) == [Finding(Kind.INSERT, FRAME + 100, 9, DUE + 100, details={"content": "zero"})]
    held = np.repeat(frames(DUE + 99, 1), 9, axis=0)
    both = np.concatenate([held, zeros])
    rows = np.concatenate([frames(DUE, 100), both, frames(DUE + 100, 200)])
    assert built(rows) == [
        Finding(Kind.INSERT, FRAME + 100, 18, DUE + 100, details={"content": "hold and zero"})
    ]


def test_one_held_frame_that_came_in_between_repeats_it():
    rows = np.concatenate([frames(DUE, 100), frames(DUE + 99, 1), frames(DUE + 100, 200)])
    assert built(rows) == [Finding(Kind.REPEAT, FRAME + 100, 1, DUE + 100, lag=1)]


def test_frames_lost_behind_damage_are_a_slip_of_their_own():
    rows = np.concatenate([frames(DUE, 100), np.zeros((9, 4), np.uint8), frames(DUE + 129, 200)])
    zero, drop = built(rows)
    assert (zero.kind, zero.frame, zero.frames) == (Kind.ZERO, FRAME + 100, 9)
    assert drop == Finding(Kind.DROP, FRAME + 109, 20, DUE + 109)


def test_damage_behind_a_slip_is_seen_in_its_alignment():
    # Twenty frames are lost, and the first eight that follow are scaled.
    low = frames(DUE + 120, 8).copy().view("<i2")
    scaled = np.round(low * 0.5).astype("<i2").view(np.uint8)
    rows = np.concatenate([frames(DUE, 100), scaled, frames(DUE + 128, 200)])
    builder = a_builder()
    drop, gain = built(rows, builder)
    assert drop == Finding(Kind.DROP, FRAME + 100, 20, DUE + 100)
    assert (gain.kind, gain.frame, gain.frames, gain.position) == (Kind.GAIN, FRAME + 100, 8, DUE + 120)
    assert builder.cut == (100, -20)


def test_what_came_in_between_is_told_from_scaled_frames_behind_it():
    low = frames(DUE + 100, 8).copy().view("<i2")
    scaled = np.round(low * 0.5).astype("<i2").view(np.uint8)
    rows = np.concatenate([frames(DUE, 100), strange(6), scaled, frames(DUE + 108, 200)])
    builder = a_builder()
    insert, gain = built(rows, builder)
    assert insert == Finding(Kind.INSERT, FRAME + 100, 6, DUE + 100, details={"content": "unknown"})
    assert (gain.kind, gain.frame, gain.frames, gain.position) == (Kind.GAIN, FRAME + 106, 8, DUE + 100)
    assert builder.cut == (106, 6)


def test_scaled_frames_before_what_came_in_between_are_told_from_it():
    low = frames(DUE + 92, 8).copy().view("<i2")
    scaled = np.round(low * 0.5).astype("<i2").view(np.uint8)
    rows = np.concatenate([frames(DUE, 92), scaled, strange(6), frames(DUE + 100, 200)])
    gain, insert = built(rows)
    assert (gain.kind, gain.frame, gain.frames, gain.position) == (Kind.GAIN, FRAME + 92, 8, DUE + 92)
    assert insert == Finding(Kind.INSERT, FRAME + 100, 6, DUE + 100, details={"content": "unknown"})


# Damage.


def test_zeros_say_where_they_lie_in_both_rings():
    (one,) = built(stretch((100, np.zeros((9, 4), np.uint8))))
    places = {"playback_offset": 4 * 116, "capture_offset": 4 * ((FRAME + 100) % 528)}
    assert one == Finding(Kind.ZERO, FRAME + 100, 9, DUE + 100, details=places)
    (one,) = built(stretch((100, np.zeros((9, 4), np.uint8))), rings=Rings(480, None))
    assert one.details == {"playback_offset": 4 * 116}


def test_near_noise_is_named_together_and_far_noise_by_itself():
    one, two = strange(3), strange(2)
    found = built(stretch((100, one), (110, two)))
    assert [(each.kind, each.frame, each.frames, each.position) for each in found] == [
        (Kind.UNKNOWN, FRAME + 100, 3, DUE + 100),
        (Kind.UNKNOWN, FRAME + 110, 2, DUE + 110),
    ]


def test_a_frame_equal_to_the_one_before_the_stretch_is_held():
    before = frames(DUE - 1, 1)[0]
    rows = stretch((0, before[None]))
    (one,) = built(rows, before=before)
    assert (one.kind, one.frame, one.frames) == (Kind.HOLD, FRAME, 1)


# Complete and merged findings.


STALE = Finding(Kind.STALE, 900, 8, 5, lag=480, laps=1, ring="playback", ring_offset=64)


def test_a_complete_finding_has_its_lines_and_its_sentence():
    one = a_builder().complete(STALE)
    assert (one.line_bytes, one.details) == (32, {})
    assert one.text == (
        "8 frames at capture frame 900 are one playback lap old; they fill exactly one 32-byte "
        "line of the playback "
        "ring."
    )
    one = a_builder().complete(dataclasses.replace(STALE, frames=4))
    assert (one.line_bytes, one.details) == (16, {"part_of_line": 32})
    one = a_builder().complete(dataclasses.replace(STALE, frames=5))
    assert (one.line_bytes, one.details) == (None, {"starts_on_line": 32})
    one = a_builder(line=64).complete(dataclasses.replace(STALE, frames=32))
    assert (one.line_bytes, one.details) == (64, {"lines": 2})


def test_a_finding_without_a_ring_has_no_lines():
    one = a_builder().complete(Finding(Kind.MISPLACED, 900, 8, 5, lag=7))
    assert (one.line_bytes, one.details) == (None, {})
    assert one.text.endswith("7 frames older, which is no whole lap of a ring.")
    assert a_builder(rings=Rings()).complete(one).text.endswith("7 frames older.")


def test_the_length_of_old_data_is_that_of_its_bytes():
    one = a_builder().complete(dataclasses.replace(STALE, details={"bytes": 64}))
    assert (one.line_bytes, one.details["lines"]) == (32, 2)


def test_a_ring_of_other_frames_counts_in_its_own_bytes():
    # Eight frames of eight bytes each in that ring; nothing is known inside a frame.
    rings = Rings(480, 528, playback_bytes=8)
    builder = a_builder(rings=rings)
    (one,) = built(stretch((96, frames(DUE + 96 - 480, 8))), builder, rings=rings)
    assert one.ring_offset == 8 * 112
    assert builder.complete(one).details == {"lines": 2}
    assert builder._bytes("playback", 3, 2) == 24
    assert builder._bytes("capture", 3, 2) == 14
    assert builder._bytes("capture", 3) == 12
    assert builder._bytes("capture", None, 2) is None
    assert builder._length(dataclasses.replace(STALE, details={"bytes": 20}), "playback") == 64
    assert builder._length(dataclasses.replace(STALE, details={"bytes": 20}), "capture") == 20


def test_findings_that_go_on_add_their_frames_and_bytes():
    merge = a_builder().merge
    other = dataclasses.replace(STALE, frame=908, frames=3)
    assert merge(STALE, other) == dataclasses.replace(STALE, frames=11)
    for one, two, total in (
        ({"bytes": 30}, {}, 42),
        ({}, {"bytes": 10}, 42),
        ({"bytes": 30}, {"bytes": 10}, 40),
    ):
        both = merge(dataclasses.replace(STALE, details=one), dataclasses.replace(other, details=two))
        assert (both.frames, both.details) == (11, {"bytes": total})


def test_many_places_go_on_by_their_numbers():
    dense = Finding(Kind.UNKNOWN, 0, 600, 0, details={"places": 600, "span": 900})
    both = a_builder().merge(dense, Finding(Kind.UNKNOWN, 950, 10, 0))
    assert (both.frames, both.details) == (610, {"places": 601, "span": 960})


# Old data inside frames.


def test_old_bytes_inside_frames_have_their_length_and_place():
    sent = Pattern("mix1", FORMATS["S24_3LE"], 2)
    rows = stretch(pattern=sent)
    old = frames(DUE - 480, 400, sent)
    flat, aged = rows.reshape(-1), old.reshape(-1)
    # Byte 16 * 6 of the playback ring is the first of the stretch: lines of 32 bytes begin there.
    flat[64:96] = aged[64:96]
    (one,) = built(rows, pattern=sent)
    assert (one.kind, one.frame, one.frames, one.ring_offset) == (Kind.STALE, FRAME + 10, 6, 96 + 64)
    assert one.details == {"bytes": 32}
    complete = a_builder(sent).complete(one)
    assert (complete.line_bytes, complete.details) == (32, {"bytes": 32})
    flat[192:224] = aged[192:224]
    _, two = built(rows, pattern=sent)
    assert (two.frame, two.ring_offset, two.details) == (FRAME + 32, 96 + 192, {"bytes": 32})
