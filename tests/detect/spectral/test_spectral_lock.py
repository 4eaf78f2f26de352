# SPDX-License-Identifier: MIT
"""Finding the stimulus: the first block with signal, the delay, and how far away it is looked for."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import lock
from stress.detect.spectral.lock import BLOCK, LOCKED, Lock, PlayedChannel, active_block, lock_all, search
from tests.detect.spectral.known import Noise

FIRST = 5000


def _capture(delay, frames=4 * BLOCK):
    # Silence up to the delay, then the stimulus from its first frame on.
    y = np.array([Noise().played(FIRST - delay, frames, c) for c in (0, 1)])
    y[:, : max(0, delay)] = 0
    return y


@pytest.mark.parametrize(("peak", "locked"), [(LOCKED, False), (np.nextafter(LOCKED, 13), True)])
def test_lock_needs_more_than_its_limit(peak, locked):
    assert Lock(0, 0, float(peak)).locked == locked


def _blocks(*levels, rest=0):
    rng = np.random.default_rng(2)
    parts = [level * rng.choice([-1.0, 1.0], BLOCK) for level in levels]
    return np.concatenate([*parts, np.zeros(rest)]).astype(np.float32)


@pytest.mark.parametrize(
    ("levels", "block"),
    [
        ((0, 1, 1, 1), 2),  # the second loud one: the first may hold the start
        ((1, 1, 1), 1),
        ((0, 0, 1), 2),
        ((1,), 0),
        ((0, 0.2, 0.26, 1, 1), 3),
        ((0, 0.3, 0.5, 1, 1), 2),
        ((0, 0, 0), None),
    ],
)
def test_active_block_is_the_second_one_louder_than_a_quarter(levels, block):
    got = active_block(_blocks(*levels, rest=100))
    assert got == (None if block is None else block * BLOCK)


@pytest.mark.parametrize(("level", "heard"), [(0.9e-5, False), (1.1e-5, True)])
def test_level_of_a_hundred_thousandth_is_silence(level, heard):
    assert (active_block(_blocks(level, level)) is not None) == heard


def test_capture_shorter_than_a_block_is_one_block():
    assert active_block(np.array([1.0, -1.0] * 50, dtype=np.float32)) == 0


@pytest.mark.parametrize("at", [BLOCK, BLOCK + 777])
@pytest.mark.parametrize("delay", [-300, 0, 701])
def test_search_gives_block_delay_and_peak(at, delay):
    pattern = Noise()
    y = _capture(delay)[1] + np.float32(0.25)
    got = search(y, at, PlayedChannel(pattern, 1, FIRST), at - delay - 900, at - delay + 1000)
    assert (got.at, got.delay) == (at, delay)
    # The peak over the RMS of 1900 places that hold noise of 1 / sqrt(BLOCK) each.
    assert got.peak == pytest.approx(1 / np.sqrt(1 / 1900 + 1 / BLOCK), rel=0.05)


@pytest.mark.parametrize(
    ("low", "high", "found"), [(0, 100, True), (-99, 1, True), (1, 100, False), (-99, 0, False)]
)
def test_search_takes_its_first_place_and_not_its_last(low, high, found):
    y, at = _capture(0)[0], BLOCK
    got = search(y, at, PlayedChannel(Noise(), 0, FIRST), at + low, at + high)
    assert (got.delay == 0) == found


@pytest.mark.parametrize("place", [0, lock._PIECE - 1, lock._PIECE, lock._PIECE + 1])
def test_search_goes_on_in_pieces(place):
    y, at = _capture(0)[0], BLOCK
    got = search(y, at, PlayedChannel(Noise(), 0, FIRST), at - place, at - place + lock._PIECE + 500)
    assert got.delay == 0 and got.locked


def test_inverted_stimulus_locks_as_well():
    assert search(-_capture(0)[0], BLOCK, PlayedChannel(Noise(), 0, FIRST), BLOCK - 50, BLOCK + 50).delay == 0


def test_silence_played_gives_no_peak():
    assert lock._peak(np.ones(BLOCK, np.float32), np.zeros(BLOCK + 10, np.float32)) == (0.0, 0)


def test_peak_is_the_largest_correlation_over_the_rms_of_all_places():
    rng = np.random.default_rng(3)
    block, x = rng.standard_normal(BLOCK), rng.standard_normal(BLOCK + 40)
    x[17 : 17 + BLOCK] += 0.2 * block
    every = np.abs([block @ x[i : i + BLOCK] for i in range(40)])
    peak, where = lock._peak(block, x)
    assert where == 17
    assert peak == pytest.approx(every[17] / np.sqrt(np.mean(every**2)))


@pytest.mark.parametrize("delay", [-3000, 0, 900, 3900])
def test_all_channels_lock_within_a_second_without_being_given_more(delay):
    got = lock_all(_capture(delay), Noise(), FIRST, 0, 0)
    assert [(one.locked, one.delay) for one in got] == [(True, delay)] * 2


@pytest.mark.parametrize(
    ("delay", "late", "early", "locked"),
    [
        (6000, 0, 0, False),
        (6000, 6001, 0, True),
        (6000, 5900, 9000, False),
        (-6000, 0, 6001, True),
        (-6000, 9000, 5900, False),
    ],
)
def test_later_and_earlier_starts_are_looked_for_as_far_as_told(delay, late, early, locked):
    got = lock_all(_capture(delay, 5 * BLOCK), Noise(), FIRST, late, early)
    assert [one.locked for one in got] == [locked] * 2


def test_second_channel_is_looked_for_around_the_delay_of_the_first():
    y = _capture(0)
    for apart, locked in ((BLOCK - 10, True), (-BLOCK + 10, True), (-BLOCK - 10, False), (BLOCK + 10, False)):
        both = np.array([y[0], np.roll(_capture(0, 4 * BLOCK)[1], apart)])
        got = lock_all(both, Noise(), FIRST, 0, 0)
        assert (got[0].locked, got[1].locked) == (True, locked)
        assert not locked or got[1].delay == apart


def test_silent_channel_and_too_short_a_capture_have_no_lock():
    y = _capture(0)
    y[1] = 0
    got = lock_all(y, Noise(), FIRST, 0, 0)
    assert got[0].locked and got[1] is None
    assert lock_all(_capture(0, 2 * BLOCK - 1), Noise(), FIRST, 0, 0) == [None, None]
    assert lock_all(_capture(0, 2 * BLOCK), Noise(), FIRST, 0, 0)[0].locked


def test_first_channel_silent_leaves_the_second_to_look_for_itself():
    y = _capture(3000)
    y[0] = 0
    assert lock_all(y, Noise(), FIRST, 0, 0)[1].delay == 3000


def test_peak_does_not_depend_on_the_level():
    rng = np.random.default_rng(4)
    block, x = rng.standard_normal(BLOCK), rng.standard_normal(BLOCK + 40)
    peak, where = lock._peak(block, x)
    assert lock._peak(1e-6 * block, 1e-3 * x) == (pytest.approx(peak), where)


def test_silence_played_is_no_delay():
    silent = Noise()
    silent._all[:] = 0
    assert search(_capture(0)[0], BLOCK, PlayedChannel(silent, 0, FIRST), 5, 50) == Lock(BLOCK, BLOCK, 0.0)


def test_peak_before_the_first_played_frame_is_kept_against_later_pieces():
    y = Noise().played(FIRST - BLOCK - 100, 4 * BLOCK, 0)
    got = search(y, BLOCK, PlayedChannel(Noise(), 0, FIRST), -200, lock._PIECE + 300)
    assert got.delay == BLOCK + 100 and got.locked
