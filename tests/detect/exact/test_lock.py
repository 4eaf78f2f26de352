# SPDX-License-Identifier: MIT
"""The first frame that shows the pattern, and its alignment where old and right lines take turns."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import Decoder
from stress.detect.exact.lock import PatternLock, find_lock
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

PATTERN, RINGS, FIRST = Pattern("mix1", FORMATS["S16_LE"], 2), Rings(1024, 1280), 70_000
LINE = 8  # frames


def _window(frames, old, lag):
    # Right frames from FIRST on; `old` lines hold what was due `lag` frames earlier.
    rows = PATTERN.bytes_at(FIRST, frames).reshape(frames, 4).copy()
    for line in old:
        at = line * LINE
        rows[at : at + LINE] = PATTERN.bytes_at(FIRST + at - lag, LINE).reshape(LINE, 4)
    return np.ascontiguousarray(rows.reshape(-1))


def _lock(raw, first_position=None, rings=RINGS):
    return find_lock(raw, Decoder(PATTERN, rings, None), first_position)


@pytest.mark.parametrize("lag", [1024, 2 * 1024, 1280, 8 * 1280])
def test_lock_of_lines_that_take_turns_with_old_ones_is_the_newest(lag):
    every_other = range(0, 32, 2)
    assert _lock(_window(32 * LINE, every_other, lag)) == PatternLock(0, FIRST)


@pytest.mark.parametrize("lag", [1000, 1024])
def test_lock_never_falls_on_data_from_before_the_first_frame_sent(lag):
    assert _lock(_window(32 * LINE, range(4), lag), FIRST) == PatternLock(4 * LINE, FIRST)


def test_lock_falls_on_unrelated_older_data_where_nothing_is_known_of_what_was_sent():
    assert _lock(_window(32 * LINE, range(4), 1000)) == PatternLock(0, FIRST - 1000)


@pytest.mark.parametrize(("right", "locked"), [(4, True), (3, False)])
def test_lock_needs_four_frames_of_one_alignment(right, locked):
    raw = np.zeros(64 * 4, np.uint8)
    raw[40 * 4 : (40 + right) * 4] = PATTERN.bytes_at(FIRST, right)
    found = _lock(raw)
    assert found == (PatternLock(40, FIRST - 40) if locked else None)
