# SPDX-License-Identifier: MIT
"""The truth names every corrupted byte and nothing else; rates agree with closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stress.model.pcm import Access, CaptureTouch, Direction, Handling, Lever, PlaybackTouch
from stress.virtual.truth import truth_of
from tests.virtual.board_kit import board, ideal, noise, stream

ORDINARY = Handling()
PROVOKING = Handling(playback=PlaybackTouch.RMW, queue_periods=2, capture=CaptureTouch.AHEAD)
START = Handling(start_burst=True)
QUEUED = Handling(queue_periods=2)
THREE, WIDE = stream(192, fmt="S24_3LE"), stream(192, 8, 8000, "S32_LE", 8)
QUIET_LOOP = {"kernel__footprint": "", "kernel__noise_lines_per_ms": 128, "user__loop_fills": 0}
CASES = {
    "P1 and C1": ("arm926", stream(192), stream(240), ORDINARY, {}, {"P1", "C1"}),
    "P2 and CT": ("arm926", stream(960), stream(1920), PROVOKING, {}, {"P2", "CT"}),
    "P3": ("arm926", stream(1100, 50), stream(1200, 50), QUEUED, {}, {"P3"}),
    "C2": ("arm926", stream(1056, 44, 44100), stream(2112, 44, 44100), ORDINARY, {}, {"C2"}),
    "C3 and P2": ("arm926", stream(192), stream(1920), ORDINARY, {"cache__allocate": "write"}, {"C3", "P2"}),
    "start burst": ("arm926", stream(4800), stream(4800), START, {}, {"P2"}),
    "three bytes": ("xscale", THREE, THREE, ORDINARY, {}, {"P1", "C1"}),
    "mono": ("arm926", stream(384, channels=1), stream(482, channels=1), ORDINARY, {}, {"P1", "C1"}),
    "wide": ("arm926-32k", WIDE, WIDE, ORDINARY, {}, {"P1"}),
    "16-byte lines": ("fa526", stream(192), stream(240), ORDINARY, {}, {"P1", "C1"}),
    "uneven rings": ("feroceon", stream(195), stream(243), ORDINARY, {}, {"P1", "C1"}),
}


@pytest.mark.parametrize("name", CASES)
def test_truth_lists_every_corrupted_byte_and_nothing_else(name):
    core, playback, capture, handling, changes, causes = CASES[name]
    made = board(core, playback, capture, **changes)
    width, seen = playback.frame_bytes, set()
    for number in range(3):
        play = noise(9600, width, number)
        outcome = made.burst(play, 9600, handling)
        truth = truth_of(made, outcome)
        differs = outcome.captured.reshape(-1, truth.granule_bytes) != ideal(outcome, play).reshape(
            -1, truth.granule_bytes
        )
        wrong = differs.any(axis=1)
        assert len(wrong) == len(truth.wrong)
        assert not (wrong & ~truth.wrong).any()
        # What two rings spoiled one after the other may come out right by chance.
        by_chance = wrong.sum() * 2.0 ** (-8 * truth.granule_bytes)
        assert (truth.wrong & ~wrong).sum() <= (3 + 2 * by_chance if by_chance > 1e-4 else 0)
        seen |= set(truth.counts)
    assert causes <= seen


def test_truth_runs_add_up_to_the_counts_and_lie_where_the_bytes_differ():
    made = board("arm926", stream(192), stream(240, access=Access.RW))
    play = noise(9600, 4)
    outcome = made.burst(play, 9600, ORDINARY)
    truth = truth_of(made, outcome)
    assert sum(run.size_bytes for run in truth.stale) == sum(truth.counts.values()) * truth.granule_bytes
    captured, sent = outcome.captured.reshape(-1), play.reshape(-1)
    assert truth.stale
    for run in truth.stale:
        assert (run.direction, run.cause) == (Direction.PLAYBACK, "P1")
        assert run.first_byte % 768 == run.ring_offset
        assert run.ring_offset % 32 == 0 and run.size_bytes % 32 == 0
        here = captured[run.captured_byte : run.captured_byte + run.size_bytes]
        older = run.first_byte - run.laps * 768
        due = np.zeros_like(here) if run.zero else sent[older : older + run.size_bytes][: len(here)]
        assert run.zero or run.lap == older // 768
        np.testing.assert_array_equal(here, due)


def test_truth_names_data_of_an_earlier_burst():
    quiet = {"kernel__noise_lines_per_ms": 0, "user__between_fills": 0}
    made = board("xscale", stream(192), stream(240, access=Access.RW), **quiet)
    first, second = noise(960, 4, 1), noise(960, 4, 2)
    made.burst(first, 960, ORDINARY)
    outcome = made.burst(second, 960, ORDINARY)
    old = [run for run in truth_of(made, outcome).stale if run.laps == 0 and not run.zero]
    assert old and all(run.lap == -1 for run in old)
    lap = {bytes(part) for part in first.reshape(-1, 32)}
    for run in old:
        part = outcome.wire.reshape(-1)[run.first_byte : run.first_byte + 32]
        assert bytes(part) in lap


def test_truth_of_a_long_burst_is_settled_on_the_way(monkeypatch):
    truths = []
    for kept in (1000, 0):
        monkeypatch.setattr("stress.virtual.board.KEPT_PIECES", kept)
        monkeypatch.setattr("stress.virtual.board.PIECE_ACCESSES", 3000)
        made = board("arm926", stream(192), stream(240))
        outcome = made.burst(noise(9600, 4), 9600, ORDINARY)
        assert len(outcome.parts) > 3 and (outcome.parts[0].seen is None) == (kept == 0)
        truths.append(truth_of(made, outcome))
    assert truths[0].stale == truths[1].stale and truths[0].counts == truths[1].counts


def _share(made, handling, frames=48000, side="played"):
    play = noise(frames, 4)
    outcome = made.burst(play, frames, handling)
    got = getattr(outcome, side)
    return len(got.wrong) / len(got.position)


def test_rate_of_stale_lines_falls_with_context_switches_by_the_exposure():
    # P1 needs a line to live for one lap, 192 frames = 4 ms, so exp(-c * 4 ms); on a quiet
    # machine 32 ways by turns lose nothing else in a lap.
    shares = []
    for dose in (0.0, 100.0):
        made = board("xscale", stream(192), stream(240, access=Access.RW), kernel__noise_lines_per_ms=0)
        shares.append(_share(made, Handling(switches_per_s=dose), 480000))
    assert shares[1] / shares[0] == pytest.approx(math.exp(-0.4), abs=0.03)


def test_switches_leave_a_physically_tagged_cache_alone():
    # Ways of two pages alias, but ARMv6 does not touch the D-cache on a switch.
    sides = stream(192), stream(240, access=Access.RW)
    shares = [_share(board("arm1176-32k", *sides), Handling(switches_per_s=dose)) for dose in (0.0, 300.0)]
    assert shares[1] == pytest.approx(shares[0], abs=0.02) and shares[0] > 0.5


@pytest.mark.parametrize("times", [(), (30.0,), (20.0, 40.2, 60.7)])
def test_whole_cache_operation_makes_one_lap_right_again(times):
    quiet = {"kernel__noise_lines_per_ms": 0, "usb__packet_us": 1000}
    sides = stream(192), stream(240, access=Access.RW)
    made = board("xscale", *sides, kernel__whole_cache_at_ms=list(times), **quiet)
    # 18 laps of 192 frames: too few for any line to leave by turns, which takes 20.
    outcome = made.burst(noise(3456, 4), 3456, ORDINARY)
    played = len(outcome.played.number)
    assert len(outcome.played.wrong) == played - 192 * (1 + len(times))


def test_rate_of_touching_ahead_is_the_survival_of_one_period():
    # A line touched ahead is read one period later. Between the two: 128 background lines, the
    # play side by rw (6 + 6 lines of copies) and the lines read and touched (12): s^(fills of 1 ms).
    made = board("arm926", stream(4800, access=Access.RW), stream(4128), **QUIET_LOOP)
    share = _share(made, Handling(capture=CaptureTouch.AHEAD), 96000, "read")
    fills = 128 + 6 + 6
    assert share == pytest.approx((1 - 1 / 512) ** fills, abs=0.02)


@pytest.mark.parametrize("core", ["arm926", "arm926-rr", "xscale", "arm925", "fa526", "arm1176-32k"])
@pytest.mark.parametrize("handling", [ORDINARY, PROVOKING, START], ids=["ordinary", "provoking", "start"])
def test_cure_clean_invalidate_before_each_access_leaves_nothing_wrong(core, handling):
    made = board(core, stream(192), stream(240))
    cured = Handling(handling.playback, handling.queue_periods, handling.capture, Lever.CLEAN_INVALIDATE)
    play = noise(9600, 4)
    outcome = made.burst(play, 9600, cured)
    np.testing.assert_array_equal(outcome.captured, ideal(outcome, play))


def test_cacheflush_cures_what_is_dirty_and_not_what_is_stale():
    # On a ring that never survives a lap, read-modify-write leaves dirty lines only. A real kernel
    # leaves some sets alone, where lines survive any lap.
    wide, other = stream(8192), stream(240, access=Access.RW)
    even = {"kernel__footprint": "", "kernel__noise_lines_per_ms": 32}
    dirty = Handling(playback=PlaybackTouch.RMW, queue_periods=2)
    flushed = Handling(playback=PlaybackTouch.RMW, queue_periods=2, lever=Lever.CACHEFLUSH)
    assert _share(board("arm926-rr", wide, other, **even), dirty) > 0.5
    assert _share(board("arm926-rr", wide, other, **even), flushed) == 0
    assert _share(board("arm926-rr", stream(192), other, **even), Handling(lever=Lever.CACHEFLUSH)) > 0.2


def test_rw_access_is_immune_on_every_core():
    for core in ("arm926", "xscale", "arm925", "arm1176-32k"):
        made = board(core, stream(192, access=Access.RW), stream(240, access=Access.RW))
        play = noise(9600, 4)
        outcome = made.burst(play, 9600, ORDINARY)
        np.testing.assert_array_equal(outcome.captured, ideal(outcome, play))


def test_smp_race_shows_old_data_on_a_core_without_aliases():
    made = board("cortex-a", stream(960), stream(960), kernel__smp_race=0.2)
    play = noise(9600, 4)
    outcome = made.burst(play, 9600, ORDINARY)
    assert len(outcome.read.wrong) > 0 and len(outcome.played.wrong) == 0
    assert len(board("cortex-a", stream(960), stream(960)).burst(play, 9600, ORDINARY).read.wrong) == 0
