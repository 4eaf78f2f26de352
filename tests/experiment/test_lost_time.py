# SPDX-License-Identifier: MIT
"""Lost time is told from corruption: whole laps without an xrun, and xruns with slips."""

from __future__ import annotations

import dataclasses

import pytest

from stress.experiment.lost_time import MOST_KEPT, Stalls, set_apart
from stress.model.finding import Analysis, Finding, Kind
from stress.model.pcm import Exchange, StreamResult
from stress.model.ring import Rings
from stress.model.transport import NO_TRANSPORT

RINGS = Rings(1024, 1280)


def _apart(findings, stalls):
    whole = Analysis("exact", True, 100_000, 99_000, 0, 1).holding(findings, len(findings))
    return set_apart(whole, RINGS, stalls)


def _marked(findings, xruns=0, **stalls):
    analysis = _apart(findings, Stalls(xruns, **stalls))
    return ["transport" in finding.details for finding in analysis.findings]


def _old(frame, frames, laps=1, ring="playback"):
    lag = laps * getattr(RINGS, ring)
    return Finding(Kind.STALE, frame, frames, position=1, lag=lag, laps=laps, ring=ring)


STALE_BEHIND = Finding(Kind.STALE, frame=6912, frames=1664, position=1, lag=1280, laps=1, ring="capture")
STALE_FAR = Finding(Kind.STALE, frame=50_000, frames=8, position=1, lag=1024, laps=1, ring="playback")


def test_set_apart_whole_laps_lost_without_xrun_take_their_neighbours_along():
    laps = Finding(Kind.DROP, frame=6912, frames=3840, position=1)
    assert _marked([laps, STALE_BEHIND, STALE_FAR]) == [True, True, False]


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.REPEAT, Kind.INSERT])
def test_set_apart_a_slip_counts_only_in_a_burst_with_xruns(kind):
    slip = Finding(kind, frame=6912, frames=256, position=1)
    assert _marked([slip, STALE_BEHIND], xruns=0) == [False, False]
    assert _marked([slip, STALE_BEHIND], xruns=1) == [True, True]


def test_set_apart_stale_lines_alone_are_never_explained_away():
    assert _marked([STALE_BEHIND, STALE_FAR], xruns=3) == [False, False]


def test_set_apart_planted_faults_stay_planted():
    laps = Finding(Kind.DROP, frame=6912, frames=1280, position=1)
    planted = Finding(Kind.ZERO, frame=7000, frames=8, position=1, injected=True)
    assert _marked([laps, planted]) == [True, False]


def test_set_apart_data_newer_than_it_can_be_is_an_overrun_without_xrun():
    newer = Finding(Kind.MISPLACED, frame=6912, frames=768, position=1, lag=-1280)
    older = Finding(Kind.MISPLACED, frame=60_000, frames=8, position=1, lag=-1000)
    assert _marked([newer, STALE_BEHIND, older]) == [True, True, False]


def test_set_apart_a_slip_that_the_wire_shows_is_the_device_s():
    slip = Finding(Kind.DROP, frame=6912, frames=48, position=1, details={"view": "wire or device"})
    assert _marked([slip], xruns=1) == [False]


def test_set_apart_many_laps_old_in_one_piece_are_lost_time():
    # As seen on snd-aloop, x86-64: nine and a half laps of a ring of 1024.
    assert _marked([_old(20_000, 9744)]) == [True]


@pytest.mark.parametrize("ring", ["playback", "capture"])
@pytest.mark.parametrize("laps", [1, 3])
def test_set_apart_a_block_shorter_than_two_laps_is_corruption(ring, laps):
    lap = getattr(RINGS, ring)
    assert _marked([_old(20_000, 2 * lap - 1, laps, ring)]) == [False]
    assert _marked([_old(20_000, 2 * lap, laps, ring)]) == [True]


def test_set_apart_a_block_that_ages_from_lap_to_lap_is_one_piece():
    aging = [_old(20_000 + 1024 * lap, 1024, lap + 1) for lap in range(4)]
    apart = [_old(20_000 + 1025 * lap, 1024, lap + 1) for lap in range(4)]
    assert _marked(aging) == [True] * 4
    assert _marked(apart) == [False] * 4


def test_set_apart_blocks_beside_stale_lines_elsewhere_are_corruption():
    assert _marked([_old(20_000, 9744), _old(70_000, 8)]) == [False, False]
    assert _marked([_old(20_000, 9744), _old(20_000 + 9744 + 100, 8)]) == [True, True]


def test_set_apart_many_blocks_or_half_the_burst_are_corruption():
    assert _marked([_old(20_000 * block, 2048) for block in range(1, 4)]) == [True] * 3
    assert _marked([_old(10_000 * block, 2048) for block in range(1, 5)]) == [False] * 4
    assert _marked([_old(1000, 60_000)]) == [False]


def test_set_apart_a_block_to_the_end_of_the_burst_is_corruption():
    assert _marked([_old(99_000 - 4096, 4096)]) == [False]


@pytest.mark.parametrize("stalls", [{"coherent": True}, {"lost_frames": 1024}])
def test_set_apart_one_lap_in_one_piece_is_lost_time_where_no_cache_or_the_clock_says_so(stalls):
    assert _marked([_old(10_000 * block, 1024) for block in range(1, 9)], **stalls) == [True] * 8
    assert _marked([_old(20_000, 1023), STALE_FAR], **stalls) == [False, False]


def test_set_apart_a_block_that_the_wire_shows_is_the_device_s():
    block = _old(20_000, 9744).with_details(view="wire or device")
    assert _marked([block], coherent=True) == [False]


def _exchange(rate, elapsed_s, hw_ptr):
    stream = StreamResult(frames=hw_ptr, state="RUNNING", hw_ptr=hw_ptr, ended_ns=round(elapsed_s * 1e9))
    return Exchange(playback=stream, capture=StreamResult(0, "OPEN"), played_limit=0)


@pytest.mark.parametrize(("elapsed_s", "lost"), [(1.05, 0), (0.2, 0), (1.6, 24_000)])
def test_stalls_are_the_time_by_which_the_clock_ran_ahead_of_the_pointer(elapsed_s, lost):
    assert Stalls.of(_exchange(48_000, elapsed_s, 48_000), 48_000).lost_frames == lost


def test_stalls_of_a_stream_without_a_pointer_or_that_never_ended_are_none():
    ended = StreamResult(frames=0, state="RUNNING", hw_ptr=None, ended_ns=3_000_000_000)
    open_ended = StreamResult(frames=0, state="RUNNING", hw_ptr=0, started_ns=9, ended_ns=9)
    assert Stalls.of(Exchange(ended, open_ended, played_limit=0), 48_000) == Stalls()


def test_set_apart_keeps_and_counts_only_the_first_of_very_many():
    old = [_old(10_000 + 10 * number, 8) for number in range(300)]
    laps = Finding(Kind.DROP, frame=10_000, frames=1024, position=1)
    analysis = _apart([laps, *old, STALE_FAR], Stalls())
    marked = [one for one in analysis.findings if "transport" in one.details]
    assert len(marked) == MOST_KEPT
    real = [one for one in analysis.findings if "transport" not in one.details]
    assert analysis.found == len(analysis.findings) == MOST_KEPT + len(real)
    assert analysis.wrong_frames == sum(one.frames for one in analysis.findings)
    assert sum(analysis.sites.values()) == analysis.found


LAP = RINGS.largest


@pytest.mark.parametrize(
    ("frame", "frames", "marked"),
    [
        (20_000 - LAP - 8, 8, True),  # ends a lap before the slip
        (20_000 - LAP - 9, 8, False),
        (20_000 + 2 * LAP, 8, True),  # begins two laps behind it
        (20_000 + 2 * LAP + 1, 8, False),
    ],
)
def test_lost_time_reaches_a_lap_before_a_slip_and_two_behind_it(frame, frames, marked):
    slip = Finding(Kind.DROP, frame=20_000, frames=LAP, position=1)
    beside = Finding(Kind.ZERO, frame=frame, frames=frames, position=1)
    found = {one.kind: "transport" in one.details for one in _apart([slip, beside], Stalls()).findings}
    assert found == {Kind.DROP: True, Kind.ZERO: marked}


@pytest.mark.parametrize(("gap", "marked"), [(LAP, True), (LAP + 1, False)])
def test_lost_time_reaches_a_lap_behind_the_end_of_a_block(gap, marked):
    block = _old(20_000, 4 * LAP, ring="capture")
    beside = Finding(Kind.ZERO, frame=20_000 + 4 * LAP + gap, frames=8, position=1)
    found = {
        one.kind: "transport" in one.details
        for one in _apart([block, beside], Stalls(coherent=True)).findings
    }
    assert found == {Kind.STALE: True, Kind.ZERO: marked}


@pytest.mark.parametrize(
    ("kind", "frames", "marked"),
    [
        (Kind.DROP, 256, True),  # a lap of 1280 skipped, one of 1024 repeated
        (Kind.DROP, 512, True),  # two of each
        (Kind.DROP, 1536, True),  # two of 1280, one of 1024
        (Kind.REPEAT, 768, True),  # one of 1280, two of 1024
        (Kind.DROP, 768, False),  # three of each: more than the clock ran ahead
        (Kind.DROP, 255, False),
        (Kind.REPEAT, 256, False),  # three of 1280, four of 1024: more again
    ],
)
def test_slip_of_what_is_left_of_laps_of_both_rings_is_lost_time_where_the_clock_shows_them(
    kind, frames, marked
):
    # Up to two laps of either ring.
    slip = Finding(kind, frame=50_000, frames=frames, position=1)
    assert _marked([slip], behind_frames=2048) == [marked]
    assert _marked([slip], behind_frames=1023) == [False]


def test_slip_in_a_burst_in_which_the_kernel_gave_up_waiting_is_lost_time():
    slip = Finding(Kind.DROP, frame=6912, frames=255, position=1)
    assert _marked([slip, STALE_BEHIND, STALE_FAR], waits=1) == [True, True, False]


def test_waits_of_both_directions_are_counted():
    stream = StreamResult(frames=9, state="RUNNING", waits=2)
    assert Stalls.of(Exchange(stream, stream, 0), 48_000, NO_TRANSPORT).waits == 4


@pytest.mark.parametrize("stall", [{"xruns": 1}, {"waits": 1}, {"lost_frames": 1024}])
def test_old_piece_shorter_than_a_lap_is_lost_time_in_a_stalled_burst_of_coherent_memory_alone(stall):
    piece, line = _old(20_000, 32), _old(60_000, 31)
    assert _marked([piece, line], coherent=True, **stall) == [True, False]
    assert _marked([piece, line], coherent=True) == [False, False]
    assert _marked([piece, line], **stall) == [False, False]


def test_old_piece_of_the_playback_ring_is_lost_time_on_a_loop_that_a_timer_of_coherent_memory_drives():
    piece, line = _old(20_000, 576), _old(60_000, 31)
    captured = dataclasses.replace(_old(80_000, 576), ring="capture")
    assert _marked([piece, line, captured], coherent=True, timed=True) == [True, False, False]
    assert _marked([piece], timed=True) == [False]


def test_old_piece_goes_on_behind_a_planted_fault_in_its_midst():
    planted = Finding(Kind.ZERO, frame=20_600, frames=8, position=1, injected=True)
    pieces = [_old(20_000, 600), planted, _old(20_608, 600)]
    assert _marked(pieces, coherent=True) == [True, False, True]
    # A right frame parts them.
    apart = [_old(20_000, 600), planted, _old(20_609, 600)]
    assert _marked(apart, coherent=True) == [False, False, False]


@pytest.mark.parametrize("kind", [Kind.ZERO, Kind.MUTE])
@pytest.mark.parametrize(
    ("frames", "stall", "marked"),
    [
        (2048, {"waits": 1}, True),
        (2049, {"waits": 1}, False),
        (6000, {"behind_frames": 4976}, True),  # no more than the clock ran ahead, and a lap
        (6001, {"behind_frames": 4976}, False),
        (100, {}, False),
    ],
)
def test_silence_to_the_end_of_a_stalled_burst_is_lost_time(kind, frames, stall, marked):
    silent = Finding(kind, frame=99_000 - frames, frames=frames, position=1)
    before = dataclasses.replace(silent, frame=40_000)
    assert _marked([silent], **stall) == [marked]
    assert _marked([before], **stall) == [False]


def test_old_piece_that_the_end_of_a_stalled_burst_cut_off_is_lost_time():
    short = _old(99_000 - 16, 16)
    assert _marked([short], coherent=True, waits=1) == [True]
    assert _marked([short], coherent=True) == [False]
    assert _marked([short], waits=1) == [False]
    # A timer of this machine is as late as the machine is; a USB card, and what a reader gets, is not.
    assert _marked([short], coherent=True, timed=True) == [True]
    assert _marked([short], timed=True) == [False]
    captured = _old(99_000 - 16, 16, ring="capture")
    assert _marked([captured], coherent=True, timed=True) == [False]


def _late_start(**changes):
    # As tools/lab soak gave it on two CPUs: a piece of 80 frames is a lap ahead of all around it.
    seen = {"view": "wire or device"}
    old = [_old(0, 624, ring="capture"), _old(704, 5248, ring="capture")]
    slip = Finding(Kind.REPEAT, frame=5952, frames=1280, position=1, lag=1280)
    slip = dataclasses.replace(slip, **changes)
    return [dataclasses.replace(one, details=seen) for one in (*old, slip)]


def test_stream_that_was_a_lap_late_from_its_first_frame_is_lost_time_also_on_the_wire():
    assert _marked(_late_start(), coherent=True) == [True] * 3
    planted = Finding(Kind.ZERO, frame=640, frames=16, position=1, injected=True)
    first, *rest = _late_start()
    assert _marked([first, planted, *rest], coherent=True) == [True, False, True, True]


@pytest.mark.parametrize(
    ("findings", "stalls"),
    [
        (_late_start(), {}),  # a cache may hold old lines
        (_late_start()[:2], {"coherent": True}),
        (_late_start(frames=1281), {"coherent": True}),
        (_late_start(kind=Kind.DROP), {"coherent": True}),
        (_late_start()[1:], {"coherent": True}),  # not from the first frame on
        ([dataclasses.replace(one, frame=one.frame + 1) for one in _late_start()], {"coherent": True}),
        (_late_start(frame=20_000), {"coherent": True}),  # lines that are old long before a slip
        (_late_start(frames=2560), {"coherent": True}),  # by other laps than it slips
    ],
)
def test_what_a_device_repeats_later_or_otherwise_stays_the_device_s(findings, stalls):
    assert not any(_marked(findings, **stalls))


def _late_later(**changes):
    # As tools/lab soak gave it on two starved CPUs: the piece that is a lap ahead, 128 frames, comes later,
    # and the capture is believed to have gone on from there.
    seen = {"view": "wire or device"}
    slip = Finding(Kind.DROP, frame=60_000, frames=1280, position=1, details={"view": "host capture ring"})
    old = [_old(60_128, 20_000, ring="capture"), _old(80_144, 18_856, ring="capture")]
    return [dataclasses.replace(slip, **changes), *(dataclasses.replace(one, details=seen) for one in old)]


def test_stream_that_is_a_lap_old_behind_a_drop_by_as_much_is_lost_time_also_on_the_wire():
    assert _marked(_late_later(), coherent=True) == [True] * 3
    planted = Finding(Kind.ZERO, frame=80_128, frames=16, position=1, injected=True)
    slip, first, last = _late_later()
    assert _marked([slip, first, planted, last], coherent=True) == [True, True, False, True]


def test_stream_that_is_a_lap_old_between_two_slips_is_lost_time():
    slip, first, _ = _late_later()
    until = Finding(Kind.REPEAT, frame=80_128, frames=1280, position=1, lag=1280)
    assert _marked([slip, first, until], coherent=True) == [True] * 3
    # Too little of what lies between them is old.
    second, later = _old(84_000, 500, ring="capture"), dataclasses.replace(until, frame=90_000)
    second = dataclasses.replace(second, details=first.details)
    assert _marked([slip, first, second, later], coherent=True) == [True, True, False, True]


@pytest.mark.parametrize(
    ("findings", "stalls"),
    [
        (_late_later(), {}),  # a cache may hold old lines
        (_late_later(frames=1281), {"coherent": True}),
        (_late_later(frames=2560), {"coherent": True}),  # by other laps than it slips
        (_late_later(kind=Kind.INSERT), {"coherent": True}),
        (_late_later(frame=55_000), {"coherent": True}),  # too much of what follows is right
        ([_late_later()[0], _late_later()[2]], {"coherent": True}),
        ([dataclasses.replace(one, ring="playback") for one in _late_later()], {"coherent": True}),
    ],
)
def test_what_a_device_repeats_behind_another_drop_stays_the_device_s(findings, stalls):
    # What lies right beside the slip is marked for that.
    assert _marked(findings, **stalls)[-1] is False


def test_packets_lost_on_the_wire_are_lost_time_where_the_kernel_waited_in_vain_alone():
    slip = Finding(Kind.DROP, frame=6912, frames=48, position=1, details={"view": "wire or device"})
    assert _marked([slip], waits=1) == [True]
    assert _marked([slip], lost_frames=2048, behind_frames=4096) == [False]


@pytest.mark.parametrize(
    ("frame", "stall", "marked"),
    [
        # Read a lap late, the last lap of the pattern is the silence behind it.
        (99_000 - 1280, {"xruns": 1}, True),
        (99_000 - 128, {"waits": 1}, True),
        (99_000 - 200, {"lost_frames": 1280}, True),
        (99_000 - 200, {"timed": True}, True),
        (99_000 - 1281, {"timed": True}, False),
        (99_000 - 1281, {"xruns": 1}, False),
        (99_000 - 200, {"lost_frames": 1279}, False),
        (99_000 - 200, {"xruns": 1, "coherent": False}, False),
        (99_000 - 200, {}, False),
    ],
)
def test_silence_where_the_next_lap_is_silent_is_a_late_read(frame, stall, marked):
    zeros = Finding(Kind.ZERO, frame, frames=64, position=1)
    assert _marked([zeros], **{"coherent": True, **stall}) == [marked]
    planted = Finding(Kind.ZERO, frame, frames=64, position=1, injected=True)
    assert _marked([planted], **{"coherent": True, **stall}) == [False]
