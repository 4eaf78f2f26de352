"""The checksum detector: periods against zlib itself, recordings against edits of them."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from stress.detect import checksum
from stress.model.finding import Kind
from stress.model.formats import FORMATS

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies

S16 = FORMATS["S16_LE"]


def recording(frames=30000, seed=3):
    # Filtered noise: what a recording looks like to a correlator.
    noise = np.random.default_rng(seed).standard_normal((frames, 2)).cumsum(axis=0)
    noise -= np.linspace(0, 1, frames)[:, None] * noise[-1]
    return (
        np.ascontiguousarray((noise / np.abs(noise).max() * 30000).astype("<i2")).view(np.uint8).reshape(-1)
    )


@given(cuts=st.lists(st.integers(0, 300), max_size=8), period=st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_summer_in_pieces_equals_zlib_per_period(cuts, period):
    data = np.random.default_rng(1).integers(0, 256, sum(cuts) * 4, dtype=np.uint8)
    summer, at = checksum.Summer(4, period), 0
    for cut in cuts:
        summer.feed(data[at * 4 : (at + cut) * 4])
        at += cut
    raw, step = data.tobytes(), period * 4
    want = tuple(zlib.crc32(raw[k : k + step]) for k in range(0, len(raw), step))
    assert summer.finish().crcs == want


def test_checksums_survive_their_json_form():
    sums = checksum.sums_of(recording(1000), 4, 96, 7)
    assert checksum.Checksums.from_json(sums.to_json()) == sums


def test_checksums_that_do_not_cover_their_frames_are_refused():
    value = checksum.sums_of(recording(1000), 4, 96).to_json()
    value["crcs"] = value["crcs"][:-8]
    with pytest.raises(ValueError, match="do not cover"):
        checksum.Checksums.from_json(value)


def test_compare_names_the_wrong_periods_and_joins_neighbours():
    data = recording(1000)
    bad = data.copy()
    for frame in (250, 333, 700):
        bad[frame * 4] ^= 1
    analysis = checksum.compare(checksum.sums_of(data, 4, 100), checksum.sums_of(bad, 4, 100, 40))
    assert analysis.detector == "checksum"
    assert [(f.frame, f.frames) for f in analysis.findings] == [(240, 200), (740, 100)]
    assert (analysis.counts, analysis.checked_frames) == ({Kind.UNKNOWN: 2}, 1000)
    assert all(f.lag is None and f.ring is None for f in analysis.findings)


def test_compare_judges_no_period_that_one_side_has_in_part():
    data = recording(1000)
    analysis = checksum.compare(checksum.sums_of(data, 4, 96), checksum.sums_of(data[: 950 * 4], 4, 96))
    assert (analysis.found, analysis.checked_frames) == (0, 864)


def test_compare_of_other_periods_is_refused():
    data = recording(100)
    with pytest.raises(ValueError, match="do not compare"):
        checksum.compare(checksum.sums_of(data, 4, 10), checksum.sums_of(data, 4, 20))


@pytest.mark.parametrize("name", list(FORMATS))
def test_stimulus_is_found_behind_silence_and_clean(name):
    fmt = FORMATS[name]
    rng = np.random.default_rng(5)
    played = rng.integers(0, 256, 20000 * fmt.frame_bytes(2), dtype=np.uint8)
    captured = np.concatenate([np.zeros(777 * fmt.frame_bytes(2), np.uint8), played])
    analysis = checksum.check_stimulus(captured, played, fmt, 2, 480)
    assert (analysis.locked, analysis.first_frame, analysis.found) == (True, 777, 0)
    assert analysis.checked_frames == 20000


def test_stimulus_with_one_wrong_sample_is_placed_to_the_frame():
    played = recording()
    captured = np.concatenate([np.zeros(400, np.uint8), played])
    captured[400 + 12345 * 4 + 2] ^= 1
    analysis = checksum.check_stimulus(captured, played, S16, 2, 480)
    assert [(f.frame, f.frames) for f in analysis.findings] == [(100 + 12345, 1)]
    assert checksum.LIMITS in analysis.notes


def test_stimulus_past_the_limit_is_not_judged():
    played = recording()
    captured = played.copy()
    captured[20000 * 4 :] = 0
    analysis = checksum.check_stimulus(captured, played, S16, 2, 480, played_limit=20000)
    assert (analysis.found, analysis.checked_frames) == (0, 20000)


def test_stimulus_that_never_came_does_not_lock():
    played = recording()
    for captured in (np.zeros(40000, np.uint8), recording(seed=9)):
        assert not checksum.check_stimulus(captured, played, S16, 2, 480).locked


def test_checksum_does_not_see_that_a_period_was_exchanged_for_itself():
    # Blind spot: a periodic recording hides what is a whole number of its periods old.
    tone = np.tile(recording(480), 40)
    stale = tone.copy()
    stale[4800 * 4 : 4808 * 4] = tone[(4800 - 480) * 4 : (4808 - 480) * 4]
    assert checksum.check_stimulus(stale, tone, S16, 2, 480).found == 0


def test_recording_with_a_slow_and_strong_part_locks_where_it_is():
    walk = np.random.default_rng(5).standard_normal((40000, 2)).cumsum(axis=0)
    played = (
        np.ascontiguousarray((walk / np.abs(walk).max() * 30000).astype("<i2")).view(np.uint8).reshape(-1)
    )
    captured = np.concatenate([np.zeros(4 * 300, np.uint8), played])
    assert checksum.check_stimulus(captured, played, S16, 2, 480).first_frame == 300


def test_tone_locks_to_its_very_beginning_not_to_a_period_later():
    wave = np.round(8000 * np.sin(2 * np.pi * np.arange(24000) / 48)).astype("<i2")
    played = np.stack([wave, wave], axis=1).view(np.uint8).reshape(-1)
    silence = np.zeros(4 * 777, np.uint8)
    analysis = checksum.check_stimulus(np.concatenate([silence, played, silence]), played, S16, 2, 480)
    assert (analysis.first_frame, analysis.found, analysis.checked_frames) == (777, 0, 24000)


def test_capture_that_begins_inside_the_recording_is_compared_from_there():
    played = recording()
    captured = played[4 * 9000 :].copy()
    captured[4 * 500] ^= 1
    analysis = checksum.check_stimulus(captured, played, S16, 2, 480)
    assert (analysis.first_frame, analysis.first_position, analysis.checked_frames) == (0, 9000, 21000)
    assert [(f.frame, f.position) for f in analysis.findings] == [(500, 9500)]


def test_wrong_runs_further_apart_than_the_gap_are_told_apart():
    played = recording()
    captured = played.copy()
    for frame in (1000, 1004, 1020):
        captured[4 * frame] ^= 1
    layout = checksum.Layout(S16, 2)

    def part(start, frames):
        return played[4 * start : 4 * (start + frames)]

    analysis = checksum.check_played(captured, part, 30000, layout, 1024, gap=8)
    assert [(f.frame, f.frames, f.details["wrong_frames"]) for f in analysis.findings] == [
        (1000, 5, 2),
        (1020, 1, 1),
    ]


def test_start_later_than_allowed_does_not_lock():
    played = recording()
    captured = np.concatenate([np.zeros(4 * 5000, np.uint8), played])
    layout = checksum.Layout(S16, 2)

    def part(start, frames):
        return played[4 * start : 4 * (start + frames)]

    found = [
        checksum.check_played(captured, part, 30000, layout, 1024, latest=n).locked for n in (4999, 5000)
    ]
    assert found == [False, True]


def test_recording_played_twice_locks_to_the_first_time_even_where_that_is_damaged():
    once = recording()
    played = np.concatenate([once, once])
    captured = np.concatenate([np.zeros(4 * 300, np.uint8), played])
    captured[4 * 300 : 4 * 1800] ^= 1
    analysis = checksum.check_stimulus(captured, played, S16, 2, 480)
    assert (analysis.first_frame, analysis.checked_frames) == (300, 60000)
    assert [(f.frame, f.frames) for f in analysis.findings] == [(300, 1500)]


def test_tone_that_is_loudest_across_two_stretches_locks_where_it_is():
    wave = 4000 * np.sin(2 * np.pi * np.arange(24000) / 48)
    wave[10240:14336] *= 4
    wave = np.round(wave).astype("<i2")
    played = np.stack([wave, wave], axis=1).view(np.uint8).reshape(-1)
    captured = np.concatenate([np.zeros(4 * 777, np.uint8), played])
    assert checksum.check_stimulus(captured, played, S16, 2, 480).first_frame == 777


def test_slow_recording_with_many_stale_lines_still_locks():
    walk = np.random.default_rng(5).standard_normal((40000, 2)).cumsum(axis=0)
    played = (
        np.ascontiguousarray((walk / np.abs(walk).max() * 30000).astype("<i2")).view(np.uint8).reshape(-1)
    )
    damaged = played.reshape(-1, 32).copy()
    stale = np.random.default_rng(6).random(len(damaged)) < 0.4
    stale[:120] = False
    damaged[stale] = np.roll(damaged, 120, axis=0)[stale]
    captured = np.concatenate([np.zeros(4 * 300, np.uint8), damaged.reshape(-1)])
    assert checksum.check_stimulus(captured, played, S16, 2, 480).first_frame == 300
