# SPDX-License-Identifier: MIT
"""The on-device tier over whole captures: latency, silence, the wrong signal, two clocks."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import analyze_on_device
from stress.errors import ConfigError
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
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
