# SPDX-License-Identifier: MIT
"""A stream against itself: the paired arithmetic against the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.lagged import Lagged

PERIOD, BLOCK = 37, 512


def filled(frames):
    lagged = Lagged(frames.shape[1], PERIOD, BLOCK)
    lagged.put(frames)
    return lagged


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [3, 100, 5000, 32767])
def test_within_says_what_largest_and_smallest_difference_say(channels, size):
    rng = np.random.default_rng([channels, size])
    for _ in range(40):
        frames = rng.integers(-size, size + 1, (int(rng.integers(PERIOD + 1, PERIOD + BLOCK)), channels))
        frames = (frames * rng.choice([1.0, 0.3, 0.05], len(frames))[:, None]).astype(np.int16)
        lagged, plain = filled(frames), (frames[PERIOD:] - frames[:-PERIOD]).astype(np.int16)
        assert np.array_equal(lagged.difference(), plain)
        top = max(int(plain.max()), -int(plain.min()))
        for limit in {max(1, top + step) for step in (-2, -1, 0, 1, 2)} | {max(1, top // 2), 2 * top + 1}:
            assert lagged.within(limit) == (top <= limit)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_single_loud_sample_anywhere_is_seen(channels):
    for at in range(PERIOD, PERIOD + 40):
        for channel in range(channels):
            for value in (-90, 90):
                frames = np.zeros((PERIOD + 40, channels), dtype=np.int16)
                frames[at, channel] = value
                assert not filled(frames).within(89)
                assert filled(frames).within(90)


def test_mean_is_that_of_the_samples_it_takes():
    frames = np.random.default_rng(5).integers(-3000, 3000, (PERIOD + BLOCK, 2)).astype(np.int16)
    plain = np.abs(frames[PERIOD:].astype(np.int64) - frames[:-PERIOD]).reshape(-1)
    assert filled(frames).mean() == -(-int(plain[::31].sum()) // len(plain[::31]))
    assert filled(frames).mean() == pytest.approx(plain.mean(), rel=0.2)


def test_drop_keeps_the_last_period_and_room_for_a_block():
    frames = np.random.default_rng(6).integers(-3000, 3000, (PERIOD + BLOCK + 100, 2)).astype(np.int16)
    lagged = Lagged(2, PERIOD, BLOCK)
    assert lagged.room == PERIOD + BLOCK and lagged.count == 0
    lagged.put(frames[: PERIOD + BLOCK])
    assert lagged.room == 0 and lagged.count == BLOCK
    lagged.drop()
    assert lagged.room == BLOCK and lagged.count == 0
    lagged.put(frames[PERIOD + BLOCK :])
    assert np.array_equal(lagged.difference(), frames[-100:] - frames[-100 - PERIOD : -PERIOD])
