# SPDX-License-Identifier: MIT
"""The age of each frame: what proves one by itself, beside its neighbours, and in a row."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import (
    FAR_BYTES,
    LONE_LAPS,
    NEAR,
    NONE,
    Decoder,
    _row_starts,
    in_a_row,
    masked,
    runs_of,
)
from stress.detect.exact.ring_offset import MAX_LAPS
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FIRST = 0x12345678
RINGS = Rings(480, 528)
FAR = NEAR + 12345


def decoder(fmt="S16_LE", channels=2, mask=None, rings=RINGS):
    return Decoder(Pattern("mix1", FORMATS[fmt], channels), rings, mask)


def frames_of(one, frames, first=FIRST):
    return one.pattern.bytes_at(first, frames).reshape(frames, -1)


def ints(values):
    return np.array(values, np.int64)


def top_only(fmt, channels):
    size = FORMATS[fmt].sample_bytes
    at = FORMATS[fmt].bits // 8 - 2
    return np.tile(np.array([255 if at <= n < at + 2 else 0 for n in range(size)], np.uint8), channels)


@pytest.mark.parametrize(
    ("fmt", "channels", "mask", "alone", "run"),
    [
        ("S16_LE", 1, None, False, FAR_BYTES // 2),
        ("S16_LE", 2, None, False, FAR_BYTES // 4),
        ("S16_LE", 3, None, False, 2),
        ("S16_LE", 8, None, False, 2),
        ("S24_3LE", 1, None, True, 2),
        ("S24_3LE", 3, None, True, 2),
        ("S24_3LE", 4, None, True, 1),
        ("S24_LE", 2, None, True, 2),
        ("S32_LE", 1, None, True, 2),
        ("S32_LE", 2, None, True, 1),
        ("S32_LE", 2, "top", False, 2),
        ("S24_3LE", 1, "top", False, 5),
        ("S24_3LE", 2, "one bit more", True, 2),
    ],
)
def test_low_bits_that_are_carried_prove_a_frame_by_itself(fmt, channels, mask, alone, run):
    carried = None if mask is None else top_only(fmt, channels)
    if mask == "one bit more":
        carried[0] = 0x80
    one = decoder(fmt, channels, carried)
    assert (one._alone, one._far_run) == (alone, run)


def test_bits_that_are_not_carried_are_cleared_everywhere():
    one = decoder("S24_3LE", 2, top_only("S24_3LE", 2))
    raw = one.pattern.bytes_at(FIRST, 3)
    wanted = raw.reshape(3, 6).copy()
    wanted[:, [0, 3]] = 0
    assert (one.rows(raw) == wanted).all()
    assert (one.expected(FIRST, 3) == wanted).all()
    assert (one.image(ints([FIRST, FIRST + 1, FIRST + 2])) == wanted).all()
    assert masked(raw, None) is raw


# Runs.


@pytest.mark.parametrize(
    ("lags", "runs"),
    [
        ([], []),
        ([7], [(0, 1, 7)]),
        ([7, 7, 8], [(0, 2, 7), (2, 3, 8)]),
        ([1, 2, 2, 1], [(0, 1, 1), (1, 3, 2), (3, 4, 1)]),
    ],
)
def test_runs_of_equal_lag_cover_all_frames(lags, runs):
    assert runs_of(ints(lags)) == runs


@pytest.mark.parametrize(
    ("lags", "least", "step", "belong"),
    [
        ([5, 5, 5, 1, 5, 5], 3, 1, [1, 1, 1, 0, 0, 0]),
        ([5, 5, 5, 1, 5, 5], 2, 1, [1, 1, 1, 0, 1, 1]),
        ([5, 5, 5, 1, 5, 5], 1, 1, [1, 1, 1, 1, 1, 1]),
        ([5, 1, 5, 2, 5, 3, 4], 3, 2, [1, 0, 1, 0, 1, 0, 0]),
        ([5, 5], 3, 1, [0, 0]),
        ([5, 5, 5], 3, 1, [1, 1, 1]),
        ([], 2, 1, []),
    ],
)
def test_entries_in_a_row_are_those_of_so_many_equal_ones(lags, least, step, belong):
    assert in_a_row(ints(lags), least, step).tolist() == [bool(one) for one in belong]


def test_a_row_starts_where_as_many_equal_ones_follow():
    assert _row_starts(ints([5, 5, 5, 1, 5, 5]), 2, 1).tolist() == [True, True, False, False, True]
    assert _row_starts(ints([5, 1, 5, 1, 6]), 2, 2).tolist() == [True, True, False]
    assert _row_starts(ints([5]), 3, 2).tolist() == []


# What is believed.


def believed(lags, fmt="S16_LE", channels=2, anywhere=False, slipped=()):
    """Which of these lags are kept."""
    one = decoder(fmt, channels)
    out = one._believed(ints(lags), anywhere, slipped)
    assert set(out.tolist()) <= {*lags, NONE}
    return [got == was for got, was in zip(out.tolist(), lags)]


@pytest.mark.parametrize(
    ("lags", "kept"),
    [
        ([0], [True]),
        ([480, 9, 528, 9, 481], [True, False, True, False, False]),
        ([480 * MAX_LAPS, 9, 528 * MAX_LAPS], [True, False, True]),
        ([480 * (MAX_LAPS + 11), 9, -480], [False, False, False]),
        ([7, 7, 9], [True, True, False]),
        ([9, 7, 7], [False, True, True]),
        ([7, 9, 7], [False, False, False]),
        ([NEAR - 1, NEAR - 1], [True, True]),
        ([NEAR, NEAR], [False, False]),
        ([1 - NEAR, 1 - NEAR], [True, True]),
        ([-NEAR, -NEAR], [False, False]),
        ([FAR] * 3 + [0], [False] * 3 + [True]),
        ([FAR] * 4 + [0], [True] * 5),
        ([0] + [NEAR] * 4 + [0], [True] * 6),
        ([-FAR] * 4 + [0], [False] * 4 + [True]),
    ],
)
def test_a_frame_of_sixteen_bits_is_believed_by_laps_or_its_neighbours(lags, kept):
    assert believed(lags) == kept


def test_lags_of_a_slipped_alignment_are_whole_laps_of_that():
    assert believed([480 + 13, 9, 528 + 13, 9, 13], slipped=(13,)) == [True, False, True, False, False]
    assert believed([480 - 13, 9, 480 + 20], slipped=(-13, 20)) == [True, False, True]


def test_low_bits_prove_a_near_frame_and_more_of_them_a_far_one():
    near = [7, 9, NEAR - 1, 9, 1 - NEAR]
    assert believed(near, "S24_3LE") == [True] * 5
    assert believed([FAR, 9, FAR, FAR], "S24_3LE") == [False, True, True, True]
    assert believed([FAR, 9, -FAR, NEAR], "S32_LE") == [True, True, False, True]


def test_no_lag_is_too_far_where_nothing_is_known_of_the_alignment():
    assert believed([FAR, FAR, 9], anywhere=True) == [True, True, False]
    assert believed([-FAR, -FAR, 9], anywhere=True) == [True, True, False]
    assert believed([-FAR, -FAR, NONE, NONE], anywhere=True)[:2] == [True, True]


@pytest.mark.parametrize(
    ("lags", "kept"),
    [
        ([0] + [FAR] * 4 + [NONE], False),
        ([NONE] + [FAR] * 4 + [0], False),
        ([NONE] + [NEAR] * 4 + [0], False),
        ([0] + [FAR] * 4 + [0], True),
        ([FAR] * 4 + [NONE], False),
        ([NONE] + [FAR] * 4, False),
        ([NONE] + [FAR] * 7 + [NONE], False),
        ([NONE] + [FAR] * 8 + [NONE], True),
        ([NONE, 0] + [FAR] * 4 + [0, NONE], True),
        ([NONE] + [480] * 4 + [NONE], True),
    ],
)
def test_far_lags_of_less_than_a_line_beside_damage_are_damage(lags, kept):
    out = decoder()._believed(ints(lags), False, ())
    wanted = [lag if kept or lag in (0, NONE) else NONE for lag in lags]
    assert out.tolist() == wanted


def test_far_lags_that_low_bits_prove_are_kept_beside_damage():
    assert decoder("S24_3LE")._believed(ints([NONE, FAR, FAR, NONE]), False, ()).tolist() == [
        NONE,
        FAR,
        FAR,
        NONE,
    ]


# Frames.


LAYOUTS = [("S16_LE", 2), ("S24_3LE", 2), ("S32_LE", 2), ("S16_LE", 4), ("S24_LE", 3), ("S16_LE", 5)]


@pytest.mark.parametrize(("fmt", "channels"), LAYOUTS)
@pytest.mark.parametrize("first", [FIRST, 2**32 - 10, 3])
def test_each_frame_shows_how_old_it_is(fmt, channels, first):
    one = decoder(fmt, channels)
    rows = frames_of(one, 40, first).copy()
    for at, frames, lag in ((5, 4, 480), (12, 4, 7), (20, 4, -9), (28, 9, 528 * 3)):
        rows[at : at + frames] = frames_of(one, frames, (first + at - lag) % 2**32)
    seen = one.lags(rows.reshape(-1), first)
    wanted = np.zeros(40, int)
    wanted[5:9], wanted[12:16], wanted[20:24], wanted[28:37] = 480, 7, -9, 528 * 3
    assert seen.tolist() == wanted.tolist()


@pytest.mark.parametrize(("fmt", "channels"), LAYOUTS)
def test_a_frame_with_any_wrong_byte_has_no_age(fmt, channels):
    one = decoder(fmt, channels)
    size = one.pattern.frame_bytes
    rows = frames_of(one, size).copy()
    for byte in range(size):
        rows[byte, byte] ^= 1 << byte % 8
    assert (one.lags(rows.reshape(-1), FIRST) == NONE).all()


def test_a_held_frame_has_no_age_and_the_first_one_not_when_it_is_the_one_before():
    one = decoder()
    rows = frames_of(one, 6).copy()
    rows[3] = rows[2]
    assert one.lags(rows.reshape(-1), FIRST).tolist() == [0, 0, 0, NONE, 0, 0]
    assert one.lags(rows.reshape(-1), FIRST, rows[0]).tolist() == [NONE, 0, 0, NONE, 0, 0]
    assert one.lags(rows.reshape(-1), FIRST, rows[1]).tolist() == [0, 0, 0, NONE, 0, 0]
    half = rows[0].copy()
    half[0] ^= 1
    assert one.lags(rows.reshape(-1), FIRST, half)[0] == 0


def test_lags_pass_the_middle_of_all_positions_with_their_sign():
    one = decoder(rings=Rings())
    rows = frames_of(one, 8)
    for lag in (2**31 - 1, 1 - 2**31, -(2**31)):
        seen = one.lags(rows.reshape(-1), (FIRST + lag) % 2**32, anywhere=True)
        assert seen.tolist() == [lag] * 8


def test_frames_of_any_alignment_are_found_by_two_in_a_row():
    one = decoder()
    rows = frames_of(one, 2, 3_000_000_000)
    assert one.lags(rows.reshape(-1), 0, anywhere=True).tolist() == [0 - 3_000_000_000 + 2**32] * 2
    assert (one.lags(rows[:1].reshape(-1), 0, anywhere=True) == NONE).all()
    assert (one.lags(rows.reshape(-1), 0) == NONE).all()


def test_limits_of_far_lags_are_the_limit_itself():
    assert believed([-NEAR, -NEAR, 9]) == [False, False, False]
    assert decoder()._without_chance(ints([NONE, NEAR, NEAR, NONE])).tolist() == [NONE] * 4
    near = [NONE, NEAR - 1, NEAR - 1, NONE]
    assert decoder()._without_chance(ints(near)).tolist() == near


@pytest.mark.parametrize(
    ("fmt", "channels", "lone"), [("S16_LE", 2, 1), ("S16_LE", 1, 2), ("S16_LE", 3, 0), ("S24_3LE", 2, 0)]
)
def test_a_lone_word_amid_noise_is_old_up_to_some_laps(fmt, channels, lone):
    # A word is one frame, in mono two; low bits and a third channel prove a frame by themselves.
    most = LONE_LAPS * 528
    one = decoder(fmt, channels)
    for lag, frames, kept in (
        (most, 1, True),
        (most + 1, 1, lone != 1),
        (most + 1, 2, lone != 2),
        (most + 1, 3, True),
    ):
        given = [NONE, *[lag] * frames, NONE]
        assert (one._without_chance(ints(given)).tolist() == given) is kept, (lag, frames)
    # Beside anything that is known it is not lone, nor at an end.
    for given in ([0, most + 1, NONE], [NONE, most + 1, 0], [most + 1, NONE, NONE], [NONE, NONE, most + 1]):
        if channels != 1:
            assert one._without_chance(ints(given)).tolist() == given
    assert one._without_chance(ints([NONE, most + 1])).tolist() == [NONE, most + 1]


def test_one_wrong_sample_that_equals_the_one_before_is_no_held_frame():
    # The left samples alike, the right ones not.
    one = decoder()
    rows = frames_of(one, 4).copy()
    rows[2, :2] = rows[1, :2]
    rows[3] = rows[2]
    seen = one.lags(rows.reshape(-1), FIRST)
    assert seen.tolist() == [0, 0, NONE, NONE]
