# SPDX-License-Identifier: MIT
"""What the first lap behind an event held: one outcome, the worst that applies."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment.alignment import Streams, settle
from stress.experiment.first_lap import Start, first_lap, with_lost_start
from stress.model.finding import Analysis, Finding, Kind
from stress.model.lifecycle import FirstLap
from stress.model.pcm import Exchange, Lost, StreamResult
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

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


def _started(first_frame, first_position, hw=(None, None), *findings):
    found = Analysis("exact", True, 4800, first_frame=first_frame, first_position=first_position)
    played, taken = (dataclasses.replace(STREAM, hw_ptr=pointer) for pointer in hw)
    return dataclasses.replace(found, findings=tuple(findings)), Exchange(played, taken, 4800)


def test_first_frames_that_only_an_event_takes_are_lost():
    usual = Start.of(*_started(100, 1000), 1000)
    analysis, exchange = _started(60, 1400)
    found = with_lost_start(analysis, exchange, 1000, usual)
    assert (found.findings[0].kind, found.findings[0].frames) == (Kind.DROP, 400)
    assert first_lap(found, exchange, LAP, usual) == (FirstLap.LOST, 400)


def test_frames_that_were_lost_before_the_first_judged_one_are_said_once():
    analysis, exchange = _started(60, 1400)
    settled = settle(analysis, np.zeros(19200, np.uint8), exchange, Streams(Rings(480, 528), (), 48000, 1000))
    assert [one.details.get("transport") is not None for one in settled.findings] == [True]
    found = with_lost_start(settled, exchange, 1000, Start(100, 0))
    (only,) = found.findings
    assert (only.frames, only.details, found.counts) == (400, {"start": True}, {Kind.DROP: 1})
    assert found.wrong_frames == 400


@pytest.mark.parametrize("usual", [None, Start(100, 400)])
def test_late_start_without_a_better_one_to_compare_says_nothing(usual):
    analysis, exchange = _started(60, 1400)
    assert with_lost_start(analysis, exchange, 1000, usual) is analysis


@pytest.mark.parametrize(("lead", "expected"), [(100, FirstLap.MUTE), (4, FirstLap.LOST)])
def test_silence_in_its_place_is_mute_and_a_shorter_way_is_lost(lead, expected):
    start = _finding(Kind.ZERO, frame=lead, frames=96, details={"start": True})
    analysis, exchange = _started(lead, 1, (None, None), start)
    assert first_lap(analysis, exchange, LAP, Start(100, 0)) == (expected, 96)


def test_way_through_the_card_does_not_depend_on_when_capture_was_started():
    early = Start.of(*_started(1100, 7, (5000, 6000)), 7)
    late = Start.of(*_started(300, 7, (5000, 5200)), 7)
    assert early == late == Start(100, 0)


def test_older_pattern_from_before_the_burst_is_stale_and_from_within_it_is_not():
    old = _finding(Kind.MISPLACED, frame=120, frames=8, lag=700)
    near = dataclasses.replace(old, lag=5, position=100)
    assert first_lap(_analysis(old), EXCHANGE, LAP)[0] is FirstLap.STALE
    assert first_lap(_analysis(near), EXCHANGE, LAP)[0] is FirstLap.WRONG


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Kind.REPEAT, FirstLap.REPEATED), (Kind.ROTATE, FirstLap.ROTATED), (Kind.ZERO, FirstLap.MUTE)],
)
def test_kinds_of_a_first_lap_have_their_words(kind, expected):
    assert first_lap(_analysis(_finding(kind)), EXCHANGE, LAP)[0] is expected


def test_start_of_a_burst_is_its_lead_and_all_that_never_came():
    told = _finding(Kind.ZERO, frames=30, details={"start": True})
    other = _finding(Kind.ZERO, frames=9)
    analysis, exchange = _started(60, 1400, (None, None), told, other)
    assert Start.of(analysis, exchange, 1000) == Start(60, 430)
    assert Start.of(analysis, exchange, 1401) == Start(60, POSITIONS - 1 + 30)
    for lacking in ({"locked": False}, {"first_frame": None}, {"first_position": None}):
        assert Start.of(dataclasses.replace(analysis, **lacking), exchange, 1000) is None


@pytest.mark.parametrize(
    ("hw", "lead"), [((50, 70), 40), ((70, 50), 80), ((None, 70), 60), ((50, None), 60), ((0, 0), 60)]
)
def test_lead_leaves_out_what_capture_was_ahead_where_both_pointers_are_known(hw, lead):
    assert Start.of(*_started(60, 1000, hw), 1000) == Start(lead, 0)


@pytest.mark.parametrize(
    ("missing", "lost"), [(399, 1), (400, 0), (401, 0), (0, 400), (400 - POSITIONS // 2, 0)]
)
def test_start_is_lost_where_more_of_it_is_missing_than_usual(missing, lost):
    analysis, exchange = _started(60, 1400)
    analysis = dataclasses.replace(analysis, wrong_frames=7, episodes=2)
    found = with_lost_start(analysis, exchange, 1000, Start(100, missing))
    if not lost:
        assert found is analysis
        return
    (start,) = found.findings
    assert (start.kind, start.frame, start.frames, start.position) == (Kind.DROP, 60, lost, 1000)
    assert start.details == {"start": True}
    assert (found.wrong_frames, found.episodes, found.counts) == (7 + lost, 3, {Kind.DROP: 1})


def test_start_that_is_missing_by_just_less_than_half_of_all_positions_is_lost():
    analysis, exchange = _started(60, 1400)
    found = with_lost_start(analysis, exchange, 1000, Start(100, 401 - POSITIONS // 2))
    assert found.findings[0].frames == POSITIONS // 2 - 1


def test_first_lap_of_a_device_that_went_or_was_not_heard_has_no_wrong_frames():
    old = _finding(Kind.STALE)
    gone = dataclasses.replace(EXCHANGE, lost=Lost.GONE)
    assert first_lap(_analysis(old), gone, LAP) == (FirstLap.GONE, 0)
    assert first_lap(_analysis(old, locked=False), EXCHANGE, LAP) == (FirstLap.MUTE, 0)
    dry = dataclasses.replace(EXCHANGE, playback=dataclasses.replace(STREAM, xruns=1))
    assert first_lap(_analysis(old, first_frame=None), dry, LAP) == (FirstLap.XRUN, 0)


def test_wrong_frames_of_the_first_lap_end_with_it():
    inside, across = _finding(Kind.STALE, frame=120, frames=8), _finding(Kind.STALE, frame=570, frames=50)
    assert first_lap(_analysis(inside, across), EXCHANGE, LAP) == (FirstLap.STALE, 18)


@pytest.mark.parametrize(
    ("kind", "lag", "outcome"),
    [
        (Kind.MISPLACED, 51, FirstLap.STALE),  # played before the first frame of the burst
        (Kind.MISPLACED, 50, FirstLap.WRONG),  # that first frame itself
        (Kind.MISPLACED, None, FirstLap.WRONG),
        (Kind.MISPLACED, -3, FirstLap.WRONG),
        (Kind.UNKNOWN, 51, FirstLap.WRONG),
    ],
)
def test_data_from_before_the_burst_is_older_than_its_first_frame(kind, lag, outcome):
    analysis, exchange = _started(100, 1000, (None, None), Finding(kind, 150, 1, 1050, lag=lag))
    assert first_lap(analysis, exchange, LAP) == (outcome, 1)


def test_first_frame_itself_may_be_one_frame_old_and_no_less():
    first = Finding(Kind.MISPLACED, 100, 1, 1000, lag=0)
    assert first_lap(*_started(100, 1000, (None, None), first), LAP)[0] is FirstLap.WRONG
    older = dataclasses.replace(first, lag=1)
    assert first_lap(*_started(100, 1000, (None, None), older), LAP)[0] is FirstLap.STALE


@pytest.mark.parametrize(
    ("lead", "outcome"), [(100, FirstLap.MUTE), (53, FirstLap.MUTE), (52, FirstLap.MUTE), (51, FirstLap.LOST)]
)
def test_silent_start_is_in_its_place_where_the_rest_is_no_nearer_without_it(lead, outcome):
    # 96 frames: from a lead of 52 the rest is 48 early with them, and 48 late without.
    start = _finding(Kind.ZERO, frame=lead, frames=96, details={"start": True})
    assert first_lap(*_started(lead, 1, (None, None), start), LAP, Start(100, 0)) == (outcome, 96)
