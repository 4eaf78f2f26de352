# SPDX-License-Identifier: MIT
"""A missing start and a stream late by whole laps are seen from the pointers, latency is not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment import alignment as module
from stress.experiment.alignment import LONGEST_LATENCY_S, Streams, old_start, settle
from stress.model.finding import SILENT, Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.pcm import Direction, Exchange, StreamResult
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

RATE, RINGS = 48000, Rings(4848, 4128)
BOTH = (Direction.PLAYBACK, Direction.CAPTURE)


def _exchange(ahead, xruns=0):
    playback = StreamResult(frames=100_000, state="RUNNING", hw_ptr=50_000, xruns=xruns)
    capture = StreamResult(frames=100_000, state="RUNNING", hw_ptr=50_000 + ahead)
    return Exchange(playback, capture, played_limit=96_000)


def _analysis(first_frame, first_position=1000):
    return Analysis(
        "exact", True, 50_000, 40_000, first_frame=first_frame, first_position=first_position, counts={}
    )


def _settle(analysis, exchange, mapped=BOTH, captured=None):
    frames = np.zeros(200_000, np.uint8) if captured is None else captured
    return settle(analysis, frames, exchange, Streams(RINGS, mapped, RATE, 1000))


@pytest.mark.parametrize("latency", [0, 144, 720, 1900])
def test_settle_ordinary_latency_is_no_finding(latency):
    analysis = _analysis(200 + latency)
    assert _settle(analysis, _exchange(200)) is analysis


@pytest.mark.parametrize(("laps", "latency"), [(1, 0), (1, 672), (2, 144)])
def test_settle_whole_laps_of_the_capture_ring_make_everything_stale(laps, latency):
    found = _settle(_analysis(200 + laps * 4128 + latency), _exchange(200), (Direction.CAPTURE,))
    (finding,) = found.findings
    assert (finding.kind, finding.ring, finding.laps, finding.lag) == (
        Kind.STALE,
        "capture",
        laps,
        laps * 4128,
    )
    assert found.wrong_frames == found.checked_frames == 40_000
    assert found.sites == {(Kind.STALE, "capture", laps): 1}


def test_settle_a_side_without_mmap_is_never_a_lap_late():
    analysis = _analysis(200 + 4128)
    assert _settle(analysis, _exchange(200), (Direction.PLAYBACK,)) is analysis
    assert _settle(analysis, _exchange(200), ()) is analysis


def test_settle_the_ring_that_leaves_the_smaller_rest_is_named():
    assert _settle(_analysis(200 + 4848 + 96), _exchange(200)).findings[0].ring == "playback"


def test_settle_pointers_of_a_burst_with_xruns_say_nothing():
    analysis = _analysis(200 + 4128)
    assert _settle(analysis, _exchange(200, xruns=1)) is analysis


def test_settle_missing_start_is_counted_where_it_was_due():
    found = _settle(_analysis(1056, first_position=1000 + 864), _exchange(0))
    (finding,) = found.findings
    assert (finding.kind, finding.frame, finding.frames, finding.position) == (Kind.ZERO, 192, 864, 1000)
    assert (found.first_frame, found.first_position) == (192, 1000)
    assert (found.checked_frames, found.wrong_frames) == (40_864, 864)


def test_settle_start_that_was_captured_before_the_call_is_not_missing():
    analysis = _analysis(0, first_position=1000 + 300)
    assert _settle(analysis, _exchange(0)) is analysis


def test_settle_without_lock_nothing_is_added():
    analysis = Analysis("exact", False, 50_000)
    assert _settle(analysis, _exchange(0), captured=np.ones(200_000, np.uint8)) is analysis


def test_settle_silence_throughout_is_noted_unless_the_burst_was_cut():
    analysis = Analysis("exact", False, 50_000)
    assert _settle(analysis, _exchange(0)).notes == (SILENT,)
    assert _settle(analysis, _exchange(0, xruns=1)) is analysis


LONGEST = round(LONGEST_LATENCY_S * RATE)


@pytest.mark.parametrize(
    ("ring", "latency", "laps"),
    [
        (4128, 4128, 1),
        (4128, 4127, 0),
        (4128, 4128 + LONGEST, 1),  # the longest way that is latency, behind one lap
        (4128, 4129 + LONGEST, 0),
        (4128, 3 * 4128 + 7, 3),
        (LONGEST, LONGEST, 0),  # a ring as short as the latency is none to be a lap late in
        (LONGEST + 1, LONGEST + 1, 1),
        (None, 4128, 0),
    ],
)
@pytest.mark.parametrize("ahead", [200, -60])
def test_stream_is_late_by_laps_where_no_latency_explains_them(ring, latency, laps, ahead):
    streams = Streams(Rings(None, ring), BOTH, RATE, 1000)
    late = module._late(_exchange(ahead), ahead + latency, streams)
    assert late == (("capture", laps, ring) if laps else None)


def test_stream_whose_pointers_are_not_known_is_not_late():
    playback, capture = _exchange(0).playback, StreamResult(frames=9, state="RUNNING")
    streams = Streams(RINGS, BOTH, RATE, 1000)
    assert module._late(Exchange(playback, capture, 9), 4128, streams) is None
    assert module._late(Exchange(capture, playback, 9), 4128, streams) is None


def test_stream_late_as_a_whole_is_one_finding_that_says_so():
    first = POSITIONS - 100
    analysis = Analysis("exact", True, 50_000, 40_000, 4128, first, wrong_frames=9, episodes=3)
    streams = Streams(RINGS, (Direction.CAPTURE,), RATE, first)
    found = settle(analysis, np.zeros(200_000, np.uint8), _exchange(0), streams)
    (whole,) = found.findings
    assert (whole.frame, whole.frames, whole.position) == (4128, 40_000, 4028)
    assert whole.details == {"uniform": True}
    assert (found.wrong_frames, found.episodes) == (40_000, 3)
    more = module._all_stale(Analysis("exact", True, 9, 9, wrong_frames=20), 0, 5, "playback", 2, 100)
    assert (more.wrong_frames, more.episodes, more.findings[0].position) == (20, 1, 205)


@pytest.mark.parametrize(
    ("sounds", "kind"),
    [
        ((), Kind.ZERO),
        ((0, 864), Kind.ZERO),  # the frame before it, and the one behind
        ((1,), Kind.UNKNOWN),  # its first frame
        ((863,), Kind.UNKNOWN),  # its last
    ],
)
def test_start_that_never_came_is_zero_where_all_of_it_is(sounds, kind):
    captured = np.zeros(200_000, np.uint8)
    captured[[frame * 4 for frame in sounds]] = 1
    analysis = Analysis("exact", True, 50_000, 40_000, 864, 1863, episodes=2)
    found = settle(analysis, captured, _exchange(0), Streams(RINGS, BOTH, RATE, 1000))
    (start,) = found.findings
    assert (start.kind, start.frame, start.frames, start.details) == (kind, 1, 863, {"start": True})
    assert (found.episodes, found.wrong_frames, found.checked_frames) == (3, 863, 40_863)


@pytest.mark.parametrize(("first_frame", "lost"), [(1, True), (863, True), (864, False), (865, False)])
def test_start_is_wrong_where_it_was_due_from_the_first_captured_frame_on_and_lost_before(first_frame, lost):
    (start,) = _settle(_analysis(first_frame, first_position=1864), _exchange(0)).findings
    assert ("transport" in start.details) is lost
    assert (start.kind, start.details.get("start", False)) == (Kind.DROP if lost else Kind.ZERO, not lost)


def test_start_that_was_lost_behind_captured_frames_is_lost_time_and_says_how_much():
    analysis = dataclasses.replace(_analysis(192, first_position=1300), wrong_frames=7, episodes=2)
    found = _settle(analysis, _exchange(0))
    (start,) = found.findings
    assert (start.frame, start.frames, start.position) == (192, 108, 1300)
    assert start.text == (
        "Behind 192 captured frames the pattern begins with its frame 300: "
        "108 frames or more lost at the start."
    )
    assert (found.wrong_frames, found.episodes, found.checked_frames) == (115, 2, 40_000)
    assert found.counts == {Kind.DROP: 1} and found.without(found.findings).wrong_frames == 7


# -- the age of a start that is not the pattern due -------------------------------------------

PATTERN, DUE, AT, START = Pattern("mix1", FORMATS["S16_LE"], 2), 70_000, 10, 100


def _old_start(lag, old=START, **changes):
    captured = np.random.RandomState(2).randint(0, 256, 4 * 500).astype(np.uint8)
    piece = PATTERN.bytes_at((DUE - lag) % POSITIONS, START)
    captured[4 * AT : 4 * (AT + old)] = piece[: 4 * old]
    start = Finding(
        Kind.UNKNOWN, AT, START, DUE, details={"start": True}, text="The first are not the pattern."
    )
    other = Finding(Kind.MISPLACED, 300, 8, DUE + 290, lag=7)
    rest = Finding(Kind.UNKNOWN, 400, 8, DUE + 390)
    found = [dataclasses.replace(start, **changes), other, rest]
    analysis = Analysis("exact", True, 500, 490).holding(found, 9)
    return analysis, old_start(analysis, captured, PATTERN, RINGS)


@pytest.mark.parametrize("lag", [1, 5000, 50_000_000])
def test_start_that_is_older_pattern_has_its_age(lag):
    analysis, told = _old_start(lag)
    start = told.findings[0]
    assert (start.kind, start.lag, start.frame, start.frames) == (Kind.MISPLACED, lag, AT, START)
    assert start.text.startswith("The first are not the pattern, but older data: ")
    assert told.counts == {Kind.MISPLACED: 2, Kind.UNKNOWN: 1}
    assert told.findings[1:] == analysis.findings[1:]


def test_count_of_a_kind_that_is_left_by_none_is_gone():
    analysis, _ = _old_start(5000)
    captured = np.zeros(2000, np.uint8)
    captured[4 * AT : 4 * (AT + START)] = PATTERN.bytes_at(DUE - 5000, START)
    alone = Analysis("exact", True, 500, 490).holding(analysis.findings[:1], 9)
    assert old_start(alone, captured, PATTERN, RINGS).counts == {Kind.MISPLACED: 1}


@pytest.mark.parametrize(("old", "aged"), [(START // 2, False), (START // 2 + 1, True)])
def test_start_has_an_age_where_more_than_half_of_it_has_that_one(old, aged):
    analysis, told = _old_start(5000, old)
    assert (told is not analysis) is aged


@pytest.mark.parametrize("lag", [0, -1, -5000])
def test_start_that_is_right_or_newer_is_no_older_data(lag):
    analysis, told = _old_start(lag)
    assert told is analysis


@pytest.mark.parametrize(
    "changes", [{"kind": Kind.ZERO}, {"details": {}}, {"details": {"start": False}}, {"frames": 250}]
)
def test_finding_that_is_no_start_of_unknown_data_has_no_age(changes):
    analysis, told = _old_start(5000, **changes)
    assert told is analysis


def test_start_of_no_pattern_or_of_none_has_no_age():
    analysis, _ = _old_start(5000)
    captured = np.zeros(2000, np.uint8)
    assert old_start(analysis, captured, object(), RINGS) is analysis
    clean = Analysis("exact", True, 500, 500)
    assert old_start(clean, captured, PATTERN, RINGS) is clean
    # Held over from frame to frame it has no age at all.
    assert old_start(analysis, captured + 3, PATTERN, RINGS) is analysis
