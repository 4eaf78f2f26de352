# SPDX-License-Identifier: MIT
"""Limits of what lost time explains: each at, below and above its value."""

from __future__ import annotations

import dataclasses

import pytest

from stress.experiment.lost_time import MOST_OF_A_START, Stalls, set_apart
from stress.model.finding import Analysis, Finding, Kind
from stress.model.pcm import Exchange, StreamResult
from stress.model.ring import Rings
from stress.model.wire import BUS

RINGS = Rings(1024, 1280)


def _apart(findings, stalls):
    whole = Analysis("exact", True, 100_000, 99_000, 0, 1).holding(findings, len(findings))
    return set_apart(whole, RINGS, stalls)


def _marked(findings, **stalls):
    return ["transport" in finding.details for finding in _apart(findings, Stalls(**stalls)).findings]


def _old(frame, frames):
    return Finding(Kind.STALE, frame, frames, position=1, lag=1024, laps=1, ring="playback")


def test_time_is_counted_from_the_start_of_a_stream():
    late = StreamResult(9, "RUNNING", hw_ptr=48_000, started_ns=5_000_000_000, ended_ns=6_500_000_000)
    still = StreamResult(9, "RUNNING", hw_ptr=-7, started_ns=9, ended_ns=9)
    stalls = Stalls.of(Exchange(late, still, 9), 48_000)
    assert (stalls.behind_frames, stalls.lost_frames) == (24_000, 24_000 - 4800)
    # A pointer that is ahead of the clock lost nothing.
    early = dataclasses.replace(late, hw_ptr=96_000)
    assert Stalls.of(Exchange(early, early, 9), 48_000).behind_frames == 0


@pytest.mark.parametrize(
    ("stall", "known"), [({"waits": 1}, True), ({"lost_frames": 1023}, False), ({}, False)]
)
def test_one_lap_in_one_piece_beside_a_wait_is_lost_time(stall, known):
    assert _marked([_old(10_000, 1024), _old(50_000, 1024)], **stall) == [known] * 2


@pytest.mark.parametrize(("covered", "late"), [(900, True), (899, False)])
def test_stream_is_late_from_its_start_where_most_of_it_is_old(covered, late):
    assert MOST_OF_A_START == 0.9
    whole = Analysis("exact", True, 100_000, 99_000, 500, 1)
    old = Finding(Kind.STALE, 500, covered, 1, lag=1280, laps=1, ring="capture", details={"view": BUS})
    slip = Finding(Kind.REPEAT, 1500, 1280, 1, details={"view": BUS})
    found = set_apart(whole.holding([old, slip], 9), RINGS, Stalls(coherent=True))
    assert ["transport" in one.details for one in found.findings] == [late] * 2


@pytest.mark.parametrize(("frames", "rare"), [(49_500, True), (49_501, False)])
def test_block_may_cover_up_to_half_of_what_was_checked(frames, rare):
    assert _marked([_old(1000, frames)]) == [rare]


def test_block_that_ends_with_the_burst_makes_no_other_one_rare():
    first, last = _old(20_000, 4096), _old(99_000 - 4096, 4096)
    assert _marked([first, last]) == [False, False]
    whole = Analysis("exact", True, 100_000, 99_000, 50, 1)
    for frame, rare in ((99_050 - 4096, False), (99_049 - 4096, True)):
        found = set_apart(whole.holding([_old(frame, 4096)], 9), RINGS, Stalls())
        assert ["transport" in one.details for one in found.findings] == [rare]


def test_old_piece_that_begins_with_the_burst_is_no_part_of_one_before_it():
    planted = Finding(Kind.ZERO, 0, 8, 1, injected=True)
    assert _marked([_old(0, 2048)]) == [True]
    assert _marked([planted, _old(8, 2048)]) == [False, True]
    # A planted fault that does not follow leaves the piece where it ended.
    apart = dataclasses.replace(planted, frame=3000)
    assert _marked([_old(1000, 1024), apart, _old(2025, 1024)]) == [False, False, False]


def test_old_data_of_no_ring_has_no_laps():
    nowhere = Finding(Kind.STALE, 20_000, 9000, 1, lag=1024)
    assert _marked([nowhere]) == [False]
    none = Analysis("exact", True, 100_000, 99_000, 0, 1).holding([_old(20_000, 9000)], 9)
    found = set_apart(none, Rings(None, 1280), Stalls())
    assert ["transport" in one.details for one in found.findings] == [False]


def test_rings_that_are_not_known_have_laps_of_one_frame():
    silent = Finding(Kind.MUTE, 98_998, 2, 1)
    whole = Analysis("exact", True, 100_000, 99_000, 0, 1)
    for frames, marked in ((2, True), (3, False)):
        one = dataclasses.replace(silent, frame=99_000 - frames, frames=frames)
        found = set_apart(whole.holding([one], 9), Rings(None, None), Stalls(waits=1))
        assert ["transport" in each.details for each in found.findings] == [marked]


@pytest.mark.parametrize(
    ("slip", "behind", "marked"),
    [
        (256, 1024, True),  # one lap of each, from the least on that the clock may show
        (256, 1023, False),
        (1536, 1280, False),  # two laps of capture, one of playback: the clock shows one
        (1536, 1281, True),
        (1280 * 2 - 1024 * 2, 1024, False),  # two of playback
        (1280 * 2 - 1024 * 2, 1025, False),
        (1280 * 2 - 1024 * 2, 1281, True),
        (-768, 1025, True),  # one of capture, two of playback
        (-768, 1024, False),
        (1281, 5000, False),
    ],
)
def test_laps_of_both_rings_are_no_more_than_the_clock_shows(slip, behind, marked):
    kind = Kind.DROP if slip > 0 else Kind.REPEAT
    assert _marked([Finding(kind, 50_000, abs(slip), 1)], behind_frames=behind) == [marked]


@pytest.mark.parametrize(
    ("frames", "behind", "marked"), [(2048, 1024, True), (2048, 1023, False), (2049, 1024, False)]
)
def test_silence_at_the_end_is_lost_time_from_a_lap_on_that_the_clock_shows(frames, behind, marked):
    silent = Finding(Kind.MUTE, 99_000 - frames, frames, 1)
    assert _marked([silent], behind_frames=behind) == [marked]


@pytest.mark.parametrize(
    ("lag", "marked"), [(-1024, True), (-1280, True), (-1, False), (0, False), (None, False), (1024, False)]
)
def test_data_is_newer_than_it_can_be_by_whole_laps(lag, marked):
    assert _marked([Finding(Kind.MISPLACED, 6912, 8, 1, lag=lag)]) == [marked]


def test_finding_says_beside_what_it_is_set_apart():
    words = {
        "256 frames lost or repeated at frame 6912": Finding(Kind.DROP, 6912, 256, 1),
        "9000 frames that are old in one piece at frame 20000": _old(20_000, 9000),
        "100 frames of silence at the end at frame 98900": Finding(Kind.ZERO, 98_900, 100, 1),
        "200 frames of silence at the end at frame 98800": Finding(Kind.MUTE, 98_800, 200, 1),
    }
    for text, finding in words.items():
        (told,) = _apart([finding], Stalls(xruns=1, waits=1)).findings
        assert told.details["transport"] == f"beside {text}"
