# SPDX-License-Identifier: MIT
"""Which runs are old data, which are a slip, and which are noise: by runs alone."""

from __future__ import annotations

import pytest

from stress.detect.exact.decode import NEAR, NONE
from stress.detect.exact.ring_offset import RingGeometry
from stress.detect.exact.track import (
    LASTING,
    LONGEST_MISPLACED,
    MOST_SLIPPED,
    Tracker,
    TrackEvent,
    commit_point,
    slipped_to,
)
from stress.model.ring import Rings
from tests.detect.lag_runs import runs

FIRST, BACK = 1000, 50_000_000


def walked(*lengths_and_lags, frame_bytes=4, position=FIRST + BACK, stop=1 << 30):
    """Events as (what, start, end, lag, shift), and the last shift."""
    geometry = RingGeometry(Rings(480, 528), frame_bytes, FIRST, 32)
    events, shift = Tracker(runs(*lengths_and_lags), geometry, position).walk(stop)
    assert all((one.first, one.last) == (None, None) for one in events)
    return [(one.what, one.start, one.end, one.lag, one.shift) for one in events], shift


def old(start, frames, lag, shift=0):
    return "displaced", start, start + frames, lag, shift


def slip(at, lag, shift):
    return "slip", at, at, lag, shift


def noise(start, frames, shift=0):
    return "noise", start, start + frames, 0, shift


@pytest.mark.parametrize(
    ("given", "events", "shift"),
    [
        ([(100, 0)], [], 0),
        ([(100, 0), (8, 480), (100, 0)], [old(100, 8, 480)], 0),
        ([(100, 0), (5, NONE), (100, 0)], [noise(100, 5)], 0),
        ([(100, 0), (100, 7)], [slip(100, 7, 7)], 7),
        ([(100, 0), (100, -7)], [slip(100, -7, -7)], -7),
        ([(100, 7)], [slip(0, 7, 7)], 7),
        # Noise and old data behind a slip are seen in its alignment.
        ([(100, 7), (5, NONE), (9, 487), (50, 7)], [slip(0, 7, 7), noise(100, 5, 7), old(105, 9, 480, 7)], 7),
    ],
)
def test_runs_become_old_data_slips_and_noise(given, events, shift):
    assert walked(*given) == (events, shift)


@pytest.mark.parametrize("lag", [7, -7])
def test_another_place_is_misplaced_up_to_the_longest_when_the_old_one_comes_back(lag):
    most = LONGEST_MISPLACED
    assert walked((100, 0), (most, lag), (50, 0)) == ([old(100, most, lag)], 0)
    events = [slip(100, lag, lag), slip(101 + most, -lag, 0)]
    assert walked((100, 0), (most + 1, lag), (50, 0)) == (events, 0)


def test_whole_laps_are_old_for_however_long_when_the_right_ones_come_back():
    assert walked((100, 0), (5000, 480), (50, 0)) == ([old(100, 5000, 480)], 0)
    assert walked((100, 0), (5000, 481), (50, 0))[0][0] == slip(100, 481, 481)


def test_whole_laps_to_the_end_are_a_replay_from_more_than_a_lap_of_the_larger_ring_on():
    assert walked((100, 0), (528, 480)) == ([old(100, 528, 480)], 0)
    assert walked((100, 0), (529, 480)) == ([slip(100, 480, 480)], 480)
    assert walked((100, 0), (300, 480), (5, NONE), (224, 480))[1] == 480
    assert walked((100, 0), (300, 480), (5, NONE), (223, 480))[1] == 0
    # Nothing else may follow, and noise is nothing.
    assert walked((100, 0), (529, 480), (5, NONE))[1] == 480
    assert walked((100, 0), (529, 480), (5, 960))[1] != 480


def test_as_many_frames_of_noise_as_the_stream_falls_back_are_an_insertion():
    # Without it ten frames before something longer would be a chunk that was moved.
    assert walked((100, 0), (7, NONE), (10, 7), (20, 9)) == (
        [noise(100, 7), slip(107, 7, 7), slip(117, 2, 9)],
        9,
    )
    assert walked((100, 0), (6, NONE), (10, 7), (20, 9)) == (
        [noise(100, 6), old(106, 10, 7), slip(116, 9, 9)],
        9,
    )
    assert walked((7, NONE), (10, 7), (20, 9))[0][1] == slip(7, 7, 7)


def test_right_frames_before_are_no_insertion():
    assert walked((7, 0), (10, 7), (20, 9))[0] == [old(7, 10, 7), slip(17, 9, 9)]


def test_old_data_right_behind_a_slip_is_seen_in_the_alignment_that_comes():
    assert walked((100, 0), (8, 487), (100, 7)) == ([slip(100, 7, 7), old(100, 8, 480, 7)], 7)
    # Of two that it is whole laps older than, the newest.
    given = [(100, 0), (8, 967), (30, 487), (100, 7)]
    assert walked(*given)[0][:2] == [slip(100, 7, 7), old(100, 8, 960, 7)]
    # One that was there before and is there no more is none.
    assert walked((50, 7), (100, 0), (8, 487), (8, NONE))[0][-2] == old(150, 8, 487)


def test_a_chunk_of_a_line_before_something_longer_is_moved_and_a_longer_one_slips():
    assert walked((100, 0), (16, 7), (50, 9))[0] == [old(100, 16, 7), slip(116, 9, 9)]
    assert walked((100, 0), (17, 7), (50, 9))[0] == [slip(100, 7, 7), slip(117, 2, 9)]
    assert walked((100, 0), (8, 7), (50, 9), frame_bytes=8)[0][0] == old(100, 8, 7)
    assert walked((100, 0), (9, 7), (50, 9), frame_bytes=8)[0][0] == slip(100, 7, 7)


def test_a_chunk_is_moved_only_before_something_longer_or_noise_and_when_it_is_not_seen_again():
    assert walked((100, 0), (16, 7), (16, 9))[0][0] == slip(100, 7, 7)
    assert walked((100, 0), (16, 7), (17, 9))[0][0] == old(100, 16, 7)
    assert walked((100, 0), (16, 7), (3, NONE), (17, 9))[0][0] == old(100, 16, 7)
    assert walked((100, 0), (16, 7), (3, NONE))[0][0] == old(100, 16, 7)
    assert walked((100, 0), (16, 7))[0][0] == slip(100, 7, 7)
    assert walked((100, 0), (16, 7), (50, 9), (16, 7))[0][0] == slip(100, 7, 7)


def test_data_from_before_the_burst_is_no_alignment():
    # At frame 100 the position is 1100 behind the first one: that old is the first frame itself.
    for lag, kept in ((1100, 1100), (1101, 0)):
        assert walked((100, 0), (200, lag), position=FIRST + 1000)[1] == kept


def test_no_stream_falls_back_as_far_as_the_limit():
    assert walked((100, 0), (200, NEAR - 1))[1] == NEAR - 1
    assert walked((100, 0), (200, NEAR))[1] == 0
    assert walked((100, 7), (200, NEAR + 6))[1] == NEAR + 6
    assert walked((100, 7), (200, NEAR + 7))[1] == 7


def test_right_frames_come_back_from_three_bytes_on():
    for frame_bytes, frames, back in ((2, 1, False), (2, 2, True), (3, 1, True), (1, 2, False), (1, 3, True)):
        shift = walked((100, 0), (50, 7), (frames, 0), (9, NONE), frame_bytes=frame_bytes)[0][0]
        assert (shift == old(100, 50, 7)) is back, (frame_bytes, frames)


def test_a_walk_ends_at_its_stop():
    given = [(100, 0), (8, 480), (100, 0), (5, NONE), (100, 0)]
    assert walked(*given, stop=100)[0] == []
    assert walked(*given, stop=101)[0] == [old(100, 1, 480)]
    assert walked(*given, stop=108)[0] == [old(100, 8, 480)]
    assert walked(*given, stop=208)[0] == [old(100, 8, 480)]
    assert walked(*given, stop=210)[0] == [old(100, 8, 480), noise(208, 2)]
    assert walked(*given, stop=999)[0] == [old(100, 8, 480), noise(208, 5)]


def test_slips_are_the_first_few_long_runs_that_are_not_right():
    given = [(99, 0), (LASTING, 7), (LASTING - 1, 8), (99, NONE), (LASTING + 1, 9), (40, 7)]
    assert slipped_to(runs(*given)) == [7, 9]
    many = [(LASTING, lag) for lag in range(1, 10)]
    assert slipped_to(runs(*many)) == list(range(1, MOST_SLIPPED + 1))


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ([(100, 0)], 51),
        ([(50, 0), (50, 7)], 51),
        ([(51, 0), (49, 7)], 51),
        ([(30, 0), (20, 7), (50, 8)], 51),
        # Noise is seen whole where it begins in the second quarter, and cut where it begins before.
        ([(26, 0), (74, NONE)], 26),
        ([(25, 0), (75, NONE)], 50),
        ([(50, 0), (50, NONE)], 50),
    ],
)
def test_a_stretch_is_committed_about_its_middle(given, at):
    assert commit_point(runs(*given), 100) == at


def test_an_odd_stretch_is_committed_behind_its_middle():
    assert commit_point(runs((101, 0)), 101) == 51
    assert commit_point(runs((101, NONE)), 101) == 50


def test_an_event_without_bytes_has_none():
    assert TrackEvent("noise", 1, 2, 0, 0) == TrackEvent("noise", 1, 2, 0, 0, None, None)
