"""The regularised incomplete beta and gamma functions and their inverses."""

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
    tiny = 1e-300
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0), tiny)
    value = d
    for m in range(1, MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d, tiny)
            c = _away(1.0 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1.0) < ACCURACY:
            return value
    return value


def _away(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def gamma_regularised(a: float, x: float) -> float:
    """Return P(a, x), the gamma distribution's CDF, for a > 0 and x >= 0.

    Source: series DLMF 8.11.4 below a + 1, continued fraction 8.9.2 above.
    """
    if x <= 0.0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for n in range(1, MOST_STEPS):
            term *= x / (a + n)
            total += term
            if term < total * ACCURACY:
                break
        return front * total
    tiny = 1e-300
    b = x + 1.0 - a
    c, d = 1.0 / tiny, 1.0 / b
    value = d
    for n in range(1, MOST_STEPS):
        term = -n * (n - a)
        b += 2.0
        d = 1.0 / _away(term * d + b, tiny)
        c = _away(b + term / c, tiny)
        value *= c * d
        if abs(c * d - 1.0) < ACCURACY:
            break
    return 1.0 - front * value


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
