# SPDX-License-Identifier: MIT
"""What is said of the channel, from taps and levels that are known."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from stress.detect.spectral import fit, measure
from stress.detect.spectral.clock import SegmentClock
from stress.detect.spectral.result import Second

RATE = 48000


@pytest.mark.parametrize(
    ("ratio", "level"), [(1.0, 0), (100.0, 20), (1e-20, -200), (0.0, -200), (1e-21, -200)]
)
def test_db_of_a_power_ratio_is_minus_200_at_least(ratio, level):
    assert measure.db(ratio) == pytest.approx(level)


@pytest.mark.parametrize("peak", [0, 47, 48, 49, 127])
def test_peak_is_counted_from_the_delay_whatever_its_sign(peak):
    taps = np.full(fit.TAPS, 0.5)
    taps[peak] = -0.9
    assert measure.peak_offset(taps) == peak - 48


def _taps(*values):
    taps = np.zeros(fit.TAPS)
    taps[48 : 48 + len(values)] = values
    return taps


def test_response_of_a_plain_gain_is_flat_in_24_steps():
    gain, points = measure.response(_taps(-0.5), RATE, (0.02, 0.3))
    assert gain == pytest.approx(20 * math.log10(0.5))
    assert [level for _, level in points] == pytest.approx([0.0] * 24, abs=1e-9)
    step = (0.3 / 0.02) ** (1 / 24)
    middles = [0.02 * RATE * step ** (i + 0.5) for i in range(24)]
    assert [hz for hz, _ in points] == pytest.approx(middles)


def test_response_of_two_taps_is_their_comb():
    # |1 + e^-iw|^2 = 2 + 2 cos w.
    low, high = 0.05, 0.35
    gain, points = measure.response(_taps(1.0, 1.0), RATE, (low, high))
    area = 2 * (high - low) + (math.sin(2 * math.pi * high) - math.sin(2 * math.pi * low)) / math.pi
    assert gain == pytest.approx(10 * math.log10(area / (high - low)), abs=2e-3)
    for hz, level in points:
        assert level + gain == pytest.approx(
            10 * math.log10(2 + 2 * math.cos(2 * math.pi * hz / RATE)), abs=0.08
        )


def test_response_takes_both_edges_of_the_band_in_and_leaves_empty_steps_out():
    # Two bins of 4096, of known power each: the gain is over both.
    low, high = 409 / 4096, 410 / 4096
    gain, points = measure.response(_taps(1.0, 1.0), RATE, (low, high))
    powers = [2 + 2 * math.cos(2 * math.pi * share) for share in (low, high)]
    assert gain == pytest.approx(10 * math.log10(sum(powers) / 2), abs=1e-6)
    # A step holds its lower edge, so the last bin is in none.
    assert len(points) == 1
    assert points[0][1] == pytest.approx(10 * math.log10(powers[0]) - gain, abs=1e-6)


@pytest.mark.parametrize(
    ("samples", "share"),
    [
        ([], 0.0),
        ([15, -15, 0, 0], 0.0),
        ([16, 14, 0, 0], 0.25),
        ([-16, 14, 0, 0], 0.25),
        ([100, 99, 98, 0, 0, 0, 0, 0], 0.25),
        ([-100, -99, -98, 0, 0, 0, 0, 0], 0.25),
        ([100, -100, -99, 98], 0.75),
        ([-100, 99, 5, 5], 0.5),
        ([-(1 << 31), 0, 0, 0], 0.25),
    ],
)
def test_clipped_share_counts_both_signs_within_one_of_the_largest(samples, share):
    assert measure.clipped_share(np.array(samples, dtype=np.int32)) == pytest.approx(share)


def _hum(mains, levels, frames=1 << 16, noise=1e-6):
    # Harmonics of the mains at full bins of the transform, over white noise.
    n = np.arange(frames)
    y = noise * np.random.default_rng(1).standard_normal(frames)
    size = min(1 << 16, 1 << int(math.log2(frames)))
    for k, level in enumerate(levels, start=1):
        bin_ = round(k * mains * size / RATE)
        y += level * np.cos(2 * np.pi * bin_ / size * n + k)
    return y.astype(np.float32)


@pytest.mark.parametrize("mains", [50.0, 60.0])
@pytest.mark.parametrize("frames", [1 << 16, 80000])
def test_hum_is_the_power_of_the_mains_lines_over_the_stimulus(mains, frames):
    y = _hum(mains, [0.01, 0.005, 0.0025], frames)
    power = 0.5 * (0.01**2 + 0.005**2 + 0.0025**2)
    assert measure.hum_db(y, RATE, 0.02) == pytest.approx(10 * math.log10(power / 0.02), abs=0.05)


def test_hum_needs_two_lines():
    assert measure.hum_db(_hum(50.0, [0.01]), RATE, 1.0) is None
    assert measure.hum_db(_hum(50.0, [0.0, 0.01, 0.01]), RATE, 1.0) == pytest.approx(-40, abs=0.05)


def test_hum_is_looked_for_up_to_the_13th_harmonic_below_700_hz():
    assert measure.hum_db(_hum(50.0, [0.0] * 11 + [0.01, 0.01]), RATE, 1.0) == pytest.approx(-40, abs=0.05)
    assert measure.hum_db(_hum(50.0, [0.0] * 12 + [0.01, 0.01]), RATE, 1.0) is None
    assert measure.hum_db(_hum(60.0, [0.0] * 9 + [0.01, 0.01]), RATE, 1.0) == pytest.approx(-40, abs=0.05)
    assert measure.hum_db(_hum(60.0, [0.0] * 10 + [0.01, 0.01]), RATE, 1.0) is None


def test_hum_of_the_stronger_mains_is_told():
    both = _hum(50.0, [0.01, 0.01], noise=0) + _hum(60.0, [0.02, 0.02])
    assert measure.hum_db(both, RATE, 1.0) == pytest.approx(10 * math.log10(4e-4), abs=0.1)
    both = _hum(50.0, [0.02, 0.02], noise=0) + _hum(60.0, [0.01, 0.01])
    assert measure.hum_db(both, RATE, 1.0) == pytest.approx(10 * math.log10(4e-4), abs=0.1)


@pytest.mark.parametrize(("share", "heard"), [(0.98, False), (1.02, True)])
def test_hum_is_a_line_from_twenty_times_its_surroundings_on(share, heard):
    # An impulse amid the window has the same power in all bins. A line whose phase is a quarter from it adds
    # its own: half of its amplitude in its bin, and a quarter in each beside it.
    size, n = 1 << 16, np.arange(1 << 16) - (1 << 15)
    impulse = np.where(n == 0, 1e-2, 0.0)
    # Of the three bins, 3 + 1.5 t^2 are to be 20 times 3 at a share of one.
    level = np.sqrt(share * (20 * 3 - 3) / 1.5) * 1e-2 / (size / 4)
    bins = [round(hz * size / RATE) for hz in (50, 100)]
    y = impulse - sum(level * np.sin(2 * np.pi * b * n / size) for b in bins)
    assert (measure.hum_db(y.astype(np.float32), RATE, 1.0) is not None) == heard


def test_hum_is_not_looked_for_in_less_than_a_second():
    tone = _hum(50.0, [0.01, 0.01])
    assert measure.hum_db(tone[: (1 << 16) - 1], RATE, 1.0) is None
    assert measure.hum_db(np.zeros(0, np.float32), RATE, 1.0) is None


def _fitted():
    return SimpleNamespace(taps=_taps(0.1, 0.5), clocks=[SegmentClock(700.25, (-4.8,)), SegmentClock(900.0)])


def test_channel_holds_levels_delay_and_clock_of_the_first_segment():
    y = np.zeros(1000, np.float32)
    got = measure.channel(_fitted(), y, RATE, (0.02, 0.3), (1e-2, 1e-6, 1e-5), 0.125)
    gain, points = measure.response(_fitted().taps, RATE, (0.02, 0.3))
    assert (got.gain_db, got.response, got.clipped_share) == (gain, points, 0.125)
    assert got.latency_frames == pytest.approx(701.25)  # the peak is one frame behind the delay
    assert got.snr_db == pytest.approx(40.0)
    assert got.thd_n_db == pytest.approx(10 * math.log10(1.1e-5 / 1e-2))
    assert got.drift_ppm == pytest.approx(100.01, abs=1e-3)
    assert got.hum_db is None


def test_channel_says_the_hum_over_its_signal():
    y = _hum(50.0, [0.01, 0.01])
    got = measure.channel(_fitted(), y, RATE, (0.02, 0.3), (1e-2, 1e-6, 0.0), 0.0)
    assert got.hum_db == pytest.approx(-20, abs=0.05)


def test_seconds_hold_the_mean_levels_of_their_blocks():
    blocks = [
        (47999, 2.0, 0.02, 0.0),
        (48000, 1.0, 0.001, 0.009),
        (10, 4.0, 0.04, 0.54),
        (96001, 0.0, 0.0, 0.0),
    ]
    got = measure.seconds(blocks, RATE)
    assert [one.frame for one in got] == [0, 48000, 96000]
    assert got[0] == Second(0, pytest.approx(20.0), pytest.approx(-10.0))
    assert got[1] == Second(48000, pytest.approx(30.0), pytest.approx(-20.0))
    assert got[2] == Second(96000, -200.0, -200.0)
    assert measure.seconds([], RATE) == ()


def _lines(rate, size, frames, level=0.01):
    n = np.arange(frames)
    tones = sum(level * np.cos(2 * np.pi * round(hz * size / rate) / size * n) for hz in (50, 100))
    return (tones + 1e-6 * np.random.default_rng(1).standard_normal(frames)).astype(np.float32)


def test_hum_is_that_of_the_first_65536_frames():
    y = _lines(RATE, 1 << 16, 1 << 17)
    y[1 << 16 :] *= 0.01
    assert measure.hum_db(y, RATE, 1e-4) == pytest.approx(0.0, abs=0.05)


def test_hum_is_looked_for_in_a_second_of_frames():
    assert measure.hum_db(_lines(32768, 32768, 32768), 32768, 1e-4) == pytest.approx(0.0, abs=0.05)
    assert measure.hum_db(_lines(32768, 32768, 32767), 32768, 1e-4) is None


@pytest.mark.parametrize(("apart", "share"), [(-1, 5 / 6), (0, 1), (1, 5 / 6), (2, 1 / 6), (-2, 1 / 6)])
def test_hum_is_of_three_bins_of_a_hann_window(apart, share):
    n, size = np.arange(1 << 16), 1 << 16
    bins = [round(hz * size / RATE) + apart for hz in (50, 100)]
    y = sum(0.01 * np.cos(2 * np.pi * b / size * n) for b in bins).astype(np.float32)
    y += 1e-6 * np.random.default_rng(1).standard_normal(size).astype(np.float32)
    # A line has two thirds of its power in its bin, and a sixth in each beside it.
    assert measure.hum_db(y, RATE, 1e-4) == pytest.approx(10 * math.log10(share), abs=0.05)
