# SPDX-License-Identifier: MIT
"""Episodes: clumps count once, planted faults not at all, and a full detector ends the observation."""

from __future__ import annotations

import pytest

from stress.model.finding import Analysis, Finding, Kind
from stress.verdict.episodes import Episodes, episodes

RATE = 48000


def _at(frame, **changes):
    return Finding(Kind.STALE, frame=frame, frames=8, position=1, **changes)


def _analysis(*findings, counted=None):
    counts = {Kind.STALE: len(findings) if counted is None else counted}
    return Analysis("exact", True, 96000, 96000, first_frame=0, counts=counts, findings=findings)


def test_episodes_a_clump_within_a_tile_counts_once():
    found = episodes(_analysis(_at(0), _at(16), _at(900), _at(960), _at(40000)), 384, RATE)
    assert (found.count, found.observed_s) == (3, 2.0)


def test_episodes_tile_is_a_lap_of_a_large_ring():
    assert episodes(_analysis(_at(0), _at(4799), _at(4800)), 4800, RATE).count == 2


def test_episodes_planted_and_lost_time_do_not_count():
    found = episodes(
        _analysis(_at(0, injected=True), _at(9600, details={"transport": "x"}), _at(19200)), 384, RATE
    )
    assert found.count == 1


def test_episodes_past_the_detectors_cap_are_not_observed():
    found = episodes(_analysis(_at(0), _at(9599), counted=500), 384, RATE)
    assert found.observed_s == pytest.approx(0.2)
    assert found.count == 2


def test_episodes_tiles_tell_how_runs_clump():
    found = episodes(_analysis(_at(0), _at(16), _at(900), _at(40000)), 384, RATE)
    # 2 s are 100 tiles of 20 ms; three runs lie in the first, one in another.
    assert (found.tiles, found.runs, found.squares) == (100, 4, 10)


def test_episodes_are_counted_from_the_first_pattern_frame():
    late = Analysis(
        "exact", True, 97000, 96000, first_frame=500, counts={Kind.STALE: 2}, findings=(_at(1459), _at(1460))
    )
    assert episodes(late, 384, RATE).count == 2  # tiles of 960 frames begin at 500
    cut = Analysis(
        "exact", True, 97000, 96000, first_frame=500, counts={Kind.STALE: 9}, findings=(_at(10099),)
    )
    assert episodes(cut, 384, RATE).observed_s == pytest.approx(0.2)


def test_burst_without_a_pattern_frame_is_counted_from_its_begin():
    none = Analysis(
        "exact", False, 96000, 960, first_frame=None, counts={Kind.STALE: 2}, findings=(_at(0), _at(959))
    )
    assert episodes(none, 384, RATE) == Episodes(1, 0.02, 1, 2, 4)


@pytest.mark.parametrize(("frames", "tiles"), [(0, 0), (1, 1), (959, 1), (960, 1), (961, 2), (1920, 2)])
def test_part_of_a_tile_at_the_end_is_a_tile(frames, tiles):
    clean = Analysis("exact", True, 96000, frames, first_frame=0, counts={}, findings=())
    assert episodes(clean, 384, RATE) == Episodes(0, frames / RATE, tiles, 0, 0)


@pytest.mark.parametrize(("lap", "tiles"), [(959, 100), (960, 100), (961, 100), (1000, 96)])
def test_tile_is_20_ms_or_a_lap_where_that_is_longer(lap, tiles):
    assert episodes(_analysis(_at(0)), lap, RATE).tiles == tiles


@pytest.mark.parametrize(
    ("counted", "last", "observed"),
    [(2, 9599, 96000), (3, 9599, 9600), (3, 95999, 96000), (3, 97000, 96000), (3, 0, 1)],
)
def test_what_was_seen_ends_with_the_last_finding_kept_where_some_were_left_out(counted, last, observed):
    found = episodes(_analysis(_at(0), _at(last), counted=counted), 384, RATE)
    assert found.observed_s == observed / RATE


def test_finding_at_the_end_of_what_was_checked_does_not_count():
    assert episodes(_analysis(_at(95999)), 384, RATE).runs == 1
    assert episodes(_analysis(_at(96000)), 384, RATE).runs == 0


def test_capped_detector_without_a_finding_has_seen_the_whole_burst():
    assert episodes(_analysis(counted=5), 384, RATE) == Episodes(0, 2.0, 100)
