# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import clock as module
from stress.detect.spectral import fit
from stress.detect.spectral.clock import (
    CaptureWindow,
    Fitted,
    SegmentClock,
    fit_on,
    on_played_clock,
    refine,
    window,
)
from stress.detect.spectral.resample import PAD, Resampler, split
from stress.detect.spectral.track import Segment, Track

LENGTH = 8192 - fit.TAPS + 1


class Sent:
    """A band-limited sound as a function of time, so that it is known between frames."""

    def __init__(self, frames, seed=1, tones=24):
        rng = np.random.default_rng(seed)
        self._freqs, self._phases = rng.uniform(0.02, 0.25, tones), rng.uniform(0, 6.28, tones)
        self._whole = self.value(np.arange(-1000, frames))

    def value(self, places):
        """The sound at any places [frames]."""
        turns = self._freqs[:, None] * np.asarray(places)[None, :]
        return (np.cos(2 * np.pi * turns + self._phases[:, None]).sum(axis=0) / 16).astype(np.float32)

    def at(self, start, frames):
        """Played frames `start` on."""
        return self._whole[start + 1000 : start + 1000 + frames]


def test_clock_adds_offset_and_a_polynomial():
    clock = SegmentClock(3.5, (2.0, -1.0), 100.0)
    assert clock.captured(np.array([0.0, 100.0, 50.0])).tolist() == [3.5, 104.5, 54.25]


def test_clock_is_taken_back_to_a_thousandth():
    clock = SegmentClock(701.25, (48.0, -0.3))
    for played in (-300.0, 0.0, 48000.0, 900000.0):
        captured = float(clock.captured(np.array([played]))[0])
        assert clock.played(captured) == pytest.approx(played, abs=1e-3)


@pytest.mark.parametrize(
    ("clock", "same"),
    [
        (SegmentClock(700.0), True), (SegmentClock(700.0, (0.0, 0.0)), True), (SegmentClock(700.25), False),
        (SegmentClock(700.0, (0.1,)), False), (SegmentClock(700.0, (0.0, 0.1)), False),
    ],
)  # fmt: skip
def test_clock_is_the_same_at_a_whole_delay_without_drift(clock, same):
    assert clock.same is same


def test_drift_is_how_much_slower_the_capture_runs():
    assert SegmentClock(0.0).drift_ppm == 0.0
    # 48 frames fewer in 48000: the capture is slower by 1 / 999.
    assert SegmentClock(0.0, (-48.0,)).drift_ppm == pytest.approx(1e6 / 999)
    assert SegmentClock(0.0, (10.0, 7.0), 100000.0).drift_ppm == pytest.approx(-100, rel=1e-3)


def test_window_on_one_clock_is_the_capture_itself():
    found = window(SegmentClock(7.0), 100, 5)
    assert found == CaptureWindow(107, 5, None)
    assert found.heard(np.arange(200, dtype=np.float32), None).tolist() == [107, 108, 109, 110, 111]


def test_window_on_two_clocks_begins_before_its_first_instant():
    clock = SegmentClock(1000.75, (4.8,))
    found = window(clock, 480, 300)
    places = clock.captured(480 + np.arange(300.0))
    assert (found.base, found.length) == (int(places[0]) - PAD, 300)
    assert found.instants.runs == split(places - found.base).runs
    sound = Sent(9000)
    heard = on_played_clock(sound.at(0, 9000), clock, 480, 300, Resampler(4096))
    assert heard == pytest.approx(sound.value(places), abs=2e-3)


def segment(start, stop, delay=7.0, step=4096):
    """A segment of blocks at one delay."""
    frames = tuple(float(one) for one in np.arange(start + step / 2, stop, step))
    return Segment(start, stop, frames, (delay,) * len(frames))


@pytest.mark.parametrize(
    ("drift", "moves", "clocks", "settled"),
    [
        (0.0039, [0.0, 0.0199], [SegmentClock(7.0)], True),
        (-0.0039, [0.5, 0.5], [SegmentClock(7.0)], True),
        (0.004, [0.0], [SegmentClock(7.0)], False),
        (-0.004, [0.0], [SegmentClock(7.0)], False),
        (0.0, [0.0, 0.0201], [SegmentClock(7.0)], False),
        (0.0, [0.0], [SegmentClock(7.0), SegmentClock(7.5)], False),
    ],
)
def test_clock_is_settled_where_neither_drift_nor_offsets_are_left(drift, moves, clocks, settled):
    assert module._settled(drift, moves, clocks) is settled


def test_first_clock_has_the_median_delay():
    assert module._start_clock((100.0, 200.0, 300.0), (7.0, 7.4, 90.0), ()) == SegmentClock(7.0)
    found = module._start_clock((48107.0, 96114.0, 144121.0), (107.0, 114.0, 121.0), (7.0,))
    assert found == SegmentClock(100.0, (7.0,))


def test_blocks_are_spread_evenly_over_what_was_tracked():
    track = Track((segment(0, 40 * 4096), segment(50 * 4096, 70 * 4096)), (), 0.0)
    clocks = (SegmentClock(7.0), SegmentClock(9.0))
    starts, owner = module._places(track, clocks)
    where = [(i, frame) for i, one in enumerate(track.segments) for frame in one.frames]
    chosen = [where[n] for n in (0, 5, 10, 16, 21, 26, 32, 37, 42, 48, 53, 59)]
    assert owner.tolist() == [i for i, _ in chosen]
    # Block centres in the middle, except at the ends of segments.
    plain = [np.rint(frame - clocks[i].offset - LENGTH / 2) for i, frame in chosen]
    assert starts.tolist()[1:8] == plain[1:8]
    assert starts[0] == 0.0
    assert starts[-1] == 70 * 4096 - 9 - LENGTH


def test_every_block_of_a_short_track_is_used():
    starts, owner = module._places(Track((segment(0, 5 * 4096),), (), 0.0), (SegmentClock(7.0),))
    assert (len(starts), owner.tolist()) == (len(set(starts)), [0] * 5)


@pytest.mark.parametrize(
    ("index", "start", "inside"),
    [
        (0, 9000.0, 9000.0),
        (0, -50.0, 0.0),
        (0, 34000.0, 5 * 8192 - 7 - LENGTH),
        (1, 0.0, 60000.0 - 9),
        (1, 99999.0, 80000.0 - 9 - LENGTH),
        # A segment that is shorter than a block has none inside.
        (2, 90500.0, 90500.0),
    ],
)
def test_block_lies_inside_its_segment(index, start, inside):
    track = Track((segment(20, 5 * 8192), segment(60000, 80000), segment(90000, 95000)), (), 0.0)
    clocks = (SegmentClock(7.0), SegmentClock(9.0), SegmentClock(9.0))
    assert module._inside(track, clocks, index, start) == inside


def test_derivative_is_exact_for_polynomials():
    n = np.arange(40.0) / 10
    rows = np.stack([n**3, 2 * n, n**6])
    found = module._derivative(rows)
    inner = n[4:-4]
    assert found.shape == (3, 32)
    assert found == pytest.approx(np.stack([3 * inner**2, np.full(32, 2.0), 6 * inner**5]) / 10, rel=1e-9)


def fitted(prediction, residual):
    """What a fit leaves over."""
    return Fitted((), np.zeros(0), np.zeros(0), prediction, residual)


def test_timing_error_of_a_block_is_its_residual_along_the_slope():
    n = np.arange(4000)
    rows = np.stack([np.sin(0.1 * n), 3 * np.sin(0.2 * n + 1), np.sin(0.15 * n)]).astype(np.float32)
    slope = np.zeros(rows.shape)
    slope[:, 4:-4] = module._derivative(rows.astype(float))
    shift, weight = module._timing(fitted(rows, -slope * np.array([[0.01], [-0.003], [0.004]])))
    assert shift == pytest.approx([0.01, -0.003, 0.004], rel=1e-3)
    assert weight == pytest.approx((slope**2).sum(axis=1), rel=1e-6)


def test_timing_of_a_noisy_block_has_no_weight_and_peaks_are_cut():
    rng, n = np.random.default_rng(1), np.arange(4000)
    rows = np.stack([np.sin(0.1 * n)] * 5).astype(np.float32)
    noise = rng.normal(0, 0.01, rows.shape)
    noise[3] *= 4
    shift, weight = module._timing(fitted(rows, noise))
    assert (weight > 0).tolist() == [True, True, True, False, True]
    limit = 5 * 1.4826 * np.median(np.abs(noise))
    noise[0, 100] = 50.0
    slope = module._derivative(rows.astype(float))[0]
    cut = np.clip(noise[0, 4:-4], -limit, limit)
    assert module._timing(fitted(rows, noise))[0][0] == pytest.approx(
        -(slope @ cut) / (slope @ slope), rel=1e-3
    )


@pytest.mark.parametrize("degree", [1, 2])
def test_timing_is_a_common_polynomial_and_an_offset_of_each_segment(degree):
    starts = np.arange(10) * 20000.0
    owner = (np.arange(10) > 5).astype(int)
    u = (starts + LENGTH / 2) / 48000
    shift = 0.3 * u + (0.05 * u**2 if degree == 2 else 0) + np.array([1.5, -2.5])[owner]
    weight = np.ones(10)
    shift[4], weight[4] = 99.0, 0.0
    bends, moves = module._regress((shift, weight), starts, owner, 2, degree)
    assert bends == pytest.approx([0.3, 0.05][:degree])
    assert moves == pytest.approx([1.5, -2.5])


def test_timing_of_two_blocks_is_an_offset_alone():
    found = module._regress(
        (np.array([0.1, 0.3]), np.array([1.0, 3.0])), np.array([0.0, 9000.0]), np.zeros(2), 1, 1
    )
    assert found == ([0.0], [pytest.approx(0.25)])


def test_timing_weighs_blocks_by_their_power():
    found = module._regress(
        (np.array([0.0, 1.0, 0.0]), np.array([1.0, 9.0, 1.0])), np.zeros(3), np.zeros(3), 1, 1
    )
    assert sum(found[1]) + found[0][0] * LENGTH / 2 / 48000 == pytest.approx(9 / 11)


@pytest.mark.parametrize(("offset", "ppm"), [(700.0, 0.0), (700.37, 60.0), (640.2, -150.0)])
def test_refined_clock_is_that_of_the_capture(offset, ppm):
    frames = 90000
    sound = Sent(frames + 1000)
    ratio = 1 + ppm * 1e-6
    # Captured frame n is played at (n - offset) / ratio.
    y = sound.value((np.arange(frames) - offset) / ratio) * np.float32(0.5)
    frames_at = np.arange(4096 + 2048.0, frames - 4096, 4096)
    delays = frames_at - (frames_at - offset) / ratio
    track = Track((Segment(4096, frames, tuple(frames_at), tuple(np.rint(delays))),), (), ppm * 1e-6)
    found = refine(y, sound, track)
    (clock,) = found.clocks
    played = np.array([10000.0, 50000.0, 75000.0])
    taps = np.abs(np.fft.rfft(found.taps, 4096))[int(0.05 * 4096) : int(0.2 * 4096)]
    assert np.median(taps) == pytest.approx(0.5, rel=0.02)
    wanted = played * ratio + offset
    late = float(np.mean(clock.captured(played) - wanted))
    assert clock.captured(played) - late == pytest.approx(wanted, abs=2e-3)
    # What the taps take up of the delay is less than a frame.
    assert abs(late) < 0.6
    assert float(np.std(found.residual)) < 2e-3 * float(np.std(y))
    again = fit_on(y * np.float32(-2), sound, track, found.clocks)
    assert again.taps == pytest.approx(-2 * found.taps, abs=1e-3)
    assert again.clocks == found.clocks
