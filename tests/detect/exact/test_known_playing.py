# SPDX-License-Identifier: MIT
"""What the user says of what was played."""

from __future__ import annotations

from stress.detect.exact.known_playing import Known


def test_the_end_counts_from_the_position_that_was_named_or_that_of_a_file():
    assert Known().end is None
    assert Known(position=5).end is None
    assert Known(frames=100).end == 101
    assert Known(position=0, frames=100).end == 100
    assert Known(position=7, frames=100).end == 107


def test_laps_are_whole_multiples_of_any_ring():
    known = Known(laps=(48, 0, 100))
    assert [known.is_lap(frames) for frames in (48, 96, 100, 49, 50, 4800)] == [
        True,
        True,
        True,
        False,
        False,
        True,
    ]
    assert not Known().is_lap(48)
