# SPDX-License-Identifier: MIT
"""One jump of the delay, placed in a capture that is made of two: before the channel and behind it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.detect.spectral import fit, slips
from stress.detect.spectral.clock import SegmentClock
from stress.detect.spectral.signal import Reference
from stress.detect.spectral.splice import Splice
from stress.detect.spectral.track import BLOCK, Segment, Track
from stress.model.finding import Kind
from stress.model.ring import Rings
from tests.detect.spectral.known import Noise

FIRST, DELAY, FRAMES, AT = 5000, 300, 6 * BLOCK, 10000
X = Reference(Noise(), 0, FIRST, 4096, FRAMES)
TAPS = np.zeros(fit.TAPS)
TAPS[[fit.PRE + 3, fit.PRE + 5, fit.PRE - 2]] = 0.5, 0.3, 0.1


def _through(played):
    # The channel peaks three frames behind its delay.
    return np.convolve(played, TAPS)[fit.PRE : fit.PRE + played.size]


def _played(start=0, frames=FRAMES):
    return X.sent(start, frames).astype(float)


def _jump(y, moved, late=0.0):
    clocks = [SegmentClock(DELAY), SegmentClock(DELAY + moved)]
    y = np.concatenate((np.zeros(DELAY), y))[:FRAMES].astype(np.float32) + np.float32(late)
    before = Segment(0, 2 * BLOCK, (1.0,), (1.0,))
    after = Segment(3 * BLOCK, FRAMES, (1.0,), (1.0,))
    fitted = SimpleNamespace(clocks=clocks, taps=TAPS)
    (jump,) = slips.jumps(y, X, Track((before, after), (), 0.0), fitted)
    return jump


def _placed(jump):
    return jump.frame, jump.resumed, jump.frames, jump.played, jump.splice.side


@pytest.mark.parametrize("lost", [1, 7, 100])
@pytest.mark.parametrize("late", [0.0, 0.2])
def test_frames_lost_before_the_channel_are_missing_from_the_played_frame_on(lost, late):
    x = _played()
    jump = _jump(_through(np.concatenate((x[:AT], x[AT + lost :]))), -lost, late)
    assert _placed(jump) == (AT + DELAY + 3, AT + DELAY + 3, -lost, AT, "playback")


@pytest.mark.parametrize("lost", [1, 7, 100])
def test_frames_lost_behind_the_channel_are_missing_from_the_captured_frame_on(lost):
    y = _through(_played())
    jump = _jump(np.concatenate((y[:AT], y[AT + lost :])), -lost)
    assert _placed(jump) == (AT + DELAY, AT + DELAY, -lost, AT - 3, "capture")


@pytest.mark.parametrize("side", ["playback", "capture"])
@pytest.mark.parametrize("frames", [5, 60])
def test_frames_that_come_twice_have_no_gap(side, frames):
    x = _played() if side == "playback" else _through(_played())
    twice = np.concatenate((x[:AT], x[AT - frames :]))
    jump = _jump(_through(twice) if side == "playback" else twice, frames)
    heard = 3 if side == "playback" else 0
    assert _placed(jump) == (AT + DELAY + heard, AT + DELAY + heard, frames, AT + heard - 3, side)
    assert not jump.splice.silent


@pytest.mark.parametrize("side", ["playback", "capture"])
@pytest.mark.parametrize("frames", [20, 150])
def test_silence_that_is_put_in_is_a_silent_gap(side, frames):
    x = _played() if side == "playback" else _through(_played())
    spaced = np.concatenate((x[:AT], np.zeros(frames), x[AT:]))
    jump = _jump(_through(spaced) if side == "playback" else spaced, frames)
    heard = 3 if side == "playback" else 0
    assert _placed(jump) == (AT + DELAY + heard, AT + DELAY + heard + frames, frames, AT + heard - 3, side)
    assert jump.splice.silent


def test_noise_that_is_put_in_is_a_gap_that_is_not_silent():
    y = _through(_played())
    noise = 0.1 * np.random.default_rng(9).standard_normal(200)
    jump = _jump(np.concatenate((y[:AT], noise, y[AT:])), 200)
    assert abs(jump.frame - AT - DELAY) <= 1 and jump.resumed == jump.frame + 200
    assert not jump.splice.silent


def test_jump_is_looked_for_from_the_last_block_of_the_first_segment():
    # Both ends of the search: a block before the end of the first, and one into the second.
    x = _played()
    for at in (BLOCK + 50, 4 * BLOCK - 1000):
        jump = _jump(_through(np.concatenate((x[:at], x[at + 7 :]))), -7)
        assert (jump.frame, jump.played) == (at + DELAY + 3, at)


def test_every_pair_of_neighbours_has_a_jump_of_its_own():
    x, blocks = _played(), 6
    y = _through(np.concatenate((x[:AT], x[AT + 7 : AT + 7 + BLOCK], x[AT + 2 + BLOCK :])))
    heard = np.concatenate((np.zeros(DELAY), y))[:FRAMES].astype(np.float32)
    segments = tuple(
        Segment(start * BLOCK, stop * BLOCK, (1.0,), (1.0,)) for start, stop in ((0, 2), (3, 3), (4, blocks))
    )
    clocks = [SegmentClock(DELAY), SegmentClock(DELAY - 7), SegmentClock(DELAY - 2)]
    got = slips.jumps(heard, X, Track(segments, (), 0.0), SimpleNamespace(clocks=clocks, taps=TAPS))
    assert [jump.frames for jump in got] == [-7, 5]
    assert [jump.frame for jump in got] == [AT + DELAY + 3, AT + DELAY + 3 + BLOCK]
    assert (
        slips.jumps(heard, X, Track(segments[:1], (), 0.0), SimpleNamespace(clocks=clocks, taps=TAPS)) == []
    )


class Tones:
    """A sound that is known between its frames."""

    def __init__(self):
        rng = np.random.default_rng(5)
        self.turns, self.phases = rng.uniform(0.02, 0.25, 40), rng.uniform(0, 6.28, 40)

    def value(self, places):
        return np.cos(2 * np.pi * np.outer(self.turns, places) + self.phases[:, None]).sum(axis=0) / 40

    def sent(self, start, frames):
        return self.value(np.arange(start, start + frames)).astype(np.float32)


@pytest.mark.parametrize("drift", [0.0, 4.8])
def test_jump_is_placed_on_a_clock_of_its_own(drift):
    sound, n = Tones(), np.arange(FRAMES)
    clocks = [SegmentClock(300.25, (drift,)), SegmentClock(293.25, (drift,))]
    played = [(n - clock.offset) / (1 + drift / 48000) for clock in clocks]
    y = np.where(n < AT, sound.value(played[0]), sound.value(played[1])).astype(np.float32)
    taps = np.zeros(fit.TAPS)
    taps[fit.PRE] = 1.0
    segments = Segment(0, 2 * BLOCK, (1.0,), (1.0,)), Segment(3 * BLOCK, FRAMES, (1.0,), (1.0,))
    (jump,) = slips.jumps(y, sound, Track(segments, (), 0.0), SimpleNamespace(clocks=clocks, taps=taps))
    assert jump.frames == pytest.approx(-7.0, abs=1e-2)
    assert abs(jump.frame - AT) <= 1
    assert abs(jump.played - played[0][AT]) <= 1.5


@pytest.mark.parametrize(("frames", "kind"), [(-0.4, Kind.DROP), (0.0, Kind.REPEAT), (0.4, Kind.REPEAT)])
def test_delay_that_falls_by_any_share_of_a_frame_is_a_drop(frames, kind):
    jump = slips.Jump(1000, 1000, frames, 300, Splice(0, 0, "capture", False))
    (got,) = slips.findings([jump], Rings(4800, 5280), 8, 0)
    assert (got.kind, got.frames, got.position) == (kind, 1, 300)


def test_jump_late_in_the_first_block_of_the_second_segment_is_placed():
    x, at = _played(), 4 * BLOCK - DELAY - 250
    jump = _jump(_through(np.concatenate((x[:at], x[at + 7 :]))), -7)
    assert (jump.frame, jump.played) == (at + DELAY + 3, at)
