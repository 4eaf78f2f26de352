# SPDX-License-Identifier: MIT
"""Frames beside the pattern: idle, old, or loud."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.idle import MOST_STEPS, TILE, Region, RegionReader, moving
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

S16 = Pattern("mix1", FORMATS["S16_LE"], 2)
P = S16.bytes_at(1, 20000).view("<i2").reshape(-1, 2)
RNG = np.random.default_rng(4)


def region(parts, due=None, start=100):
    raw = np.ascontiguousarray(np.concatenate(parts).astype("<i2")).view(np.uint8).reshape(-1)
    return RegionReader(S16).read((raw[at : at + 32768] for at in range(0, len(raw), 32768)), start, due)


@pytest.mark.parametrize(
    ("frames", "content"),
    [
        (np.zeros((9000, 2)), "silence"),
        (np.full((9000, 2), -1), "a constant"),
        (RNG.integers(-9, 10, (9000, 2)) + 300, "idle input"),
    ],
)
def test_idle_frames_are_named(frames, content):
    found = region([frames])
    assert (found.loud, found.content, found.idle_before, found.frames) == (None, content, 9000, 9000)


def test_loud_frames_have_their_place():
    found = region([np.zeros((1000, 2)), RNG.integers(-20000, 20000, (500, 2)), np.zeros((2000, 2))])
    assert found.loud is not None
    assert abs(found.loud[0] - 1100) <= 1 and abs(found.loud[1] - 1600) <= 1
    assert abs(found.idle_after - 2000) <= 1


def test_old_frames_are_not_loud():
    found = region([np.zeros((600, 2)), P[5000:5200], np.zeros((2000, 2))])
    assert (found.loud, found.old, found.old_at) == (None, 200, 700)


@pytest.mark.parametrize("gain", [0.0004, 0.0002])
def test_faded_pattern_is_loud_where_it_is_due(gain):
    faded = np.rint(P * gain)
    assert region([faded]).loud is None
    found = region([faded], due=1)
    assert found.loud == (100, 20100)


# The parts.


STEP = 1 << 21  # of full scale: 2^-10


def test_the_level_moves_where_it_steps_by_more_than_the_largest():
    for step, moves in ((STEP, False), (STEP + 1, True), (-STEP, False), (-STEP - 1, True)):
        levels = np.zeros(TILE, np.int64)
        levels[10:] += step
        levels[12:] += step
        levels[14:] += step
        assert moving(levels.astype(np.int32)[:, None]).any() == moves


def test_a_few_steps_in_a_tile_are_a_plug_or_a_mute():
    for count in (MOST_STEPS, MOST_STEPS + 1):
        levels = np.zeros(3 * TILE, np.int64)
        for k in range(count):
            levels[TILE + 5 * k + 3 :] += 2 * STEP
        found = np.flatnonzero(moving(levels.astype(np.int32)[:, None])).tolist()
        assert found == ([TILE + 5 * k + 3 for k in range(count)] if count > MOST_STEPS else [])


def test_steps_of_either_channel_count():
    levels = np.zeros((TILE, 2), np.int32)
    levels[::2, 1] = 2 * STEP
    assert moving(levels).all()


def test_the_first_frame_moves_where_the_next_one_does():
    levels = np.zeros(TILE, np.int32)
    levels[1::2] = 2 * STEP
    assert moving(levels[:, None]).tolist() == [True] * TILE
    levels = np.zeros(TILE, np.int32)
    levels[3::2] = 2 * STEP
    assert moving(levels[:, None]).tolist() == [False] * 3 + [True] * (TILE - 3)
    assert moving(levels[:1, None]).tolist() == [False]
    assert moving(levels[:0, None]).tolist() == []


def test_steps_behind_old_frames_are_their_end():
    levels = np.zeros(TILE, np.int32)
    levels[1::2] = 2 * STEP
    aged = np.zeros(TILE, bool)
    aged[10] = True
    found = moving(levels[:, None], aged)
    assert np.flatnonzero(~found).tolist() == [11]


def test_a_short_last_tile_counts_its_own_steps():
    levels = np.zeros(TILE + 3, np.int32)
    levels[TILE + 1] = 2 * STEP
    assert not moving(levels[:, None]).any()
    levels = np.zeros(TILE + 4, np.int32)
    levels[TILE + 1 :: 2] = 2 * STEP
    assert np.flatnonzero(moving(levels[:, None])).tolist() == [TILE + 1, TILE + 2, TILE + 3]


def test_a_region_without_loud_frames_is_idle_from_end_to_end():
    assert region([np.zeros((900, 2))]) == Region(100, 1000, None, 900, 900, 0, None, "silence")
    assert region([np.zeros((0, 2))]) == Region(100, 100, None, 0, 0, 0, None, "silence")
    assert region([np.zeros((900, 2))]).frames == 900


def test_a_region_says_where_it_is_loud_and_old():
    loud = RNG.integers(-20000, 20000, (480, 2))
    found = region([np.zeros((480, 2)), loud, np.zeros((959, 2)), P[5000:5100], np.zeros((900, 2))])
    assert (found.start, found.end) == (100, 3019)
    assert (found.old, found.old_at) == (100, 2019)
    assert found.idle_before == 480
    assert found.loud[0] == 580
    assert 1060 <= found.loud[1] <= 1061
    assert found.idle_after == 3019 - found.loud[1]


def test_a_level_that_changes_once_is_an_idle_input_and_one_that_stays_a_constant():
    assert region([np.full((600, 2), 5), np.full((600, 2), 6)]).content == "idle input"
    assert region([np.zeros((600, 2)), np.full((600, 2), 6)]).content == "idle input"
    assert region([np.full((40000, 2), 6)]).content == "a constant"
    assert region([np.zeros((40000, 2))]).content == "silence"


def test_a_channel_is_shown_by_more_than_half_of_its_frames():
    rows = P[:1000].astype(int)

    def shows(wrong, due=1):
        some = rows.copy()
        some[:wrong] ^= 1
        some[:, 0] ^= 1
        raw = np.ascontiguousarray(some.astype("<i2")).view(np.uint8).reshape(-1)
        return RegionReader(S16).shows_channel((raw[at : at + 1200] for at in range(0, len(raw), 1200)), due)

    assert shows(499)
    assert not shows(500)
    assert not shows(0, 2)


def test_a_fade_is_looked_for_in_enough_frames_only():
    faded = np.rint(P * 0.0004)
    assert region([faded[:512]], due=1).loud == (100, 612)
    assert region([faded[:511]], due=1).loud is None
    assert region([RNG.integers(-9, 10, (4096, 2))], due=1).loud is None
    # A constant beside it does not hide it.
    assert region([faded + 300], due=1).loud == (100, 20100)


def test_a_fade_ends_where_silence_begins():
    faded = np.rint(P * 0.0004)
    assert region([faded[:3000], np.zeros((9000, 2))], due=1).loud in ((100, 3099), (100, 3100))
    assert region([faded[:3000], np.zeros((9000, 2))], due=1).idle_after >= 9000


def test_old_frames_are_no_fade_and_end_it():
    faded = np.rint(P * 0.0004)
    found = region([faded[:8192], P[12000:12100], faded[:8092]], due=1)
    assert found.loud == (100, 100 + 8192)
    assert found.old == 100
