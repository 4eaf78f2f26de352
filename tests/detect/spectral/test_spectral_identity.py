# SPDX-License-Identifier: MIT
"""Capture lines that repeat: how many frames are no chance, which runs, and where in the ring."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stress.detect.exact.ring_offset import line_of
from stress.detect.spectral import identity
from stress.detect.spectral.identity import CaptureRing, covered, repeated_lines
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings

SIZE = 100


def _samples(frames=2000, channels=2, seed=1, high=9000):
    return np.random.default_rng(seed).integers(-high, high, (channels, frames)).astype(np.int32)


def _repeat(samples, at, frames, lap=1, size=SIZE):
    samples[:, at : at + frames] = samples[:, at - lap * size : at - lap * size + frames]


def test_finding_of_a_repeated_line_holds_age_position_and_offset():
    samples = _samples()
    _repeat(samples, 1000, 8, 2)
    ring = CaptureRing(Rings(77, SIZE, 28), 4, (1 << 32) - 996)
    (got,) = repeated_lines(samples, ring, 3, (10, 1990))
    assert got == Finding(
        Kind.STALE, 1000, 8, 4, 200, 2, "capture", 28 * 4, 16, False, {"bit_identical": True},
        "8 frames at frame 1000 repeat frame 800 to the bit: 2 laps of the capture ring",
    )  # fmt: skip


def test_one_lap_is_one_lap_and_line_is_of_the_first_frame():
    samples = _samples()
    _repeat(samples, 1003, 8)
    (got,) = repeated_lines(samples, CaptureRing(Rings(None, SIZE, 50), 4, 0), 1, (0, 2000))
    assert got.text.endswith("1 lap of the capture ring")
    assert (got.ring_offset, got.line_bytes, got.position) == (53 * 4, line_of(53 * 4, 8 * 4), 1003)


@pytest.mark.parametrize(("laps", "found"), [(1, 0), (2, 0), (3, 1), (4, 1)])
def test_as_many_laps_as_are_asked_are_looked_back(laps, found):
    samples = _samples()
    _repeat(samples, 1000, 8, 3)
    assert len(repeated_lines(samples, CaptureRing(Rings(None, SIZE), 4, 0), laps, (0, 2000))) == found


def test_youngest_lap_is_named_and_findings_are_in_order():
    samples = _samples()
    samples[:, 1000:1008] = samples[:, 900:908] = samples[:, 800:808]
    _repeat(samples, 600, 8, 3)
    got = repeated_lines(samples, CaptureRing(Rings(None, SIZE), 4, 0), 3, (0, 2000))
    assert [(one.frame, one.laps) for one in got] == [(600, 3), (900, 1), (1000, 1)]


def test_capture_ring_of_unknown_size_repeats_nothing():
    assert repeated_lines(_samples(), CaptureRing(Rings(SIZE), 4, 0), 3, (0, 2000)) == []


@pytest.mark.parametrize(
    ("during", "run"),
    [((0, 2000), (1000, 8)), ((900, 2000), (1000, 8)), ((901, 2000), (1001, 7)), ((0, 1007), (1000, 7))],
)
def test_only_frames_while_the_stimulus_was_on_are_compared(during, run):
    samples = _samples()
    _repeat(samples, 1000, 8)
    (got,) = repeated_lines(samples, CaptureRing(Rings(None, SIZE), 4, 0), 1, during)
    assert (got.frame, got.frames) == run


@pytest.mark.parametrize(
    ("frame", "inside"), [(903, False), (904, True), (1000, True), (1103, True), (1104, False)]
)
def test_covered_reaches_96_frames_either_side(frame, inside):
    run = Finding(Kind.STALE, 1000, 8, 0)
    far = Finding(Kind.STALE, 9000, 8, 0)
    assert covered(frame, [far, run]) == inside
    assert not covered(frame, [])


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_frames_needed_are_those_whose_chance_is_a_millionth_of_the_capture(share):
    # Two channels that repeat by chance in so many of their samples at a lag that is no lap.
    rng = np.random.default_rng(2)
    total, lag = 5000, SIZE + 1
    samples = np.empty((2, total), dtype=np.int32)
    samples[:, :lag] = rng.integers(1000, 9000, (2, lag))
    for n in range(lag, total):
        fresh = rng.integers(1000, 9000, 2)
        same = rng.random(2) < share
        samples[:, n] = np.where(same, samples[:, n - lag], fresh)
    equal = [(samples[c, lag:] == samples[c, :-lag]).mean() for c in (0, 1)]
    wanted = math.ceil(math.log(1e-6 / total) / math.log(equal[0] * equal[1]))
    assert identity._needed(samples, SIZE) == wanted


@pytest.mark.parametrize(("value", "chance"), [(-16, 1e-5), (16, 1e-5), (-17, 0.999), (17, 0.999)])
def test_samples_within_the_quiet_spread_do_not_count_as_repeats(value, chance):
    # A constant repeats at any lag; 0.999 and 1e-5 a frame are the most and the least that is believed.
    samples = np.full((1, 5000), value, dtype=np.int32)
    assert identity._needed(samples, SIZE) == math.ceil(math.log(1e-6 / 5000) / math.log(chance))


def test_needed_is_two_frames_at_least_and_all_of_too_short_a_capture():
    assert identity._needed(_samples(203, 4, high=1 << 30), SIZE) == 2
    assert identity._needed(_samples(202), SIZE) == 203
    assert identity._needed(_samples(100), SIZE) == 101


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5])
def test_runs_are_of_frames_that_repeat_in_all_channels(frames):
    samples = _samples(400, 3)
    _repeat(samples, 200, frames)
    samples[0, 300:320] = samples[0, 200:220]
    samples[:2, 350:360] = samples[:2, 250:260]
    assert identity._runs(samples, SIZE, 3) == ([(200, frames)] if frames >= 3 else [])


def test_runs_that_part_are_two_and_those_at_the_ends_are_whole():
    samples = _samples(400)
    for at, frames in ((100, 4), (200, 5), (206, 4), (396, 4)):
        _repeat(samples, at, frames)
    assert identity._runs(samples, SIZE, 4) == [(100, 4), (200, 5), (206, 4), (396, 4)]


@pytest.mark.parametrize(("frames", "found"), [(103, []), (104, [(100, 4)])])
def test_runs_need_a_lap_and_more_than_they_are_long(frames, found):
    samples = _samples(frames)
    _repeat(samples, 100, frames - 100)
    assert identity._runs(samples, SIZE, 3) == found


@pytest.mark.parametrize(("spread", "found"), [(16, 0), (17, 1)])
def test_run_of_quiet_samples_repeats_whoever_wrote_it(spread, found):
    samples = _samples(400)
    samples[:, 100:108] = 0
    samples[0, 100] = spread
    _repeat(samples, 200, 8)
    assert len(identity._runs(samples, SIZE, 3)) == found


def test_nothing_repeats_in_noise():
    assert identity._runs(_samples(400, 2, high=1 << 30), SIZE, 1) == []
