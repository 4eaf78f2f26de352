# SPDX-License-Identifier: MIT
"""Rates of two runs: exact where episodes are independent, careful where they come in clumps."""

from __future__ import annotations

import math
import random

import pytest

from stress.stats.counts import Comparison, Interval
from stress.verdict.rates import MOST_UNITS, Difference, RateUnit, RateUnits, Word, difference, spread
from tests.record_cases import event


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


def _burst(number, allocation=0, episodes=1):
    exposure = {"lines": 9, "line_bytes": 32, "allocation": allocation, "colours": 4}
    return event(
        {"event": "burst", "number": number, "episodes": episodes, "observed_s": 0.5, "exposure": exposure}
    )


@pytest.mark.parametrize(("drawn", "episodes"), [(True, [3, 12, 16]), (False, [1, 2, 4, 8, 16])])
def test_bursts_of_one_allocation_are_one_unit_where_colours_are_drawn(drawn, episodes):
    units = RateUnits(drawn)
    for number, allocation in enumerate((1, 1, 2, 2, 1)):
        units.add(_burst(number, allocation, 1 << number), 5)
    assert [unit.episodes for unit in units.kept] == episodes
    assert units.total == RateUnit(31, 2.5, 25, 5 * 9600)


def test_units_past_the_most_become_one_of_two_in_a_row_and_none_is_lost():
    units = RateUnits(False, [RateUnit(number, 1.0, 0, 0) for number in range(MOST_UNITS - 1)])
    units.add(_burst(1, episodes=7), 0)
    assert len(units.kept) == MOST_UNITS
    units.add(_burst(2, episodes=9), 0)
    # An odd number: the last one stays alone.
    assert len(units.kept) == MOST_UNITS // 2 + 1
    assert [unit.episodes for unit in units.kept[:3]] == [1, 5, 9]
    assert [unit.episodes for unit in units.kept[-2:]] == [MOST_UNITS - 2 + 7, 9]
    assert units.total.episodes == sum(range(MOST_UNITS - 1)) + 16


def test_frames_are_compared_where_episodes_are_saturated():
    units = [RateUnits(False, [RateUnit(90, 10.0, wrong, 1000)] * 4) for wrong in (200, 400)]
    found = difference(units[0], units[1], True)
    assert (found.by, found.doubt) == ("frames", "")
    assert (found.comparison.first, found.comparison.second, found.comparison.ratio) == (1600, 800, 2.0)
    by_episodes = difference(units[0], units[1], False)
    assert (by_episodes.by, by_episodes.comparison.ratio) == ("episodes", 1.0)


@pytest.mark.parametrize(
    ("first", "second", "saturated", "drawn", "doubted"),
    [
        (3, 3, True, False, False),  # two degrees of freedom in each
        (3, 2, True, False, True),
        (2, 3, True, False, True),
        (5, 1, True, False, False),
        (3, 3, False, True, False),
        (2, 3, False, True, True),
        (1, 1, False, False, False),
    ],
)
def test_too_few_units_are_a_doubt_of_saturated_arms_and_of_drawn_colours(
    first, second, saturated, drawn, doubted
):
    sides = [RateUnits(False, [RateUnit(9, 10.0, 50, 1000)] * number) for number in (first, second)]
    for drawn_side in (0, 1):
        sides[drawn_side].drawn, sides[1 - drawn_side].drawn = drawn, False
        found = difference(*sides, saturated)
        assert bool(found.doubt) is doubted
        # Three units in each, of the side that has fewer.
        assert found.factor == (3 / min(first, second)) if doubted else found.short == math.inf


def test_unit_in_which_nothing_was_observed_has_no_freedom():
    idle = RateUnit(0, 0.0, 0, 0)
    sides = [
        RateUnits(True, [RateUnit(9, 10.0, 50, 1000), RateUnit(9, 10.0, 50, 1000), idle]) for _ in range(2)
    ]
    assert "takes 3 rings" in difference(*sides, False).doubt
    for side in sides:
        side.kept[2] = RateUnit(9, 1.0, 50, 1)
    assert difference(*sides, False).doubt == ""


@pytest.mark.parametrize("which", [0, 1])
def test_run_in_which_nothing_was_observed_does_not_compare(which):
    sides = [RateUnits(False, [RateUnit(9, 10.0, 50, 1000)] * 4) for _ in range(2)]
    sides[which] = RateUnits(False, [RateUnit(0, 0.0, 0, 1000)] * 4)
    assert difference(*sides, False).doubt == "nothing was judged in one of them"


def test_spread_is_pearson_s_statistic_over_its_freedom_and_one_at_least():
    sides = [[(1, 10.0), (9, 10.0)], [(4, 1.0), (4, 1.0)]]
    # Around 5 of 10: (16 + 16) / 5; the other side is even.
    assert spread(sides, 2) == pytest.approx(6.4 / 2)
    assert spread(sides, 1) == pytest.approx(6.4)
    assert spread(sides, 0) == 1.0 == spread([[(4, 1.0), (4, 1.0)]], 1)
    # Units that expect nothing tell nothing.
    assert spread([[(1, 10.0), (9, 10.0), (0, 0.0)], [(0, 5.0)]], 2) == pytest.approx(3.2)
    assert spread([[(1, 0.01), (0, 0.09)]], 1) == pytest.approx((0.9**2) / 0.1 + 0.9)


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((0.51, 1.99), Word.SAME),
        ((0.5, 1.5), Word.CANNOT_TELL),
        ((0.6, 2.0), Word.CANNOT_TELL),
        ((0.6, 3.0), Word.CANNOT_TELL),
        ((0.1, 1.5), Word.CANNOT_TELL),
    ],
)
def test_rates_are_the_same_where_their_ratio_is_within_a_factor_of_two(monkeypatch, interval, word):
    monkeypatch.setattr(Comparison, "interval", Interval(*interval))
    found = Difference(Comparison(0.5, 1.1, 3, 3))
    assert found.word(0.05) is word
    assert found.word(0.049) is Word.WORSE
    assert Difference(Comparison(0.01, 1.0, 3, 3)).word(0.01) is Word.BETTER
