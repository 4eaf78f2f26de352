# SPDX-License-Identifier: MIT
"""The age of each frame of one channel, where a word spans two frames."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import NEAR, NONE, Decoder
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FIRST = 0x12345678
FAR = NEAR + 12345


def frames_of(one, frames, first=FIRST):
    return one.pattern.bytes_at(first, frames).reshape(frames, -1)


def mono_lags(spoil, fmt="S16_LE", first=FIRST, frames=40, **more):
    one = Decoder(Pattern("mix1", FORMATS[fmt], 1), Rings(480, 528))
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
