# SPDX-License-Identifier: MIT
"""How the clock is refined, where each round measures the timing of its blocks without an error."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import clock as module
from stress.detect.spectral import fit
from stress.detect.spectral.clock import SegmentClock, fit_on, refine
from stress.detect.spectral.signal import Reference
from stress.detect.spectral.track import Segment, Track
from tests.detect.spectral.known import Noise

LENGTH, SPAN = module._LENGTH, 96000


class World:
    """Clocks that are known: a fit is told where its blocks lie, and its timing is off by what it is."""

    def __init__(self, monkeypatch, truth, starts, owner=None, loose=()):
        self.truth, self.starts = truth, np.asarray(starts, dtype=float)
        self.owner = np.zeros(len(starts), int) if owner is None else np.asarray(owner)
        self.loose, self.tried = list(loose), []
        monkeypatch.setattr(module, "_fit", self._fit)
        monkeypatch.setattr(module, "_timing", self._timing)

    def _fit(self, y, x, track, clocks, resampler):
        self.tried.append(clocks)
        return len(self.tried), self.starts, self.owner

    def _timing(self, fitted):
        played, clocks = self.starts + LENGTH / 2, self.tried[-1]
        shift = np.array(
            [
                float(self.truth[o].captured(np.array([m]))[0] - clocks[o].captured(np.array([m]))[0])
                for m, o in zip(played, self.owner)
            ]
        )
        shift[self.loose] = 99.0
        weight = np.ones(len(shift))
        weight[self.loose] = 0.0
        return shift, weight

    def refine(self, slope=0.0, delays=(7.0,)):
        """The number of the fit that is returned, from delays that were tracked."""
        segments = tuple(Segment(0, SPAN, (0.0,), (delay,)) for delay in delays)
        return refine(np.zeros(SPAN, np.float32), None, Track(segments, (), slope))


STARTS = np.linspace(0, 80000, 12)


def test_one_clock_is_settled_by_the_first_fit(monkeypatch):
    world = World(monkeypatch, [SegmentClock(7.0)], STARTS)
    assert world.refine() == 1
    assert world.tried == [(SegmentClock(7.0),)]


@pytest.mark.parametrize(("drift", "fits"), [(0.0039, 1), (0.0041, 2), (-0.0039, 1), (-0.0041, 2)])
def test_drift_below_four_thousandths_of_a_frame_is_one_clock(monkeypatch, drift, fits):
    world = World(monkeypatch, [SegmentClock(7.0, (drift * 48000 / SPAN,))], STARTS)
    assert world.refine() == fits


@pytest.mark.parametrize("ppm", [60.0, -150.0])
def test_drift_and_fraction_are_found_in_one_round_and_seen_in_the_next(monkeypatch, ppm):
    truth = SegmentClock(7.37, (ppm * 48e-3,))
    world = World(monkeypatch, [truth], STARTS)
    assert world.refine(ppm * 1.02e-6) == 2
    (found,) = world.tried[1]
    assert found.offset == pytest.approx(7.37, abs=1e-9)
    assert found.coefficients == pytest.approx(truth.coefficients)


@pytest.mark.parametrize(("gained", "begins"), [(0.5, ()), (-0.5, ()), (0.6, (0.3,)), (-0.6, (-0.3,))])
def test_tracked_slope_is_begun_with_from_half_a_frame_on(monkeypatch, gained, begins):
    world = World(monkeypatch, [SegmentClock(7.0, (0.3,))], STARTS)
    world.refine(gained / SPAN)
    assert world.tried[0][0].coefficients == pytest.approx(begins)


@pytest.mark.parametrize(("blocks", "fits", "terms"), [(12, 5, 5), (8, 5, 5), (7, 7, 1)])
def test_clock_may_bend_after_three_rounds_on_eight_blocks_or_more(monkeypatch, blocks, fits, terms):
    truth = SegmentClock(7.0, (2.0, -0.6, 0.1))
    world = World(monkeypatch, [truth], np.linspace(0, 80000, blocks))
    assert world.refine() == fits
    assert [len(one[0].coefficients) for one in world.tried[1:]] == [1, 1, 1, *[terms] * (fits - 4)]
    if terms == 5:
        assert world.tried[-1][0].coefficients == pytest.approx((2.0, -0.6, 0.1, 0.0, 0.0), abs=1e-6)


def test_drift_of_every_round_is_added_to_that_before(monkeypatch):
    # The first fit has the tracked slope; a line through a bent clock is not the whole of it.
    world = World(monkeypatch, [SegmentClock(7.0, (2.0, -0.6))], STARTS)
    world.refine(1.5 / 48000)
    lines = [one[0].coefficients[0] for one in world.tried[:3]]
    assert lines[0] == pytest.approx(1.5)
    assert lines[1] == pytest.approx(lines[2])
    assert world.tried[-1][0].coefficients[:2] == pytest.approx((2.0, -0.6))


def test_segments_have_offsets_of_their_own(monkeypatch):
    truth = [SegmentClock(7.3, (2.0,)), SegmentClock(-20.4, (2.0,))]
    world = World(monkeypatch, truth, STARTS, [0] * 6 + [1] * 6)
    assert world.refine(delays=(7.0, -20.0)) == 2
    assert [one.offset for one in world.tried[1]] == pytest.approx([7.3, -20.4])
    assert [one.coefficients for one in world.tried[1]] == [pytest.approx((2.0,))] * 2


def test_block_without_weight_keeps_no_round_going(monkeypatch):
    world = World(monkeypatch, [SegmentClock(7.37, (2.0,))], STARTS, loose=[4])
    assert world.refine() == 2


@pytest.mark.parametrize(("error", "fits"), [(4.9e-4, 1), (5.1e-4, 2)])
def test_timing_of_half_a_thousandth_of_a_frame_is_done(monkeypatch, error, fits):
    # Begun with the true drift, so that one clock cannot settle it.
    world = World(monkeypatch, [SegmentClock(7.0 + error, (4.8,))], STARTS)
    monkeypatch.setattr(module, "_start_clock", lambda *_: SegmentClock(7.0, (4.8,)))
    assert world.refine(1e-4) == fits


def test_taps_are_fitted_around_the_delay_without_the_offset_of_the_converter():
    frames = 60000
    x = Reference(Noise(), 0, 5000, 1000, frames)
    y = np.zeros(frames, np.float32)
    y[7:] = 0.5 * x.at(0, frames - 7)
    y += np.float32(0.3)
    track = Track((Segment(0, frames, tuple(np.arange(2048.0, frames, 4096)), (7.0,) * 14),), (), 0.0)
    got = fit_on(y, x, track, (SegmentClock(7.0),))
    wanted = np.zeros(fit.TAPS)
    wanted[fit.PRE] = 0.5
    np.testing.assert_allclose(got.taps, wanted, atol=3e-4)
    assert got.x.shape == (12, LENGTH + fit.TAPS - 1)
    assert np.abs(got.residual).max() < 3e-3 and got.clocks == (SegmentClock(7.0),)


def test_recording_that_starts_late_has_its_first_block_behind_its_start():
    track = Track((Segment(20, 40000, (), ()),), (), 0.0)
    assert module._inside(track, (SegmentClock(-50.0),), 0, -100.0) == 50.0


@pytest.mark.parametrize(("more", "start"), [(0, 60000.0 - 9), (-1, 123.0)])
def test_segment_of_one_block_holds_it_and_a_shorter_one_does_not(more, start):
    track = Track((Segment(0, 5, (), ()), Segment(60000, 60000 + LENGTH + more, (), ())), (), 0.0)
    assert module._inside(track, (SegmentClock(7.0), SegmentClock(9.0)), 1, 123.0) == start


@pytest.mark.parametrize(("power", "weighed"), [(8.9, True), (9.5, False), (9.9, False)])
def test_block_of_nine_times_the_median_noise_has_no_weight(power, weighed):
    n = np.arange(4000)
    rows = np.stack([np.sin(0.1 * n)] * 5).astype(np.float32)
    residual = np.resize([0.01, -0.01], rows.shape)
    residual[3] *= np.sqrt(power)
    fitted = module.Fitted((), np.zeros(0), np.zeros(0), rows, residual)
    assert (module._timing(fitted)[1][3] > 0) == weighed


def test_three_blocks_are_a_line():
    starts = np.array([0.0, 20000.0, 40000.0])
    shift = 0.3 * (starts + LENGTH / 2) / 48000 + 1.5
    bends, moves = module._regress((shift, np.ones(3)), starts, np.zeros(3, int), 1, 1)
    assert (bends, moves) == ([pytest.approx(0.3)], [pytest.approx(1.5)])
