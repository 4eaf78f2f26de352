# SPDX-License-Identifier: MIT
"""Noise leaves every sample near the one due; old data, slips and flips do not."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.path.locate import position_of, step_of
from stress.detect.path.noise import nearest, only_noise
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import packed, sent

FRAMES = 6000


def noisy(name="S24_3LE", channels=2, sigma=400.0, position=1):
    rng = np.random.default_rng(channels)
    top = 1 << (FORMATS[name].bits - 1)
    made = np.rint(sent(name, channels, position, FRAMES) + rng.normal(0, sigma, (FRAMES, channels)))
    return np.clip(made, -top, top - 1)


def told(samples, name="S24_3LE", position=1):
    pattern, raw = Pattern("mix1", FORMATS[name], samples.shape[1]), packed(samples, name)
    half = raw.size // pattern.frame_bytes // 2 * pattern.frame_bytes
    return only_noise([raw[:half], raw[half:]], pattern, position)


def idle(frames, sigma=400.0):
    return np.rint(np.random.default_rng(9).normal(0, sigma, (frames, 2)))


@pytest.mark.parametrize(
    ("name", "channels", "sigma"),
    [("S24_3LE", 2, 10), ("S24_3LE", 8, 400), ("S24_3LE", 1, 400), ("S32_LE", 2, 60000), ("S16_LE", 2, 20)],
)
def test_noise_on_every_sample_is_noise(name, channels, sigma):
    assert told(noisy(name, channels, sigma), name)


def test_idle_frames_behind_the_pattern_are_as_loud_as_the_noise():
    assert told(np.concatenate([noisy(), idle(3000)]))
    assert told(np.concatenate([noisy(), np.zeros((3000, 2))]))
    assert not told(np.concatenate([noisy(), idle(3000, 20000)]))


@pytest.mark.parametrize(
    "damage",
    [
        lambda x: np.concatenate([x[:3000], x[200:208], x[3008:]]),
        lambda x: np.delete(x, slice(3000, 3048), axis=0),
        lambda x: np.where(np.arange(FRAMES)[:, None] // 8 == 400, 0, x),
        lambda x: np.where(np.arange(FRAMES)[:, None] == 3001, np.roll(x, 1, axis=1), x),
        lambda x: np.concatenate([x[:3000], np.zeros((100, 2)), x[3000:]]),
    ],
    ids=["old line", "lost frames", "zero line", "one frame exchanged", "silence in it"],
)
def test_anything_else_in_the_noise_is_no_noise(damage):
    assert told(noisy())
    assert not told(damage(noisy()))


def test_noise_that_hides_old_frames_or_leaves_most_right_is_none():
    assert not told(noisy(sigma=40000.0))
    assert not told(sent("S24_3LE", 2, 1, FRAMES))
    few = sent("S24_3LE", 2, 1, FRAMES)
    few[::2, 0] += np.arange(FRAMES // 2) % 5 - 2
    assert not told(few)


@pytest.mark.parametrize("away", [0, 1, -64, 64, 2 << 16, (2 << 16) - 4, -(4 << 16) + 9])
@pytest.mark.parametrize("channels", [1, 2])
def test_position_is_found_beside_the_one_where_chance_locked(away, channels):
    true = 123_456
    two = int(channels == 1)
    other = position_of((step_of(true >> two) + away) % (1 << 32)) << two
    raw = packed(noisy("S24_3LE", channels, position=true), "S24_3LE")
    assert nearest(raw, Pattern("mix1", FORMATS["S24_3LE"], channels), other) == true
