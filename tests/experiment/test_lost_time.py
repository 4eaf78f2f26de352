"""Lost time is told from corruption: whole laps without an xrun, and xruns with slips."""

from __future__ import annotations

import pytest

from stress.experiment.lost_time import set_apart
from stress.model.finding import Analysis, Finding, Kind
from stress.model.ring import Rings

RINGS = Rings(1024, 1280)


def _marked(findings, xruns=0):
    analysis = set_apart(Analysis("exact", True, 100_000, findings=tuple(findings)), RINGS, xruns)
    return ["transport" in finding.details for finding in analysis.findings]


STALE_BEHIND = Finding(Kind.STALE, frame=6912, frames=1664, position=1, lag=1280, laps=1, ring="capture")
STALE_FAR = Finding(Kind.STALE, frame=50_000, frames=8, position=1, lag=1024, laps=1, ring="playback")


def test_set_apart_whole_laps_lost_without_xrun_take_their_neighbours_along():
    laps = Finding(Kind.DROP, frame=6912, frames=3840, position=1)
    assert _marked([laps, STALE_BEHIND, STALE_FAR]) == [True, True, False]


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.REPEAT, Kind.INSERT])
def test_set_apart_a_slip_counts_only_in_a_burst_with_xruns(kind):
    slip = Finding(kind, frame=6912, frames=256, position=1)
    assert _marked([slip, STALE_BEHIND], xruns=0) == [False, False]
    assert _marked([slip, STALE_BEHIND], xruns=1) == [True, True]


def test_set_apart_stale_lines_alone_are_never_explained_away():
    assert _marked([STALE_BEHIND, STALE_FAR], xruns=3) == [False, False]


def test_set_apart_planted_faults_stay_planted():
    laps = Finding(Kind.DROP, frame=6912, frames=1280, position=1)
    planted = Finding(Kind.ZERO, frame=7000, frames=8, position=1, injected=True)
    assert _marked([laps, planted]) == [True, False]


def test_set_apart_data_newer_than_it_can_be_is_an_overrun_without_xrun():
    newer = Finding(Kind.MISPLACED, frame=6912, frames=768, position=1, lag=-1280)
    older = Finding(Kind.MISPLACED, frame=60_000, frames=8, position=1, lag=-1000)
    assert _marked([newer, STALE_BEHIND, older]) == [True, True, False]


def test_set_apart_a_slip_that_the_wire_shows_is_the_device_s():
    slip = Finding(Kind.DROP, frame=6912, frames=48, position=1, details={"view": "wire or device"})
    assert _marked([slip], xruns=1) == [False]
