# SPDX-License-Identifier: MIT
"""Even slips of one frame are two clocks; packets, or losses at random, are not."""

from __future__ import annotations

import math
import random

import pytest

from stress.model.record.findings import FindingRecord
from stress.model.transport import USB, TransportRecord
from stress.verdict.cause import Cause
from stress.verdict.diagnosis import diagnose
from stress.verdict.suspects import Context
from stress.verdict.tally import Tally
from stress.verdict.two_clocks import EVEN, Slip, slips, two_clocks

ON_USB = Context(TransportRecord(USB))


def _finding(kind, frame, frames, injected=False):
    return FindingRecord(kind, frame, frames, None, None, None, injected, {})


def _tally(gaps, size=-1, bursts=2):
    tally = Tally("base")
    for _ in range(bursts):
        tally.slips += [Slip(size, 0), *(Slip(size, gap) for gap in gaps)]
    return tally


def test_slips_are_signed_and_know_their_distance():
    found = slips(
        [_finding("drop", 100, 1), _finding("stale", 120, 8), _finding("drop", 150, 2, injected=True),
         _finding("repeat", 600, 1)]
    )  # fmt: skip
    assert found == [Slip(-1, 0), Slip(1, 500)]


def test_two_clocks_even_single_frames_give_the_ppm():
    text = two_clocks(_tally([5000, 5001, 4999, 5000]).slips)
    assert "1 frame missing every 5000 frames" in text
    assert "two clocks 200 ppm apart" in text
    assert "too many" in two_clocks(_tally([5000] * 4, size=1).slips)


@pytest.mark.parametrize("size", [-48, -3, 3])
def test_two_clocks_packets_are_none(size):
    assert two_clocks(_tally([5000] * 4, size).slips) == ""


def test_two_clocks_too_few_or_in_both_directions_are_none():
    assert two_clocks(_tally([5000] * 3).slips) == ""
    both = _tally([5000] * 5)
    both.slips.append(Slip(1, 5000))
    assert two_clocks(both.slips) == ""


def test_two_clocks_losses_at_random_are_none():
    chance = random.Random(4)
    named = sum(
        bool(two_clocks(_tally([round(chance.expovariate(1 / 5000)) for _ in range(8)], bursts=1).slips))
        for _ in range(2000)
    )
    assert named <= 2


@pytest.mark.parametrize(
    ("gaps", "cause"), [([5000] * 5, Cause.CLOCK), ([900, 9000, 40, 5000, 7], Cause.USB_LOSS)]
)
def test_diagnose_even_slips_are_the_clock_and_uneven_ones_the_bus(gaps, cause):
    from stress.plan.plan import Arm
    from stress.verdict.contrast import Measured

    tally = _tally(gaps)
    tally.bursts, tally.checked_frames = 2, 96_000
    tally.counts["drop"] = len(tally.slips)
    found = diagnose([Measured(Arm(name="base", group="g"), tally)], 1e-4, ON_USB)
    assert found.cause is cause
    assert any("two clocks" in line for line in found.evidence) is (cause is Cause.CLOCK)


@pytest.mark.parametrize(
    ("gaps", "size", "named"),
    [
        ([5000] * 8, -1, True),
        ([5000] * 7, -1, False),
        # The first slip of a burst has no gap.
        ([5000] * 7 + [0], -1, False),
        ([5000] * 8, 2, True),
        ([5000] * 8, -2, True),
        ([5000] * 8, 3, False),
        # Half at a distance d below the mean and half above: the spread is d * sqrt(8 / 7) of it.
        ([1 - EVEN * math.sqrt(7 / 8) * 0.999, 1 + EVEN * math.sqrt(7 / 8) * 0.999] * 4, -1, True),
        ([1 - EVEN * math.sqrt(7 / 8) * 1.001, 1 + EVEN * math.sqrt(7 / 8) * 1.001] * 4, -1, False),
    ],
)
def test_two_clocks_at_their_limits(gaps, size, named):
    assert bool(two_clocks([Slip(size, gap) for gap in gaps])) is named


def test_two_clocks_in_words_give_frames_spread_and_the_difference_of_the_rates():
    gaps = [4000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 6000]
    # Two gaps a fifth off of nine: sqrt(2 / 8) / 5 is 10 %; 2 frames of 5000 are 400 ppm.
    assert two_clocks([Slip(-2, gap) for gap in gaps]) == (
        "2 frames missing every 5000 frames, evenly (+- 10.0 %): two clocks 400 ppm apart"
    )
    assert two_clocks([Slip(1, 5000)] * 8).startswith("1 frame too many every 5000 frames, evenly (+- 0.0 %)")


def test_distance_of_slips_is_from_the_one_before():
    found = slips([_finding("drop", frame, 1) for frame in (0, 100, 350)])
    assert found == [Slip(-1, 0), Slip(-1, 100), Slip(-1, 250)]
