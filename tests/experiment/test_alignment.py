# SPDX-License-Identifier: MIT
"""A missing start and a stream late by whole laps are seen from the pointers, latency is not accused."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment.alignment import Streams, settle
from stress.model.finding import SILENT, Analysis, Kind
from stress.model.pcm import Direction, Exchange, StreamResult
from stress.model.ring import Rings

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
