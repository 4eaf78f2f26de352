# SPDX-License-Identifier: MIT
"""Dose-response: how context switches thin the corruption out, and what that names.

A stale line survives a dose of c clean+invalidates per second over its exposure
time T with probability exp(-c T). So the logarithm of the corruption rate falls
on a line of slope -T, and T names the mechanism: about a period for C2, CT and
RMW with one period queued, a lap for P1 and C1, nothing for the start burst.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stress.stats.special import student_two_sided

# Dose [1/s], count, exposure.
Point = tuple[float, int, float]
MOST_STEPS = 100
LEAST_SCALE = 1e-12


@dataclass(frozen=True)
class DoseResponse:
    """A fitted line log(rate) = intercept - exposure_s * dose.

    Parameters
    ----------
    exposure_s : fitted exposure time T [s]; negative when switches add corruption.
    error_s : its standard error, by the dispersion that was seen [s].
    p : two-sided p value of "the dose does not matter".
    dispersion : quasi-Poisson scale; near 1 when events are independent.
    """

    exposure_s: float
    error_s: float
    p: float
    dispersion: float
    rate_without: float


def fit(observed: Iterable[Point]) -> DoseResponse | None:
    """Fit counts over exposures to their doses by quasi-Poisson regression.

    Parameters
    ----------
    observed : (dose [1/s], count, exposure); those without exposure are left out.

    Returns
    -------
    None when it cannot be fitted: fewer than three points, one dose only, or no
    event at all.
    """
    points = [(c, n, t) for c, n, t in observed if t > 0]
    if len(points) < 3 or len({c for c, _, _ in points}) < 2 or not sum(n for _, n, _ in points):
        return None
    intercept = math.log(sum(n for _, n, _ in points) / sum(t for _, _, t in points))
    slope = 0.0
    for _ in range(MOST_STEPS):
        step_a, step_b = _newton(points, intercept, slope)
        # A large first step overshoots exp(); halving keeps the fit in range.
        while abs(step_a) > 2.0 or abs(step_b) * max(c for c, _, _ in points) > 2.0:
            step_a, step_b = step_a / 2.0, step_b / 2.0
        intercept, slope = intercept + step_a, slope + step_b
        if abs(step_a) < 1e-10 and abs(step_b) < 1e-12:
            break
    return _result(points, intercept, slope)


def _means(points: list[Point], intercept: float, slope: float) -> list[float]:
    return [t * math.exp(min(700.0, intercept + slope * c)) for c, _, t in points]


def _information(points: list[Point], means: list[float]) -> tuple[float, float, float]:
    doses = [c for c, _, _ in points]
    return (
        sum(means),
        sum(m * c for m, c in zip(means, doses)),
        sum(m * c * c for m, c in zip(means, doses)),
    )


def _newton(points: list[Point], intercept: float, slope: float) -> tuple[float, float]:
    means = _means(points, intercept, slope)
    score_a = sum(n - m for (_, n, _), m in zip(points, means))
    score_b = sum((n - m) * c for (c, n, _), m in zip(points, means))
    aa, ab, bb = _information(points, means)
    determinant = aa * bb - ab * ab
    if determinant <= 0.0:
        return 0.0, 0.0
    return (bb * score_a - ab * score_b) / determinant, (aa * score_b - ab * score_a) / determinant


def _result(points: list[Point], intercept: float, slope: float) -> DoseResponse | None:
    means = _means(points, intercept, slope)
    aa, ab, bb = _information(points, means)
    determinant = aa * bb - ab * ab
    if determinant <= 0.0:
        return None
    freedom = len(points) - 2
    pearson = sum((n - m) ** 2 / m for (_, n, _), m in zip(points, means) if m > 0)
    # Not held at 1 from below: Student's t allows for the scale being estimated, and a floor makes the test
    # reject 1 % instead of 5 % where events are independent. The least keeps a perfect fit finite.
    scale = max(LEAST_SCALE, pearson / freedom)
    error = math.sqrt(scale * aa / determinant)
    return DoseResponse(
        exposure_s=-slope,
        error_s=error,
        p=student_two_sided(slope / error, freedom),
        dispersion=scale,
        rate_without=math.exp(intercept),
    )
