# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import lock as module
from stress.detect.spectral.lock import BLOCK, LOCKED, Lock, PlayedChannel, active_block, lock_all, search

RATE, LONG = 48000, 1 << 20
NOISE = np.random.default_rng(1).integers(-1000, 1000, (2, LONG)).astype(np.int32)
FIRST = 300000


class Played:
    """Noise of two channels at any position."""

    rate, channels = RATE, 2

    def samples(self, position, frames, channel):
        """Samples from `position` on."""
        return NOISE[channel, position : position + frames]


def capture(delay, frames=60000, silent=0, noise=0.0):
    """Both channels so late, behind some silence."""
    start = FIRST - delay
    y = NOISE[:, start : start + frames].astype(np.float32) / 8192
    y[:, :silent] = 0
    return y + np.random.default_rng(2).normal(0, noise or 1e-12, y.shape).astype(np.float32)


@pytest.mark.parametrize(("peak", "locked"), [(LOCKED, False), (LOCKED + 0.01, True), (0.0, False)])
def test_lock_is_a_peak_that_no_chance_makes(peak, locked):
    assert Lock(0, 0, peak).locked is locked


@pytest.mark.parametrize(
    ("levels", "block"),
    [
        ([1, 1, 1], 1),
        ([0, 1, 1], 2),
        ([0, 0, 1], 2),
        ([1, 0, 0], 0),
        ([0.26, 1, 1], 1),
        ([0.24, 1, 1], 2),
        ([0.26, 0, 1], 2),
        ([0, 0, 0], None),
        ([0.9e-5, 0, 0], None),
        ([1.1e-5, 0, 0], 0),
    ],
)
def test_active_block_is_the_second_with_signal(levels, block):
    square = np.where(np.arange(BLOCK) % 2, 1.0, -1.0)
    y = np.concatenate([level * square for level in levels] + [np.ones(100)]).astype(np.float32)
    assert active_block(y) == (None if block is None else block * BLOCK)


def test_active_block_of_less_than_a_block_is_all_there_is():
    assert active_block(np.array([1.0, -1.0], np.float32)) == 0


def test_played_channel_counts_from_its_first_position():
    one = PlayedChannel(Played(), 1, 5000)
    assert one.samples(-7, 3).tolist() == NOISE[1, 4993:4996].tolist()
    assert one.samples(-7, 3).dtype == np.float32


@pytest.mark.parametrize("delay", [0, 1, 700, -3000])
@pytest.mark.parametrize("channel", [0, 1])
def test_search_finds_the_delay_of_a_block(delay, channel):
    y = capture(delay)[channel] * -0.5 + 3
    found = search(y, 9000, PlayedChannel(Played(), channel, FIRST), 9000 - 5000, 9000 + 5000)
    assert (found.at, found.delay) == (9000, delay)
    assert found.peak > 50
    wrong = search(y, 9000, PlayedChannel(Played(), 1 - channel, FIRST), 9000 - 5000, 9000 + 5000)
    assert wrong.peak < 6


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(700, 900, True), (500, 701, True), (701, 5000, False), (0, 700, False), (0, 2000, True)],
)
def test_search_looks_between_its_ends(low, high, found):
    # The block at 9000 was played at frame 9000 - 700: an offset of so many frames from 8300 - 700.
    y = capture(700)[0]
    base = 9000 - 700 - 700
    assert search(y, 9000, PlayedChannel(Played(), 0, FIRST), base + low, base + high).locked is found


@pytest.mark.parametrize("delay", [100000, -100000, 150000, -130000])
def test_search_over_pieces_finds_the_delay_in_any_of_them(delay):
    y = capture(delay)[0]
    found = search(y, 9000, PlayedChannel(Played(), 0, FIRST), 9000 - 200000, 9000 + 200000)
    assert (found.locked, found.delay) == (True, delay)


def test_peak_is_over_the_root_mean_square_of_all_delays():
    block = NOISE[0, 5000 : 5000 + BLOCK].astype(np.float32)
    x = NOISE[0, 4000 : 4000 + 2000 + BLOCK].astype(np.float32)
    peak, where = module._peak(block, x)
    every = np.abs([float(block.astype(float) @ x[n : n + BLOCK]) for n in range(2000)])
    assert where == 1000
    assert peak == pytest.approx(every[1000] / np.sqrt((every**2).mean()), rel=1e-3)
    assert module._peak(np.zeros(BLOCK, np.float32), x) == (0.0, 0)


@pytest.mark.parametrize("delay", [700, -20000, 47000])
def test_all_channels_are_locked_near_where_they_are_due(delay):
    found = lock_all(capture(delay), Played(), FIRST, 100000, 90000)
    assert [(one.delay, one.locked) for one in found] == [(delay, True)] * 2
    assert [one.at for one in found] == [BLOCK, BLOCK]


@pytest.mark.parametrize(
    ("delay", "locked"), [(99000, True), (101000, False), (-89000, True), (-91000, False), (49000, True)]
)
def test_late_and_early_stimulus_is_looked_for_as_far_as_it_may_be(delay, locked):
    found = lock_all(capture(delay), Played(), FIRST, 100000, 90000)
    assert [one.locked for one in found] == [locked] * 2
    assert not locked or [one.delay for one in found] == [delay] * 2


@pytest.mark.parametrize(
    ("other", "locked"), [(BLOCK, True), (1 - BLOCK, True), (BLOCK + 10, False), (-BLOCK - 10, False)]
)
def test_further_channels_are_looked_for_near_the_first(other, locked):
    y = capture(700)
    y[1] = capture(700 + other)[1]
    found = lock_all(y, Played(), FIRST, 100000, 90000)
    assert [one.locked for one in found] == [True, locked]


def test_silent_channel_and_short_capture_have_no_lock():
    y = capture(700)
    y[0] = 0
    found = lock_all(y, Played(), FIRST, 100000, 90000)
    assert found[0] is None and found[1].delay == 700
    assert lock_all(capture(700, 2 * BLOCK - 1), Played(), FIRST, 9000, 9000) == [None, None]
    assert all(one.locked for one in lock_all(capture(700, 2 * BLOCK), Played(), FIRST, 9000, 9000))
