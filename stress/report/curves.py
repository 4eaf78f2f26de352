# SPDX-License-Identifier: MIT
"""How the damage depends on a dose of context switches and on the size of a ring, with the fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stress.report.picture import Axis, lines_svg, steps
from stress.verdict.contrast import SWITCHES, Measured, dose_response, groups, lever_of
from stress.verdict.trend import sweeps

if TYPE_CHECKING:
    from stress.stats.dose import DoseResponse

# The fit is a line, what was measured stands on it as points: told apart without colours.
SEEN, FITTED = "dots", "fitted"
# Points of a fitted curve: more than a picture marks one by one.
CURVE = 128
# Curves on a page. Source: a plan has a handful of groups and sweeps. Higher: a longer page.
MOST_CURVES = 8
# Size or dose, wrong and checked frames.
Point = tuple[float, int, int]


def figures(measured: Sequence[Measured]) -> str:
    """Return a curve of each dose-response and sweep that shows wrong frames, as HTML."""
    drawn = [_dose(measured, group) for group in groups(measured)]
    drawn += [_sweep(one.base, one.words, one.points(), one.fitted) for one in sweeps(measured)]
    shown = "".join([one for one in drawn if one][:MOST_CURVES])
    return f'<div class="curves">{shown}</div>' if shown else ""


def dose_points(measured: Sequence[Measured], group: str) -> list[tuple[float, int, int]]:
    """Return dose [1/s], wrong and checked frames of the arms of a group, the lowest dose first."""
    entries = (one for one in groups(measured).get(group, []) if lever_of(one.arm) in ("", SWITCHES))
    return sorted(
        (one.arm.switches_per_s, one.tally.wrong_frames, one.tally.checked_frames)
        for one in entries
        if one.tally.checked_frames
    )


def _dose(measured: Sequence[Measured], group: str) -> str:
    points, fitted = dose_points(measured, group), dose_response(measured, group)
    if len(points) < 2 or not any(wrong for _, wrong, _ in points):
        return ""
    said = "cannot be fitted"
    if fitted is not None:
        said = (
            f"fit: lines are exposed for {1000 * fitted.exposure_s:.3g} ms, standard error "
            f"{1000 * fitted.error_s:.2g} ms, p = {fitted.p:.2g}"
        )
    title = f"{group}: wrong frames against context switches that clean the cache; {said}"
    return _drawn(points, fitted, "context switches per second", title)


def _sweep(base: str, word: str, points: Sequence[Point], fitted: DoseResponse | None) -> str:
    said = "cannot be fitted" if fitted is None else f"the {word} matters with p = {fitted.p:.2g}"
    return _drawn(points, fitted, f"{word} in frames", f"{base}: wrong frames against the {word}; {said}")


def _drawn(points: Sequence[Point], fitted: DoseResponse | None, unit: str, title: str) -> str:
    low, high = points[0][0], points[-1][0]
    shares = [100 * wrong / checked for _, wrong, checked in points]
    curve = _curve(fitted, low, high)
    top = 1.05 * max([*shares, *(share for _, share in curve)]) or 1.0
    span = max(high - low, 1e-9)
    axis = Axis(
        [((value - low) / span, f"{value:g}") for value in steps(low, high, 8)],
        [(level / top, f"{level:g}") for level in steps(0, top, 5)],
        unit,
        "% wrong",
    )
    seen = [((at - low) / span, share / top) for (at, _, _), share in zip(points, shares)]
    lines = [("measured", SEEN, seen)]
    if curve:
        lines.append(("fit", FITTED, [((at - low) / span, min(1.0, share / top)) for at, share in curve]))
    return lines_svg(lines, axis, (), title)


def _curve(fitted: DoseResponse | None, low: float, high: float) -> list[tuple[float, float]]:
    if fitted is None:
        return []
    places = [low + (high - low) * step / CURVE for step in range(CURVE + 1)]
    rates = [fitted.rate_without * math.exp(min(50.0, -fitted.exposure_s * at)) for at in places]
    # A share: a fit of small numbers may leave it, and is cut there.
    return [(at, 100 * min(1.0, rate)) for at, rate in zip(places, rates)]
