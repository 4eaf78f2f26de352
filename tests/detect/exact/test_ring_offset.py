# SPDX-License-Identifier: MIT
"""From frames and positions to places in a ring, and how old is believed."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.ring_offset import (
    MAX_LAPS,
    RingGeometry,
    are_whole_laps,
    line_of,
    lines_within,
    signed,
)
from stress.model.ring import Rings

BOTH = RingGeometry(Rings(4800, 5280, capture_start=100), 4, 1000)


def test_signed_wraps_in_the_middle_of_the_positions():
    assert [signed(value) for value in (0, 2**31 - 1, 2**31, 2**32 - 1, 2**32)] == [
        0,
        2**31 - 1,
        -(2**31),
        -1,
        0,
    ]


@pytest.mark.parametrize(("line", "parts"), [(64, (64, 32, 16)), (32, (32, 16)), (16, (16,)), (8, (8,))])
def test_parts_of_a_line_end_at_16_bytes(line, parts):
    assert lines_within(line) == parts


def test_line_is_the_largest_part_that_start_and_length_sit_on():
    assert line_of(64, 128) == 64
    assert line_of(32, 64) == 32
    assert line_of(64, 48) == 16
    assert line_of(64, 128, 32) == 32
    assert line_of(64, 0) is None
    assert line_of(4, 64) is None


def test_playback_offset_counts_from_the_first_position_and_capture_from_its_start():
    assert [BOTH.playback_frame(at) for at in (1000, 5799, 5800, 999)] == [0, 4799, 0, 4799]
    assert [BOTH.capture_frame(at) for at in (0, 5179, 5180)] == [100, 5279, 0]
    assert BOTH.offset("playback", 7, 1001) == 1
    assert BOTH.offset("capture", 7, 1001) == 107
    unknown = RingGeometry(Rings(), 4, 0)
    assert (unknown.playback_frame(3), unknown.capture_frame(3)) == (None, None)


def test_bytes_of_a_frame_are_those_of_its_ring_where_they_are_known():
    wide = RingGeometry(Rings(10, 10, playback_bytes=4, capture_bytes=8), 2, 0)
    assert [wide.bytes_of(ring) for ring in ("playback", "capture", None)] == [4, 8, 2]


def test_laps_are_whole_positive_and_at_most_as_many_as_are_believed():
    assert BOTH.laps(9600) == [("playback", 2)]
    assert BOTH.laps(4800 * 11) == [("playback", 11), ("capture", 10)]
    assert BOTH.laps(0) == BOTH.laps(-4800) == BOTH.laps(4801) == []
    assert BOTH.whole_laps(MAX_LAPS * 4800)
    assert not BOTH.whole_laps((MAX_LAPS + 1) * 4800)


def test_array_of_lags_is_told_as_one_lag_is():
    lags = [0, -4800, 4800, 5280, 4801, MAX_LAPS * 4800, (MAX_LAPS + 1) * 4800, (MAX_LAPS + 1) * 5280]
    told = are_whole_laps(np.array(lags, np.int64), BOTH.rings).tolist()
    assert told == [BOTH.whole_laps(lag) for lag in lags]
    assert not are_whole_laps(np.array(lags, np.int64), Rings()).any()
