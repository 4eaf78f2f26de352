# SPDX-License-Identifier: MIT
"""The diagnosis as data: every effect with its interval and p value, no sentence needed to read it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from stress.report.curves import dose_points
from stress.verdict.contrast import contrasts, dose_response, groups, measure
from stress.verdict.trend import sweeps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.stats.dose import DoseResponse
    from stress.verdict.contrast import Contrast
    from stress.verdict.summary import Summary

SCHEMA = "pcmstress/diagnosis/1"


def diagnosis(run: Summary) -> dict[str, Any] | None:
    """Return cause, sides and effects as a JSON object (schema pcmstress/diagnosis/1), None without one."""
    if run.diagnosis is None:
        return None
    measured = measure(run.plan, run.parts)
    doses = {group: dose_points(measured, group) for group in groups(measured)}
    return {
        "schema": SCHEMA,
        **run.diagnosis.to_json(),
        "contrasts": [_contrast(one) for one in contrasts(measured)],
        "doses": [
            {"group": group, "points": _points(points), "fit": _fit(dose_response(measured, group))}
            for group, points in doses.items()
            if len(points) > 1
        ],
        "sizes": [
            {"arm": one.base, "size": one.size, "points": _points(one.points()), "fit": _fit(one.fitted)}
            for one in sweeps(measured)
        ],
    }


def _contrast(one: Contrast) -> dict[str, Any]:
    base, other, interval = one.base.tally, one.other.tally, one.comparison.interval
    return {
        "group": one.group,
        "changed": one.lever,
        "base": one.base.arm.name,
        "other": one.other.arm.name,
        "base_episodes": base.episodes,
        "base_observed_s": base.observed_s,
        "other_episodes": other.episodes,
        "other_observed_s": other.observed_s,
        "times_fewer": _finite(one.comparison.ratio),
        "low_95": _finite(interval.low),
        "high_95": _finite(interval.high),
        "p": one.p,
        "cures": one.cures,
    }


def _points(points: Iterable[tuple[float, int, int]]) -> list[dict[str, float]]:
    return [{"at": at, "wrong_frames": wrong, "checked_frames": checked} for at, wrong, checked in points]


def _fit(fitted: DoseResponse | None) -> dict[str, float | None] | None:
    # Rate of wrong frames = rate_without x exp(-decay x at).
    if fitted is None:
        return None
    return {
        "rate_without": _finite(fitted.rate_without),
        "decay": _finite(fitted.exposure_s),
        "standard_error": _finite(fitted.error_s),
        "p": _finite(fitted.p),
        "dispersion": _finite(fitted.dispersion),
    }


def _finite(value: float) -> float | None:
    # JSON has no infinity: an effect without a bound is null.
    return value if math.isfinite(value) else None
