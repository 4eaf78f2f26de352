# SPDX-License-Identifier: MIT
"""Where one kind of damage ends and another begins, zeros that do not fill frames, two things in a dither."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import damage_kind as kinds
from stress.detect.exact.damage_kind import Part
from stress.model.finding import Kind
from tests.detect.exact.spoilt import FIRST, due, namer, rows_of, scaled, strange, told, words

# Parts of a stretch.


def test_zeros_and_held_frames_are_parts_of_their_own():
    rows = due(frames=12)
    rows[0:3] = 0
    rows[3:6] = strange(3)
    rows[6:9] = rows[5]
    rows[9] = 0
    rows[10:12] = strange(2, 2)
    assert told(namer().parts(rows, None, FIRST)) == [
        (0, 3, Kind.ZERO),
        (3, 6, Kind.UNKNOWN),
        (6, 9, Kind.HOLD),
        (9, 10, Kind.ZERO),
        (10, 12, Kind.UNKNOWN),
    ]


def test_the_first_frame_is_held_only_from_the_frame_before():
    rows, before = strange(2), strange(3)[2]
    rows[0] = before
    assert told(namer().parts(rows, before, FIRST)) == [(0, 1, Kind.HOLD), (1, 2, Kind.UNKNOWN)]
    assert told(namer().parts(rows, strange(1, 9)[0], FIRST)) == [(0, 2, Kind.UNKNOWN)]
    assert told(namer().parts(rows, None, FIRST)) == [(0, 2, Kind.UNKNOWN)]
    # One equal sample of two is no held frame.
    half = before.copy()
    half[:2] ^= 0xFF
    assert told(namer().parts(rows, half, FIRST)) == [(0, 2, Kind.UNKNOWN)]


def test_equal_frames_at_the_rails_are_not_held():
    rows = rows_of([[32767, -32768]] * 3)
    assert Kind.HOLD not in [part.kind for part in namer().parts(rows, rows[0], FIRST)]


@pytest.mark.parametrize(("head", "probe"), [(0.5, kinds.SHORTEST_FIT), ("low", kinds.SHORTEST_DITHER)])
@pytest.mark.parametrize("more", [0, 1, 9])
@pytest.mark.parametrize("rest", [1, 7])
@pytest.mark.parametrize("turned", [False, True])
def test_one_kind_is_followed_to_the_frame_where_it_ends(head, probe, more, rest, turned):
    long = probe + more
    n = long + rest
    rows, cut = due(frames=n), (rest if turned else long)
    if head == "low":
        rows[:, 0] ^= 1
    else:
        rows = rows_of(np.round(scaled(0.5, n)))
    kind = Kind.DITHER if head == "low" else Kind.GAIN
    damaged = slice(0, cut) if turned else slice(cut, n)
    rows[damaged] = strange(rest, 5)
    expected = [(0, cut, kind), (cut, n, Kind.UNKNOWN)]
    if turned:
        expected = [(0, cut, Kind.UNKNOWN), (cut, n, kind)]
    assert told(namer().parts(rows, None, FIRST)) == expected


def test_kinds_behind_zeros_are_compared_with_what_was_due_there():
    rows = rows_of(np.round(scaled(0.5, 30)))
    rows[:5] = 0
    rows[14:] = strange(16, 5)
    rows[20:30] = rows_of(np.round(scaled(0.25, 30)))[20:]
    parts = [(0, 5, Kind.ZERO), (5, 14, Kind.GAIN), (14, 20, Kind.UNKNOWN), (20, 30, Kind.GAIN)]
    assert told(namer().parts(rows, None, FIRST)) == parts
    low = due(frames=60)
    low[:5] = 0
    low[5:, 0] ^= 1
    low[25:31] = strange(6)
    parts = [(0, 5, Kind.ZERO), (5, 25, Kind.DITHER), (25, 31, Kind.UNKNOWN), (31, 60, Kind.DITHER)]
    assert told(namer().parts(low, None, FIRST)) == parts


def test_a_head_shorter_than_a_fit_is_part_of_what_is_unknown():
    rows = rows_of(np.round(scaled(0.5, 9)))
    rows[kinds.SHORTEST_FIT - 1 :] = strange(9 - kinds.SHORTEST_FIT + 1)
    assert told(namer().parts(rows, None, FIRST)) == [(0, 9, Kind.UNKNOWN)]


def test_ends_of_kinds_are_looked_for_so_many_times_and_once_more_for_many_new_frames():
    one = namer()
    parted, whole = [(0, 6, Kind.GAIN), (6, 10, Kind.UNKNOWN)], [(0, 10, Kind.UNKNOWN)]

    def at(position):
        moved = due(frames=10, first=position)
        seen = rows_of(np.round(words(moved) * 0.5))
        seen[6:] = strange(4)
        one.begin()
        return told(one.parts(seen, None, position))

    for _ in range(kinds.MOST_REACHES):
        assert at(FIRST) == parted
    assert at(FIRST) == whole
    assert at(FIRST - 100_000) == whole
    more = kinds.FRAMES_A_REACH
    assert at(FIRST + more - 1) == whole
    assert at(FIRST + more) == parted
    assert at(FIRST + more) == whole
    assert at(FIRST + 1000 * more) == parted
    for _ in range(kinds.MOST_REACHES - 1):
        assert at(FIRST + 1000 * more) == parted
    assert at(FIRST + 1000 * more) == whole


# Zeros that do not fill frames.


def zeroed(first, stop, fmt="S24_3LE", frames=8):
    """Frames of six bytes, zero from one byte to another."""
    flat = due(fmt, 2, frames).reshape(-1).copy()
    flat[first:stop] = 0
    rows = flat.reshape(frames, -1)
    low, high = first // rows.shape[1], -(-stop // rows.shape[1])
    return rows[low:high], FIRST + low


@pytest.mark.parametrize(("first", "stop"), [(8, 33), (7, 36), (12, 34), (11, 31), (6, 12)])
def test_a_zeroed_line_includes_the_frames_that_it_fills_in_part(first, stop):
    rows, position = zeroed(first, stop)
    assert told(namer("S24_3LE").parts(rows, None, position)) == [(0, len(rows), Kind.ZERO)]


@pytest.mark.parametrize(
    ("first", "stop", "kind"),
    [(13, 17, Kind.ZERO), (15, 20, Kind.ZERO), (13, 23, Kind.ZERO), (14, 17, Kind.UNKNOWN)],
)
def test_zeros_inside_a_frame_or_two_are_zero_from_four_bytes_on(first, stop, kind):
    rows, position = zeroed(first, stop)
    assert (rows != due("S24_3LE", 2, len(rows), position)).any(axis=1).all()
    assert told(namer("S24_3LE").parts(rows, None, position)) == [(0, len(rows), kind)]


def test_zeros_in_three_frames_none_of_which_is_whole_are_not_zero():
    rows = due("S24_3LE", 2, 3).copy()
    rows[0, 4:], rows[1, :5], rows[2, 2:] = 0, 0, 0
    assert Kind.ZERO not in [part.kind for part in namer("S24_3LE").parts(rows, None, FIRST)]


@pytest.mark.parametrize(("position", "kind"), [(425_920, Kind.BITFLIP), (FIRST, Kind.ZERO)])
def test_four_zeros_that_change_no_more_than_four_bits_are_flips(position, kind):
    rows = due("S24_3LE", 2, 1, position).copy()
    assert rows[0, 1:5].all()
    rows[0, 1:5] = 0
    assert told(namer("S24_3LE").parts(rows, None, position)) == [(0, 1, kind)]


def test_zeros_with_a_byte_between_that_is_not_zero_are_no_piece_of_zeros():
    rows, position = zeroed(12, 18)
    rows = rows.copy()
    rows[0, 3] = due("S24_3LE", 2, 1, position)[0, 3] ^ 0x5A
    assert Kind.ZERO not in [part.kind for part in namer("S24_3LE").parts(rows, None, position)]


@pytest.mark.parametrize("side", [0, -1])
def test_a_frame_beside_zeros_that_is_wrong_where_it_is_not_zero_is_not_joined(side):
    rows, position = zeroed(8, 33)
    rows = rows.copy()
    # The byte farthest from the zeros, of the first or the last frame.
    rows[side, 0 if side == 0 else -1] ^= 0x5A
    parts = told(namer("S24_3LE").parts(rows, None, position))
    n = len(rows)
    expected = [(0, 1, Kind.UNKNOWN), (1, n, Kind.ZERO)]
    if side:
        expected = [(0, n - 1, Kind.ZERO), (n - 1, n, Kind.UNKNOWN)]
    assert parts == expected


def test_damage_on_both_sides_of_zeros_keeps_its_frames():
    rows, position = zeroed(14, 39)
    rows = np.concatenate([strange(2, 3, 6), rows, strange(2, 4, 6)])
    parts = told(namer("S24_3LE").parts(rows, None, position - 2))
    n = len(rows)
    assert parts == [(0, 2, Kind.UNKNOWN), (2, n - 2, Kind.ZERO), (n - 2, n, Kind.UNKNOWN)]


def test_frames_beside_zeros_are_compared_so_often_in_a_stretch():
    one = namer("S24_3LE")
    rows, position = zeroed(8, 33)
    bad = rows.copy()
    bad[0, 0] ^= 0x5A
    bad[-1, -1] ^= 0x5A
    whole = [(0, len(rows), Kind.ZERO)]
    # Each fails three times: at its first frame, and at its last, which is not zero amid either.
    for _ in range(kinds.MOST_FAILED // 3):
        one.parts(bad, None, position)
    assert told(one.parts(rows, None, position)) == whole
    one.parts(strange(1, 3, 6), None, position)
    assert told(one.parts(rows, None, position)) != whole
    one.begin()
    assert told(one.parts(rows, None, position)) == whole


def test_zeros_amid_a_frame_are_looked_for_so_often_in_a_stretch():
    one = namer("S24_3LE")
    rows, position = zeroed(13, 17)
    for _ in range(kinds.MOST_FAILED - 1):
        one.parts(strange(1, 6, 6), None, position)
    assert told(one.parts(rows, None, position)) == [(0, 1, Kind.ZERO)]
    one.parts(strange(1, 6, 6), None, position)
    assert told(one.parts(rows, None, position)) == [(0, 1, Kind.UNKNOWN)]


# One dither or two things.


def moved(offs):
    """Frames whose first sample is off by so much each."""
    samples = words(due(frames=len(offs)))
    step = np.where(samples[:, 0] > 0, -1, 1)
    samples[:, 0] += step * np.asarray(offs)
    return rows_of(samples)


@pytest.mark.parametrize(
    ("offs", "parted"),
    [
        # 44 gaps of a share of 1 in 42: 5.8e-4 for three right frames, 1.4e-5 for four.
        ([1] * 20 + [0] * 3 + [1] * 20, False),
        ([1] * 20 + [0] * 4 + [1] * 20, True),
        # A gap that chance may make, but the sizes differ: by twice they do not, by more they do.
        ([1] * 20 + [0] + [2] * 20, False),
        ([1] * 20 + [0] + [3] * 20, True),
        ([3] * 20 + [0] + [1] * 20, True),
        ([1] * 19 + [3] + [0] + [2] * 20, False),
        ([2] * 20 + [0] + [3] + [1] * 19, False),
        # So many right frames elsewhere that the gap is nothing rare.
        ([1] * 10 + [0] + [1] * 9 + [0, 0] + [3] * 20, True),
        ([1, 0] * 8 + [1] * 3 + [0, 0] + [3] * 20, False),
        ([1] * 40, False),
        ([1], False),
        # What lies before the first and behind the last wrong frame is no gap.
        ([0] * 9 + [1] * 40 + [0] * 9, False),
    ],
)
def test_right_frames_part_two_things_where_chance_leaves_no_such_gap(offs, parted):
    assert namer().two(moved(offs), FIRST) is parted


def test_a_part_without_details_has_none():
    assert Part(1, 2, Kind.ZERO).details == {}
