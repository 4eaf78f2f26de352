# SPDX-License-Identifier: MIT
"""The comparison with the pattern made anew, and the addresses it works on."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.compare import STEREO_BLOCK, Regenerator, address, memory
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

FIRST = (1 << 32) - STEREO_BLOCK - 77  # the positions wrap inside a block


@pytest.mark.parametrize(
    ("name", "fmt", "channels"),
    [("mix1", "S16_LE", 2), ("mix2", "S16_LE", 2), ("mix1", "S24_3LE", 3), ("mix1", "S16_LE", 1)],
)
def test_right_stops_at_the_block_of_the_wrong_frame(name, fmt, channels):
    pattern = Pattern(name, FORMATS[fmt], channels)
    again, frames = Regenerator(pattern), 3 * STEREO_BLOCK + 5
    rows = pattern.bytes_at(FIRST, frames).reshape(frames, -1)
    assert again.right(address(rows.reshape(-1)), FIRST, frames) == frames
    for wrong in (0, again.block - 1, again.block, 2 * again.block + 7, frames - 1):
        rows[wrong, -1] ^= 1
        start = wrong // again.block * again.block
        assert again.right(address(rows.reshape(-1)), FIRST, frames) == start
        n = min(again.block, frames - start)
        due = again.due[: n * pattern.frame_bytes].reshape(n, -1)
        assert np.flatnonzero((rows[start : start + n] != due).any(axis=1)).tolist() == [wrong - start]
        rows[wrong, -1] ^= 1


def test_right_of_part_of_a_block_leaves_the_next_call_alone():
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    again, raw = Regenerator(pattern), pattern.bytes_at(9, 5000)
    for first, frames in ((0, 100), (100, 4000), (4100, 900), (7, 12)):
        assert again.right(address(raw) + 4 * first, 9 + first, frames) == frames


def test_address_of_frames_in_pieces_is_refused():
    whole = np.zeros(64, np.uint8)
    whole.flags.writeable = False
    assert address(whole) == whole.ctypes.data
    with pytest.raises(ValueError, match="in one piece"):
        address(np.zeros(64, np.uint8)[::2])


def test_same_of_different_sizes_is_refused():
    with pytest.raises(ValueError, match="cannot equal"):
        memory().same(np.zeros(4, np.uint8), np.zeros(5, np.uint8))
