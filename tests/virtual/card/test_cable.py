# SPDX-License-Identifier: MIT
"""The analog cable on the board: samples there and back, level, delay, drift."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Handling
from stress.virtual.card.cable import frames_of, samples_of, through_cable
from stress.virtual.spec import AnalogSpec
from tests.virtual.board_kit import board, stream

STRAIGHT = AnalogSpec(enabled=True, gain_db=0.0, delay_frames=0.0, noise_dbfs=-200.0)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_samples_and_frames_are_inverse_in_every_format(name):
    fmt = FORMATS[name]
    edge = 1 << (fmt.bits - 1)
    samples = np.array([[0, -1], [edge - 1, -edge], [257, -65537 % edge]], dtype=np.int64).astype(np.int32)
    frames = frames_of(samples, fmt)
    assert frames.shape == (3, 2 * fmt.sample_bytes)
    np.testing.assert_array_equal(samples_of(frames, fmt), samples)
    wanted = b"".join(int(v).to_bytes(fmt.sample_bytes, "little", signed=True) for v in samples.reshape(-1))
    assert frames.tobytes() == wanted


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_straight_cable_changes_nothing(name):
    fmt = FORMATS[name]
    samples = np.random.RandomState(0).randint(-(1 << 20), 1 << 20, size=(500, 2)) >> max(0, 24 - fmt.bits)
    frames = frames_of(samples.astype(np.int32), fmt)
    np.testing.assert_array_equal(through_cable(frames, STRAIGHT, fmt, 48000, 1), frames)


def _tone(frames):
    wave = 8000 * np.sin(2 * np.pi * 1000 / 48000 * np.arange(frames))
    return frames_of(np.stack([wave, wave], axis=1).round().astype(np.int32), FORMATS["S16_LE"])


def _burst(**changes):
    keys = {f"analog__{key}": value for key, value in {"enabled": True, **changes}.items()}
    made = board("x86_64", stream(4800), stream(4800), **keys)
    outcome = made.burst(_tone(9600), 9600, Handling())
    return outcome, samples_of(outcome.captured, FORMATS["S16_LE"]).astype(float)


def test_board_with_a_cable_hears_level_delay_and_offset():
    outcome, heard = _burst(gain_db=-6.0, delay_frames=40.0, dc=0.1, noise_dbfs=-200.0)
    steady = heard[outcome.lead + 100 :]
    assert steady.mean() == pytest.approx(0.1 * 32768, rel=0.01)
    assert np.ptp(steady) / 2 == pytest.approx(8000 * 10 ** (-6 / 20), rel=0.01)
    assert np.abs(heard[: outcome.lead + 39] - 0.1 * 32768).max() < 1.0


def test_board_with_a_noisy_cable_hears_noise_of_that_level():
    outcome, heard = _burst(noise_dbfs=-40.0)
    silence = heard[: outcome.lead]
    assert silence.std() / 32768 == pytest.approx(10 ** (-40 / 20), rel=0.2)


def test_cable_swaps_the_channels_when_wired_so():
    outcome, heard = _burst(wiring="one-sided", noise_dbfs=-200.0)
    assert np.ptp(heard[:, 0]) > 1000 and np.ptp(heard[:, 1]) == 0
