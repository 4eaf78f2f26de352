# SPDX-License-Identifier: MIT
"""The on-device tier: integers only, streaming, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import PeriodicDifference
from stress.detect.spectral.periodic import BLOCK
from stress.errors import ConfigError
from stress.model.formats import FORMATS
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from stress.virtual.card.analog import AnalogChannel, quantize

RATE, FRAMES = 48000, 48000
LINES = (9600, 20008, 33336)


@pytest.fixture(scope="module")
def clean():
    out = np.empty(FRAMES * 4, dtype=np.uint8)
    PeriodicNoise(RATE, 2, FORMATS["S16_LE"]).fill(12345, out)
    return out.view("<i2").reshape(-1, 2) / 32768.0


def heard(played, snr=50.0, **channel):
    path = AnalogChannel(
        gain_db=-3, delay_frames=300.4, lowpass_hz=14000, noise_dbfs=20 * np.log10(0.18) - 3 - snr, **channel
    )
    return quantize(path.transmit(played, RATE, FRAMES, 1)).astype(np.int16)


def alarms(samples, pieces=1024, **settings):
    checker = PeriodicDifference(2, PERIOD, **settings)
    for start in range(0, len(samples), pieces):
        checker.feed(samples[start : start + pieces])
    return checker, checker.finish()


def stale(clean, frames=8, lag=4800):
    played = clean.copy()
    for at in LINES:
        played[at : at + frames] = clean[at - lag : at - lag + frames]
    return played


@pytest.mark.parametrize("snr", [60.0, 40.0, 30.0])
@pytest.mark.parametrize("frames", [4, 8])
def test_stale_lines_alarm_once_and_are_confirmed_by_their_echo(clean, snr, frames):
    checker, found = alarms(heard(stale(clean, frames), snr)[400:])
    assert [round((a.frame + 400 - 301 - at) / 16) for a, at in zip(found, LINES)] == [0, 0, 0]
    assert [a.confirmed for a in found] == [True, True, True]
    assert checker.count == 3


@pytest.mark.parametrize("snr", [60.0, 30.0])
@pytest.mark.parametrize("channel", [{}, {"second": 0.2, "third": 0.3, "dc": 0.1}])
def test_clean_capture_never_alarms_not_even_distorted(clean, snr, channel):
    checker, found = alarms(heard(clean, snr, **channel)[400:])
    assert found == () and checker.count == 0
    assert checker.checked == FRAMES - 400 - PERIOD


@pytest.mark.parametrize("pieces", [37, 1021, 5000, 60000])
def test_pieces_do_not_change_what_is_found(clean, pieces):
    samples = heard(stale(clean))[400:]
    one, found = alarms(samples)
    other, again = alarms(samples, pieces)
    assert (other.checked, other.count) == (one.checked, one.count) == (len(samples) - PERIOD, 3)
    assert again == found


def test_lag_of_whole_periods_is_invisible_as_the_guard_says(clean):
    checker, found = alarms(heard(stale(clean, 8, 4 * PERIOD))[400:])
    assert found == () and checker.count == 0


def test_single_click_is_not_confirmed_at_the_end_and_cap_keeps_the_count(clean):
    samples = heard(clean)[400:]
    samples[-200] = 20000
    _, found = alarms(samples)
    assert [a.confirmed for a in found] == [None]
    checker, found = alarms(heard(stale(clean))[400:], most=1)
    assert len(found) == 1 and checker.count == 3


def test_capture_shorter_than_a_period_compares_nothing():
    checker, found = alarms(np.ones((1000, 2), dtype=np.int16))
    assert checker.checked == 0 and found == ()


def test_period_below_one_is_refused():
    with pytest.raises(ConfigError, match="period 0"):
        PeriodicDifference(2, 0)


@pytest.mark.parametrize("what", ["event", "echo"])
def test_event_or_echo_cut_by_the_end_of_a_block_counts_once(clean, what):
    at = LINES[1]
    played = clean.copy()
    played[at : at + 8] = clean[at - 4800 : at - 4800 + 8]
    samples, peak = heard(played, 60.0), at + 304
    loud = peak + (PERIOD if what == "echo" else 0)
    for shift in range(-14, 15, 2):
        # The third block ends right where it is loud.
        start = loud + shift - PERIOD - 3 * BLOCK
        checker, found = alarms(samples[start:])
        assert checker.count == 1
        assert [alarm.confirmed for alarm in found] == [True]
        assert abs(found[0].frame + start - peak) <= 16


def test_what_a_strong_event_leaves_within_a_period_is_no_event_of_its_own():
    samples = np.random.default_rng(3).integers(-3, 4, (40000, 2)).astype(np.int16)
    samples[10000, 0] = 10000
    samples[10300:10305, 0] = 80
    samples[30000:30005, 1] = 80
    checker, found = alarms(samples)
    assert checker.count == 2
    assert [(alarm.frame // 10, alarm.confirmed) for alarm in found] == [(1000, True), (3000, True)]
    samples[10300:10305, 0] = 800
    assert alarms(samples)[0].count == 3
