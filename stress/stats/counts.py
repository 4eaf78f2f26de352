# SPDX-License-Identifier: MIT
"""Counts of episodes over exposure: bounds, comparisons, dispersion, early stopping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from stress.stats.special import beta_regularised, solve


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval; `high` may be infinite."""

    low: float
    high: float


def binomial_at_most(hits: int, trials: int, share: float) -> float:
    """Return P(X <= hits) for X binomial(trials, share)."""
    if hits >= trials:
        return 1.0
    if hits < 0:
        return 0.0
    # Not one less the other tail: that cancels to 0 below 1e-16.
    return beta_regularised(float(trials - hits), hits + 1.0, 1.0 - share)


def binomial_at_least(hits: int, trials: int, share: float) -> float:
    """Return P(X >= hits) for X binomial(trials, share)."""
    if hits <= 0:
        return 1.0
    return beta_regularised(float(hits), trials - hits + 1.0, share) if hits <= trials else 0.0


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> Interval:
    """Return the exact confidence interval of a share.

    Source: Clopper & Pearson 1934.
    """
    tail = (1.0 - level) / 2.0
    low = (
        0.0 if hits == 0 else solve(lambda p: beta_regularised(hits, trials - hits + 1.0, p), tail, 0.0, 1.0)
    )
    high = (
        1.0
        if hits == trials
        else solve(lambda p: beta_regularised(hits + 1.0, trials - hits, p), 1.0 - tail, 0.0, 1.0)
    )
    return Interval(low, high)


def poisson_interval(events: int) -> Interval:
    """Return the exact 95 % confidence interval of the mean behind a Poisson count.

    Source: Garwood 1936. Of many events their sum would take long: the interval is then
    that of the cube root (Wilson & Hilferty), which is right to four digits from 1000 on.
    """
    tail, deviation = 0.025, 1.959963985
    if events >= 1000:
        low = events * (1.0 - 1.0 / (9.0 * events) - deviation / (3.0 * math.sqrt(events))) ** 3
        more = events + 1
        return Interval(low, more * (1.0 - 1.0 / (9.0 * more) + deviation / (3.0 * math.sqrt(more))) ** 3)
    most = events + 12.0 * math.sqrt(events + 1.0) + 20.0
    low = 0.0 if not events else solve(lambda mean: 1.0 - poisson_at_most(events - 1, mean), tail, 0.0, most)
    return Interval(low, solve(lambda mean: 1.0 - poisson_at_most(events, mean), 1.0 - tail, 0.0, most))


def poisson_at_most(events: int, mean: float) -> float:
    """Return P(X <= events) for X Poisson with that mean."""
    if mean <= 0.0:
        return 1.0
    logs = (number * math.log(mean) - mean - math.lgamma(number + 1.0) for number in range(events + 1))
    return min(1.0, math.fsum(math.exp(one) for one in logs))


@dataclass(frozen=True)
class Comparison:
    """Two counts compared.

    Parameters
    ----------
    p : two-sided p value of "the rates are equal"; never rejects too often,
        and too seldom where counts are small, because counts are whole numbers.
    ratio : rate of the first over the rate of the second; inf when the second is 0.
    first, second : the counts.
    odds : exposure of the second over that of the first.
    """

    p: float = 1.0
    ratio: float = math.nan
    first: int = 0
    second: int = 0
    odds: float = 1.0

    @property
    def interval(self) -> Interval:
        """95 % confidence interval of the ratio: two bisections at each call."""
        if not self.first + self.second:
            return Interval(0.0, math.inf)
        split = clopper_pearson(self.first, self.first + self.second)
        high = math.inf if split.high >= 1.0 else split.high / (1.0 - split.high) * self.odds
        return Interval(split.low / (1.0 - split.low) * self.odds, high)


def compare(first: int, first_exposure: float, second: int, second_exposure: float) -> Comparison:
    """Compare two Poisson counts exactly, given their sum.

    Given the sum, the first count is binomial with the share of its exposure
    when the rates are equal. The p value is twice the smaller tail.
    Source: Przyborowski & Wilenski 1940; interval by Clopper-Pearson.
    """
    trials = first + second
    if not trials or first_exposure <= 0 or second_exposure <= 0:
        return Comparison()
    share = first_exposure / (first_exposure + second_exposure)
    below = binomial_at_most(first, trials, share)
    above = binomial_at_least(first, trials, share)
    odds = second_exposure / first_exposure
    return Comparison(
        min(1.0, 2.0 * min(below, above)),
        first / second * odds if second else math.inf,
        first,
        second,
        odds,
    )


def exposure_factor(first: int, second: int, ratio: float, same: float) -> float:
    """Return by what both exposures must grow until two rates can be told apart, or are the same.

    At the rates seen, with a level of 5 % and a power of 80 %, whichever comes first; inf
    where nothing was counted.

    Parameters
    ----------
    ratio : rate of one over that of the other; 0 and inf count as half an event.
    same : factor within which two rates are the same.

    Source: the variance of a log rate ratio, 1/n + 1/m (normal approximation); it is
    advice on how long to run, no test.
    """
    if not first + second:
        return math.inf
    variance = 1.0 / (first or 0.5) + 1.0 / (second or 0.5)
    # 1.96 and 0.84 standard deviations: the level on both sides, and the power.
    needed = (1.959964 + 0.841621) ** 2 * variance
    if not 0.0 < ratio < math.inf:
        # Half an event stands for none: what is left of the other count is the distance.
        away = math.log(max(2.0 * max(first, second), same))
        return max(1.0, needed / away**2)
    away = abs(math.log(ratio))
    apart = needed / away**2 if away else math.inf
    within = math.log(same) - away
    return max(1.0, min(apart, needed / within**2 if within > 0 else math.inf))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values adjusted for their number (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def dispersion(number: int, total: int, squares: int) -> float:
    """Return the index of dispersion, variance over mean: 1 for Poisson counts.

    Parameters
    ----------
    number, total, squares : how many counts, their sum, the sum of their squares.

    Returns
    -------
    nan for fewer than two counts or none but zeros.
    """
    if number < 2 or not total:
        return math.nan
    return (squares - total * total / number) / (number - 1) / (total / number)


class Stop(str, Enum):
    """What a sequential test says."""

    GO_ON = "go on"
    GOOD = "good"  #: the lower rate is accepted
    BAD = "bad"  #: the higher rate is accepted


@dataclass(frozen=True)
class Sequential:
    """Wald's sequential probability ratio test on a Poisson rate.

    Parameters
    ----------
    good, bad : rates to tell apart, good < bad [events per unit of exposure].
    alpha : chance to call a good board bad.
    beta : chance to call a bad board good.
    """

    good: float
    bad: float
    alpha: float = 0.05
    beta: float = 0.05

    def decide(self, events: int, exposure: float) -> Stop:
        """Return what `events` in `exposure` allow to say."""
        score = events * math.log(self.bad / self.good) - (self.bad - self.good) * exposure
        if score >= math.log((1.0 - self.beta) / self.alpha):
            return Stop.BAD
        if score <= math.log(self.beta / (1.0 - self.alpha)):
            return Stop.GOOD
        return Stop.GO_ON

    def clean_exposure(self) -> float:
        """Return the exposure after which a run without events is accepted."""
        return -math.log(self.beta / (1.0 - self.alpha)) / (self.bad - self.good)


def miss_bound_95(planted: int) -> float:
    """Return the 95 % upper bound on the share missed when none of `planted` was.

    Source: exact binomial (Clopper-Pearson) bound for zero misses.
    """
    return 1.0 - 0.05 ** (1.0 / planted) if planted else 1.0
