# SPDX-License-Identifier: MIT
import math

import numpy as np
import pytest

from stress.detect.spectral import identity
from stress.detect.spectral.identity import CaptureRing, covered, repeated_lines
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings

SIZE = 1200
RING = CaptureRing(Rings(None, SIZE), 4, 77)


def noise(channels=2, frames=20000, seed=1, span=3000):
    """Samples that never repeat for long."""
    return np.random.default_rng(seed).integers(-span, span, (channels, frames)).astype(np.int32)


def repeated(samples, start, frames, lag):
    """A copy in which `frames` frames at `start` are those of `lag` frames before."""
    out = samples.copy()
    out[:, start : start + frames] = out[:, start - lag : start + frames - lag]
    return out


def test_repeated_line_is_told_with_its_place_in_the_ring():
    ring = CaptureRing(Rings(None, SIZE, capture_start=100), 4, (1 << 32) - 5000)
    (found,) = repeated_lines(repeated(noise(), 9004, 8, 2 * SIZE), ring, 8, (0, 20000))
    assert found == Finding(
        Kind.STALE, 9004, 8, 9004 - 5000, 2 * SIZE, 2, "capture", (9104 % SIZE) * 4, 32, False,
        {"bit_identical": True},
        "8 frames at frame 9004 repeat frame 6604 to the bit: 2 laps of the capture ring",
    )  # fmt: skip


def test_repeated_line_of_one_lap_is_a_lap():
    (found,) = repeated_lines(repeated(noise(), 9004, 8, SIZE), RING, 8, (0, 20000))
    assert found.text.endswith(": 1 lap of the capture ring")


@pytest.mark.parametrize(("lap", "found"), [(1, 1), (8, 1), (9, 0)])
def test_lines_are_looked_for_in_so_many_laps(lap, found):
    assert len(repeated_lines(repeated(noise(), 15000, 8, lap * SIZE), RING, 8, (0, 20000))) == found


def test_capture_without_a_ring_has_no_repeated_lines():
    samples = repeated(noise(), 9000, 8, SIZE)
    assert repeated_lines(samples, CaptureRing(Rings(SIZE, None), 4, 77), 8, (0, 20000)) == []


def test_lines_are_looked_for_while_the_stimulus_was_on():
    samples = repeated(repeated(noise(), 5000, 8, SIZE), 16000, 8, SIZE)
    frames = [one.frame for one in repeated_lines(samples, RING, 8, (500, 15000))]
    assert frames == [5000]
    assert [one.frame for one in repeated_lines(samples, RING, 8, (0, 20000))] == [5000, 16000]


def test_line_that_fits_several_laps_is_of_the_last():
    samples = repeated(repeated(noise(), 9000, 8, SIZE), 10200, 8, SIZE)
    found = repeated_lines(samples, RING, 8, (0, 20000))
    assert [(one.frame, one.laps) for one in found] == [(9000, 1), (10200, 1)]


@pytest.mark.parametrize(
    ("frame", "inside"), [(1000 - 97, False), (1000 - 96, True), (1103, True), (1104, False)]
)
def test_alarm_near_a_repeated_line_is_the_line(frame, inside):
    assert covered(frame, [Finding(Kind.STALE, 1000, 8, 0)]) is inside
    assert covered(frame, []) is False


def test_frames_that_are_no_chance_follow_from_how_often_samples_repeat():
    # Two channels of samples that are equal at any lag in one frame of eight.
    samples = np.random.default_rng(2).integers(0, 8, (2, 40000)).astype(np.int32) * 100 + 100
    lag = SIZE + 1
    equal = [(samples[c, lag:] == samples[c, :-lag]).mean() for c in (0, 1)]
    expected = math.ceil(math.log(1e-6 / 40000) / math.log(equal[0] * equal[1]))
    assert identity._needed(samples, SIZE) == expected == 6


def test_frames_that_are_no_chance_are_two_at_least():
    assert identity._needed(noise(), SIZE) == 2
    assert identity._needed(noise(1, span=1 << 20), SIZE) == 3
    # One in 100000 is the least chance that is believed.
    assert identity._needed(np.arange(100000, dtype=np.int32)[None, :] * 20 + 20, SIZE) == 3


def test_quiet_samples_do_not_count_as_repeats():
    samples = noise(1, 20000, 3, 40)
    loud = np.abs(samples[:, SIZE + 1 :]) > 16
    equal = float(((samples[:, SIZE + 1 :] == samples[:, : -SIZE - 1]) & loud).sum() / loud.sum())
    assert identity._needed(samples, SIZE) == math.ceil(math.log(1e-6 / 20000) / math.log(equal))
    assert identity._needed(np.full((1, 20000), 16, np.int32), SIZE) == 3
    assert identity._needed(np.full((1, 20000), 17, np.int32), SIZE) > 10000


def test_capture_of_two_laps_is_too_short_to_tell_chance():
    assert identity._needed(noise(2, 2 * (SIZE + 1)), SIZE) == 2 * (SIZE + 1) + 1
    assert identity._needed(noise(2, 2 * (SIZE + 1) + 1), SIZE) == 2


@pytest.mark.parametrize(("frames", "found"), [(3, 0), (4, 1), (5, 1)])
def test_run_is_as_long_as_is_needed(frames, found):
    samples = repeated(noise(), 9000, frames, SIZE)
    runs = identity._runs(samples, SIZE, 4)
    assert runs == [(9000, frames)] * found


def test_runs_end_where_a_frame_differs():
    samples = repeated(noise(), 9000, 20, SIZE)
    samples[1, 9009] += 1
    assert identity._runs(samples, SIZE, 2) == [(9000, 9), (9010, 10)]


@pytest.mark.parametrize(("frames", "found"), [(1206, 0), (1207, 1)])
def test_run_needs_a_lap_before_it(frames, found):
    samples = noise(1, frames)
    samples[0, 1200:] = samples[0, : frames - 1200]
    assert len(identity._runs(samples, 1200, 6)) == found


@pytest.mark.parametrize(("spread", "found"), [(16, 0), (17, 1)])
def test_run_that_hardly_moves_is_silence(spread, found):
    samples = noise()
    samples[:, 7800:7808], samples[:, 9000:9008] = 5, 5
    samples[:, 7803], samples[:, 9003] = 5 + spread, 5 + spread
    assert len([one for one in identity._runs(samples, SIZE, 4) if one[0] == 9000]) == found
