# SPDX-License-Identifier: MIT
"""Contrasts as a forest plot: how many times fewer episodes, with the interval, on a log scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.report.contrasts import changed, says_something

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.stats.counts import Interval
    from stress.verdict.contrast import Contrast

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 300, 130, 22, 14
# Ratios drawn [log10]; an interval that goes on has an arrow.
LOW, HIGH = -1.0, 3.0
# Colours of the page, so that they read on dark as well.
CURED, OPEN = "var(--good)", "var(--soft)"


@dataclass(frozen=True)
class Entry:
    """A row of the plot: a ratio with its interval; `shown` where it is significant."""

    name: str
    ratio: float
    interval: Interval
    shown: bool
    note: str


def svg(contrasts: Sequence[Contrast]) -> str:
    """Return the plot as an SVG figure, "" where nothing was compared with anything."""
    entries = [
        Entry(
            f"{one.group}: {changed(one)}",
            one.comparison.ratio,
            one.comparison.interval,
            one.cures,
            f"p = {one.p:.2g}",
        )
        for one in contrasts
        if says_something(one)
    ]
    return plot(
        entries,
        "episodes with the change against without it: how many times fewer, with 95 % intervals",
        "Times fewer episodes when one thing is changed; bars are 95 % intervals. Right of 1 the change "
        "helps; green: shown after correction for the number of comparisons.",
    )


def plot(entries: Sequence[Entry], label: str, caption: str, span: tuple[float, float] = (LOW, HIGH)) -> str:
    """Return ratios with their intervals on a log scale as an SVG figure, "" for none.

    Parameters
    ----------
    span : least and largest ratio drawn [log10]; an interval that goes on ends there.
    """
    if not entries:
        return ""
    height = TOP + ROW * len(entries) + 34
    rows = "".join(_row(one, TOP + ROW * number, span) for number, one in enumerate(entries))
    return (
        f'<figure class="wide"><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{_axis(height - 34, span)}{rows}</svg><figcaption>{escape(caption)}</figcaption></figure>"
    )


def _axis(bottom: float, span: tuple[float, float]) -> str:
    parts = []
    for power in range(int(span[0]), int(span[1]) + 1):
        at = _x(10.0**power, span)
        kind = "tick" if power == 0 else "frame"
        parts.append(f'<path class="{kind}" d="M{at:.1f} {TOP - 8}V{bottom:.1f}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{10.0**power:g}x</text>')
    return "".join(parts)


def _row(one: Entry, top: float, span: tuple[float, float]) -> str:
    ratio, interval = one.ratio, one.interval
    hue = CURED if one.shown else OPEN
    left, right = _x(interval.low, span), _x(interval.high, span)
    middle = top + ROW / 2
    name, numbers = escape(one.name), escape(one.note)
    point = ""
    if math.isfinite(ratio) and ratio > 0:
        point = f'<circle cx="{_x(ratio, span):.1f}" cy="{middle:.1f}" r="4" style="fill:{hue}"/>'
    elif ratio > 0:
        point = f'<path d="M{right - 6:.1f} {middle - 4:.1f}l6 4l-6 4z" style="fill:{hue}"/>'
    return (
        f'<text x="0" y="{middle + 4:.1f}">{name}</text>'
        f'<path d="M{left:.1f} {middle:.1f}H{right:.1f}" style="stroke:{hue};stroke-width:3"/>{point}'
        f'<text x="{WIDTH - RIGHT + 20}" y="{middle + 4:.1f}">{numbers}</text>'
    )


def _x(ratio: float, span: tuple[float, float]) -> float:
    low, high = span
    power = high if math.isinf(ratio) else low if not ratio > 0 else math.log10(ratio)
    return LEFT + (WIDTH - LEFT - RIGHT) * (min(high, max(low, power)) - low) / (high - low)
