# SPDX-License-Identifier: MIT
"""Places of wrong frames over the bursts of an arm: none lost, none invented."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stress.model.histogram import Axes
from stress.model.pcm import Direction
from stress.model.ring import Rings
from stress.verdict import places
from stress.verdict.places import Places, axes_of
from tests.record_cases import event

PARAMS = {
    "rate": 48000,
    "channels": 2,
    "format": "S16_LE",
    "access": "mmap",
    "period_size": 480,
    "buffer_size": 4800,
}


def _burst(*findings, frames=9600, number=1):
    return event(
        {"event": "burst", "number": number, "analysis": {"findings": list(findings), "frames": frames}}
    )


def _wrong(frame, frames=8, **more):
    return {"frame": frame, "frames": frames, "ring": "capture", "ring_offset": 64, **more}


def test_burst_of_an_older_record_is_placed_by_its_findings():
    arm = Places()
    arm.add(_burst(_wrong(960), _wrong(2000)), 16, None)
    assert (arm.bursts, arm.older, arm.unplaced, arm.histogram.frames) == (1, 1, 0, 16)


def test_wrong_frames_that_no_finding_places_are_told():
    arm = Places()
    arm.add(_burst(_wrong(960)), 100, None)
    assert (arm.histogram.frames, arm.unplaced) == (8, 92)


def test_planted_fault_has_no_place():
    arm = Places()
    arm.add(_burst(_wrong(960, injected=True)), 0, None)
    arm.add(_burst(_wrong(960), _wrong(2000, injected=True)), 8, None)
    assert (arm.bursts, arm.histogram.frames, arm.unplaced) == (1, 8, 0)


def test_clean_burst_of_an_older_record_counts_only_its_length():
    arm = Places()
    arm.add(_burst(frames=5000), 0, None)
    assert (arm.bursts, arm.older, arm.frames) == (0, 0, 5000)


def test_longest_burst_holds_every_finding():
    arm = Places()
    arm.add(_burst(_wrong(5100, 50), _wrong(100), frames=5000), 58, None)
    arm.add(_burst(frames=4000), 0, None)
    assert arm.frames == 5150


def test_planes_beyond_the_most_are_unplaced(monkeypatch):
    monkeypatch.setattr(places, "MOST_PLANES", 0)
    arm = Places()
    arm.add(_burst(_wrong(960)), 8, None)
    assert (arm.histogram.frames, arm.unplaced) == (0, 8)


def test_axes_are_those_that_were_granted_and_four_bytes_where_nobody_tells():
    opened = event(
        {
            "event": "open",
            "arm": "a",
            "granted": {Direction.PLAYBACK.value: {**PARAMS, "channels": 1}, Direction.CAPTURE.value: PARAMS},
        }
    )
    known = axes_of(_burst(), opened)
    assert (known.rings.playback, known.rings.capture, known.frame_bytes) == (4800, 4800, 4)
    assert (known.rings.playback_bytes, known.rings.capture_bytes) == (2, 4)
    unknown = axes_of(_burst(), None)
    assert (unknown.rings.playback, unknown.rings.capture, unknown.frame_bytes) == (None, None, 4)


def _opened(playback, capture):
    return SimpleNamespace(granted=SimpleNamespace(playback=playback, capture=capture))


def _stream(rate, frames, frame_bytes):
    return SimpleNamespace(rate=rate, buffer_size=frames, frame_bytes=frame_bytes)


@pytest.mark.parametrize(
    ("opened", "rings", "frame_bytes"),
    [
        (None, (None, None, None, None), 4),
        (_opened(_stream(8000, 100, 6), _stream(9000, 200, 8)), (100, 200, 6, 8), 8),
        # A card that only plays is placed by what it plays.
        (_opened(_stream(8000, 100, 6), None), (100, None, 6, None), 6),
    ],
)
def test_axes_are_those_of_the_rings_that_were_granted(opened, rings, frame_bytes):
    axes = axes_of(_burst(), opened)
    assert axes == Axes(
        Rings(rings[0], rings[1], playback_bytes=rings[2], capture_bytes=rings[3]), frame_bytes, 5, 32
    )


def test_rate_of_an_arm_is_that_of_its_capture_and_stays_where_none_is_told():
    arm = Places()
    arm.add(_burst(), 0, None)
    assert arm.rate == 0
    arm.add(_burst(), 0, _opened(_stream(8000, 100, 4), None))
    assert arm.rate == 8000
    arm.add(_burst(), 0, _opened(_stream(8000, 100, 4), _stream(9000, 100, 4)))
    arm.add(_burst(), 0, None)
    assert (arm.rate, arm.frames, arm.line_bytes, arm.bursts) == (9000, 9600, 32, 0)
