# SPDX-License-Identifier: MIT
"""What counts as chance on a bad path, at the limits of score and length."""

from __future__ import annotations

import pytest

from stress.detect.spectral.chance import set_aside
from stress.detect.spectral.explain import ALARM
from stress.detect.spectral.inputs import CLIPPED
from stress.detect.spectral.result import Channel, SpectralAnalysis
from stress.model.finding import Analysis, Finding, Kind


def _result(*findings, clipped=0.0, advice=("lower the level",)):
    channel = Channel(0.0, 0.0, (), 40.0, -60.0, 0.0, clipped_share=clipped)
    analysis = Analysis("spectral", True, 9600).holding(list(findings), 100)
    return SpectralAnalysis(analysis, channel, advice, 4)


def _finding(kind=Kind.MISPLACED, score=13.0, frames=8, frame=100):
    details = {} if score is None else {"score": score}
    return Finding(kind, frame, frames, frame, details=details)


@pytest.mark.parametrize(
    ("finding", "clipped", "gone"),
    [
        (_finding(score=3 * ALARM - 0.1), 0.0, True),
        (_finding(score=3 * ALARM), 0.0, False),
        (_finding(score=None), 0.0, False),
        (_finding(Kind.HOLD), 0.0, True),
        (_finding(Kind.ZERO), 0.0, False),
        (_finding(Kind.ZERO, frames=3), 0.0, True),
        (_finding(Kind.ZERO, frames=4), 0.0, False),
        (_finding(Kind.ZERO, 30.0, frames=3), 0.0, False),
        (_finding(Kind.ZERO, 99.0, frames=3), CLIPPED, False),
        (_finding(Kind.ZERO, 99.0, frames=3), 1.01 * CLIPPED, True),
        (_finding(Kind.ZERO, 99.0, frames=4), 0.5, False),
        (_finding(Kind.ZERO, 13.0, frames=7), 0.5, True),
        (_finding(Kind.ZERO, 13.0, frames=8), 0.5, False),
        (_finding(Kind.DROP, 13.0, frames=1), 0.5, False),
        (_finding(Kind.INSERT, 13.0, frames=1), 0.0, False),
    ],
)
def test_run_is_chance_by_its_score_its_kind_and_its_length(finding, clipped, gone):
    result = _result(finding, clipped=clipped)
    got = set_aside(result)
    assert got.analysis.found == 1 - gone
    assert (got is result) == (not gone)


def test_what_is_set_aside_is_counted_as_disturbances():
    kept = _finding(Kind.STALE, 90.0, 8, 900)
    got = set_aside(_result(_finding(frames=5), kept, _finding(frames=6, frame=500)))
    assert got.disturbances == 6
    assert got.analysis.findings == (kept,)
    assert (got.analysis.wrong_frames, got.analysis.counts) == (8, {Kind.STALE: 1})
    assert got.analysis.sites == {(Kind.STALE, None, None): 1}
    assert got.analysis.notes[0].startswith("2 runs resemble older data")


def test_without_a_channel_nothing_is_clipped():
    result = _result(_finding(Kind.ZERO, 99.0, frames=3))
    assert set_aside(SpectralAnalysis(result.analysis, None, ("advice",), 4)).analysis.found == 1
