# SPDX-License-Identifier: MIT
"""The age of each frame: what proves one by itself, beside its neighbours, and in a row."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import (
    FAR_BYTES,
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


# Mono, where a word spans two frames.


def mono_lags(spoil, fmt="S16_LE", first=FIRST, frames=40, **more):
    one = decoder(fmt, 1)
    rows = frames_of(one, frames, first).copy()
    spoil(one, rows)
    return one.lags(rows.reshape(-1), first, **more)


def aged(at, frames, lag, first=FIRST):
    def spoil(one, rows):
        rows[at : at + frames] = frames_of(one, frames, (first + at - lag) % 2**32)

    return spoil


@pytest.mark.parametrize("first", [FIRST, FIRST + 1, 2**32 - 11, 2**32 - 10, 2, 3])
@pytest.mark.parametrize("fmt", ["S16_LE", "S24_3LE", "S32_LE"])
def test_right_frames_of_mono_are_right_from_the_first_to_the_last(fmt, first):
    for frames in (2, 3, 4, 9):
        seen = mono_lags(lambda one, rows: None, fmt, first, frames)
        assert seen[1:-1].tolist() == [0] * (frames - 2)
        assert mono_lags(lambda one, rows: None, fmt, first + 2, frames).tolist() == [0] * frames


def test_one_frame_of_mono_shows_nothing():
    assert mono_lags(lambda one, rows: None, frames=1).tolist() == [NONE]


@pytest.mark.parametrize("first", [FIRST, FIRST + 1])
@pytest.mark.parametrize(
    ("fmt", "frames", "lag"),
    [
        ("S16_LE", 6, 480),
        ("S16_LE", 7, 528 * 3),
        ("S16_LE", 6, 8),
        ("S16_LE", 6, -8),
        ("S16_LE", 7, 7),
        ("S16_LE", 8, FAR),
        ("S16_LE", 9, FAR + 1),
        ("S24_3LE", 4, 8),
        ("S24_3LE", 6, FAR),
        ("S32_LE", 4, 480),
    ],
)
def test_old_frames_of_mono_have_their_age_to_both_edges(fmt, frames, lag, first):
    for at in (10, 11):
        seen = mono_lags(aged(at, frames, lag, first), fmt, first)
        wanted = np.zeros(40, int)
        wanted[at : at + frames] = lag
        assert seen.tolist() == wanted.tolist()


def test_far_frames_of_mono_need_half_a_line():
    for at in (10, 11):
        seen = mono_lags(aged(at, 7, FAR), "S16_LE")
        assert (seen[at : at + 7] == NONE).all()
        assert (np.delete(seen, slice(at, at + 7)) == 0).all()


def test_a_newer_far_run_of_mono_is_believed_only_anywhere():
    assert (mono_lags(aged(10, 12, -FAR))[10:22] == NONE).all()
    assert (mono_lags(aged(10, 12, -FAR), anywhere=True)[10:22] == -FAR).all()


def test_zeros_and_held_samples_of_mono_have_no_age():
    def zero(one, rows):
        rows[10:20] = 0

    def held(one, rows):
        rows[10:20] = rows[9]

    for spoil in (zero, held):
        seen = mono_lags(spoil)
        assert (seen[10:20] == NONE).all()
        assert (seen[:10] == 0).all()
        assert (seen[20:] == 0).all()


def test_a_wrong_sample_of_mono_leaves_its_neighbours_right():
    for at in (0, 1, 10, 11, 38, 39):

        def flip(one, rows, at=at):
            rows[at, 0] ^= 4

        seen = mono_lags(flip)
        wanted = np.zeros(40, int)
        wanted[at] = NONE
        # The first and the last frame have no word of their own when their other half is wrong.
        assert seen.tolist() == wanted.tolist()


def test_mono_slipped_by_so_much_is_whole_laps_old_in_that():
    def spoil(one, rows):
        rows[20:] = frames_of(one, 20, FIRST + 20 - 6)
        rows[30:32] = frames_of(one, 2, FIRST + 30 - 6 - 480)

    seen = mono_lags(spoil, slipped=(6,))
    assert seen[20:30].tolist() == [6] * 10
    assert seen[30:32].tolist() == [486] * 2
    assert (mono_lags(spoil)[30:32] == NONE).all()


@pytest.mark.parametrize("first", [FIRST, FIRST + 1])
@pytest.mark.parametrize(
    ("held", "value", "right"),
    [
        # Held samples that meet the pattern once, amid them, are not right again there.
        (slice(10, 30), 20, []),
        # Right beside a right frame: the first, the last, and the first of all.
        (slice(20, 30), 20, [20]),
        (slice(10, 21), 20, [20]),
        (slice(0, 10), 0, [0]),
        (slice(30, 40), 30, [30]),
        (slice(30, 40), 39, []),
    ],
)
def test_a_held_sample_of_mono_that_meets_the_pattern_is_right_beside_right_ones(held, value, right, first):
    def spoil(one, rows):
        rows[held] = rows[value].copy()

    seen = mono_lags(spoil, first=first)
    wanted = np.zeros(40, int)
    wanted[held] = NONE
    wanted[right] = 0
    assert seen.tolist() == wanted.tolist()


def test_mono_slipped_frames_that_are_right_in_both_alignments_stay_in_the_first():
    # A word of the slipped alignment between right frames does not take them.
    def spoil(one, rows):
        rows[20:22] = frames_of(one, 2, FIRST + 20 - 6)

    seen = mono_lags(spoil, slipped=(6,))
    assert seen[:20].tolist() == [0] * 20
    assert seen[22:].tolist() == [0] * 18


def test_limits_of_far_lags_are_the_limit_itself():
    assert believed([-NEAR, -NEAR, 9]) == [False, False, False]
    assert decoder()._without_chance(ints([NONE, NEAR, NEAR, NONE])).tolist() == [NONE] * 4
    assert decoder()._without_chance(ints([NONE, NEAR - 1, NONE])).tolist() == [NONE, NEAR - 1, NONE]


def test_one_wrong_sample_that_equals_the_one_before_is_no_held_frame():
    # The left samples alike, the right ones not.
    one = decoder()
    rows = frames_of(one, 4).copy()
    rows[2, :2] = rows[1, :2]
    rows[3] = rows[2]
    seen = one.lags(rows.reshape(-1), FIRST)
    assert seen.tolist() == [0, 0, NONE, NONE]
