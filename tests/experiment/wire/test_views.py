# SPDX-License-Identifier: MIT
"""Every fault of host, wire and device, and the view it is named in."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment import positive_control
from stress.experiment.wire.views import attribute, by_wire
from stress.model.finding import Analysis, Finding, Kind
from stress.model.wire import BUS, CAPTURE_RING, PLAYBACK_RING
from tests.experiment.wire.wire_cases import FRAMES, LATENCY, POSITION, RINGS, STEP, Burst, detector

RING, BACK = RINGS.playback, RINGS.capture
AT = 2048


def _stale_out(burst, frames, laps=1, at=AT):
    burst.out[at : at + frames] = burst.written[at - laps * RING : at - laps * RING + frames]
    burst.loop()


def _stale_read(burst, frames, laps=1, at=AT):
    burst.read[at : at + frames] = burst.into[at - laps * BACK : at - laps * BACK + frames]


def _drop(burst):
    burst.into = np.concatenate([burst.into[:AT], burst.into[AT + 48 :]])
    burst.read = burst.into.copy()


def _device_stale(burst):
    burst.into[AT : AT + 8] = burst.into[AT - 300 : AT - 292]
    burst.read = burst.into.copy()


# What happens, the view it is named in, kind, laps, line, ring.
CASES = {
    "P1 whole lines": (lambda b: _stale_out(b, 24), PLAYBACK_RING, Kind.STALE, 1, 32, "playback"),
    "P1 three laps old": (lambda b: _stale_out(b, 8, 3), PLAYBACK_RING, Kind.STALE, 3, 32, "playback"),
    "P2 half a line": (lambda b: _stale_out(b, 4), PLAYBACK_RING, Kind.STALE, 1, 16, "playback"),
    "P3 a tail": (lambda b: _stale_out(b, 3, at=AT + 5), PLAYBACK_RING, Kind.STALE, 1, None, "playback"),
    "C1 whole lines": (lambda b: _stale_read(b, 24, at=AT), CAPTURE_RING, Kind.STALE, 1, 32, "capture"),
    "C1 two laps old": (lambda b: _stale_read(b, 8, 2, at=AT), CAPTURE_RING, Kind.STALE, 2, 32, "capture"),
    "C2 in a line": (lambda b: _stale_read(b, 5, at=AT + 3), CAPTURE_RING, Kind.STALE, 1, None, "capture"),
    "dropped by the device": (_drop, BUS, Kind.DROP, None, None, None),
    "stale DMA in the device": (_device_stale, BUS, None, None, None, None),
}


def _real(analysis):
    return [finding for finding in analysis.findings if not finding.injected]


@pytest.mark.parametrize("name", CASES)
def test_fault_with_a_loopback_is_named_in_its_view(name):
    spoil, view, kind, _, _, _ = CASES[name]
    burst = Burst()
    spoil(burst)
    views = burst.views()
    heard = detector(np.ascontiguousarray(burst.read).reshape(-1), RINGS, POSITION, FRAMES)
    found = _real(attribute(heard, views, POSITION))
    assert found
    assert {finding.details["view"] for finding in found} == {view}
    assert kind is None or found[0].kind is kind


@pytest.mark.parametrize("name", CASES)
def test_fault_without_a_loopback_is_found_on_the_host_and_only_there(name):
    spoil, view, kind, laps, line, ring = CASES[name]
    burst = Burst()
    spoil(burst)
    found = _real(by_wire(burst.views(), STEP, 32))
    if view == BUS:
        assert found == []
        return
    assert [(f.kind, f.laps, f.ring, f.details["view"]) for f in found] == [(kind, laps, ring, view)]
    assert found[0].line_bytes == line
    assert found[0].lag == laps * (RING if ring == "playback" else BACK)


def test_clean_burst_is_locked_and_checked_on_both_sides():
    views = Burst().views()
    analysis = by_wire(views, STEP, 32)
    assert analysis.locked
    assert analysis.found == 0
    assert (views.out_frames, views.in_frames, views.lost_frames) == (FRAMES, FRAMES + LATENCY, 0)
    assert not views.out_wrong.any()
    assert not views.in_wrong.any()
    assert views.doubts() == ()
    # The silence before the pattern, and what lies a lap or two behind silence in it, tells nothing.
    assert views.telling_lines >= (FRAMES - 1) // 8


def test_zeros_of_a_first_lap_on_the_wire_are_the_playback_ring():
    burst = Burst()
    burst.out[:RING] = 0
    found = _real(by_wire(burst.views(), STEP, 32))
    assert [(f.kind, f.frames, f.details["view"]) for f in found] == [(Kind.ZERO, RING, PLAYBACK_RING)]


def test_stream_that_is_a_lap_late_throughout_is_stale_not_latency():
    burst = Burst()
    burst.out = np.concatenate([np.zeros((RING, STEP), np.uint8), burst.written[:-RING]])
    found = _real(by_wire(burst.views(), STEP, 32))
    assert [(f.kind, f.laps, f.ring) for f in found] == [(Kind.STALE, 1, "playback")]


def test_silent_packets_before_the_ring_is_read_are_no_fault():
    # Kernels that start their URBs at prepare send silence first: more went out than hw_ptr says.
    burst = Burst()
    burst.out = np.concatenate([np.zeros((2 * RING, STEP), np.uint8), burst.written])
    burst.hw_ptr = FRAMES
    views = burst.views()
    assert by_wire(views, STEP, 32).found == 0
    assert not views.out_wrong.any()


def test_planted_faults_are_found_on_the_wire():
    burst = Burst()
    fault = positive_control.Planted(Kind.ZERO, AT, 8)
    burst.written[AT : AT + 8] = 0
    burst.out = burst.written.copy()
    burst.loop()
    views = burst.views((fault,))
    assert views.control.whole
    assert _real(by_wire(views, STEP, 32)) == []
    assert not views.out_wrong.any()


def test_planted_fault_that_never_reached_the_wire_is_missed():
    burst = Burst()
    burst.written[AT : AT + 8] = 0
    views = burst.views((positive_control.Planted(Kind.ZERO, AT, 8),))
    assert (views.control.planted, views.control.found) == (1, 0)
    assert views.out_wrong[AT : AT + 8].all()
    assert views.out_wrong.sum() == 8


def test_packets_that_failed_on_the_bus_are_counted_and_no_ring_fault():
    burst = Burst(statuses={10: -71, 20: -84})
    views = burst.views()
    assert views.wire.out.failed == 2
    assert by_wire(views, STEP, 32).found == 0


def test_payload_cut_by_drops_is_lost_exposure():
    burst = Burst()
    burst.out = burst.out[:1000]
    views = burst.views()
    assert views.out_frames == 1000
    assert views.lost_frames == FRAMES - 1000
    assert by_wire(views, STEP, 32).found == 0


@pytest.mark.parametrize("source", ["silent", "constant"])
def test_source_that_tells_nothing_is_doubted(source):
    burst = Burst()
    burst.into[:] = 0 if source == "silent" else 9
    burst.read = burst.into.copy()
    views = burst.views()
    assert len(views.doubts()) == 1
    assert "source is silent" in views.doubts()[0]
    assert views.telling_lines < 0.25 * views.in_lines


def test_card_that_only_plays_is_judged_by_its_playback_alone():
    burst = Burst(has_capture=False)
    burst.into = burst.read = np.zeros((0, STEP), np.uint8)
    views = burst.views()
    analysis = by_wire(views, STEP, 32)
    assert (analysis.locked, analysis.checked_frames, views.doubts()) == (True, FRAMES, ())
    burst.has_capture = True
    views = burst.views()
    assert not by_wire(views, STEP, 32).locked
    assert views.doubts() == ("the wire shows nothing of capture",)


def test_noise_of_two_bits_is_enough_of_a_source():
    burst = Burst()
    burst.into = np.random.RandomState(3).randint(0, 2, burst.into.shape).astype(np.uint8)
    burst.read = burst.into.copy()
    assert burst.views().doubts() == ()
    _stale_read(burst, 8)
    found = _real(by_wire(burst.views(), STEP, 32))
    assert [(f.kind, f.laps, f.ring) for f in found] == [(Kind.STALE, 1, "capture")]


@pytest.mark.parametrize(("cpus", "raced"), [(True, True), (False, False)])
def test_end_of_a_packet_read_too_early_is_a_race_where_there_are_several_cpus(cpus, raced):
    # Packets of 48 frames; the copy had not reached the last 16 when they were read.
    burst = Burst(several_cpus=cpus)
    _stale_read(burst, 16, at=48 * 42 + 32)
    (found,) = _real(by_wire(burst.views(), STEP, 32))
    assert ("transport" in found.details) is raced
    heard = detector(np.ascontiguousarray(burst.read).reshape(-1), RINGS, POSITION, FRAMES)
    (loop,) = _real(attribute(heard, burst.views(), POSITION))
    assert ("transport" in loop.details) is raced


@pytest.mark.parametrize("first", [32, 0])
def test_frame_that_was_half_copied_is_a_race_with_its_tail_or_as_the_last_of_its_packet(first):
    burst, at = Burst(several_cpus=True), 48 * 42 + first
    _stale_read(burst, 48 - first, at=at)
    burst.read[at - 1, 2:] = burst.into[at - 1 - RINGS.capture, 2:]
    views = burst.views()
    found = _real(by_wire(views, STEP, 32))
    assert [(each.kind, each.frame, each.frames) for each in found] == [
        (Kind.UNKNOWN, at - 1, 1),
        (Kind.STALE, at, 48 - first),
    ]
    assert ["transport" in each.details for each in found] == [True, True]
    heard = detector(np.ascontiguousarray(burst.read).reshape(-1), RINGS, POSITION, FRAMES)
    told = ["transport" in each.details for each in _real(attribute(heard, views, POSITION))]
    assert len(told) == 2
    assert told == [True, True]


@pytest.mark.parametrize(("first", "frames"), [(0, 16), (32, 24), (8, 8)])
def test_stale_run_that_does_not_end_with_its_packet_is_no_race(first, frames):
    burst = Burst(several_cpus=True)
    _stale_read(burst, frames, at=48 * 42 + first)
    (found,) = _real(by_wire(burst.views(), STEP, 32))
    assert "transport" not in found.details


@pytest.mark.parametrize("lead", [1, 48, 50, 700])
def test_frames_that_came_in_before_capture_began_are_no_damage(lead):
    # Implicit feedback: playback had the IN endpoint running already.
    burst = Burst()
    burst.read = burst.into[lead:].copy()
    burst.several_cpus = True
    views = burst.views()
    assert (views.capture.found, views.in_wrong.any()) == (0, False)
    assert views.wire.notes == (f"{lead} frames came in before the driver took the first one",)


def test_stale_lines_behind_such_a_beginning_keep_place_and_age():
    burst = Burst()
    burst.read = burst.into[500:].copy()
    burst.read[AT : AT + 8] = burst.into[500 + AT - BACK : 500 + AT - BACK + 8]
    found = _real(burst.views().capture)
    assert [(f.kind, f.frame, f.frames, f.laps) for f in found] == [(Kind.STALE, AT, 8, 1)]


def _all_late(burst, rest=()):
    whole = Finding(Kind.STALE, 0, FRAMES, POSITION, RINGS.playback, 1, "playback", details={"uniform": True})
    found = (whole, *rest)
    return Analysis("exact", True, FRAMES, FRAMES, 0, POSITION, episodes=1).holding(found, 9)


def test_stream_late_as_a_whole_is_latency_where_both_rings_agree_with_the_wire():
    burst = Burst()
    clean = attribute(_all_late(burst), burst.views(), POSITION)
    assert (clean.found, clean.wrong_frames, clean.episodes, clean.sites) == (0, 0, 0, {})
    assert any("both rings are right" in note for note in clean.notes)
    other = Finding(Kind.ZERO, 900, 8, POSITION + 800)
    left = attribute(_all_late(burst, [other]), burst.views(), POSITION)
    assert [(one.kind, one.frame) for one in left.findings] == [(Kind.ZERO, 900)]
    assert (left.found, left.wrong_frames) == (1, 8)


def test_stream_late_as_a_whole_is_corruption_where_the_wire_shows_it():
    burst = Burst()
    burst.out[400:408] = burst.out[400 - RINGS.playback : 408 - RINGS.playback]
    assert attribute(_all_late(burst), burst.views(), POSITION).found == 1


def test_silent_packets_before_the_first_written_frame_do_not_count_and_a_missing_end_does():
    # A kernel that starts its URBs at prepare; the stream stopped before all was sent.
    burst = Burst(hw_ptr=4000)
    burst.out = np.concatenate([np.zeros((96, STEP), np.uint8), burst.written[:4000]])
    burst.loop()
    views = burst.views()
    assert (views.out_frames, views.lost_frames) == (4000, 4096 - 4000)
    assert not views.out_wrong.any() and views.out_wrong.size == 4000
