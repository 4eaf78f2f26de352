# SPDX-License-Identifier: MIT
"""The verdict of the wire alone: both rings in one analysis."""

from __future__ import annotations

import dataclasses

import pytest

from stress.experiment.wire.views import by_wire
from stress.model.finding import Analysis, Finding, Kind
from stress.model.pcm import Direction
from stress.model.wire import Wire
from tests.experiment.wire.wire_cases import NONE, POSITION, compared, stream

PLAYBACK, CAPTURE = Direction.PLAYBACK, Direction.CAPTURE


def _finding(frame, frames=8, kind=Kind.STALE):
    return Finding(kind, frame, frames, POSITION + frame)


def _halves(**changes):
    both = {
        "playback": Analysis("exact", True, 100, 90, 3, 4, notes=("low bits",), episodes=2).holding(
            [_finding(5), _finding(50, 4, Kind.ZERO)], 9
        ),
        "capture": Analysis("wire", True, 100, 80, 0, 0, episodes=5).holding([_finding(7, 16)], 9),
        "wire": Wire("usbmon1", stream(), stream(), notes=("late",)),
        "telling_lines": 30,
    }
    return compared(**{**both, **changes})


def test_verdict_of_the_wire_alone_is_the_sum_of_both_rings():
    analysis = by_wire(_halves(), 4, 32)
    assert (analysis.detector, analysis.locked) == ("wire", True)
    assert (analysis.checked_frames, analysis.wrong_frames, analysis.episodes) == (90 + 30 * 8, 12 + 16, 7)
    assert [one.frame for one in analysis.findings] == [5, 50, 7]
    assert analysis.counts == {Kind.STALE: 2, Kind.ZERO: 1}
    assert analysis.sites == {(Kind.STALE, None, None): 2, (Kind.ZERO, None, None): 1}
    assert analysis.notes == ("low bits", "judged from the wire alone, without a loopback", "late")


@pytest.mark.parametrize(
    ("judged", "frame_bytes", "checked"),
    [((PLAYBACK,), 4, 90), ((CAPTURE,), 4, 240), ((CAPTURE,), 16, 60), ((CAPTURE,), 64, 30), ((), 4, 0)],
)
def test_exposure_of_the_wire_alone_is_that_of_the_directions_that_were_judged(judged, frame_bytes, checked):
    # Lines of 32 bytes; a frame longer than a line is one.
    assert by_wire(_halves(judged=judged), frame_bytes, 32).checked_frames == checked


@pytest.mark.parametrize(
    ("playback", "capture", "has_capture", "locked"),
    [
        (True, True, True, True),
        (True, False, True, False),
        (False, True, True, False),
        (True, False, False, True),
    ],
)
def test_wire_alone_is_locked_where_each_ring_that_exists_is(playback, capture, has_capture, locked):
    views = _halves(
        playback=dataclasses.replace(NONE, locked=playback),
        capture=dataclasses.replace(NONE, locked=capture),
        wire=Wire("usbmon1", stream(), stream(), has_capture=has_capture),
    )
    assert by_wire(views, 4, 32).locked is locked
