# SPDX-License-Identifier: MIT
"""Which spans are one playing: by their places alone, with what lies between them given."""

from __future__ import annotations

import pytest

from stress.detect.exact.idle import LEAST_IDLE, Region
from stress.detect.exact.known_playing import Known
from stress.detect.exact.pass_spans import (
    LEAST_PASS,
    LONGEST_RESIDUE_S,
    LONGEST_RING,
    LOST_S,
    PassSpans,
)
from stress.detect.exact.replay import Replay
from stress.detect.exact.survey import Span

RATE = 48000
LOST, RESIDUE = int(LOST_S * RATE), int(LONGEST_RESIDUE_S * RATE)


def silence(start, end):
    return Region(start, end, None, end - start, end - start, 0, None, "silence")


def loud_with(before, after):
    """Regions with so many idle frames before and behind what is loud."""

    def region(start, end):
        return Region(start, end, (start, end), before, after, 0, None, "silence")

    return region


def parted(*spans, region=silence, frames=None, known=None):
    """Passes as lists of the numbers of their spans, and the object."""
    given = tuple(Span(*one) for one in spans)
    one = PassSpans(region, given[-1].end if frames is None else frames, known or Known())
    return [[given.index(span) for span in group] for group in one.groups(given)], one


def test_one_span_is_one_pass():
    assert parted((0, 100, 7))[0] == [[0]]


@pytest.mark.parametrize("gap", [0, 1000])
def test_a_jump_ahead_up_to_lost_time_is_one_pass(gap):
    most = LOST + 2 * gap
    for jump, groups in ((0, [[0, 1]]), (most, [[0, 1]]), (most + 1, [[0], [1]])):
        second = (10000 + gap, 30000, 10001 + jump)
        if not gap and jump > most:
            groups = [[0, 1]]  # without silence between it stays one
        assert parted((0, 10000, 1), second)[0] == groups


def test_lost_time_is_that_of_the_rate():
    known = Known(rate=8000)
    assert parted((0, 10000, 1), (11000, 30000, 10001 + 6000), known=known)[0] == [[0, 1]]
    assert parted((0, 10000, 1), (11000, 30000, 10001 + 6001), known=known)[0] == [[0], [1]]


@pytest.mark.parametrize(
    ("before", "after", "groups"),
    [
        (LEAST_IDLE, 0, [[0], [1]]),
        (0, LEAST_IDLE, [[0], [1]]),
        (LEAST_IDLE - 1, LEAST_IDLE - 1, [[0, 1]]),
    ],
)
def test_a_far_jump_is_another_pass_where_enough_is_idle(before, after, groups):
    spans = ((0, 10000, 1), (11000, 30000, 500_000))
    assert parted(*spans, region=loud_with(before, after))[0] == groups


def test_a_far_jump_needs_a_gap():
    for gap, groups in ((LEAST_IDLE - 1, [[0, 1]]), (LEAST_IDLE, [[0], [1]])):
        region = loud_with(LEAST_IDLE, LEAST_IDLE)
        assert parted((0, 10000, 1), (10000 + gap, 30000, 500_000), region=region)[0] == groups


@pytest.mark.parametrize("gap", [0, LEAST_IDLE - 1])
@pytest.mark.parametrize(
    ("position", "groups"), [(5000, [[0], [1]]), (1, [[0], [1]]), (777, [[0], [1]]), (5001, [[0, 1]])]
)
def test_without_a_gap_only_an_origin_begins_again(gap, position, groups):
    # The first position there, the one that was named, or that of a file.
    spans = ((0, 10000, 5000), (10000 + gap, 40000, position))
    assert parted(*spans, known=Known(position=777))[0] == groups


def test_whole_laps_of_a_ring_that_was_named_do_not_begin_again():
    spans = ((0, 9600, 1), (9600, 40000, 1))
    assert parted(*spans)[0] == [[0], [1]]
    assert parted(*spans, known=Known(laps=(4800,)))[0] == [[0, 1]]
    assert parted(*spans, known=Known(laps=(4801,)))[0] == [[0], [1]]


def test_behind_silence_any_earlier_place_begins_again():
    assert parted((0, 10000, 5000), (10000 + LEAST_IDLE, 90000, 5001))[0] == [[0], [1]]


def test_a_span_that_the_first_alignment_follows_is_no_other_pass():
    # The alignment before it comes back.
    spans = ((0, 10000, 1), (11000, 12000, 500_000), (12000, 40000, 12001))
    assert parted(*spans)[0] == [[0, 1, 2]]
    spans = ((0, 10000, 1), (11000, 18000, 500_000), (19000, 40000, 900_000))
    assert parted(*spans)[0] == [[0], [1], [2]]


# Residue of a ring.


def test_a_short_piece_of_old_frames_is_no_pass():
    for frames, groups in ((LEAST_PASS - 1, [[0]]), (LEAST_PASS, [[0], [1]])):
        spans = ((0, 10000, 500_000), (11000, 11000 + frames, 300_000))
        assert parted(*spans)[0] == groups


def test_a_piece_that_came_before_is_a_pass_from_the_longest_ring_on():
    body = 3 * LONGEST_RING
    for frames, groups in ((LONGEST_RING - 1, [[0]]), (LONGEST_RING, [[0], [1]])):
        spans = ((0, body, 500_000), (body + 1000, body + 1000 + frames, 500_001))
        assert parted(*spans)[0] == groups
    # It begins where the first pass did, or reaches farther: a pass as any other.
    for position in (500_000, 500_000 + body - LEAST_PASS + 1):
        spans = ((0, body, 500_000), (body + 1000, body + 1000 + LEAST_PASS, position))
        assert parted(*spans)[0] == [[0], [1]]
    spans = ((0, body, 500_000), (body + 1000, body + 1000 + LEAST_PASS, 500_000 + body - LEAST_PASS))
    assert parted(*spans)[0] == [[0]]


def test_a_piece_that_begins_at_an_origin_is_a_pass_however_short():
    for position, known in ((1, Known()), (300_000, Known(position=300_000))):
        assert parted((0, 10000, 500_000), (11000, 11100, position), known=known)[0] == [[0], [1]]


def test_short_pieces_alone_are_one_pass():
    assert parted((0, 1000, 500_000), (2000, 3000, 300_000))[0] == [[0]]


def test_old_frames_behind_the_last_right_one_and_silence_behind_them_are_left_out():
    spans = ((0, 10000, 1), (10000, 12000, 4000))
    for idle, groups in ((LEAST_IDLE, [[0]]), (LEAST_IDLE - 1, [[0, 1]])):
        found, one = parted(*spans, frames=12000 + idle)
        assert (found, one.residue) == (groups, False)
    # What is not old, or longer than a ring, stays.
    assert parted((0, 10000, 1), (10000, 12000, 8002), frames=20000)[0] == [[0, 1]]
    assert parted((0, 10000, 1), (10000, 12000, 8001), frames=20000)[0] == [[0]]
    body = 2 * LONGEST_RING
    for frames, groups in ((LONGEST_RING - 1, [[0]]), (LONGEST_RING, [[0, 1]])):
        assert parted((0, body, 1), (body, body + frames, 9), frames=body + frames + 999)[0] == groups


def test_several_pieces_of_a_ring_behind_the_end_are_all_left_out():
    spans = ((0, 10000, 1), (10000, 10500, 4000), (10500, 11000, 3000))
    assert parted(*spans, frames=20000)[0] == [[0]]


def test_old_frames_to_the_end_of_the_file_are_residue_unless_too_long_or_laps_that_were_named():
    body = 3 * RESIDUE

    def found(frames, start=body, end_frames=0, position=None, known=None):
        position = body + 1 - 7777 - 20000 if position is None else position
        spans = ((0, body, 1), (start, start + frames, position))
        groups, one = parted(*spans, frames=start + frames + end_frames, known=known)
        return groups, one.residue

    assert found(5000) == ([[0]], True)
    assert found(RESIDUE) == ([[0]], True)
    assert found(RESIDUE + 1) == ([[0, 1]], False)
    assert found(5000, start=body + 1) == ([[0, 1]], False)
    assert found(5000, end_frames=1) == ([[0, 1]], False)
    assert found(5000, known=Known(laps=(27777,))) == ([[0, 1]], False)
    assert found(5000, known=Known(laps=(27776,))) == ([[0]], True)


def test_frames_that_are_known_to_be_due_yet_are_judged():
    spans = ((0, 10000, 1), (10000, 12000, 4000))
    # The last right frame is position 10000: one more is due, or none.
    assert parted(*spans, frames=20000, known=Known(frames=10001))[0] == [[0, 1]]
    assert parted(*spans, frames=20000, known=Known(frames=10000))[0] == [[0]]


def test_laps_that_end_the_file_are_a_replay_and_left_out():
    spans = ((0, 10000, 1), (10000, 10600, 9401), (10600, 11200, 9401))
    groups, one = parted(*spans)
    assert (groups, one.replay) == ([[0]], Replay(600, 2))
    groups, one = parted(*spans, known=Known(laps=(600,)))
    assert (groups, one.replay) == ([[0, 1, 2]], None)
    groups, one = parted(*spans, known=Known(laps=(601,)))
    assert (groups, one.replay) == ([[0]], Replay(600, 2))
    groups, one = parted(*spans, known=Known(frames=20000))
    assert (groups, one.replay) == ([[0, 1, 2]], None)


def test_the_last_pass_has_the_file_behind_it_and_each_other_the_next_one():
    # Old frames and silence behind the first of two passes, and behind the second.
    spans = ((0, 10000, 1), (10000, 12000, 4000), (13000, 23000, 1), (23000, 25000, 4000))
    assert parted(*spans, frames=26000)[0] == [[0], [2]]
    spans = ((0, 10000, 1), (10000, 12000, 4000), (12400, 22400, 1), (22400, 24400, 4000))
    assert parted(*spans, frames=26000, region=lambda a, b: silence(a, b))[0] == [[0, 1], [2]]
