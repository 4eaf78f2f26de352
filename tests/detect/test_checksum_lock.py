# SPDX-License-Identifier: MIT
"""Where a recording lies in a capture: its parts, each against a plain statement of it."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect import checksum_lock as lock
from stress.detect.checksum_lock import LOCK_FRAMES, Played, find
from stress.model.formats import FORMATS
from stress.patterns.layout import Layout

S16 = FORMATS["S16_LE"]
STEREO = Layout(S16, 2)


def song(frames=20000, seed=3, channels=2):
    walk = np.random.default_rng(seed).standard_normal((frames, channels)).cumsum(axis=0)
    walk -= np.linspace(0, 1, frames)[:, None] * walk[-1]
    return (walk / np.abs(walk).max() * 30000).astype("<i2")


SONG = song()


def raw(*parts):
    return np.ascontiguousarray(np.concatenate(parts).astype("<i2")).view(np.uint8).reshape(-1)


def played(samples=SONG, layout=STEREO):
    audio, size = raw(samples), layout.frame_bytes
    return Played(lambda start, n: audio[start * size : (start + n) * size], len(samples), layout)


def silent(frames, channels=2):
    return np.zeros((frames, channels), "<i2")


def noise(frames, seed=1):
    return np.random.default_rng(seed).integers(-20000, 20000, (frames, 2)).astype("<i2")


# The place.


@pytest.mark.parametrize("lead", [0, 1, 4095, 4096, 30000, 70000])
def test_a_recording_is_found_at_its_first_frame(lead):
    assert find(raw(silent(lead), SONG, silent(10)), played()) == lead
    assert find(raw(silent(lead), SONG), played(), lead) == lead
    assert find(raw(silent(lead), SONG), played(), lead - 1) is None


@pytest.mark.parametrize("late", [1, 100, 9000])
def test_a_capture_that_begins_inside_has_its_first_frame_before_it(late):
    assert find(raw(SONG[late:]), played()) == -late


@pytest.mark.parametrize("frames", [300, LOCK_FRAMES, LOCK_FRAMES + 1, 3 * LOCK_FRAMES])
def test_recordings_of_any_length_are_found(frames):
    some = song(frames)
    assert find(raw(silent(777), some, silent(777)), played(some)) == 777


def test_silence_nothing_and_something_else_are_not_found():
    assert find(raw(silent(9000)), played()) is None
    assert find(raw(SONG), played(silent(9000))) is None
    assert find(raw(noise(30000)), played()) is None
    assert find(raw(SONG), played(silent(0))) is None
    assert find(raw(silent(0)), played()) is None


def test_half_of_the_frames_of_the_loudest_stretch_have_to_be_right():
    for wrong, found in ((LOCK_FRAMES // 2, 500), (LOCK_FRAMES // 2 + 1, None)):
        some = song(LOCK_FRAMES)
        spoilt = some.copy()
        spoilt[:wrong] ^= 1
        assert find(raw(silent(500), spoilt), played(some)) == found


def test_damage_to_the_loudest_stretch_leaves_two_others():
    assert lock._STRETCHES == 3
    starts = lock._loudest(played())
    for damaged, found in ((2, 500), (3, None)):
        spoilt = SONG.copy()
        for start in starts[:damaged]:
            spoilt[start : start + LOCK_FRAMES] = noise(LOCK_FRAMES, start)
        assert find(raw(silent(500), spoilt), played()) == found


def test_a_recording_that_repeats_itself_is_found_where_most_of_it_is():
    twice = np.concatenate([SONG[:9000], SONG[:9000]])
    for lead in (0, 123):
        assert find(raw(silent(lead), twice, silent(99)), played(twice)) == lead
    assert find(raw(twice[3000:]), played(twice)) == -3000


def test_a_recording_played_twice_is_found_the_first_time():
    assert find(raw(silent(50), SONG, SONG), played()) == 50
    assert find(raw(silent(50), SONG, silent(700), SONG), played()) == 50


# The parts.


def test_loudest_stretches_are_whole_and_the_loudest_first():
    some = song(5 * LOCK_FRAMES + 100)
    power = [
        float((lock._mono(raw(some[at : at + LOCK_FRAMES]), STEREO) ** 2).sum())
        for at in range(0, 5 * LOCK_FRAMES, LOCK_FRAMES)
    ]
    order = sorted(range(5), key=lambda one: -power[one])
    assert lock._loudest(played(some)) == [LOCK_FRAMES * one for one in order[:3]]
    assert lock._loudest(played(song(LOCK_FRAMES - 1))) == [0]
    assert lock._loudest(played(song(2 * LOCK_FRAMES - 1))) == [0]
    assert sorted(lock._loudest(played(song(2 * LOCK_FRAMES)))) == [0, LOCK_FRAMES]
    assert lock._loudest(played(silent(0))) == []


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_one_channel_is_made_of_all_by_weights_and_differences(channels):
    some = song(50, channels=channels)
    made = lock._mono(raw(some), Layout(S16, channels))
    mixed = sum(some[:, c].astype(float) * 65536 * 0.7**c for c in range(channels))
    assert made[0] == 0
    assert made[1:] == pytest.approx(np.diff(mixed), rel=1e-4, abs=200.0)


def test_channels_of_opposite_sign_do_not_cancel():
    some = song(50)
    some[:, 1] = -some[:, 0]
    assert lock._mono(raw(some), STEREO).any()


def test_loudness_is_the_root_of_the_energy_that_follows():
    seen = np.random.default_rng(2).standard_normal(100).astype(np.float32)
    made = lock._loudness(seen, 16)
    assert len(made) == 100
    plain = [np.sqrt((seen[at : at + 16].astype(float) ** 2).sum()) for at in range(100)]
    assert made == pytest.approx(plain)
    quiet = np.zeros(50, np.float32)
    assert lock._loudness(quiet, 16).tolist() == pytest.approx([np.sqrt(1e-9)] * 50)
    quiet[0] = 100.0
    assert lock._loudness(quiet, 16)[40] == pytest.approx(np.sqrt(1e-9 * 10000.0))


def test_places_are_those_where_the_probe_correlates_best():
    probe = lock._mono(raw(SONG[4096:8192]), STEREO)
    captured = raw(silent(1000), SONG)
    places = lock._places(captured, STEREO, probe, 0, 21000)
    assert places[0] == 5096
    assert len(places) == lock._PLACES
    assert 5096 not in lock._places(captured, STEREO, probe, 0, 5096)
    assert lock._places(captured, STEREO, probe, 5096, 5097) == [5096]
    assert lock._places(captured, STEREO, probe, 5097, 5097) == []
    assert lock._places(raw(silent(9000)), STEREO, probe, 0, 9000) == []


@pytest.mark.parametrize("lead", [65530, 65536, 65540, 131072 - 4100])
def test_places_are_found_across_the_edges_of_pieces(lead):
    probe = lock._mono(raw(SONG[:4096]), STEREO)
    assert lock._places(raw(silent(lead), SONG), STEREO, probe, 0, lead + 20000)[0] == lead


def test_frames_that_are_equal_count_in_the_probe_and_less_at_both_ends():
    captured = raw(silent(100), SONG)
    assert lock._equal(captured, played(), 100, 4096) == pytest.approx(1.002)
    assert lock._equal(captured, played(), 101, 4096) == 0.0
    spoilt = SONG.copy()
    spoilt[:1024] ^= 1
    assert lock._equal(raw(silent(100), spoilt), played(), 100, 4096) == pytest.approx(1.00175)
    spoilt = SONG.copy()
    spoilt[-1024:] ^= 1
    assert lock._equal(raw(silent(100), spoilt), played(), 100, 4096) == pytest.approx(1.00175)
    spoilt = SONG.copy()
    spoilt[4096 : 4096 + 2048] ^= 1
    assert lock._equal(raw(silent(100), spoilt), played(), 100, 4096) == pytest.approx(0.502)
    spoilt[4096 : 4096 + 2049] = SONG[4096 : 4096 + 2049] ^ 1
    assert lock._equal(raw(silent(100), spoilt), played(), 100, 4096) == 0.0


def test_frames_beyond_the_capture_cannot_be_equal():
    assert lock._equal(raw(SONG[:5000]), played(), 0, 4096) == pytest.approx(1.002)
    assert lock._equal(raw(SONG[:4096]), played(), 0, 4096) == 0.0
    assert lock._equal(raw(SONG[6000:]), played(), -6000, 8192) == pytest.approx(1.002)


def test_of_several_places_the_one_with_most_right_frames_wins_then_the_earliest():
    twice = np.concatenate([SONG, SONG])
    assert lock._most_right(raw(twice), played(), [20000, 0]) == 0
    assert lock._most_right(raw(twice), played(), [7]) == 7
    spoilt = twice.copy()
    spoilt[100] ^= 1
    assert lock._most_right(raw(spoilt), played(), [0, 20000]) == 20000
    # A capture that begins inside has fewer frames of the first than of the second.
    assert lock._most_right(raw(SONG[5000:], SONG), played(), [-5000, 15000]) == 15000
    assert lock._most_right(raw(SONG[5000:], SONG[:14999]), played(), [-5000, 15000]) == -5000
