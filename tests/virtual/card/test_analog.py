# SPDX-License-Identifier: MIT
"""The modelled analog loopback against closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest

from stress.virtual.card.analog import AnalogChannel, Wiring, quantize

RATE = 48000


def tone(hz, frames, channels=1):
    return np.repeat(0.5 * np.sin(2 * np.pi * hz / RATE * np.arange(frames))[:, None], channels, axis=1)


def level_db(error, reference):
    return 20 * np.log10(np.std(error) / np.std(reference))


@pytest.mark.parametrize("hz", [1000, 8000, 14000])
@pytest.mark.parametrize("ppm", [-200.0, 0.0, 137.0])
def test_channel_delay_and_drift_are_the_tone_at_other_instants(hz, ppm):
    heard = AnalogChannel(delay_frames=31.37, drift_ppm=ppm).transmit(tone(hz, 12000), RATE, 11000)[:, 0]
    instants = np.arange(11000) * (1 + ppm * 1e-6) - 31.37
    exact = 0.5 * np.sin(2 * np.pi * hz / RATE * instants)
    assert level_db((heard - exact)[200:], exact) < -80


def test_channel_whole_delay_on_one_clock_is_exact():
    played = tone(997, 500)
    heard = AnalogChannel(delay_frames=40.0).transmit(played, RATE, 400)[:, 0]
    assert not heard[:40].any()
    assert np.array_equal(heard[40:], played[:360, 0])


def test_channel_wander_moves_the_delay_as_its_integral():
    heard = AnalogChannel(delay_frames=0, wander_ppm=3.0).transmit(tone(500, 480000), RATE, 470000)[:, 0]
    n = np.arange(470000)
    period = 20.0 * RATE
    late = 3e-6 * period / (2 * np.pi) * (1 - np.cos(2 * np.pi * n / period))
    exact = 0.5 * np.sin(2 * np.pi * 500 / RATE * (n + late))
    assert level_db((heard - exact)[200:], exact) < -75


@pytest.mark.parametrize("lowpass", [8000.0, 14000.0])
def test_channel_filters_equal_scipy_analog_designs(lowpass):
    signal = pytest.importorskip("scipy.signal", reason="needs scipy: pip install .[test]")
    hz = np.array([200.0, 3000.0, lowpass, lowpass * 1.3])
    b, a = signal.butter(6, 2 * np.pi * lowpass, analog=True)
    _, low = signal.freqs(b, a, 2 * np.pi * hz)
    expected = 10 ** (-6 / 20) * np.abs(low * (1j * hz / (1j * hz + 20.0)))
    channel = AnalogChannel(gain_db=-6, delay_frames=0, lowpass_hz=lowpass, highpass_hz=20.0)
    for f, gain in zip(hz.tolist(), expected.tolist()):
        heard = channel.transmit(tone(f, 24000), RATE, 24000)[12000:, 0]
        assert abs(np.std(heard) / np.std(tone(f, 24000)[12000:, 0]) - gain) < 0.002


def test_channel_distortion_is_the_polynomial():
    played = tone(1000, 480)
    heard = AnalogChannel(delay_frames=0, second=0.1, third=-0.2).transmit(played, RATE, 480)
    assert np.allclose(heard, played + 0.1 * played**2 - 0.2 * played**3)


def test_channel_noise_hum_and_offset_have_their_levels():
    silent = np.zeros((480000, 2))
    noise = AnalogChannel(noise_dbfs=-60.0).transmit(silent, RATE, 480000, seed=1)
    assert abs(20 * np.log10(noise.std()) + 60) < 0.05
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.01
    hum = AnalogChannel(hum_dbfs=-20.0, dc=0.25).transmit(silent, RATE, RATE)[:, 0]
    lines = np.abs(np.fft.rfft(hum)) / (RATE / 2)
    assert lines[[50, 150, 250]] == pytest.approx([0.1, 0.05, 0.025])
    assert hum.mean() == pytest.approx(0.25)


def test_channel_same_seed_is_the_same_noise_another_seed_is_not():
    channel, silent = AnalogChannel(noise_dbfs=-60.0, impulses_per_s=50.0), np.zeros((4800, 1))
    first, again = (channel.transmit(silent, RATE, 4800, seed=3) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, channel.transmit(silent, RATE, 4800, seed=4))


def test_channel_impulses_come_at_their_rate():
    clicks = AnalogChannel(impulses_per_s=20.0).transmit(np.zeros((480000, 1)), RATE, 480000, seed=2)[:, 0]
    starts = np.flatnonzero(np.abs(clicks) > 0.015)
    groups = 1 + int(np.sum(np.diff(starts) > 64))
    assert 150 < groups < 250


@pytest.mark.parametrize(
    "wiring, expected",
    [
        (Wiring.STRAIGHT, [0.5, -0.25]),
        (Wiring.SWAPPED, [-0.25, 0.5]),
        (Wiring.MONO, [0.125, 0.125]),
        (Wiring.ONE_SIDED, [0.5, 0.0]),
        (Wiring.OPEN, [0.0, 0.0]),
    ],
)
def test_channel_wiring_connects_as_named(wiring, expected):
    played = np.tile([0.5, -0.25], (50, 1))
    assert AnalogChannel(delay_frames=0, wiring=wiring).transmit(played, RATE, 50)[25].tolist() == expected


def test_channel_clips_and_quantize_saturates():
    heard = AnalogChannel(delay_frames=0, gain_db=12, clip=0.8).transmit(tone(1000, 480), RATE, 480)
    assert heard.max() == 0.8 and heard.min() == -0.8
    levels = np.array([[1.0, -1.0, 0.5, 1.6 / 32768]])
    assert quantize(levels).tolist() == [[32767, -32768, 16384, 2]]
    assert quantize(np.array([[0.5]]), 24).tolist() == [[1 << 22]]


def test_channel_suppressor_lets_one_second_through():
    steady = np.full((3 * RATE, 1), 0.5)
    heard = AnalogChannel(delay_frames=0, suppressor=True).transmit(steady, RATE, 3 * RATE)
    assert heard[RATE - 1, 0] == 0.5
    assert heard[RATE, 0] == pytest.approx(0.01)
