# SPDX-License-Identifier: MIT
"""The band-limited noise: same samples however it is cut, right band, right level."""

from __future__ import annotations

import numpy as np
import pytest

from stress.errors import ConfigError
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise, blind_laps, commensurate
from stress.patterns.noise import TAP_COUNT, NoisePattern, band_taps, store, uniform

S16 = FORMATS["S16_LE"]


def frames_of(pattern, position, count):
    out = np.empty(count * pattern.frame_bytes, dtype=np.uint8)
    pattern.fill(position, out)
    return out


def lowbias32(x):
    # One position at a time, in Python integers: the oracle of the vectorised code.
    x ^= x >> 16
    x = x * 0x7FEB352D & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x846CA68B & 0xFFFFFFFF
    return x ^ (x >> 16)


def sample_by_hand(position, channel):
    total = 0
    for k, tap in enumerate(band_taps().tolist()):
        word = lowbias32(((position - k) & 0xFFFFFFFF) ^ (channel // 2 * 0x85EBCA6B & 0xFFFFFFFF))
        half = word >> 16 if channel % 2 == 0 else word & 0xFFFF
        total += tap * (half - 65536 if half >= 32768 else half)
    return (total + 32) >> 6


@pytest.mark.parametrize("channel", [0, 1, 5])
@pytest.mark.parametrize("position", [0, 12345, 0xFFFFFFF0])
def test_noise_samples_equal_a_slow_sum(channel, position):
    pattern = NoisePattern(48000, 8, S16)
    fast = pattern.samples(position, 24, channel).tolist()
    assert fast == [sample_by_hand(position + n, channel) for n in range(24)]


def test_noise_by_fft_equals_the_convolution_in_integers():
    white = uniform(7 - (TAP_COUNT - 1), 20000 + TAP_COUNT - 1, 0).astype(np.int64)
    exact = (np.convolve(white, band_taps(), mode="valid") + 32) >> 6
    assert np.array_equal(NoisePattern(48000, 1, S16).samples(7, 20000, 0), exact)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_noise_in_pieces_equals_noise_at_once(name, channels):
    pattern = NoisePattern(48000, channels, FORMATS[name])
    start = 0xFFFFFFFF - 4000
    whole = frames_of(pattern, start, 9000)
    pieces = [frames_of(pattern, start + at, n) for at, n in ((0, 1), (1, 4095), (4096, 4904))]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_noise_level_and_band_are_as_stated():
    x = NoisePattern(48000, 2, S16).samples(0, 1 << 17, 0) / float(1 << 23)
    assert abs(x.std() - 0.18) < 0.002
    assert np.abs(x).max() < 0.9
    power = np.abs(np.fft.rfft(x.reshape(-1, 4096) * np.hanning(4096), axis=1)) ** 2
    level = 10 * np.log10(power.mean(axis=0))
    hz = np.arange(2049) * 48000 / 4096
    inside = level[(hz > 1600) & (hz < 13000)].mean()
    assert level[(hz > 15500) & (hz < 23000)].max() < inside - 45
    assert level[(hz > 50) & (hz < 150)].max() < inside - 30
    assert np.ptp(level[(hz > 1600) & (hz < 13000)]) < 8


def test_noise_channels_and_laps_are_uncorrelated():
    pattern = NoisePattern(48000, 8, S16)
    x = np.array([pattern.samples(0, 60000, c) for c in range(8)], dtype=np.float64)
    x = np.concatenate((x, [pattern.samples(lag, 60000, 0) for lag in (960, 4800, 48000, 65536)]))
    cross = np.corrcoef(x) - np.eye(len(x))
    assert np.abs(cross).max() < 0.03


def test_noise_sixteen_bit_samples_are_the_upper_bits_of_wider_ones():
    narrow = frames_of(NoisePattern(48000, 2, S16), 99, 500).view("<i2").astype(np.int64)
    wide = frames_of(NoisePattern(48000, 2, FORMATS["S32_LE"]), 99, 500).view("<i4").astype(np.int64)
    packed = frames_of(NoisePattern(48000, 2, FORMATS["S24_LE"]), 99, 500).view("<i4").astype(np.int64)
    assert np.array_equal(wide >> 16, narrow)
    assert np.array_equal(packed, wide >> 8)


def test_noise_refuses_nine_channels():
    with pytest.raises(ConfigError, match="9 channels.*1 to 8"):
        NoisePattern(48000, 9, S16)


def test_store_negative_sample_keeps_its_sign_in_three_bytes():
    out = np.zeros(6, dtype=np.uint8)
    store(np.array([-2, 3], dtype=np.int32), 0, 1, FORMATS["S24_3LE"], out)
    assert out.tolist() == [0xFE, 0xFF, 0xFF, 3, 0, 0]


@pytest.mark.parametrize("position", [0, 1, 1020, 1021, 5_000_000])
def test_periodic_noise_repeats_after_its_period(position):
    pattern = PeriodicNoise(48000, 2, S16)
    once = frames_of(pattern, position, 3000).view("<i2").reshape(-1, 2)
    assert np.array_equal(once[PERIOD:], once[:-PERIOD])
    assert not np.array_equal(once[PERIOD - 1 :], once[: -PERIOD + 1])
    assert np.array_equal(frames_of(pattern, position + PERIOD, 3000).view("<i2").reshape(-1, 2), once)


def test_periodic_noise_is_the_circular_convolution_of_its_words():
    out = frames_of(PeriodicNoise(48000, 1, FORMATS["S32_LE"]), 0, PERIOD).view("<i4").astype(np.int64) >> 8
    words = [lowbias32(i) >> 16 for i in range(PERIOD)]
    white = np.array([w - 65536 if w >= 32768 else w for w in words], dtype=np.float64)
    spectrum = np.fft.fft(white) * np.fft.fft(band_taps(), PERIOD)
    exact = np.floor((np.rint(np.fft.ifft(spectrum).real) + 32) / 64)
    assert np.array_equal(out, exact)


@pytest.mark.parametrize("ring, laps", [(1021, 1), (4084, 1), (10210, 1)])
def test_guard_period_that_divides_a_lap_is_refused_with_the_numbers(ring, laps):
    with pytest.raises(ConfigError, match=f"{laps} x {ring} = {ring} frames.*are {ring // 1021} periods"):
        commensurate(PERIOD, Rings(4800, ring))


def test_guard_counts_later_laps_of_a_tone():
    assert blind_laps(79, Rings(4800, None)) == ()
    assert blind_laps(160, Rings(4000, None)) == tuple(("playback", 4000, lap) for lap in range(1, 9))
    assert [lap for _, _, lap in blind_laps(96, Rings(None, 1200))] == [2, 4, 6, 8]


def test_guard_aperiodic_noise_and_unknown_rings_pass():
    commensurate(NoisePattern.period, Rings(1021, 1021))
    commensurate(PERIOD, Rings())
    commensurate(PERIOD, Rings(4800, 5280))
