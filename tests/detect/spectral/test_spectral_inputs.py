# SPDX-License-Identifier: MIT
"""What is advised of captures that prove nothing, at the limits of each rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stress.detect.spectral import inputs
from stress.detect.spectral.inputs import CLIPPED, FULL, LOW_SNR_DB
from stress.detect.spectral.lock import BLOCK, Lock
from tests.detect.spectral.known import Noise

FIRST, RATE = 5000, 4000


def _level(rms, frames=4096):
    # A square wave: its RMS is its level.
    return np.resize(np.array([rms, -rms], dtype=np.float32), frames)


def _heard(*played, frames=3 * BLOCK, delay=300):
    # What each captured channel hears: pairs of gain and played channel.
    noise = Noise()
    rows = [sum(gain * noise.played(FIRST - delay, frames, c) for gain, c in parts) for parts in played]
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize(
    ("channel", "channels", "name"),
    [(0, 2, "left"), (1, 2, "right"), (0, 1, "channel 1"), (2, 3, "channel 3"), (1, 3, "channel 2")],
)
def test_two_channels_have_sides_and_others_numbers(channel, channels, name):
    assert inputs.name(channel, channels) == name


@pytest.mark.parametrize(
    ("rms", "level"), [(1.0, 0.0), (0.1, -20.0), (1e-7, -140.0), (1e-8, -140.0), (0.0, -140.0)]
)
def test_level_is_the_rms_without_the_mean(rms, level):
    assert inputs.level_db(_level(rms)) == pytest.approx(level, abs=0.01)
    assert inputs.level_db(_level(0.1) + 0.5) == pytest.approx(-20, abs=0.01)


def test_level_of_no_frames_is_silence():
    assert inputs.level_db(np.zeros(0, np.float32)) == -140.0


LOCKED, LOOSE = Lock(0, 0, 50.0), Lock(0, 0, 3.4)


def test_channels_with_a_lock_need_no_advice():
    assert inputs.unheard(_heard([(1, 0)], [(1, 1)]), [LOCKED, LOCKED], Noise(), FIRST) == ([], [])


@pytest.mark.parametrize(("db", "silent"), [(-75.1, [0]), (-74.9, [])])
def test_channel_below_minus_75_is_silent(db, silent):
    y = np.array([_level(10 ** (db / 20)), _level(0.1)])
    advice, got = inputs.unheard(y, [None, LOCKED], Noise(), FIRST)
    assert got == silent
    assert len(advice) == 1 - len(silent)


def test_channel_that_carries_the_other_one_is_told():
    advice, silent = inputs.unheard(_heard([(1, 1)], [(1, 1)]), [LOOSE, LOCKED], Noise(), FIRST)
    assert silent == []
    assert advice == ["captured left carries played right: exchange the plugs or the routing"]


@pytest.mark.parametrize(("lock", "peak"), [(LOOSE, "3.4"), (None, "0.0")])
def test_channel_with_something_else_is_told_its_level_and_correlation(lock, peak):
    y = np.array([np.random.default_rng(1).normal(0, 0.1, 3 * BLOCK), np.zeros(3 * BLOCK)], dtype=np.float32)
    advice, silent = inputs.unheard(y, [lock, None], Noise(), FIRST)
    assert silent == [1]
    assert f"captured left has {inputs.level_db(y[0]):.1f} dBFS" in advice[0]
    assert f"correlation {peak} sigmas, 12 needed" in advice[0]


def test_silence_in_all_channels_is_one_line_with_the_loudest_level():
    y = np.array([_level(1e-5), _level(1e-4)])
    assert inputs.silence(y, [0, 1]) == [
        "the capture is silent (-80.0 dBFS): plug the cable, unmute, raise playback and capture"
    ]


def test_silence_in_one_channel_names_it():
    y = np.array([_level(0.1), _level(1e-4)])
    assert inputs.silence(y, [1]) == ["captured right is silent (-80.0 dBFS): the cable has one side only"]
    assert inputs.silence(y, []) == []


@pytest.mark.parametrize("delay", [-3900, 0, 3900])
def test_other_channel_is_heard_within_a_second(delay):
    noise = Noise(3)
    y = noise.played(FIRST - delay, 3 * BLOCK, 2)
    assert inputs._hears(y, noise, [1, 2], FIRST) == 2
    assert inputs._hears(y, noise, [2, 1], FIRST) == 2
    assert inputs._hears(y, noise, [0, 1], FIRST) is None


@pytest.mark.parametrize(("delay", "frames"), [(4010, 3 * BLOCK), (-4010, 3 * BLOCK), (0, 2 * BLOCK - 1)])
def test_other_channel_is_not_looked_for_further_nor_in_less_than_two_blocks(delay, frames):
    assert inputs._hears(Noise().played(FIRST - delay, frames, 1), Noise(), [1], FIRST) is None
    assert inputs._hears(np.zeros(3 * BLOCK, np.float32), Noise(), [1], FIRST) is None
    assert inputs._hears(Noise().played(FIRST, 2 * BLOCK, 1), Noise(), [1], FIRST) == 1


def _share(y, noise, channel, at, delay):
    # Largest correlation with a played channel within 64 frames of the delay.
    block = y[at : at + BLOCK].astype(float) - y[at : at + BLOCK].mean()
    every = []
    for late in range(-64, 65):
        x = noise.played(FIRST + at - delay + late, BLOCK, channel).astype(float)
        every.append(abs(block @ x) / np.linalg.norm(block))
    middle = noise.played(FIRST + at - delay, BLOCK, channel).astype(float)
    return max(every) / np.linalg.norm(middle)


@pytest.mark.parametrize(("crosstalk", "told"), [(0.0, 0), (0.1, 0), (0.3, 1), (-0.5, 1), (1.0, 1)])
def test_fold_down_is_told_with_its_level_from_a_fifth_on(crosstalk, told):
    y = _heard([(1, 0), (crosstalk, 1)], [(1, 1)]) + np.float32(0.3)
    locks = [Lock(BLOCK, 300, 50.0)] * 2
    got = inputs.folded(y, [0, 1], locks, Noise(), FIRST)
    assert len(got) == told
    if told:
        own, other = (_share(y[0], Noise(), c, BLOCK, 300) for c in (0, 1))
        assert (
            f"captured left hears played right at {20 * math.log10(other / own):+.1f} dB of its own" in got[0]
        )


@pytest.mark.parametrize(("apart", "told"), [(-65, 0), (-64, 1), (0, 1), (64, 1), (65, 0)])
def test_fold_down_is_looked_for_64_frames_around_the_own_delay(apart, told):
    y = _heard([(1, 0)], [(1, 1)])
    y[1] += Noise().played(FIRST - 300 + apart, 3 * BLOCK, 0)
    assert len(inputs.folded(y, [1], [None, Lock(BLOCK, 300, 50.0)], Noise(), FIRST)) == told


def test_fold_down_needs_a_lock_and_a_second_channel():
    y = _heard([(1, 0), (1, 1)], [(1, 1)])
    assert inputs.folded(y, [0], [None, None], Noise(), FIRST) == []
    assert inputs.folded(y[:1], [0], [Lock(BLOCK, 300, 50.0)], Noise(1), FIRST) == []
    # A channel without lock is passed over, and those behind it are looked at.
    locks = [None, Lock(BLOCK, 300, 50.0)]
    (got,) = inputs.folded(np.array([y[0], y[0]]), [0, 1], locks, Noise(), FIRST)
    assert got.startswith("captured right hears played left")


@pytest.mark.parametrize(("blocks", "lines"), [(7, 0), (8, 1)])
def test_level_is_watched_from_eight_blocks_on(blocks, lines):
    y = np.concatenate([_level(0.1)] * (blocks // 2) + [_level(0.2)] * (blocks - blocks // 2))
    assert len(inputs.unsteady(np.append(y, _level(9.0, 4095)).astype(np.float32))) == lines


@pytest.mark.parametrize(("db", "lines"), [(2.9, 0), (3.1, 1)])
def test_level_that_moves_by_three_db_is_told(db, lines):
    y = np.concatenate([_level(0.1)] * 5 + [_level(0.1 * 10 ** (db / 20))] * 5).astype(np.float32)
    got = inputs.unsteady(y)
    assert len(got) == lines
    assert all(f"the level moves by {db:.1f} dB" in one for one in got)


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize(("odd", "lines"), [(2, 0), (3, 1)])
def test_a_tenth_of_the_blocks_may_be_louder_or_quieter(level, odd, lines):
    y = np.concatenate([_level(level)] * odd + [_level(0.1)] * (20 - odd)).astype(np.float32)
    assert len(inputs.unsteady(y)) == lines


def test_silence_throughout_is_steady():
    assert inputs.unsteady(np.zeros(40960, np.float32)) == []


@pytest.mark.parametrize(("share", "lines"), [(CLIPPED, 0), (1.001 * CLIPPED, 1), (0.0, 0), (0.5, 1)])
def test_clipping_is_told_above_its_limit_in_the_worst_channel(share, lines):
    y = np.zeros((2, 10), np.float32)
    for shares in ([share, 0.0], [0.0, share]):
        got = inputs.clipping(shares, y, True)
        assert got == [f"lower the capture level: {100 * share:.2g} % of samples at full scale"][:lines]


@pytest.mark.parametrize(("peak", "lines"), [(FULL - 1e-3, 0), (FULL + 1e-3, 1), (-1.0, 1)])
def test_clipping_of_an_unknown_signal_is_of_channels_at_full_scale_only(peak, lines):
    y = np.array([[0.0, peak], [0.0, 0.1]], dtype=np.float32)
    assert len(inputs.clipping([0.5, 0.0], y, False)) == lines
    assert inputs.clipping([0.0, 0.5], y, False) == []
    assert inputs.clipping([], y[:0], False) == []
    assert inputs.clipping([0.0], np.zeros((1, 0), np.float32), False) == []


def test_snr_of_twenty_is_enough():
    assert inputs.weak(LOW_SNR_DB) == []
    (got,) = inputs.weak(LOW_SNR_DB - 0.1)
    assert got.startswith("SNR is 19.9 dB and a 32-byte line needs 20 dB")


def test_disturbances_are_counted_and_the_first_is_named():
    assert inputs.disturbed([]) == []
    assert inputs.disturbed([77])[0].startswith("1 disturbance no ring data explains, first at frame 77")
    assert inputs.disturbed([77, 80])[0].startswith("2 disturbances no ring data explains, first at frame 77")


def test_fold_down_names_the_loudest_other_channel():
    noise = Noise(3)
    y = np.array([noise.played(FIRST - 300, 3 * BLOCK, c) for c in range(3)])
    y[0] += 0.5 * y[2]
    (got,) = inputs.folded(y, [0, 1, 2], [Lock(BLOCK, 300, 50.0)] * 3, noise, FIRST)
    assert got.startswith("captured channel 1 hears played channel 3 at -6.")
