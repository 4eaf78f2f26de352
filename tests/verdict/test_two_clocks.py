# SPDX-License-Identifier: MIT
"""Even slips of one frame are two clocks; packets, or losses at random, are not."""

from __future__ import annotations

import random

import pytest

from stress.model.record.findings import FindingRecord
from stress.model.transport import USB, TransportRecord
from stress.verdict.cause import Cause
from stress.verdict.diagnosis import diagnose
from stress.verdict.suspects import Context
from stress.verdict.tally import Tally
from stress.verdict.two_clocks import Slip, slips, two_clocks

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
