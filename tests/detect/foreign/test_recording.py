# SPDX-License-Identifier: MIT
"""A file as a source of frames: where a capture stands in it, and how old each frame is."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import NONE
from stress.detect.foreign import recording
from stress.detect.foreign.recording import LOCK, LOOK, FileSource
from stress.model.formats import FORMATS

FRAMES = 3000


def song(frames=FRAMES, size=4, seed=1):
    """Frames no two of which are alike."""
    return np.random.default_rng(seed).integers(1, 256, (frames, size), dtype=np.uint8)


def source(rows, fmt="S16_LE", channels=2):
    return FileSource("the file", FORMATS[fmt], channels, rows)


def silent(frames, size=4):
    return np.zeros((frames, size), np.uint8)


@pytest.mark.parametrize(
    ("fmt", "channels", "key"),
    [("S16_LE", 1, 8), ("S16_LE", 2, 4), ("S24_3LE", 2, 3), ("S32_LE", 4, 1), ("S32_LE", 8, 1)],
)
def test_a_place_is_known_by_as_many_frames_as_half_a_line_has(fmt, channels, key):
    size = FORMATS[fmt].frame_bytes(channels)
    assert source(song(size=size), fmt, channels)._key == key


def test_frames_come_round_and_round():
    rows = song(7)
    one = source(rows)
    assert one.frames == 7
    assert one.begins == 0
    assert (
        one.image(np.array([0, 6, 7, 15, 2**32 - 1], np.uint32)) == rows[[0, 6, 0, 1, (2**32 - 1) % 7]]
    ).all()


def test_silence_that_ends_the_file_is_counted_from_a_position_on():
    one = source(np.concatenate([song(10), silent(5)]))
    assert [one.silent_until_end(at) for at in (9, 10, 12, 14, 15, 25, 27)] == [None, 5, 3, 1, 0, 5, 3]
    assert source(song(10)).silent_until_end(9) is None


def test_frames_before_a_position_are_lost_from_the_first_that_is_no_silence():
    one = source(np.concatenate([silent(3), song(10)]))
    assert [one.lost_before(at) for at in (0, 2, 3, 4, 12, 13, 17)] == [0, 0, 0, 1, 9, 0, 1]


# The lock.


@pytest.mark.parametrize("at", [0, 5, FRAMES - LOCK, FRAMES - 10])
@pytest.mark.parametrize("lead", [0, 1, 100])
def test_a_capture_locks_at_its_first_frames_of_the_file(at, lead):
    rows = song()
    twice = np.concatenate([rows, rows])
    assert source(rows).locked_at(np.concatenate([silent(lead), twice[at : at + 500]])) == (lead, at)


def test_so_many_right_frames_in_a_row_make_a_lock():
    rows = song()
    other = song(seed=2)
    for right, found in ((LOCK, (9, 50)), (LOCK - 1, None)):
        some = np.concatenate([other[:9], rows[50 : 50 + right], other[100:200]])
        assert source(rows).locked_at(some) == found
    assert source(rows).locked_at(rows[50 : 50 + LOCK]) == (0, 50)
    assert source(rows).locked_at(rows[50 : 50 + LOCK - 1]) is None
    assert source(rows).locked_at(rows[:0]) is None
    assert source(rows).locked_at(other) is None


@pytest.mark.parametrize("lead", [LOOK - LOCK, LOOK - 1, LOOK, LOOK + 1, 2 * LOOK + 7])
def test_a_capture_locks_behind_a_long_silence(lead):
    rows = song()
    assert source(rows).locked_at(np.concatenate([silent(lead), rows[70:900]])) == (lead, 70)


def test_a_capture_locks_by_what_is_there_once_where_some_of_the_file_repeats():
    rows = song()
    rows[1000:1500] = rows[0:500]
    found = source(rows).locked_at(rows[1400:2200])
    assert found == (97, 1497)
    # Of what is there twice the first place is taken where nothing else is known.
    assert source(rows).locked_at(rows[1000:1400]) == (0, 0)


def test_frames_that_are_there_once_come_first_then_those_that_repeat():
    rows = song(200)
    rows[100:110] = rows[0:10]
    one = source(rows)
    assert one._distinct(rows[0:10]) == [0, 1, 2, 3, 4, 5, 6]
    assert one._distinct(rows[4:12]) == [3, 4]
    assert one._distinct(rows[50:60], most=3) == [0, 1, 2]
    assert one._distinct(song(20, seed=2)) == []
    assert one._at(rows[0:4]) == [0, 100]
    assert one._at(rows[20:24]) == [20]
    assert one._at(rows[20:23]) == []
    assert one._at(song(4, seed=2)) == []


def test_of_a_key_that_repeats_without_end_some_places_are_tried():
    rows = np.tile(song(4), (100, 1))
    assert source(rows)._at(rows[:4]) == [4 * k for k in range(64)]


# Ages.


def test_each_frame_shows_its_age_against_what_is_due():
    rows = song()
    one = source(rows)
    due = np.arange(500, 600, dtype=np.int64)
    for lag in (0, 1, 480, -3, 1499, -1500):
        assert one.ages(rows[(due - lag) % FRAMES], due).tolist() == [lag] * 100


def test_an_age_is_that_of_as_many_frames_in_a_row_as_make_a_key():
    rows = song()
    one = source(rows)
    due = np.arange(500, 520, dtype=np.int64)
    for old in (4, 3):
        some = rows[500:520].copy()
        some[8 : 8 + old] = rows[8 : 8 + old]
        ages = one.ages(some, due)
        assert ages[:8].tolist() == [0] * 8
        assert ages[8 + old :].tolist() == [0] * (12 - old)
        assert ages[8 : 8 + old].tolist() == ([500] * 4 if old == 4 else [NONE] * 3)


def test_of_several_ages_the_latest_that_was_played_before_is_taken():
    rows = song()
    for at in (100, 400, 900):
        rows[at : at + 8] = rows[0:8]
    one = source(rows)
    assert one.ages(rows[0:8], np.arange(500, 508)).tolist() == [100] * 8
    assert one.ages(rows[0:8], np.arange(400, 408)).tolist() == [0] * 8
    # From the other half of the file on they are newer: the nearest of them.
    assert one.ages(rows[0:8], np.arange(1950, 1958)).tolist() == [1050] * 8
    assert one.ages(rows[0:8], np.arange(-50, -42)).tolist() == [-50] * 8


def test_positions_past_the_first_round_show_the_same_ages():
    rows = song()
    due = np.arange(FRAMES * 5 + 7, FRAMES * 5 + 57, dtype=np.int64)
    assert source(rows).ages(rows[7:57], due).tolist() == [0] * 50


# What it cannot show.


def test_a_file_that_repeats_itself_says_how_much():
    rows = song(1000)
    assert source(rows).blind == ""
    rows[500:560] = rows[100:160]
    words = " % of the file repeats itself frame by frame: there the age of old data is a guess"
    # 57 keys of 997 are there twice.
    assert source(rows).blind == "6" + words
    rows = song(1000)
    rows[500:513] = rows[100:113]
    assert source(rows).blind == "1" + words
    rows = song(1000)
    rows[500:511] = rows[100:111]
    assert source(rows).blind == ""


def test_keys_are_numbers_of_frames_in_a_row():
    rows = song(50)
    for key in (1, 4):
        keys = recording._keys(rows, key)
        assert len(keys) == 50 - key + 1
        assert (keys >= 0).all()
        assert len(set(keys.tolist())) == len(keys)
        assert recording._keys(rows[7 : 7 + key], key)[0] == keys[7]
    other = rows.copy()
    other[10, 3] ^= 1
    changed = np.flatnonzero(recording._keys(other, 4) != recording._keys(rows, 4)).tolist()
    assert changed == [7, 8, 9, 10]
    assert len(recording._keys(rows[:3], 4)) == 0
    assert len(recording._keys(silent(4), 4)) == 1
    # Zeros before a value count: it is another place.
    one, two = silent(4), silent(4)
    one[0, 0], two[0, 1] = 1, 1
    assert recording._keys(one, 4)[0] != recording._keys(two, 4)[0]
