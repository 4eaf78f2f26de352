# SPDX-License-Identifier: MIT
"""Figures of statistics over a grid, with counts and shares at their ends."""

from __future__ import annotations

from stress.stats import counts, dose, special
from tests.pinned.kit import word

COUNTS = (0, 1, 2, 3, 10, 57, 1000)


def binomial():
    """Tails and intervals of a share."""
    for trials in (1, 2, 5, 40, 1000):
        for hits in sorted({0, 1, trials // 2, trials - 1, trials}):
            for share in (0.0, 1e-6, 0.3, 0.5, 0.97, 1.0):
                tails = [
                    function(hits, trials, share)
                    for function in (counts.binomial_at_most, counts.binomial_at_least)
                ]
                yield f"{hits} of {trials} at {share}: {word(tails)}"
            intervals = [counts.clopper_pearson(hits, trials, level) for level in (0.9, 0.95)]
            yield f"{hits} of {trials}: {word(intervals)}"


def poisson():
    """Intervals and tails of a count, and comparisons of two."""
    for events in COUNTS:
        tails = [counts.poisson_at_most(events, mean) for mean in (0.0, 1e-9, 0.5, 1.0, 12.5, 900.0)]
        yield f"{events}: {word(counts.poisson_interval(events))} {word(tails)}"
        for second in COUNTS:
            for exposures in ((1.0, 1.0), (2.0, 30.0), (0.0, 1.0)):
                found = counts.compare(events, exposures[0], second, exposures[1])
                yield f"{events} and {second} in {exposures}: {word(found)} {word(found.interval)}"
            grown = [
                counts.exposure_factor(events, second, ratio, 2.0) for ratio in (0.0, 0.4, 1.0, 1.9, 2.0, 7.0)
            ]
            yield f"{events} and {second}: exposure {word(grown)}"


def tests_of_many():
    """Adjusted p values, dispersions, sequential tests."""
    for values in ([], [0.5], [0.01, 0.02, 0.03], [0.04, 0.001, 0.04, 1.0], [0.3, 0.3, 0.3]):
        yield f"{values}: {word(counts.holm(values))}"
    for number in (0, 1, 2, 3, 20):
        for total in (0, 1, 7, 300):
            found = [counts.dispersion(number, total, square) for square in (0, 7, 90, 30000)]
            yield f"{number} {total}: {word(found)}"
    for rule in (counts.Sequential(1.0, 4.0), counts.Sequential(0.01, 0.5, 0.01, 0.1)):
        yield f"{word(rule)}: clean {word(rule.clean_exposure())}"
        for events in (0, 1, 2, 3, 4, 8, 30):
            said = [rule.decide(events, exposure).value for exposure in (0.0, 0.5, 1.0, 2.0, 5.0, 20.0)]
            yield f"{events}: {', '.join(said)}"
    yield f"missed {word([counts.miss_bound_95(n) for n in COUNTS])}"


def doses():
    """Fits of counts to a dose."""
    for points in (
        [(0, 100, 10), (100, 50, 10), (200, 25, 10)],
        [(0, 100, 10), (100, 50, 10)],
        [(0, 100, 10), (0, 90, 10), (0, 80, 10)],
        [(0, 0, 10), (100, 0, 10), (200, 0, 10)],
        [(0, 3, 10), (50, 9, 10), (100, 30, 10), (300, 200, 10)],
        [(0, 400, 10), (1000, 0, 10), (2000, 0, 10)],
        [(0, 5, 1), (10, 4, 1), (20, 6, 1), (30, 0, 0)],
        [(0, 1, 1), (1, 0, 1), (2, 0, 1)],
    ):
        yield f"{points}: {word(dose.fit(points))}"


def functions():
    """The special functions behind them."""
    for a, b in ((0.5, 0.5), (1, 1), (2, 30), (40, 3), (500, 500)):
        found = [special.beta_regularised(a, b, x) for x in (0.0, 1e-9, 0.05, 0.4, 0.5, 0.95, 1.0)]
        yield f"beta {a} {b}: {word(found)}"
    for freedom in (1, 2, 5, 30, 1000):
        found = [special.student_two_sided(t, freedom) for t in (-3.0, 0.0, 0.1, 1.96, 12.0)]
        yield f"student {freedom}: {word(found)}"
    for target in (0.0, 0.2, 1.0, 9.0):
        yield f"solve {target}: {word(special.solve(lambda x: x**2, target, 0.0, 2.0))}"


CASES = {
    "binomial": binomial,
    "poisson": poisson,
    "tests of many": tests_of_many,
    "doses": doses,
    "functions": functions,
}
