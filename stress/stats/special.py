# SPDX-License-Identifier: MIT
"""The regularised incomplete beta function and its inverse."""

from __future__ import annotations

import math
from typing import Callable

# Relative accuracy of the continued fraction and the bisections. Source: double
# precision leaves about 1e-15. Higher: bounds off in the printed digits;
# lower: the loops may not end.
ACCURACY = 1e-14
MOST_STEPS = 10000


def beta_regularised(a: float, b: float, x: float) -> float:
    """Return I_x(a, b), the beta distribution's CDF, for a, b > 0.

    Source: continued fraction of DLMF 8.17.22, evaluated by Lentz's method.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < ACCURACY:
            return value
    return value


def _away(value: float) -> float:
    # Not zero: it is divided by.
    return value if abs(value) > 1e-300 else 1e-300


def solve(rising: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Return x in [low, high] where the rising function reaches `target`, by bisection."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        if rising(middle) < target:
            low = middle
        else:
            high = middle
        if high - low <= ACCURACY * max(abs(high), 1e-300):
            break
    return 0.5 * (low + high)


def student_two_sided(t: float, freedom: float) -> float:
    """Return the two-sided p value of Student's t with `freedom` degrees of freedom."""
    if t * t < 1.0:
        # freedom / (freedom + t * t) rounds to 1 for a small t and loses what p differs from 1 by.
        return 1.0 - beta_regularised(0.5, freedom / 2.0, t * t / (freedom + t * t))
    return beta_regularised(freedom / 2.0, 0.5, freedom / (freedom + t * t))
