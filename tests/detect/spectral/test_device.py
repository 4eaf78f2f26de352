# SPDX-License-Identifier: MIT
"""The on-device tier over whole captures: latency, silence, the wrong signal, two clocks."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import analyze_on_device, device
from stress.detect.spectral.periodic import Alarm
from stress.errors import ConfigError
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from stress.patterns.layout import Layout
from stress.patterns.noise import NoisePattern
from stress.virtual.card.analog import AnalogChannel, quantize

RATE, FRAMES, RINGS = 48000, 48000, Rings(4800, 5280)


def played(pattern, position=777):
    out = np.empty(FRAMES * pattern.frame_bytes, dtype=np.uint8)
    pattern.fill(position, out)
    wide = np.zeros((out.size // pattern.fmt.sample_bytes, 4), dtype=np.uint8)
    wide[:, 4 - pattern.fmt.sample_bytes :] = out.reshape(-1, pattern.fmt.sample_bytes)
    return wide.view("<i4").reshape(-1, pattern.channels) / float(1 << 31)


def heard(signal, pattern, after=None, **channel):
    settings = {"gain_db": -3.0, "delay_frames": 3000.4, "lowpass_hz": 14000, "noise_dbfs": -70.0, **channel}
    bits = pattern.fmt.bits
    samples = quantize(AnalogChannel(**settings).transmit(signal, RATE, FRAMES, 1), bits)
    samples = samples if after is None else after(samples)
    wide = np.ascontiguousarray((samples << (32 - bits)).astype("<i4")).view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(wide[:, 4 - pattern.fmt.sample_bytes :]).reshape(-1)


@pytest.mark.parametrize("fmt", ["S16_LE", "S24_3LE", "S32_LE"])
def test_clean_capture_behind_latency_is_recognised_and_raises_nothing(fmt):
    pattern = PeriodicNoise(RATE, 2, FORMATS[fmt])
    result = analyze_on_device(heard(played(pattern), pattern), pattern, RINGS)
    assert result.analysis.locked and result.advice == () and result.count == 0
    assert result.analysis.checked_frames > 40000
    # Position 777 sounds at frame 3000 and the low-pass is late by a few frames more.
    found = (result.analysis.first_frame - 3000 + 777 - result.analysis.first_position) % PERIOD
    assert found < 12


@pytest.mark.parametrize("at", [20000, 31336])
def test_stale_line_is_one_alarm_at_its_place(at):
    pattern = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])
    signal = played(pattern)
    signal[at : at + 8] = signal[at - 4800 : at - 4800 + 8].copy()
    result = analyze_on_device(heard(signal, pattern), pattern, RINGS)
    (alarm,) = result.alarms
    assert abs(alarm.frame - (at + 3004)) < 16 and alarm.confirmed and result.count == 1
    assert "first at frame" in result.advice[0]
    assert result.to_json()["alarms"][0]["frame"] == alarm.frame


def test_capture_line_that_repeats_to_the_bit_is_a_finding_and_no_alarm():
    pattern = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])

    def spoil(samples):
        samples[30000:30008] = samples[30000 - 5280 : 30008 - 5280]
        return samples

    result = analyze_on_device(heard(played(pattern), pattern, spoil), pattern, RINGS)
    (finding,) = result.analysis.findings
    assert (finding.kind, finding.frame, finding.frames, finding.ring) == (Kind.STALE, 30000, 8, "capture")
    assert result.alarms == () and result.count == 0 and result.advice == ()


def test_other_signals_are_not_locked_each_with_its_reason():
    pattern = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])
    other = NoisePattern(RATE, 2, FORMATS["S16_LE"])
    for signal, words in ((played(other), "not recognised"), (np.zeros((FRAMES, 2)), "hold a signal")):
        result = analyze_on_device(heard(signal, pattern, noise_dbfs=-90.0), pattern, RINGS)
        assert not result.analysis.locked and words in result.advice[0]


def test_two_clocks_or_too_much_noise_keep_it_from_a_verdict():
    pattern = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])
    for channel in ({"drift_ppm": 200.0}, {"noise_dbfs": -35.0}):
        result = analyze_on_device(heard(played(pattern), pattern, **channel), pattern, RINGS)
        assert "of the level" in result.advice[0]


def test_ring_of_whole_periods_is_refused_with_the_numbers():
    pattern = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])
    with pytest.raises(ConfigError, match="1 x 2042 = 2042 frames"):
        analyze_on_device(heard(played(pattern), pattern), pattern, Rings(4800, 2 * PERIOD))


def _plain(sigma, frames=120000, seed=0, edit=None):
    pattern = PeriodicNoise(48000, 2, FORMATS["S16_LE"])
    raw = np.empty(frames * 4, np.uint8)
    pattern.fill(1, raw)
    x = raw.view("<i2").reshape(-1, 2) * 0.5
    rng = np.random.default_rng(seed)
    if edit is not None:
        edit(x, rng)
    x = np.rint(x + rng.normal(0, sigma, x.shape)).clip(-32768, 32767).astype("<i2")
    return analyze_on_device(np.ascontiguousarray(x).view(np.uint8).reshape(-1), pattern, Rings())


@pytest.mark.parametrize("sigma", [0, 0.25, 0.5, 1, 1.5, 2, 3, 5])
def test_noise_of_any_level_is_no_alarm(sigma):
    assert [_plain(sigma, seed=seed).count for seed in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("sigma", [0, 0.3, 0.5])
@pytest.mark.parametrize("last", [200, 1000, 2400, 4096, 40000])
def test_loud_noise_at_the_end_of_a_quiet_path_is_told(sigma, last):
    def noise(x, rng):
        x[-last:] = rng.integers(-8000, 8000, (last, 2))

    found = _plain(sigma, edit=noise)
    assert found.count and found.advice


@pytest.mark.parametrize("kind", ["dead", "constant", "copy"])
def test_channel_that_holds_no_noise_of_its_own_is_told(kind):
    def edit(x, rng):
        x[:, 1] = {"dead": 0, "constant": 500, "copy": x[:, 0]}[kind]

    assert any("channel 2" in line for line in _plain(0.5, edit=edit).advice)


def test_capture_shorter_than_a_block_is_one_line():
    found = _plain(0.5, frames=1000)
    assert not found.analysis.locked and "two periods" in found.advice[0]


STEREO = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])
LAYOUT = Layout(STEREO.fmt, 2)


def _top(position, frames, gain=0.5):
    """What is captured behind a gain from a position on, (frames, 2) int16."""
    raw = np.empty(frames * 4, np.uint8)
    STEREO.fill(position, raw)
    return np.rint(raw.view("<i2").reshape(-1, 2) * gain).astype("<i2")


def _square(*levels):
    """Blocks of 1024 frames of so much mean magnitude."""
    one = np.where(np.arange(1024) % 2, 1, -1)[:, None] * np.ones(2)
    return np.concatenate([one * level for level in levels]).astype("<i2")


@pytest.mark.parametrize(
    ("levels", "active"),
    [
        ([0, 0, 100, 100, 100, 0], (3072, 5 * 1024 - 64)),
        ([100, 100], (0, 0)),
        ([100, 100, 100], (1024, 3 * 1024 - 64)),
        ([10, 10, 10, 10], (0, 0)),
        ([11, 11, 11, 11], (1024, 4 * 1024 - 64)),
        ([25, 25, 25, 100, 100], (0, 0)),
        ([26, 26, 26, 100, 100], (1024, 5 * 1024 - 64)),
        ([], (0, 0)),
    ],
)
def test_sound_is_what_lies_between_its_second_block_and_its_last_piece(levels, active):
    samples = _square(*levels) if levels else np.zeros((1023, 2), "<i2")
    assert device._active(samples) == active


def test_sound_ends_in_the_piece_before_its_last():
    samples = np.concatenate([_square(100, 100, 100), _square(100)[:500], np.zeros((900, 2), "<i2")])
    # The last whole block is half loud; 500 frames of it are seven pieces and a part of one.
    begin, end = device._active(samples)
    assert begin == 1024
    assert end == 3 * 1024 + 7 * 64 or end == 3 * 1024 + 6 * 64


@pytest.mark.parametrize(
    ("rest", "most", "frames"),
    [
        ([100, 100, 100], 100, 128),
        ([100, 100, 26], 100, 128),
        ([100, 100, 25], 100, 64),
        ([100, 0, 0], 100, 0),
        ([0, 0, 0], 100, 0),
    ],
)
def test_last_piece_that_sounds_is_left_out(rest, most, frames):
    one = np.where(np.arange(64) % 2, 1, -1)[:, None] * np.ones(2)
    pieces = np.concatenate([one * level for level in rest]).astype("<i2")
    assert device._sound_of(pieces, most) == frames


def test_level_is_the_mean_magnitude_about_the_offset():
    assert device._level(np.array([[103, 97], [105, 95]], "<i2")) == 4
    assert device._level(np.array([[-32768, 32767]], "<i2")) == 32767


@pytest.mark.parametrize("position", [0, 1, 777, PERIOD - 1])
@pytest.mark.parametrize("channel", [0, 1])
def test_place_in_the_period_is_found_by_correlation(position, channel):
    where, peak = device._phase(_top(position, 2 * PERIOD) + 300, STEREO, LAYOUT, channel)
    assert where == position
    assert peak > 20
    noise = np.random.default_rng(1).integers(-9000, 9000, (2 * PERIOD, 2)).astype("<i2")
    assert device._phase(noise, STEREO, LAYOUT, channel)[1] < 6


def test_peak_is_told_against_the_mean_of_all_places():
    on = _top(5, PERIOD)
    heard = on[:, 0].astype(int) >> 6
    played = _top(0, PERIOD, 1.0)[:, 0].astype(int) >> 6
    heard = heard - int(heard.sum()) // PERIOD
    sizes = [abs(int(np.roll(played, -n) @ heard)) for n in range(PERIOD)]
    assert device._phase(on, STEREO, LAYOUT) == (5, max(sizes) // (sum(sizes) // PERIOD))


def test_sides_are_silent_copied_or_right():
    on = _top(5, 3 * PERIOD + 1)
    assert device._sides(on, STEREO, LAYOUT) == []
    silent = on.copy()
    silent[:, 1] = np.where(np.arange(len(on)) % 2, 10, -10)
    assert device._level(silent[:, 1]) == 10
    assert device._sides(silent, STEREO, LAYOUT) == ["captured channel 2 is silent: nothing in it was judged"]
    late = on.copy()
    late[:, 1] = _top(6, 3 * PERIOD + 1)[:, 1]
    text = "captured channel 2 does not hold the noise of its own channel: a copy, or no cable"
    assert device._sides(late, STEREO, LAYOUT) == [text]
    copied = on.copy()
    copied[:, 1] = on[:, 0]
    assert device._sides(copied, STEREO, LAYOUT) == [text]
    loud = on.copy()
    loud[:, 1] = np.where(np.arange(len(on)) % 2, 13, -13)
    assert device._sides(loud, STEREO, LAYOUT) == [text]


@pytest.mark.parametrize(
    ("apart", "told"), [(45, ""), (60, "7 % of the level, 6 % can"), (400, "50 % of the")]
)
def test_periods_that_differ_too_much_are_told(apart, told):
    # A square that changes by `apart` from one period to the next, up and down again.
    n = np.arange(18 * PERIOD)
    square = np.where(n % PERIOD % 2, 1600, -1600)
    step = np.where(n // PERIOD % 2, apart, -apart) * np.where(n % PERIOD % 4 < 2, 1, -1)
    said = device._noisy(np.stack([square + step] * 2, 1).astype("<i2"))
    assert (said == []) is (told == "")
    assert not said or f"periods differ by {told}" in said[0]


def test_alarms_are_told_with_the_first_of_them():
    alarm = Alarm(77, 0, 5, 1, True)
    assert device._alarmed([]) == []
    assert device._alarmed([alarm])[0].startswith("the capture leaves its period, first at frame 77: ")


def test_analysis_tells_where_the_sound_is_and_what_was_compared():
    frames = 20 * 1024
    samples = np.concatenate([np.zeros((2048, 2), "<i2"), _top(33, frames)])
    samples[9000:9008] = samples[9000 - 5280 : 9008 - 5280]
    found = analyze_on_device(np.ascontiguousarray(samples).view(np.uint8).reshape(-1), STEREO, RINGS)
    assert (found.analysis.frames, found.analysis.first_frame) == (len(samples), 3072)
    assert found.analysis.first_position == (33 + 1024) % PERIOD
    assert found.analysis.checked_frames == len(samples) - 64 - 3072 - PERIOD
    (one,) = found.analysis.findings
    assert (one.frame, one.frames, one.laps, one.line_bytes) == (9000, 8, 1, 32)
    assert one.position == (33 + 9000 - 2048) % PERIOD
    assert (found.analysis.episodes, found.count, found.advice) == (1, 0, ())
    assert found.to_json() == {"tier": "device", "alarms": [], "disturbances": 0, "advice": []}


@pytest.mark.parametrize(("frames", "locked"), [(1024 + 2048 + 64, True), (1024 + 1984 + 64, False)])
def test_sound_of_two_periods_is_enough(frames, locked):
    # The first block and the last piece are left out.
    samples = np.concatenate([_top(33, frames), np.zeros((3000, 2), "<i2")])
    found = analyze_on_device(np.ascontiguousarray(samples).view(np.uint8).reshape(-1), STEREO, RINGS)
    assert found.analysis.locked is locked
    assert locked or found.advice[0].startswith("1984 frames hold a signal: two periods of 1021 are needed")
