# SPDX-License-Identifier: MIT
"""Guesses as findings: age, ring, place in the ring, and what belongs together."""

from __future__ import annotations

import pytest

from stress.detect.spectral.explain import Event
from stress.detect.spectral.findings import FindingMaker, episodes, joined, ring_of, whole_laps
from stress.detect.spectral.laps import HOLD, SWAP, ZERO, Guess
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings

RINGS = Rings(100, 150)


@pytest.mark.parametrize(
    ("rings", "laps", "lags"),
    [
        (RINGS, 1, [100, 150]),
        (RINGS, 3, [100, 150, 200, 300, 450]),
        (Rings(100), 2, [100, 200]),
        (Rings(None, 150), 2, [150, 300]),
        (Rings(), 2, []),
        (RINGS, 0, []),
    ],
)
def test_whole_laps_are_of_either_ring_without_repeats(rings, laps, lags):
    assert whole_laps(rings, laps) == lags


@pytest.mark.parametrize(
    ("lag", "ring", "laps"),
    [
        (100, "playback", 1),
        (101, None, None),
        (0, None, None),
        (-100, None, None),
        (150, "capture", 1),
        (300, "capture", 2),  # three laps of the playback ring as well: the fewest win
        (200, "playback", 2),
        (800, "playback", 8),
        (900, "capture", 6),
        (1000, None, None),
        (1200, "capture", 8),
        (1350, None, None),
    ],
)
def test_ring_of_a_lag_is_the_one_with_the_fewest_laps(lag, ring, laps):
    assert ring_of(lag, RINGS, 8) == (ring, laps)


def test_ring_of_a_lag_of_rings_of_one_size_is_the_playback_ring():
    assert ring_of(200, Rings(100, 100), 8) == ("playback", 2)
    assert ring_of(200, Rings(None, 100), 8) == ("capture", 2)
    assert ring_of(200, Rings(100), 8) == ("playback", 2)
    assert ring_of(200, Rings(), 8) == (None, None)


def _maker(rings=RINGS, first=1000):
    return FindingMaker(rings, 8, 4, first, lambda played: played + 7)


def test_whole_laps_of_the_playback_ring_are_stale_at_their_ring_offset():
    got = _maker().finding(Guess(200, 308, 316, 1.0), 12.345)
    assert got == Finding(
        Kind.STALE, 315, 8, 1308, 200, 2, "playback", 8 * 4, 32, False, {"score": 12.3},
        "8 frames at frame 315 are 200 frames old: 2 laps of the playback ring",
    )  # fmt: skip


def test_whole_laps_of_the_capture_ring_are_placed_by_the_captured_frame():
    rings = Rings(100, 150, 20)
    got = _maker(rings).finding(Guess(150, 300, 304, 1.0), 50.0)
    # Captured at 307, the capture ring starts at 20: frame 327 is 27 of its third lap.
    assert (got.kind, got.ring, got.laps, got.lag, got.ring_offset) == (Kind.STALE, "capture", 1, 150, 27 * 4)
    assert got.text.endswith("150 frames old: 1 lap of the capture ring")


def test_other_lags_are_misplaced_and_lie_in_the_playback_ring():
    got = _maker().finding(Guess(77, 250, 260, 1.0), 50.0)
    assert (got.kind, got.lag, got.laps, got.ring, got.ring_offset) == (
        Kind.MISPLACED,
        77,
        None,
        None,
        50 * 4,
    )
    assert got.text.endswith("no whole lap")


@pytest.mark.parametrize(("source", "kind"), [(ZERO, Kind.ZERO), (SWAP, Kind.SWAP), (HOLD, Kind.HOLD)])
def test_what_is_no_lag_has_its_kind_and_no_age(source, kind):
    got = _maker().finding(Guess(source, 216, 224, 1.0), 10.06)
    assert got == Finding(
        kind, 223, 8, 1216, None, None, None, 16 * 4, 32, False, {"score": 10.1},
        f"{kind.value} for 8 frames at frame 223",
    )  # fmt: skip


def test_position_wraps_and_rings_of_unknown_size_give_no_offset():
    got = _maker(Rings(), (1 << 32) - 100).finding(Guess(ZERO, 108, 116, 1.0), 10.0)
    assert (got.position, got.ring_offset) == (8, None)


def _event(source, start, stop, score=10.0, gain=1.0):
    return Event(Guess(source, start, stop, gain), start, score)


def test_runs_of_one_source_that_touch_are_one():
    events = [_event(100, 20, 30, 12.0, 5.0), Event(None, 5, 99.0), _event(100, 10, 20, 11.0, 3.0)]
    assert joined(events) == [(Guess(100, 10, 30, 8.0), 12.0)]
    assert joined([_event(100, 10, 20, 15.0), _event(100, 20, 30, 11.0)])[0][1] == 15.0


@pytest.mark.parametrize(("start", "runs"), [(19, 1), (20, 1), (21, 1), (22, 2)])
def test_runs_one_frame_apart_are_one(start, runs):
    assert len(joined([_event(100, 10, 20), _event(100, start, 40)])) == runs


def test_run_inside_another_does_not_shorten_it():
    assert joined([_event(100, 10, 30), _event(100, 12, 20)]) == [(Guess(100, 10, 30, 2.0), 10.0)]


def test_runs_of_two_sources_stay_two():
    assert [guess.source for guess, _ in joined([_event(ZERO, 20, 30), _event(100, 10, 20)])] == [100, ZERO]
    assert joined([]) == []


@pytest.mark.parametrize(("gap", "count"), [(49, 1), (50, 1), (51, 2)])
def test_episodes_are_groups_within_the_span_of_the_end_of_the_one_before(gap, count):
    every = [Finding(Kind.STALE, at, 8, at) for at in (8 + gap, 0)]
    assert episodes(every, 50) == count


def test_long_finding_reaches_over_shorter_ones_inside_it():
    every = [Finding(Kind.STALE, 0, 500, 0), Finding(Kind.ZERO, 10, 8, 10), Finding(Kind.ZERO, 540, 8, 540)]
    assert episodes(every, 50) == 1
    assert episodes([], 50) == 0
    assert episodes(every[:1], 50) == 1
