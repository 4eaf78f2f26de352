# SPDX-License-Identifier: MIT
"""What the first lap behind an event held: one outcome, the worst that applies."""

from __future__ import annotations

import dataclasses

import pytest

from stress.experiment.first_lap import first_lap
from stress.model.finding import Analysis, Finding, Kind
from stress.model.lifecycle import FirstLap
from stress.model.pcm import Exchange, Lost, StreamResult

LAP = 480
STREAM = StreamResult(frames=4800, state="RUNNING")
EXCHANGE = Exchange(STREAM, STREAM, 4800)


def _analysis(*findings, locked=True, first_frame=100):
    found = Analysis("exact", locked, 4800, checked_frames=4700, first_frame=first_frame, first_position=1)
    return dataclasses.replace(found, findings=tuple(findings))


def _finding(kind, frame=120, frames=8, **more):
    return Finding(kind=kind, frame=frame, frames=frames, position=1, **more)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), FirstLap.RIGHT),
        ((Kind.STALE,), FirstLap.STALE),
        ((Kind.SWAP,), FirstLap.ROTATED),
        ((Kind.DROP,), FirstLap.LOST),
        ((Kind.BITFLIP,), FirstLap.WRONG),
        ((Kind.BITFLIP, Kind.DROP, Kind.STALE), FirstLap.STALE),
        ((Kind.STALE, Kind.SWAP), FirstLap.ROTATED),
    ],
)
def test_findings_of_the_first_lap_decide(kinds, expected):
    assert first_lap(_analysis(*map(_finding, kinds)), EXCHANGE, LAP)[0] is expected


def test_start_that_never_came_is_lost_frames():
    start = _finding(Kind.ZERO, frame=100, frames=96, details={"start": True})
    assert first_lap(_analysis(start), EXCHANGE, LAP) == (FirstLap.LOST, 96)


def test_finding_behind_the_first_lap_does_not_count():
    assert first_lap(_analysis(_finding(Kind.STALE, frame=100 + LAP)), EXCHANGE, LAP) == (FirstLap.RIGHT, 0)
    assert first_lap(_analysis(_finding(Kind.STALE, frame=99 + LAP)), EXCHANGE, LAP) == (FirstLap.STALE, 1)


def test_injected_finding_does_not_count():
    assert first_lap(_analysis(_finding(Kind.ZERO, injected=True)), EXCHANGE, LAP) == (FirstLap.RIGHT, 0)


def test_silence_is_mute_and_a_lost_device_did_not_come_back():
    assert first_lap(_analysis(locked=False, first_frame=None), EXCHANGE, LAP)[0] is FirstLap.MUTE
    gone = dataclasses.replace(EXCHANGE, lost=Lost.GONE)
    assert first_lap(_analysis(), gone, LAP)[0] is FirstLap.GONE


def test_burst_with_an_xrun_of_its_own_is_not_called_mute():
    late = dataclasses.replace(EXCHANGE, playback=dataclasses.replace(STREAM, xruns=1))
    assert first_lap(_analysis(locked=False, first_frame=None), late, LAP)[0] is FirstLap.XRUN
