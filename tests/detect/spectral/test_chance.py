# SPDX-License-Identifier: MIT
"""A bad path makes clicks look like some older data: such fits are no corruption."""

from __future__ import annotations

import dataclasses

import pytest

from stress.detect.spectral.chance import set_aside
from stress.detect.spectral.result import Channel, SpectralAnalysis
from stress.model.finding import Analysis, Finding, Kind

ADVICE = ("lower the capture level",)


def _result(kind, score, advice=ADVICE, frames=5):
    ring, laps = ("playback", 1) if kind is Kind.STALE else (None, None)
    finding = Finding(kind, 100, frames, 100, 777, laps, ring, details={"score": score})
    other = Finding(Kind.STALE, 900, 8, 900, 4800, 1, "playback", details={"score": 500.0})
    counts: dict[Kind, int] = {Kind.STALE: 1}
    counts[kind] = counts.get(kind, 0) + 1
    sites = {(Kind.STALE, "playback", 1): 1}
    sites[(kind, ring, laps)] = sites.get((kind, ring, laps), 0) + 1
    analysis = Analysis(
        "spectral", True, 9600, 9600, 0, 0, counts, (finding, other), 8 + frames, 2, sites=sites
    )
    return SpectralAnalysis(analysis, None, advice, disturbances=4)


@pytest.mark.parametrize("kind", [Kind.MISPLACED, Kind.HOLD])
def test_weak_fit_of_any_lag_on_a_bad_path_is_a_disturbance(kind):
    result = set_aside(_result(kind, 13.2))
    assert [one.kind for one in result.analysis.findings] == [Kind.STALE]
    assert (result.analysis.counts, result.analysis.wrong_frames) == ({Kind.STALE: 1}, 8)
    assert result.analysis.sites == {(Kind.STALE, "playback", 1): 1}
    assert result.disturbances == 5
    assert any("chance" in note for note in result.analysis.notes)


@pytest.mark.parametrize(("frames", "left"), [(2, 1), (3, 1), (4, 2), (8, 2)])
def test_weak_fit_of_a_whole_lap_too_short_for_a_line_is_a_disturbance_on_a_bad_path(frames, left):
    result = set_aside(_result(Kind.STALE, 12.3, frames=frames))
    assert len(result.analysis.findings) == left
    assert sum(result.analysis.sites.values()) == left
    assert set_aside(_result(Kind.STALE, 30.0, frames=frames)).analysis.found == 2
    assert set_aside(_result(Kind.STALE, 12.3, (), frames=frames)).analysis.found == 2


@pytest.mark.parametrize("kind", [Kind.ZERO, Kind.SWAP])
def test_weak_short_run_of_any_content_on_a_bad_path_is_a_disturbance(kind):
    assert [one.kind for one in set_aside(_result(kind, 13.2, frames=2)).analysis.findings] == [Kind.STALE]
    assert set_aside(_result(kind, 13.2, frames=8)).analysis.found == 2
    assert set_aside(_result(Kind.DROP, 13.2, frames=2)).analysis.found == 2


@pytest.mark.parametrize(
    ("frames", "score", "left"), [(1, 55.0, 1), (3, 99.0, 1), (4, 13.0, 1), (4, 31.0, 2), (8, 13.0, 2)]
)
def test_run_shorter_than_a_line_on_a_clipped_path_is_a_disturbance(frames, score, left):
    clean = _result(Kind.STALE, score, frames=frames)
    channel = Channel(0.0, 0.0, (), 40.0, -60.0, 0.0, clipped_share=0.04)
    assert set_aside(dataclasses.replace(clean, channel=channel)).analysis.found == left


@pytest.mark.parametrize(
    ("kind", "score", "advice"),
    [(Kind.MISPLACED, 30.0, ADVICE), (Kind.STALE, 13.2, ADVICE), (Kind.MISPLACED, 13.2, ())],
    ids=["strong", "whole lap", "good path"],
)
def test_strong_fits_whole_laps_and_good_paths_are_left_alone(kind, score, advice):
    result = _result(kind, score, advice)
    assert set_aside(result) is result
