# SPDX-License-Identifier: MIT
"""What stands between the last right frame and silence: a click, or damage."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detect.exact.test_passes import loud, planned, played, silent


def gliding(frames):
    # From the last frame played to nothing, as a codec lets its output go.
    last = played(5000, 1).view("<i2").astype(float)
    return np.rint(last * np.exp(-np.arange(frames)[:, None] / 40)).astype("<i2").view(np.uint8).reshape(-1)


@pytest.mark.parametrize("piece", [loud(40), loud(300), gliding(300)], ids=["click", "burst", "glide"])
def test_a_short_piece_without_pattern_and_silence_to_the_end_is_left_out_where_asked(piece):
    (one,), foreign = planned(played(1, 5000), piece, silent(2000), tail=False)
    assert (one.end, foreign) == (5000, 5000)
    (advice,) = one.advice
    assert "are no pattern in any form: another sound, or damage" in advice
    assert one.notes[0].startswith("the pattern ends at frame 5 000 (position 5000)")


def test_frames_of_pattern_among_loud_ones_show_that_more_of_it_was_due():
    again = loud(200)[:400], played(5101, 40), loud(300)[:240]
    (one,), foreign = planned(played(1, 5000), *again, silent(2000), tail=False)
    assert foreign is None
    assert one.end >= 5199


def test_old_frames_behind_the_silence_leave_a_click_a_click():
    (one,), foreign = planned(
        played(1, 9000), loud(100), silent(2000), played(3001, 40), silent(900), tail=False
    )
    assert (one.end, foreign) == (9000, 9000)
