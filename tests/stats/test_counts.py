# SPDX-License-Identifier: MIT
"""Bounds and tests: published values, scipy, and sizes measured on null data."""

from __future__ import annotations

import math
import random

import pytest

from stress.stats.counts import (
    Sequential,
    Stop,
    clopper_pearson,
    compare,
    dispersion,
    exposure_factor,
    holm,
    poisson_at_most,
    poisson_interval,
)

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, st = hypothesis.given, hypothesis.strategies
stats = pytest.importorskip("scipy.stats", reason="needs scipy: pip install .[test]")


@given(st.integers(0, 60), st.integers(0, 60))
def test_clopper_pearson_agrees_with_scipy(hits, misses):
    trials = hits + misses
    if not trials:
        return
    low = stats.beta.ppf(0.025, hits, misses + 1) if hits else 0.0
    high = stats.beta.ppf(0.975, hits + 1, misses) if misses else 1.0
    found = clopper_pearson(hits, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("first", "second", "p"), [(5, 0, 0.0625), (0, 6, 0.03125), (10, 0, 0.001953125)])
def test_compare_of_equal_exposures_has_the_closed_form(first, second, p):
    assert compare(first, 1.0, second, 1.0).p == pytest.approx(p)


def test_compare_ten_to_none_states_its_lower_limit():
    found = compare(10, 1.0, 0, 1.0)
    assert found.ratio == math.inf
    assert found.interval.low == pytest.approx(2.24, abs=0.01)
    assert found.interval.high == math.inf


def test_compare_without_events_says_nothing():
    found = compare(0, 1.0, 0, 1.0)
    assert found.p == 1.0
    assert (found.interval.low, found.interval.high) == (0.0, math.inf)


def test_compare_size_on_null_data_stays_below_nominal():
    chance = random.Random(5)

    def poisson(mean):
        limit, count, product = math.exp(-mean), 0, chance.random()
        while product > limit:
            count, product = count + 1, product * chance.random()
        return count

    rejected = sum(compare(poisson(20), 1.0, poisson(20), 1.0).p < 0.05 for _ in range(2000))
    assert rejected / 2000 <= 0.05


def test_holm_adjusts_in_order_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_dispersion_of_equal_counts_is_zero_and_of_clumps_is_large():
    assert dispersion(3, 12, 48) == 0.0  # 4, 4, 4
    assert dispersion(3, 30, 900) == pytest.approx(30.0)  # 0, 0, 30
    assert dispersion(4, 14, 66) == pytest.approx(17 / 10.5)  # 1, 2, 5, 6: squared off by 17 in all, mean 3.5
    assert math.isnan(dispersion(2, 0, 0))


def test_sequential_clean_run_is_accepted_after_the_published_time():
    test = Sequential(good=1 / 24, bad=1.0)
    assert test.clean_exposure() == pytest.approx(3.07, abs=0.01)
    assert test.decide(0, 3.0) is Stop.GO_ON
    assert test.decide(0, 3.1) is Stop.GOOD
    assert test.decide(2, 0.5) is Stop.BAD


def test_interval_of_a_ratio_follows_the_exposures():
    equal, longer = compare(30, 1.0, 10, 1.0), compare(30, 4.0, 10, 1.0)
    assert longer.ratio == pytest.approx(equal.ratio / 4)
    assert (longer.interval.low, longer.interval.high) == pytest.approx(
        (equal.interval.low / 4, equal.interval.high / 4)
    )
    split = stats.beta.ppf([0.025, 0.975], [30, 31], [11, 10])
    assert (equal.interval.low, equal.interval.high) == pytest.approx(tuple(split / (1 - split)))


@pytest.mark.parametrize("number", [20, 56, 128, 900])
def test_probability_of_a_full_cure_is_exact_however_small(number):
    assert compare(number, 3.0, 0, 3.0).p == pytest.approx(2 * 0.5**number, rel=1e-9)
    assert compare(0, 3.0, number, 3.0).p == pytest.approx(2 * 0.5**number, rel=1e-9)


@pytest.mark.parametrize("events", [0, 1, 2, 7, 40, 999])
def test_poisson_interval_is_the_one_of_chi_square(events):
    found = poisson_interval(events)
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    assert found.low == pytest.approx(low, rel=1e-6)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 2 * events + 2) / 2, rel=1e-6)


@pytest.mark.parametrize("events", [1000, 25_000])
def test_poisson_interval_of_many_events_is_right_to_four_digits(events):
    found = poisson_interval(events)
    assert found.low == pytest.approx(stats.chi2.ppf(0.025, 2 * events) / 2, rel=1e-4)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 2 * events + 2) / 2, rel=1e-4)


@pytest.mark.parametrize("events", [0, 1, 5, 60])
@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 61.5])
def test_poisson_at_most_is_the_sum_of_its_terms(events, mean):
    due = stats.poisson.cdf(events, mean)
    assert poisson_at_most(events, mean) == pytest.approx(due, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("first", "second", "ratio", "expected"),
    [
        (0, 0, math.nan, math.inf),
        # (1.96 + 0.84)^2 (1/n + 1/m) over the square of the nearer distance: to being the same, or apart.
        (20, 20, 1.0, 7.848876 * 0.1 / math.log(2) ** 2),
        (6, 5, 1.2, 7.848876 * (1 / 6 + 1 / 5) / (math.log(2) - math.log(1.2)) ** 2),
        (7, 4, 1.75, 7.848876 * (1 / 7 + 1 / 4) / math.log(1.75) ** 2),
        (40, 10, 4.0, 1.0),
        # None counts as half an event.
        (5, 0, math.inf, 7.848876 * 2.2 / math.log(10) ** 2),
        (0, 5, 0.0, 7.848876 * 2.2 / math.log(10) ** 2),
        (1, 0, math.inf, 7.848876 * 3 / math.log(2) ** 2),
    ],
)
def test_longer_exposure_that_would_tell_has_its_closed_form(first, second, ratio, expected):
    assert exposure_factor(first, second, ratio, 2.0) == pytest.approx(expected, rel=1e-5)
