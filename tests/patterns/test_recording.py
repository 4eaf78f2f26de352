# SPDX-License-Identifier: MIT
"""A recording as a stimulus: round and round, the same from any position."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from stress.errors import ConfigError
from stress.model.formats import FORMATS
from stress.patterns.recording import SHORTEST, Recording

S16 = FORMATS["S16_LE"]
FRAMES = np.random.default_rng(1).integers(0, 256, 5000 * 4, dtype=np.uint8)


def _made(frames=FRAMES):
    return Recording(frames, S16, 2, 48000, "a.wav")


@pytest.mark.parametrize("position", [0, 1, 4999, 5000, 123456789])
def test_recording_in_pieces_equals_the_recording_repeated(position):
    whole, pieces = np.empty(12000 * 4, np.uint8), np.empty(12000 * 4, np.uint8)
    _made().fill(position, whole)
    for start, stop in ((0, 7), (7, 6000), (6000, 12000)):
        _made().fill(position + start, pieces[4 * start : 4 * stop])
    want = np.roll(FRAMES.reshape(-1, 4), -(position % 5000), axis=0)
    np.testing.assert_array_equal(whole.reshape(-1, 4), np.concatenate([want] * 3)[:12000])
    np.testing.assert_array_equal(pieces, whole)


def test_recording_knows_its_period_and_checksum():
    made = _made()
    assert (made.period, made.crc32) == (5000, zlib.crc32(FRAMES.tobytes()))


def test_recording_shorter_than_a_lock_is_refused():
    assert _made(FRAMES[: SHORTEST * 4]).period == SHORTEST
    with pytest.raises(ConfigError, match=f"holds {SHORTEST - 1} frames"):
        _made(FRAMES[: (SHORTEST - 1) * 4])


def test_recording_of_silence_is_refused():
    with pytest.raises(ConfigError, match="is silent"):
        _made(np.zeros(5000 * 4, np.uint8))
