# SPDX-License-Identifier: MIT
"""What one analysis is put together from, each part at its limits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.detect.spectral import analyze, analyzer
from stress.detect.spectral.laps import FREE_LAGS
from stress.detect.spectral.lock import Lock
from stress.detect.spectral.scan import SIZE
from stress.detect.spectral.track import BLOCK, Segment, Track
from stress.detect.spectral.walk import Options
from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings

FRAMES, LATENCY, FIRST = 60000, 700, (1 << 32) - 5000
SQUARE = np.where(np.arange(FRAMES) % 2, 0.1, -0.1).astype(np.float32)
LOCKED, MISSED = Lock(8192, LATENCY, 50.0), Lock(8192, 3, 2.0)


class Ramp:
    """A stimulus whose sample is its position."""

    rate, channels, fmt, frame_bytes, band_hz = 48000, 2, FORMATS["S24_LE"], 8, (800.0, 14000.0)

    def samples(self, position, frames, channel):
        """Samples from `position` on."""
        return ((position + np.arange(frames)) % (1 << 23)).astype(np.int32)


def case(locks=(LOCKED, LOCKED), y=None, rings=None, **options):
    """What an analysis was given."""
    y = np.stack([SQUARE, SQUARE]) if y is None else y
    samples = np.zeros(y.shape, np.int32)
    return analyzer._Case(
        samples, y, Ramp(), rings or Rings(4800, 5280), FIRST, Options(**options), locks, (0.0, 0.0)
    )


def track(stop):
    """What was followed, up to a frame."""
    return Track((Segment(0, 9000, (), ()), Segment(9000, stop, (), ())), (), 0.0)


def silent_from(frame):
    """Both channels, silent from a frame on."""
    y = np.stack([SQUARE, SQUARE])
    y[:, frame:] = 0
    return y


WALK = SimpleNamespace(captured=lambda played: played + LATENCY, checked=40000)


def test_channels_that_are_used_are_those_with_a_lock():
    assert case((MISSED, LOCKED)).used == [1]
    assert case((None, MISSED)).used == []
    assert case((LOCKED, LOCKED)).used == [0, 1]


def test_lags_are_whole_laps_and_those_that_were_asked_for():
    assert case(laps=2, extra_lags=(77, 5)).lags == [4800, 5280, 9600, 10560, 77, 5]


@pytest.mark.parametrize(
    ("locks", "options", "before", "frames"),
    [
        ((LOCKED, LOCKED), {}, 5280 * 8, FRAMES + SIZE),
        ((LOCKED, LOCKED), {"laps": 1}, FREE_LAGS, FRAMES + SIZE),
        ((LOCKED, LOCKED), {"laps": 1, "extra_lags": (99999,)}, 99999, FRAMES + SIZE),
        # The stimulus began before the capture: as many frames more were heard.
        ((None, Lock(8192, -300, 50.0)), {}, 5280 * 8, FRAMES + 300 + SIZE),
        ((Lock(8192, -900, 2.0), Lock(8192, -300, 50.0)), {}, 5280 * 8, FRAMES + 300 + SIZE),
        ((LOCKED, LOCKED), {"played": 50000}, 5280 * 8, 50000),
        ((LOCKED, LOCKED), {"played": 10**6}, 5280 * 8, FRAMES + SIZE),
    ],
)
def test_reference_holds_all_lags_and_what_was_played(locks, options, before, frames):
    found = case(locks, **options).reference(0)
    assert (found.before, found.frames) == (before + SIZE, frames)


def test_judged_band_is_inside_that_of_the_stimulus():
    assert case()._band() == (pytest.approx(800 * 1.1 / 48000), pytest.approx(14000 / 48000))


def test_delay_is_followed_from_the_first_channel_with_a_lock(monkeypatch):
    told = []

    class Follower:
        """Remembers what it was asked."""

        def __init__(self, y, x, delay):
            told.append((y, x, delay))

        def run(self, *place):
            """Nothing is followed."""
            told.append(place)

    monkeypatch.setattr(analyzer, "DelayTracker", Follower)
    y = np.stack([SQUARE, 2 * SQUARE])
    one = case((MISSED, LOCKED), y)
    one.follow("x")
    assert told[0][0].tolist() == y[1].tolist()
    assert told[0][1:] == ("x", LATENCY)
    assert told[1] == (8192, one.pattern, 1, FIRST)


@pytest.mark.parametrize(
    ("stop", "level", "early"),
    [
        (FRAMES - 2 * BLOCK, 0.0, False),
        (FRAMES - 2 * BLOCK - 1, 0.0, True),
        (20000, 0.0, True),
        (20000, 0.004, True),
        (20000, 0.006, False),
    ],
)
def test_capture_ends_early_where_silence_of_a_block_follows_another(stop, level, early):
    y = SQUARE.copy()
    y[stop + BLOCK :] = level * np.where(np.arange(FRAMES - stop - BLOCK) % 2, 1, -1)
    assert analyzer._ends_early(track(stop), y) is early


@pytest.mark.parametrize(
    ("stop", "y", "notes"),
    [
        (FRAMES - 2 * BLOCK + 1, silent_from(FRAMES - 2 * BLOCK + 1), []),
        (20000, silent_from(20000), [f"the capture is silent from about frame 20000 of {FRAMES} on"]),
        (20000, None, [f"the capture is without the stimulus from about frame 20000 of {FRAMES} on"]),
    ],
)
def test_end_of_the_stimulus_is_noted_with_its_frame(stop, y, notes):
    assert case(y=y)._notes(track(stop)) == notes


def finding(kind, frame, frames=8):
    """One finding."""
    return Finding(kind, frame, frames, 0)


STOP = 30000


@pytest.mark.parametrize(
    ("played", "frames"),
    [
        (None, None),
        # What was due behind the silence: up to the end of the capture, or of what was played.
        (10**6, FRAMES - STOP),
        (FRAMES - LATENCY - 1000, FRAMES - STOP - 1000),
        (STOP - LATENCY + 2 * BLOCK, 2 * BLOCK),
        (STOP - LATENCY + 2 * BLOCK - 1, None),
    ],
)
def test_silence_at_the_end_is_a_mute_where_more_was_played(played, frames):
    one = case(y=silent_from(STOP), played=played)
    found = one._ended([finding(Kind.STALE, 9000), finding(Kind.STALE, STOP + 9)], track(STOP), WALK)
    assert found[0] == finding(Kind.STALE, 9000)
    if frames is None:
        assert len(found) == 1
    else:
        position = FIRST + STOP - LATENCY - (1 << 32)
        assert found[1:] == [Finding(Kind.MUTE, STOP, frames, position, text=f"silence from frame {STOP} on")]


def test_zeros_that_reach_the_end_are_its_beginning():
    one = case(y=silent_from(STOP), played=10**6)
    zeros = [finding(Kind.ZERO, STOP - 5000, 800), finding(Kind.ZERO, STOP - BLOCK - 7, 8)]
    found = one._ended([*zeros, finding(Kind.SWAP, STOP - 3)], track(STOP), WALK)
    # The one ends a block before the end and stays; the other reaches behind that.
    assert [(each.kind, each.frame) for each in found] == [
        (Kind.ZERO, STOP - 5000),
        (Kind.MUTE, STOP - BLOCK - 7),
    ]
    assert found[1].frames == FRAMES - STOP + BLOCK + 7


def test_zeros_a_block_before_the_end_are_a_fault_of_their_own():
    one = case(y=silent_from(STOP), played=10**6)
    found = one._ended([finding(Kind.ZERO, STOP - BLOCK - 8, 8)], track(STOP), WALK)
    assert [(each.kind, each.frame) for each in found] == [(Kind.ZERO, STOP - BLOCK - 8), (Kind.MUTE, STOP)]


def test_findings_of_a_capture_that_goes_on_are_all_kept():
    found = [finding(Kind.ZERO, FRAMES - 100)]
    assert case(played=10**6)._ended(found, track(FRAMES - 5), WALK) is found


@pytest.mark.parametrize(("latency", "start", "position"), [(700.4, 700, FIRST), (-300.4, 0, FIRST + 300)])
def test_analysis_begins_where_the_stimulus_is_heard(latency, start, position):
    found = case()._analysis(
        [finding(Kind.ZERO, 900), finding(Kind.SWAP, 9000, 4)], WALK, latency, ["a note"]
    )
    assert (found.first_frame, found.first_position) == (start, position % (1 << 32))
    assert (found.detector, found.locked, found.frames, found.checked_frames) == (
        "spectral",
        True,
        FRAMES,
        40000,
    )
    assert (found.episodes, found.wrong_frames, found.notes) == (2, 12, ("a note",))
    assert found.counts == {Kind.ZERO: 1, Kind.SWAP: 1}


def test_episodes_are_findings_within_the_larger_ring():
    some = [finding(Kind.ZERO, 900, 1), finding(Kind.ZERO, 901 + 5280, 1), finding(Kind.ZERO, 20000, 1)]
    assert case()._analysis(some, WALK, 0.0, []).episodes == 2
    assert case(rings=Rings(None, None))._analysis(some, WALK, 0.0, []).episodes == 3


@pytest.mark.parametrize(("most", "notes"), [(2, ()), (1, ("2 findings, the first 1 kept",))])
def test_findings_past_the_cap_are_counted_and_noted(most, notes):
    found = case(most=most)._analysis([finding(Kind.ZERO, 900), finding(Kind.SWAP, 9000)], WALK, 0.0, [])
    assert (len(found.findings), found.found, found.notes) == (most, 2, notes)


def test_capture_without_the_stimulus_is_not_locked_and_says_why():
    found = analyze(np.zeros(8 * FRAMES, np.uint8), Ramp(), Rings(4800, 5280))
    assert (found.analysis.locked, found.analysis.frames, found.channel) == (False, FRAMES, None)
    assert len(found.advice) == 1 and "the capture is silent" in found.advice[0]
