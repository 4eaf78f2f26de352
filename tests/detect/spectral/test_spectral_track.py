# SPDX-License-Identifier: MIT
"""A delay that jumps far: where it is looked for again, and where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.signal import Reference
from stress.detect.spectral.track import BLOCK, DelayTracker
from tests.detect.spectral.known import Noise

FIRST, DELAY = 120000, 300
PATTERN = Noise(3)


def _played(delay, start, stop, channel=1):
    return PATTERN.played(FIRST + start - delay, stop - start, channel)


def _tracked(y):
    # Frames before the first one are kept, as for data of earlier bursts.
    x = Reference(PATTERN, 1, FIRST, 110000, 200000)
    return DelayTracker(y, x, DELAY).run(0, PATTERN, 1, FIRST)


def _ends(track):
    return [(one.start // BLOCK, one.stop // BLOCK) for one in track.segments]


@pytest.mark.parametrize("moved", [5000, -5000, 98000, -98000])
def test_delay_is_looked_for_anew_at_the_second_lost_block(moved):
    y = np.concatenate((_played(DELAY, 0, 8 * BLOCK), _played(DELAY + moved, 8 * BLOCK, 20 * BLOCK)))
    track = _tracked(y)
    assert _ends(track) == [(0, 8), (9, 20)]
    assert track.lost == (8 * BLOCK, 9 * BLOCK)
    np.testing.assert_allclose(track.segments[1].delays, DELAY + moved, atol=0.05)


@pytest.mark.parametrize("moved", [98304 + 10, -98304 - 10])
def test_delay_is_looked_for_within_98304_frames(moved):
    y = np.concatenate((_played(DELAY, 0, 8 * BLOCK), _played(DELAY + moved, 8 * BLOCK, 20 * BLOCK)))
    track = _tracked(y)
    assert _ends(track) == [(0, 8)]
    assert track.lost == tuple(range(8 * BLOCK, 20 * BLOCK, BLOCK))


@pytest.mark.parametrize(("stop", "found"), [(11 * BLOCK, True), (11 * BLOCK - 1, False)])
def test_two_blocks_must_be_left_to_look_in(stop, found):
    y = np.concatenate((_played(DELAY, 0, 8 * BLOCK), _played(DELAY + 5000, 8 * BLOCK, stop)))
    assert len(_tracked(y).segments) == 1 + found


def test_every_fourth_lost_block_is_looked_at():
    noise = 0.1 * np.random.default_rng(2).standard_normal(5 * BLOCK).astype(np.float32)
    y = np.concatenate((_played(DELAY, 0, 8 * BLOCK), noise, _played(DELAY + 5000, 13 * BLOCK, 24 * BLOCK)))
    track = _tracked(y)
    # Lost are the blocks 8 to 13; the second and the sixth of them are looked at.
    assert track.lost == tuple(range(8 * BLOCK, 14 * BLOCK, BLOCK))
    assert _ends(track) == [(0, 8), (13, 24)]


def test_blocks_lost_at_the_delay_that_is_known_are_passed_over():
    y = _played(DELAY, 0, 20 * BLOCK).copy()
    y[8 * BLOCK : 10 * BLOCK] = 0.1 * np.random.default_rng(3).standard_normal(2 * BLOCK)
    track = _tracked(y)
    assert _ends(track) == [(0, 20)]
    assert track.lost == (8 * BLOCK, 9 * BLOCK)


def test_silence_is_not_looked_at():
    y = np.concatenate((_played(DELAY, 0, 8 * BLOCK), np.zeros(12 * BLOCK, np.float32)))
    track = _tracked(y)
    assert _ends(track) == [(0, 8)]
    assert len(track.lost) == 12


def test_two_blocks_at_another_delay_are_a_segment():
    parts = [(DELAY, 0, 12), (DELAY + 30, 12, 14), (DELAY, 14, 20)]
    track = _tracked(np.concatenate([_played(delay, a * BLOCK, b * BLOCK) for delay, a, b in parts]))
    assert _ends(track) == [(0, 12), (12, 14), (14, 20)]
    assert track.lost == ()


def test_offset_of_the_converter_is_no_correlation():
    track = _tracked(_played(DELAY, 0, 12 * BLOCK) + np.float32(5.0))
    assert (_ends(track), track.lost) == ([(0, 12)], ())
    np.testing.assert_allclose(track.segments[0].delays, DELAY, atol=0.05)
