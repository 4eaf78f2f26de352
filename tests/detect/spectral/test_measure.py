# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import fit
from stress.detect.spectral.clock import Fitted, SegmentClock
from stress.detect.spectral.measure import channel, clipped_share, db, hum_db, peak_offset, response, seconds
from stress.detect.spectral.result import Channel, Second, SpectralAnalysis

RATE = 48000


def taps(*factors):
    """A channel with its first factor at the delay."""
    out = np.zeros(fit.TAPS)
    out[fit.PRE : fit.PRE + len(factors)] = factors
    return out


@pytest.mark.parametrize(
    ("ratio", "level"), [(1.0, 0.0), (100.0, 20.0), (0.5, -3.0103), (0.0, -200.0), (1e-30, -200.0)]
)
def test_power_in_decibels_ends_at_minus_200(ratio, level):
    assert db(ratio) == pytest.approx(level, abs=1e-4)


def test_peak_of_taps_counts_from_the_delay():
    assert peak_offset(taps(0.1, 0.2, -0.9)) == 2
    assert peak_offset(taps(1.0, -0.5)) == 0


def test_response_of_a_flat_channel_is_its_gain():
    gain, points = response(taps(0.5), RATE, (0.02, 0.3))
    assert gain == pytest.approx(-6.0206, abs=1e-3)
    assert [level for _, level in points] == pytest.approx([0.0] * len(points), abs=1e-6)
    edges = 0.02 * 15 ** (np.arange(25) / 24)
    assert [hz for hz, _ in points] == pytest.approx(
        [RATE * float(np.sqrt(a * b)) for a, b in zip(edges, edges[1:])]
    )


def test_response_of_a_filter_is_told_against_its_mean_power():
    gain, points = response(taps(0.5, 0.4), RATE, (0.02, 0.3))
    share = np.arange(2049) / 4096
    power = np.abs(0.5 + 0.4 * np.exp(-2j * np.pi * share)) ** 2
    inside = (share >= 0.02) & (share <= 0.3)
    assert gain == pytest.approx(10 * np.log10(power[inside].mean()))
    edges = 0.02 * 15 ** (np.arange(25) / 24)
    expected = [
        10 * np.log10(power[(share >= a) & (share < b)].mean()) - gain for a, b in zip(edges, edges[1:])
    ]
    assert [level for _, level in points] == pytest.approx(expected)


def test_response_of_a_narrow_band_leaves_out_what_no_line_falls_into():
    _, points = response(taps(1.0), RATE, (0.1, 0.1 + 5.5 / 4096))
    assert 4 <= len(points) <= 6


@pytest.mark.parametrize(
    ("samples", "share"),
    [
        ([], 0.0),
        ([15, -15, 15, 15], 0.0),
        ([16, 0, 0, 15], 0.5),
        ([100, 99, 98, -100, -99, -98, 0, 0], 0.5),
        ([100, 0, 0, -90], 0.25),
        ([90, 0, 0, -100], 0.25),
        ([-100, -100, 3, 3], 0.5),
    ],
)
def test_clipped_samples_are_those_at_the_largest_level(samples, share):
    assert clipped_share(np.array(samples, np.int32)) == share


def tones(levels, frames=1 << 16, noise=1e-4):
    """Tones of so many hertz under noise."""
    n = np.arange(frames)
    sound = sum(level * np.cos(2 * np.pi * hz * n / RATE) for hz, level in levels.items())
    return (sound + np.random.default_rng(1).normal(0, noise, frames)).astype(np.float32)


@pytest.mark.parametrize("mains", [50, 60])
def test_hum_is_the_power_of_mains_lines_over_the_stimulus(mains):
    found = hum_db(tones({mains: 0.02, 3 * mains: 0.01}), RATE, 0.01)
    assert found == pytest.approx(10 * np.log10((0.02**2 + 0.01**2) / 2 / 0.01), abs=0.3)


@pytest.mark.parametrize(
    ("levels", "seen"),
    [
        ({50: 0.02}, False),
        ({50: 0.02, 650: 0.01}, True),
        ({50: 0.02, 700: 0.01}, False),
        ({60: 0.02, 660: 0.01}, True),
        ({60: 0.02, 720: 0.01}, False),
        ({55: 0.02, 165: 0.02}, False),
        ({}, False),
    ],
)
def test_hum_is_two_lines_below_700_hertz_at_least(levels, seen):
    assert (hum_db(tones(levels), RATE, 0.01) is not None) is seen


def test_louder_of_two_hums_is_told():
    found = hum_db(tones({50: 0.001, 100: 0.001, 60: 0.02, 120: 0.02}), RATE, 0.01)
    assert found == pytest.approx(10 * np.log10(0.02**2 / 0.01), abs=0.3)
    found = hum_db(tones({50: 0.02, 100: 0.02, 60: 0.001, 120: 0.001}), RATE, 0.01)
    assert found == pytest.approx(10 * np.log10(0.02**2 / 0.01), abs=0.3)


@pytest.mark.parametrize(
    ("frames", "rate", "seen"), [(65535, 48000, False), (65536, 48000, True), (32768, 32768, True)]
)
def test_hum_needs_more_than_a_second(frames, rate, seen):
    n = np.arange(frames)
    hum = sum(0.02 * np.cos(2 * np.pi * hz * n / rate) for hz in (50, 150)) + tones({}, frames)
    assert (hum_db(hum.astype(np.float32), rate, 0.01) is not None) is seen
    assert hum_db(np.zeros(1, np.float32), rate, 0.01) is None


def test_channel_is_put_together_from_fit_clock_and_levels():
    fitted = Fitted((SegmentClock(700.25, (-4.8,)), SegmentClock(1.0)), taps(0.1, 0.5), None, None, None)
    found = channel(fitted, np.zeros(100, np.float32), RATE, (0.02, 0.3), (1.0, 0.001, 0.009), 0.25)
    gain, points = response(fitted.taps, RATE, (0.02, 0.3))
    assert found == Channel(
        701.25, gain, points, pytest.approx(30), pytest.approx(-20), fitted.clocks[0].drift_ppm, None, 0.25
    )


def test_levels_are_summed_second_by_second():
    blocks = [(100000, 8.0, 0.0, 0.0), (0, 1.0, 0.05, 0.02), (47999, 3.0, 0.05, 0.28), (48000, 0.0, 2.0, 2.0)]
    assert seconds(blocks, RATE) == (
        Second(0, pytest.approx(10 * np.log10(40)), pytest.approx(-10)),
        Second(48000, -200.0, pytest.approx(10 * np.log10(4e20))),
        Second(96000, pytest.approx(10 * np.log10(8e20)), -200.0),
    )


def test_channel_is_rounded_for_its_record():
    found = Channel(
        701.12345, -3.14159, ((1000.04, -0.12345),), 50.1234, -49.8766, 3.14159265, -60.04, 0.12345678
    )
    assert found.to_json() == {
        "latency_frames": 701.123, "gain_db": -3.14, "response": [[1000.0, -0.12]], "snr_db": 50.12,
        "thd_n_db": -49.88, "drift_ppm": 3.1416, "hum_db": -60.0, "clipped_share": 0.123457,
    }  # fmt: skip
    assert Channel(0.0, 0.0, (), 0.0, 0.0, 0.0).to_json()["hum_db"] is None
    assert SpectralAnalysis(None, None, ("so",), 3, 1.23456).to_json() == {
        "channel": None, "advice": ["so"], "disturbances": 3, "quiet_score": 1.23,
    }  # fmt: skip
    assert SpectralAnalysis(None, found).to_json()["channel"] == found.to_json()
