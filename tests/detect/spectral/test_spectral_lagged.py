# SPDX-License-Identifier: MIT
"""A stream against itself at the limits of its buffers and of its 32-bit words."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.lagged import Lagged

PERIOD, BLOCK = 5, 40


def _lagged(differences, channels=2):
    # Frames whose difference to the frame a period ago is given, after one period of zeros.
    rows = np.array(differences, dtype=np.int16).reshape(-1, channels)
    frames = np.zeros((PERIOD + len(rows), channels), dtype=np.int16)
    for n, row in enumerate(rows):
        frames[PERIOD + n] = frames[n] + row
    made = Lagged(channels, PERIOD, BLOCK)
    made.put(frames)
    return made


def test_frames_are_counted_once_they_have_a_period_before_them():
    made = Lagged(2, PERIOD, BLOCK)
    for held in range(1, PERIOD + BLOCK + 1):
        made.put(np.ones((1, 2), np.int16))
        assert (made.count, made.room) == (max(0, held - PERIOD), PERIOD + BLOCK - held)


@pytest.mark.parametrize("held", [PERIOD - 1, PERIOD, PERIOD + 1, PERIOD + 7, PERIOD + BLOCK])
def test_drop_forgets_all_but_the_last_period(held):
    frames = np.arange(2 * held, dtype=np.int16).reshape(-1, 2)
    made = Lagged(2, PERIOD, BLOCK)
    made.put(frames)
    made.drop()
    kept = min(held, PERIOD)
    assert (made.count, made.room) == (0, PERIOD + BLOCK - kept)
    made.put(np.zeros((PERIOD + 1 - kept + 3, 2), np.int16))
    # The first compared frame meets the oldest one that was kept.
    assert made.difference()[0].tolist() == (-frames[held - kept]).tolist()


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(("value", "mean"), [(0, 0), (7, 7), (-7, 7), (32767, 32767)])
def test_mean_of_equal_differences_is_their_magnitude(channels, value, mean):
    assert _lagged([[value] * channels] * 4, channels).mean() == mean


def test_mean_is_of_every_31st_sample_from_the_first_on_and_rounded_up():
    values = np.zeros(80, dtype=np.int16)
    values[[0, 31, 62]] = 4, -5, 4
    assert _lagged(values).mean() == 5  # 13 / 3
    values[[1, 30, 32, 61, 63]] = 1000
    assert _lagged(values).mean() == 5
    values[[0, 31, 62]] = 4, -4, 4
    assert _lagged(values).mean() == 4


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 8, 127, 128, 16383, 16384, 32766])
@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_within_is_exact_at_its_limit_in_both_halves_of_a_word(limit, channel, sign):
    for size, small in ((limit, True), (limit + 1, False)):
        row = [0, 0]
        row[channel] = sign * size
        made = _lagged([[0, 0], row, [0, 0]])
        assert made.within(limit) == small


@pytest.mark.parametrize("limit", [0, 1])
def test_no_difference_is_within_any_limit(limit):
    assert _lagged([[0, 0]] * 3).within(limit)
    assert not _lagged([[0, 2]] * 3).within(limit)


@pytest.mark.parametrize("bits", range(1, 15))
def test_words_are_small_from_minus_a_power_of_two_to_just_below_it(bits):
    power = 1 << bits
    for row in ([power - 1, power - 1], [0, -power], [-power, 0], [-power, -power]):
        assert _lagged([[0, 0], row, [0, 0]])._small(bits)
    for row in ([power, 0], [0, power], [-power - 1, 0], [0, -power - 1]):
        assert not _lagged([[0, 0], row, [0, 0]])._small(bits)


@pytest.mark.parametrize("channels", [1, 3])
def test_odd_channels_have_no_words(channels):
    made = _lagged([[3] * channels] * 4, channels)
    assert made._words.size == made._scratch.size == 0
    assert made.within(3) and not made.within(2)


def test_even_channels_have_a_word_for_each_pair_and_scratch_for_a_block():
    made = Lagged(4, PERIOD, BLOCK)
    assert (made._words.size, made._scratch.size) == (2 * (PERIOD + BLOCK), 2 * BLOCK)
