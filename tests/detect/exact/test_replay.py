# SPDX-License-Identifier: MIT
"""A ring that plays its last lap again and again, to the end of the capture."""

from __future__ import annotations

import pytest

from stress.detect.exact.replay import LEAST_LAPS, MOST_SEAM, Replay, replay_of
from stress.detect.exact.survey import Span

LONGEST = 1000


def spans(*lengths_positions_gaps):
    """Spans one behind the other: frames, position, gap before it."""
    out, at = [], 0
    for frames, position, gap in lengths_positions_gaps:
        at += gap
        out.append(Span(at, at + frames, position))
        at += frames
    return out, at


BODY = (5000, 1, 0)  # to position 5001
LAP = (300, 4701, 0)


@pytest.mark.parametrize(
    ("given", "replay"),
    [
        ([BODY], None),
        ([BODY, LAP], None),
        ([BODY, LAP, LAP], Replay(300, 2)),
        ([BODY, LAP, LAP, LAP], Replay(300, 3)),
        # The last lap may be cut, no other may.
        ([BODY, LAP, LAP, (10, 4701, 0)], Replay(300, 3)),
        ([BODY, LAP, (299, 4701, 0), LAP], None),
        ([BODY, LAP, LAP, (301, 4701, 0)], None),
        # Seams of a read that met the end of a lap.
        ([BODY, (300, 4701, MOST_SEAM), (300, 4701, MOST_SEAM)], Replay(300, 2)),
        ([BODY, LAP, (300, 4701, MOST_SEAM + 1)], None),
        ([BODY, (300, 4701, MOST_SEAM + 1), LAP], None),
        # Laps up to the longest ring.
        ([BODY, (1000, 4001, 0), (1000, 4001, 0)], Replay(1000, 2)),
        ([BODY, (1001, 4000, 0), (1001, 4000, 0)], None),
        # Each begins at one place.
        ([BODY, (300, 4701, 0), (301, 4700, 0)], None),
        # Frames that go on are no replay.
        ([BODY, (300, 5001, 0), (300, 5301, 0)], None),
    ],
)
def test_laps_in_a_row_that_begin_alike_are_a_replay(given, replay):
    some, end = spans(*given)
    assert replay_of(some, end, LONGEST) == replay


def test_a_replay_reaches_to_the_end_but_for_a_seam():
    some, end = spans(BODY, LAP, LAP)
    assert replay_of(some, end + MOST_SEAM, LONGEST) == Replay(300, LEAST_LAPS)
    assert replay_of(some, end + MOST_SEAM + 1, LONGEST) is None


def test_nothing_is_no_replay():
    assert replay_of([], 0, LONGEST) is None


def test_a_replay_may_pass_the_last_position():
    some, end = spans((5000, 2**32 - 4900, 0), (300, 2**32 - 200, 0), (300, 2**32 - 200, 0))
    assert replay_of(some, end, LONGEST) == Replay(300, 2)


def test_a_capture_of_laps_alone_has_its_first_lap_before_them():
    some, end = spans(LAP, LAP, LAP)
    assert replay_of(some, end, LONGEST) == Replay(300, 2)
