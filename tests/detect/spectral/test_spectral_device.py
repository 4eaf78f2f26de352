# SPDX-License-Identifier: MIT
"""The on-device tier, stage by stage: where the sound is, where in its period, and how clean."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.ring_offset import line_of
from stress.detect.spectral import analyze_on_device, device
from stress.detect.spectral.periodic import Alarm
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from stress.patterns.layout import Layout

PATTERN = PeriodicNoise(48000, 2, FORMATS["S16_LE"])
LAYOUT = Layout(PATTERN.fmt, 2)


def _noise(position, frames, pattern=PATTERN):
    raw = np.empty(frames * pattern.frame_bytes, dtype=np.uint8)
    pattern.fill(position, raw)
    return raw.view("<i2").reshape(-1, pattern.channels).copy()


def _levels(*blocks, frames=1024):
    # Blocks of a square wave of that level in both channels.
    rows = [np.resize([level, -level], (frames, 2)) for level in blocks]
    return np.concatenate(rows).astype(np.int16)


@pytest.mark.parametrize(
    ("samples", "level"),
    [
        ([5, 5, 5], 0),
        ([10, -10], 10),
        ([10, -11], 10),
        ([3, 4], 0),
        ([0, 9, 0, 9], 4),
        ([-32768, 32767], 32767),
    ],
)
def test_level_is_the_mean_magnitude_around_the_mean(samples, level):
    # Both are rounded down: a mean of -0.5 is -1.
    assert device._level(np.array(samples, dtype=np.int16)) == level


@pytest.mark.parametrize(
    ("blocks", "active"),
    [
        ((), (0, 0)),
        ((100, 100), (0, 0)),
        ((100, 100, 100), (1024, 2 * 1024 + 15 * 64)),
        ((0, 100, 100, 100, 0), (2 * 1024, 3 * 1024 + 15 * 64)),
        ((0, 10, 11, 11, 11, 10), (3 * 1024, 5 * 1024 + 15 * 64)),
        ((10, 10, 10), (0, 0)),
        ((100, 101, 400, 400, 101, 100), (2 * 1024, 4 * 1024 + 15 * 64)),
        ((100, 100, 400, 400, 400, 100), (3 * 1024, 4 * 1024 + 15 * 64)),
    ],
)
def test_active_is_from_the_second_loud_block_to_the_last_piece_that_sounds(blocks, active):
    samples = _levels(*blocks) if blocks else np.zeros((1023, 2), np.int16)
    assert device._active(samples) == active


@pytest.mark.parametrize(("more", "end"), [(0, 960), (63, 960), (64, 1024), (640, 1600), (1023, 1920)])
def test_sound_behind_the_last_whole_block_is_looked_for(more, end):
    samples = np.concatenate((_levels(100, 100, 100), _levels(100, frames=more)))
    assert device._active(samples)[1] == 2 * 1024 + end


def test_click_two_blocks_behind_the_sound_is_not_its_end():
    samples = _levels(100, 100, 100, 0, 0)
    samples[4 * 1024 : 4 * 1024 + 64] = 100
    assert device._active(samples)[1] == 2 * 1024 + 15 * 64


@pytest.mark.parametrize(("level", "end"), [(25, 64), (26, 3 * 64)])
def test_piece_sounds_above_a_quarter_of_the_loudest_block(level, end):
    rest = _levels(100, 100, 0, level, 0, frames=64)
    assert device._sound_of(rest, 100) == end


def test_piece_that_is_cut_is_none_and_silence_has_no_end():
    assert device._sound_of(_levels(0, 0, frames=64), 100) == 0
    assert device._sound_of(_levels(100, frames=127), 100) == 0
    assert device._sound_of(_levels(100, frames=63), 100) == 0


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("position", [0, 1, 777, 1020])
def test_phase_is_the_place_in_the_period_and_its_peak_over_the_mean(position, channel):
    on = _noise(position, 2 * PERIOD) // 4 + 16000
    played = _noise(0, PERIOD)[:, channel].astype(int) >> 6
    heard = on[:PERIOD, channel].astype(int) >> 6
    heard = heard - heard.sum() // PERIOD
    every = [abs(int(np.roll(played, -k) @ heard)) for k in range(PERIOD)]
    where, peak = device._phase(on, PATTERN, LAYOUT, channel)
    assert where == position == int(np.argmax(every))
    assert peak == max(every) // (sum(every) // PERIOD)
    assert peak > 20


def test_phase_of_silence_has_no_peak_and_the_first_channel_is_meant():
    assert device._phase(np.zeros((PERIOD, 2), np.int16), PATTERN, LAYOUT) == (0, 0)
    on = _noise(5, PERIOD)
    assert device._phase(on, PATTERN, LAYOUT) == device._phase(on, PATTERN, LAYOUT, 0)
    on[:, 0] = 0
    assert device._phase(on, PATTERN, LAYOUT)[1] == 0


def _changed(kind):
    on = _noise(100, 2 * PERIOD)
    other = {"copy": on[:, 0], "late": np.roll(on[:, 1], 3), "dead": on[:, 1] * 0, "right": on[:, 1]}
    rest = {"quiet": 10, "soft": 11}
    on[:, 1] = other[kind] if kind in other else np.resize([rest[kind], -rest[kind]], len(on))
    return on


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("right", None),
        ("copy", "does not hold the noise of its own channel"),
        ("late", "does not hold the noise of its own channel"),
        ("soft", "does not hold the noise of its own channel"),
        ("quiet", "is silent"),
        ("dead", "is silent"),
    ],
)
def test_second_channel_is_told_where_it_is_silent_a_copy_or_late(kind, words):
    said = device._sides(_changed(kind), PATTERN, LAYOUT)
    assert len(said) == (words is not None)
    assert all(words in one and "channel 2" in one for one in said)


def test_every_further_channel_is_looked_at():
    pattern = PeriodicNoise(48000, 4, FORMATS["S16_LE"])
    on = _noise(100, 2 * PERIOD, pattern)
    assert device._sides(on, pattern, Layout(pattern.fmt, 4)) == []
    on[:, 1] = 0
    on[:, 3] = on[:, 2]
    said = device._sides(on, pattern, Layout(pattern.fmt, 4))
    assert [line.split()[2] for line in said] == ["2", "4"]


def _periods(apart, count=2, from_period=1, level=1600):
    # Square waves of a level, that move by so much from one period to the next.
    step = np.array([1, -1])
    rows = np.empty((count * PERIOD, 2), dtype=np.int16)
    for k in range(count):
        moved = apart if k >= from_period and (k - from_period) % 2 == 0 else 0
        rows[k * PERIOD : (k + 1) * PERIOD] = step * (level + moved)
    return rows


@pytest.mark.parametrize(("apart", "share"), [(0, None), (99, None), (100, 6), (200, 12)])
def test_periods_may_differ_by_a_sixteenth_of_the_level(apart, share):
    said = device._noisy(_periods(apart))
    assert len(said) == (share is not None)
    assert all(f"periods differ by {share} % of the level, 6 % can be judged" in one for one in said)


@pytest.mark.parametrize(("period", "told"), [(1, 1), (15, 1), (16, 1), (17, 0), (18, 0)])
def test_sixteen_periods_are_compared_with_those_before_them(period, told):
    on = _periods(0, 20)
    on[period * PERIOD : (period + 1) * PERIOD] *= 9
    assert len(device._noisy(on)) == told


def test_periods_of_silence_are_told():
    assert "periods differ by 0 %" in device._noisy(np.zeros((3 * PERIOD, 2), np.int16))[0]


def test_alarms_are_told_by_the_first_of_them():
    alarms = [Alarm(55, 0, 900, 3, True), Alarm(99, 0, 900, 3, True)]
    assert device._alarmed([]) == []
    (said,) = device._alarmed(alarms)
    assert "first at frame 55:" in said


def _capture(edit=None, lead=2000, frames=12000, position=777):
    samples = np.zeros((lead + frames, 2), dtype=np.int16)
    samples[lead:] = _noise(position, frames) // 2
    samples[lead:] += np.random.default_rng(1).integers(-1, 2, (frames, 2)).astype(np.int16)
    if edit is not None:
        edit(samples)
    return np.ascontiguousarray(samples.astype("<i2")).view(np.uint8).reshape(-1)


def test_clean_capture_says_where_it_begins_and_how_much_was_compared():
    got = analyze_on_device(_capture(), PATTERN, Rings(4800, 5280))
    analysis = got.analysis
    # The noise begins in the second block of 1024; the one behind the first loud one is the fourth.
    assert (analysis.locked, analysis.frames, analysis.first_frame) == (True, 14000, 3072)
    assert analysis.first_position == (777 + 3072 - 2000) % PERIOD
    last = 12 * 1024 + (14000 - 12 * 1024) // 64 * 64 - 64
    assert analysis.checked_frames == last - 3072 - PERIOD
    assert (got.alarms, got.count, got.advice, analysis.findings, analysis.episodes) == ((), 0, (), (), 0)
    assert analysis.detector == "spectral" and "1021 frames" in analysis.notes[0]


def test_alarm_and_repeated_line_are_placed_in_the_capture():
    def edit(samples):
        samples[6000, 1] += 8000
        samples[9001:9009] = samples[9001 - 1500 : 9009 - 1500]

    got = analyze_on_device(_capture(edit), PATTERN, Rings(4800, 1500))
    (alarm,) = got.alarms
    assert (alarm.frame, alarm.channel, alarm.confirmed, got.count) == (6000, 1, True, 1)
    (finding,) = got.analysis.findings
    assert (finding.kind, finding.frame, finding.frames, finding.laps) == (Kind.STALE, 9001, 8, 1)
    assert finding.position == (777 + 9001 - 2000) % PERIOD
    assert got.analysis.counts == {Kind.STALE: 1} and got.analysis.episodes == 1
    assert [line[:30] for line in got.advice] == ["the capture leaves its period,"]
    assert got.to_json() == {
        "tier": "device", "alarms": [alarm.to_json()], "disturbances": 1, "advice": list(got.advice)
    }  # fmt: skip


@pytest.mark.parametrize(("board", "named"), [(16, 16), (32, 32)])
def test_no_line_larger_than_that_of_the_board_is_named(board, named):
    def edit(samples):
        samples[9000:9008] = samples[7500:7508]

    got = analyze_on_device(_capture(edit), PATTERN, Rings(4800, 1500, 8), line_bytes=board)
    assert line_of(9008 % 1500 * 4, 32) == 32
    assert got.analysis.findings[0].line_bytes == named


@pytest.mark.parametrize(("laps", "found"), [(1, 0), (2, 1)])
def test_as_many_laps_as_asked_are_looked_back(laps, found):
    def edit(samples):
        samples[9000:9008] = samples[6000:6008]

    got = analyze_on_device(_capture(edit), PATTERN, Rings(4800, 1500), laps)
    assert (len(got.analysis.findings), got.count) == (found, 1 - found)


@pytest.mark.parametrize(
    ("frames", "locked"), [(1024 + 2 * PERIOD + 64, False), (1024 + 2 * PERIOD + 128, True)]
)
def test_two_periods_of_sound_are_needed_behind_its_first_block(frames, locked):
    # A frame count that is no whole piece, and the last piece, are left out.
    got = analyze_on_device(_capture(lead=0, frames=frames), PATTERN, Rings())
    assert got.analysis.locked == locked
    assert got.analysis.checked_frames == ((frames // 64 - 1) * 64 - 1024 - PERIOD if locked else 0)


def test_silence_is_not_locked():
    silent = analyze_on_device(np.zeros(4 * 9000, np.uint8), PATTERN, Rings())
    assert (silent.analysis.locked, silent.count, silent.alarms) == (False, 0, ())
    assert silent.advice == (f"0 frames hold a signal: two periods of {PERIOD} are needed",)
    assert silent.analysis.frames == 9000


def test_other_noise_is_not_recognised():
    noise = np.random.default_rng(2).integers(-9000, 9000, (9000, 2)).astype("<i2")
    got = analyze_on_device(noise.view(np.uint8).reshape(-1), PATTERN, Rings())
    assert (got.analysis.locked, got.analysis.frames) == (False, 9000)
    assert "10 needed" in got.advice[0]
