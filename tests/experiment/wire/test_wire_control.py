# SPDX-License-Identifier: MIT
"""Faults laid over what was read: found without knowing them, and nothing real is excused by them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment import positive_control
from stress.experiment.positive_control import Planted
from stress.experiment.wire.capture import compare_read
from stress.experiment.wire.control import match, overlay
from stress.experiment.wire.views import by_wire
from stress.model.finding import Kind
from stress.model.wire import CAPTURE_RING
from tests.experiment.wire.wire_cases import RINGS, STEP, Burst

RING = RINGS.capture
FAULTS = (Planted(Kind.STALE, 1000, 8), Planted(Kind.ZERO, 1040, 8), Planted(Kind.BITFLIP, 1083, 1))


def _noise(frames=4096, high=256, seed=1):
    return np.random.RandomState(seed).randint(0, high, frames * STEP).astype(np.uint8)


def _checked(read, into, faults):
    copy, laid = overlay(read, faults, RING, STEP)
    return match(compare_read(copy, into, RING, STEP), laid, len(read) // STEP), laid


@pytest.mark.parametrize("high", [256, 4, 2])
def test_planted_faults_are_found_in_any_noise_and_nothing_else(high):
    read = _noise(high=high)
    geometry = positive_control.Geometry(RING, STEP, 32)
    faults = positive_control.place_faults(4096, geometry, 1.0, 0, "seed")
    assert len(faults) > 90
    (analysis, outcome), laid = _checked(read, read.copy(), faults)
    assert (outcome.planted, outcome.found) == (len(laid), len(laid))
    assert len(laid) > 85
    assert all(finding.injected for finding in analysis.findings)


def test_what_was_read_is_not_touched():
    read = _noise()
    before = read.copy()
    copy, laid = overlay(read, FAULTS, RING, STEP)
    assert np.array_equal(read, before)
    assert laid == FAULTS
    assert np.array_equal(copy[4000:4032], before[4000 - RING * STEP : 4032 - RING * STEP])
    assert not copy[4160:4192].any()
    assert (copy[4332:4336] ^ before[4332:4336]).tolist() == [0, 0, 0, 0x10]


def test_fault_that_changes_nothing_is_not_planted():
    copy, laid = overlay(np.zeros(4096 * STEP, np.uint8), FAULTS, RING, STEP)
    assert [fault.kind for fault in laid] == [Kind.BITFLIP]
    early = (Planted(Kind.STALE, RING - 8, 8), Planted(Kind.ZERO, 4090, 8))
    assert overlay(_noise(), early, RING, STEP)[1] == ()


def test_fault_is_as_long_as_what_differs():
    read = _noise()
    read[4000:4008] = read[4000 - RING * STEP : 4008 - RING * STEP]
    assert overlay(read, FAULTS[:1], RING, STEP)[1] == (Planted(Kind.STALE, 1002, 6),)


def test_zeros_where_the_last_lap_was_silent_are_planted_as_stale():
    read = _noise()
    read[4160 - RING * STEP : 4192 - RING * STEP] = 0
    assert overlay(read, FAULTS[1:2], RING, STEP)[1] == (Planted(Kind.STALE, 1040, 8),)


def test_comparison_that_misses_a_kind_is_caught():
    read = _noise()
    copy, laid = overlay(read, FAULTS, RING, STEP)
    found = compare_read(copy, read, RING, STEP)
    blind = dataclasses.replace(found, findings=tuple(f for f in found.findings if f.kind is not Kind.ZERO))
    _, outcome = match(blind, laid, 4096)
    assert (outcome.planted, outcome.found, outcome.missed) == (3, 2, (laid[1],))


def test_faults_behind_the_end_of_the_wire_were_never_due():
    read = _noise()
    (_, outcome), _ = _checked(read, read[: 1045 * STEP], FAULTS)
    assert outcome.planted == 3
    copy, laid = overlay(read, FAULTS, RING, STEP)
    analysis = compare_read(copy, read[: 1045 * STEP], RING, STEP)
    _, outcome = match(analysis, laid, analysis.frames)
    assert (outcome.planted, outcome.found) == (1, 1)


@pytest.mark.parametrize("laps", [1, 2])
def test_real_fault_laps_behind_a_planted_one_is_not_excused(laps):
    burst = Burst()
    at = 1040 + laps * RING
    burst.read[at : at + 8] = 0
    views = burst.views(over_read=FAULTS)
    real = [finding for finding in by_wire(views, STEP, 32).findings if not finding.injected]
    assert [(f.kind, f.frame, f.details["view"]) for f in real] == [(Kind.ZERO, at, CAPTURE_RING)]
    assert (views.read_control.planted, views.read_control.found) == (3, 3)
    assert views.in_wrong.sum() == 8


def test_planted_line_at_the_end_of_a_packet_is_no_race():
    burst = Burst(several_cpus=True)
    views = burst.views(over_read=(Planted(Kind.STALE, 48 * 42 + 40, 8),))
    (found,) = by_wire(views, STEP, 32).findings
    assert found.injected
    assert "transport" not in found.details


@pytest.mark.parametrize(
    ("frame", "frames", "laid"),
    [
        (RING - 1, 8, False),
        (RING, 8, True),
        (4088, 8, True),
        (4089, 8, False),
        (4095, 1, True),
        (4096, 1, False),
    ],
)
def test_fault_is_laid_where_a_lap_lies_before_it_and_its_end_was_read(frame, frames, laid):
    faults = (Planted(Kind.STALE, frame, frames),)
    assert overlay(_noise(), faults, RING, STEP)[1] == (faults if laid else ())


def test_fault_of_which_the_ends_change_nothing_is_as_long_as_what_does():
    read = _noise().reshape(-1, STEP)
    # The first two frames and the last one are a lap ago what they are now.
    read[2000 - RING : 2002 - RING] = read[2000:2002]
    read[2007 - RING] = read[2007]
    _, laid = overlay(read.reshape(-1), (Planted(Kind.STALE, 2000, 8),), RING, STEP)
    assert laid == (Planted(Kind.STALE, 2002, 5),)
