# SPDX-License-Identifier: MIT
"""Rates of two runs: exact where episodes are independent, careful where they come in clumps."""

from __future__ import annotations

import math
import random

import pytest

from stress.verdict.rates import MOST_UNITS, RateUnit, RateUnits, Word, difference


def _units(episodes, seconds=10.0, drawn=False, wrong=0):
    return RateUnits(drawn, [RateUnit(one, seconds, wrong, 480000) for one in episodes])


def _word(first, second, saturated=False):
    found = difference(first, second, saturated)
    return found.word(found.comparison.p)


def test_rates_that_differ_a_lot_are_better_or_worse():
    assert _word(_units([10] * 6), _units([40] * 6)) is Word.WORSE
    assert _word(_units([40] * 6), _units([0] * 6)) is Word.BETTER


def test_rates_within_a_factor_of_two_are_the_same_with_enough_episodes_only():
    assert _word(_units([100] * 6), _units([110] * 6)) is Word.SAME
    few = difference(_units([1] * 3), _units([1] * 3), False)
    assert few.word(few.comparison.p) is Word.CANNOT_TELL
    assert 5 < few.factor < 100


def test_exposure_that_is_advised_is_enough_at_the_rates_seen():
    few = difference(_units([1] * 3), _units([2] * 3), False)
    longer = math.ceil(few.factor)
    assert _word(_units([1] * 3), _units([2] * 3)) is Word.CANNOT_TELL
    assert _word(_units([1] * 3 * longer), _units([2] * 3 * longer)) is not Word.CANNOT_TELL


def test_clumps_make_a_difference_weaker():
    even = difference(_units([20] * 6), _units([30] * 6), False)
    clumped = difference(_units([0, 60, 0, 60, 0, 0]), _units([90, 0, 0, 90, 0, 0]), False)
    assert even.spread == 1.0 < 10 < clumped.spread
    assert even.comparison.p < 0.01 < 0.5 < clumped.comparison.p


@pytest.mark.parametrize("clump", [1, 8])
def test_equal_rates_are_called_different_in_a_twentieth_of_the_cases_at_most(clump):
    rng, wrong = random.Random(7), 0

    def count():
        return clump * sum(rng.random() < 0.05 for _ in range(100))

    for _ in range(400):
        word = _word(_units([count() for _ in range(8)]), _units([count() for _ in range(8)]))
        wrong += word in (Word.BETTER, Word.WORSE)
    # 5 % of 400, and three standard deviations.
    assert wrong <= 33


def test_drawn_colours_need_several_rings():
    one = difference(_units([50], drawn=True), _units([0], drawn=True), False)
    assert one.word(one.comparison.p) is Word.CANNOT_TELL
    assert "page colours" in one.doubt
    assert one.factor == 3
    assert _word(_units([50] * 4, drawn=True), _units([0] * 4, drawn=True)) is Word.BETTER


def test_saturated_episodes_compare_the_frames():
    half, most = _units([9] * 4, wrong=5000), _units([9] * 4, wrong=200000)
    assert _word(half, most, saturated=True) is Word.WORSE
    assert difference(half, most, True).by == "frames"
    alone = difference(_units([9], wrong=5000), _units([9], wrong=5000), True)
    assert alone.word(alone.comparison.p) is Word.CANNOT_TELL
    assert alone.factor == 3


def test_nothing_judged_never_tells():
    found = difference(_units([0], seconds=0.0), _units([5]), False)
    assert found.word(found.comparison.p) is Word.CANNOT_TELL
    assert math.isinf(found.factor)


def test_units_of_a_long_run_keep_their_sums():
    many = RateUnits()
    many.kept = [RateUnit(1, 2.0, 3, 4)] * MOST_UNITS
    from tests.record_cases import event

    many.add(
        event({"event": "burst", "episodes": 1, "observed_s": 2.0, "analysis": {"checked_frames": 4}}), 3
    )
    assert len(many.kept) <= MOST_UNITS // 2 + 1
    assert many.total == RateUnit(
        MOST_UNITS + 1, 2.0 * (MOST_UNITS + 1), 3 * (MOST_UNITS + 1), 4 * (MOST_UNITS + 1)
    )


def test_units_of_one_drawn_ring_are_one_unit():
    from tests.record_cases import event

    rings = RateUnits(drawn=True)
    for allocation in (1, 1, 2):
        exposure = {"lines": 1200, "line_bytes": 32, "allocation": allocation, "colours": 4}
        rings.add(event({"event": "burst", "exposure": exposure}), 0)
    assert len(rings.kept) == 2
