# SPDX-License-Identifier: MIT
"""The checksum detector: periods against zlib itself, recordings against edits of them."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from stress.detect.checksum import LIMITS, Periods, Runs, check_played, narrow
from stress.detect.checksum_lock import Played
from stress.detect.sums import Checksums, sums_of
from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.patterns.layout import Layout

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


def check(captured, played, fmt=S16, due=None, period=480, gap=1, **options):
    layout = Layout(fmt, 2)
    size = layout.frame_bytes
    sent = Played(
        lambda start, frames: played[start * size : (start + frames) * size],
        played.size // size if due is None else due,
        layout,
    )
    return check_played(captured, sent, Periods(period, gap), **options)


@given(frames=st.integers(0, 2000), period=st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_sums_are_those_of_zlib_per_period(frames, period):
    data = np.random.default_rng(1).integers(0, 256, frames * 4, dtype=np.uint8)
    raw, step = data.tobytes(), period * 4
    sums = sums_of(data, 4, period, 7)
    assert sums.crcs == tuple(zlib.crc32(raw[k : k + step]) for k in range(0, len(raw), step))
    assert (sums.first_frame, sums.frames) == (7, frames)


def test_checksums_survive_their_text():
    sums = sums_of(recording(1000), 4, 96, 7)
    assert Checksums.of_text(sums.text(), 7, 96, 1000) == sums


def test_checksums_that_do_not_cover_their_frames_are_refused():
    text = sums_of(recording(1000), 4, 96).text()
    with pytest.raises(ValueError, match="do not cover"):
        Checksums.of_text(text[:-8], 0, 96, 1000)


@pytest.mark.parametrize("name", list(FORMATS))
def test_stimulus_is_found_behind_silence_and_clean(name):
    fmt = FORMATS[name]
    rng = np.random.default_rng(5)
    played = rng.integers(0, 256, 20000 * fmt.frame_bytes(2), dtype=np.uint8)
    captured = np.concatenate([np.zeros(777 * fmt.frame_bytes(2), np.uint8), played])
    analysis = check(captured, played, fmt)
    assert (analysis.locked, analysis.first_frame, analysis.found) == (True, 777, 0)
    assert analysis.checked_frames == 20000


def test_stimulus_with_one_wrong_sample_is_placed_to_the_frame():
    played = recording()
    captured = np.concatenate([np.zeros(400, np.uint8), played])
    captured[400 + 12345 * 4 + 2] ^= 1
    analysis = check(captured, played)
    assert [(f.frame, f.frames) for f in analysis.findings] == [(100 + 12345, 1)]
    assert LIMITS in analysis.notes


def test_stimulus_past_the_limit_is_not_judged():
    played = recording()
    captured = played.copy()
    captured[20000 * 4 :] = 0
    analysis = check(captured, played, due=20000)
    assert (analysis.found, analysis.checked_frames) == (0, 20000)


def test_stimulus_that_never_came_does_not_lock():
    played = recording()
    for captured in (np.zeros(40000, np.uint8), recording(seed=9)):
        assert not check(captured, played).locked


def test_checksum_does_not_see_that_a_period_was_exchanged_for_itself():
    # Blind spot: a periodic recording hides what is a whole number of its periods old.
    tone = np.tile(recording(480), 40)
    stale = tone.copy()
    stale[4800 * 4 : 4808 * 4] = tone[(4800 - 480) * 4 : (4808 - 480) * 4]
    assert check(stale, tone).found == 0


def test_recording_with_a_slow_and_strong_part_locks_where_it_is():
    walk = np.random.default_rng(5).standard_normal((40000, 2)).cumsum(axis=0)
    played = (
        np.ascontiguousarray((walk / np.abs(walk).max() * 30000).astype("<i2")).view(np.uint8).reshape(-1)
    )
    captured = np.concatenate([np.zeros(4 * 300, np.uint8), played])
    assert check(captured, played).first_frame == 300


def test_tone_locks_to_its_very_beginning_not_to_a_period_later():
    wave = np.round(8000 * np.sin(2 * np.pi * np.arange(24000) / 48)).astype("<i2")
    played = np.stack([wave, wave], axis=1).view(np.uint8).reshape(-1)
    silence = np.zeros(4 * 777, np.uint8)
    analysis = check(np.concatenate([silence, played, silence]), played)
    assert (analysis.first_frame, analysis.found, analysis.checked_frames) == (777, 0, 24000)


def test_capture_that_begins_inside_the_recording_is_compared_from_there():
    played = recording()
    captured = played[4 * 9000 :].copy()
    captured[4 * 500] ^= 1
    analysis = check(captured, played)
    assert (analysis.first_frame, analysis.first_position, analysis.checked_frames) == (0, 9000, 21000)
    assert [(f.frame, f.position) for f in analysis.findings] == [(500, 9500)]


def test_wrong_runs_further_apart_than_the_gap_are_told_apart():
    played = recording()
    captured = played.copy()
    for frame in (1000, 1004, 1020):
        captured[4 * frame] ^= 1
    analysis = check(captured, played, period=1024, gap=8)
    assert [(f.frame, f.frames, f.details["wrong_frames"]) for f in analysis.findings] == [
        (1000, 5, 2),
        (1020, 1, 1),
    ]


def test_start_later_than_allowed_does_not_lock():
    played = recording()
    captured = np.concatenate([np.zeros(4 * 5000, np.uint8), played])
    found = [check(captured, played, latest=n).locked for n in (4999, 5000)]
    assert found == [False, True]


def test_recording_played_twice_locks_to_the_first_time_even_where_that_is_damaged():
    once = recording()
    played = np.concatenate([once, once])
    captured = np.concatenate([np.zeros(4 * 300, np.uint8), played])
    captured[4 * 300 : 4 * 1800] ^= 1
    analysis = check(captured, played)
    assert (analysis.first_frame, analysis.checked_frames) == (300, 60000)
    assert [(f.frame, f.frames) for f in analysis.findings] == [(300, 1500)]


def test_tone_that_is_loudest_across_two_stretches_locks_where_it_is():
    wave = 4000 * np.sin(2 * np.pi * np.arange(24000) / 48)
    wave[10240:14336] *= 4
    wave = np.round(wave).astype("<i2")
    played = np.stack([wave, wave], axis=1).view(np.uint8).reshape(-1)
    captured = np.concatenate([np.zeros(4 * 777, np.uint8), played])
    assert check(captured, played).first_frame == 777


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
    assert check(captured, played).first_frame == 300


# Frames and findings by their numbers.


@pytest.mark.parametrize(
    ("lead", "behind", "frames"), [(0, 0, 30000), (100, 0, 30000), (100, 700, 30000), (0, -5000, 25000)]
)
def test_frames_that_are_compared_are_those_of_both(lead, behind, frames):
    played = recording()
    captured = np.concatenate([np.zeros(4 * lead, np.uint8), played, np.zeros(4 * max(behind, 0), np.uint8)])
    captured = captured[: captured.size + 4 * min(behind, 0)]
    analysis = check(captured, played)
    assert (analysis.checked_frames, analysis.first_frame, analysis.first_position) == (frames, lead, 0)
    assert (analysis.detector, analysis.locked, analysis.frames) == ("checksum", True, captured.size // 4)
    assert (analysis.found, analysis.episodes, analysis.notes) == (0, 0, ())


@pytest.mark.parametrize("late", [1, 7000])
def test_a_capture_that_begins_inside_has_fewer_frames_from_its_position_on(late):
    played = recording()
    spoilt = played.copy()
    spoilt[4 * 20000] ^= 1
    analysis = check(spoilt[4 * late :], played)
    assert (analysis.checked_frames, analysis.first_frame, analysis.first_position) == (30000 - late, 0, late)
    (one,) = analysis.findings
    assert (one.frame, one.position) == (20000 - late, 20000)


def test_a_finding_says_its_period_its_frames_and_those_that_are_wrong():
    assert narrow(100, [970, 975, 3], 480) == Finding(
        Kind.UNKNOWN,
        1070,
        5,
        970,
        details={"period": 2, "wrong_frames": 3},
        text="3 of 5 frames from capture frame 1070 are not what was played.",
    )
    assert narrow(0, [959, 960, 1], 480).details["period"] == 1


@pytest.mark.parametrize(
    ("gap", "ended"),
    [
        (0, [[3, 4, 1], [5, 6, 1], [9, 11, 2]]),
        (1, [[3, 6, 2], [9, 11, 2]]),
        (2, [[3, 6, 2], [9, 11, 2]]),
        (3, [[3, 11, 4]]),
    ],
)
def test_wrong_frames_are_joined_over_right_ones_up_to_the_gap(gap, ended):
    runs = Runs(gap)
    runs.add(0, np.array([0, 0, 0, 1, 0, 1], bool))
    runs.add(6, np.array([0, 0, 0, 1, 1, 0], bool))
    assert runs.ended == ended


@pytest.mark.parametrize(("cap", "kept", "told"), [(2, 2, True), (3, 3, False), (4, 3, False)])
def test_findings_past_the_cap_are_counted_and_said(cap, kept, told):
    played = recording()
    spoilt = played.copy()
    for at in (5000, 9000, 20000):
        spoilt[4 * at] ^= 1
    analysis = check(spoilt, played, cap=cap)
    assert (len(analysis.findings), analysis.found, analysis.episodes, analysis.wrong_frames) == (
        kept,
        3,
        3,
        3,
    )
    assert analysis.notes == (LIMITS, *(["1 findings past the first 2 are only counted"] if told else []))


def test_checksums_are_those_of_so_many_frames():
    data = recording(10)
    sums = sums_of(data, 4, 4)
    assert (sums.first_frame, sums.period_frames, sums.frames, len(sums.crcs)) == (0, 4, 10, 3)
    for frames, period, covered in ((12, 4, True), (9, 4, True), (8, 4, False), (13, 4, False), (3, 1, True)):
        try:
            assert Checksums.of_text(sums.text(), 5, period, frames) == Checksums(
                5, period, frames, sums.crcs
            )
            assert covered
        except ValueError:
            assert not covered
    with pytest.raises(ValueError, match="0 checksums do not cover 0 frames"):
        Checksums.of_text("", 0, 0, 0)
    assert Checksums.of_text("", 0, 1, 0).crcs == ()
