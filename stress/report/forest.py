# SPDX-License-Identifier: MIT
"""Contrasts as a forest plot: how many times fewer episodes, with the interval, on a log scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.report.contrasts import changed, says_something
from stress.report.document import RowLayout, two_widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.stats.counts import Interval
    from stress.verdict.contrast import Contrast

TOP, LONGEST = 14, 44
# Half the width of a letter at 14 px [units]: what is centred stays within the picture.
HALF_LETTER = 4.4
BROAD, NARROW = RowLayout(900, 300, 130, 22), RowLayout(460, 14, 106, 42, above=True)
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
    drawn = two_widths(*(_drawn(entries, label, span, layout) for layout in (BROAD, NARROW)))
    return f'<figure class="wide">{drawn}<figcaption>{escape(caption)}</figcaption></figure>'


def _drawn(entries: Sequence[Entry], label: str, span: tuple[float, float], layout: RowLayout) -> str:
    height = TOP + layout.row * len(entries) + 34
    rows = "".join(_row(one, TOP + layout.row * number, span, layout) for number, one in enumerate(entries))
    box = f'viewBox="0 0 {layout.width} {height}" role="img" aria-label="{escape(label)}"'
    return f"<svg {box}>{_axis(height - 34, span, layout)}{rows}</svg>"


def _axis(bottom: float, span: tuple[float, float], layout: RowLayout) -> str:
    parts = []
    for power in range(int(span[0]), int(span[1]) + 1):
        at = _x(10.0**power, span, layout)
        kind = "tick" if power == 0 else "frame"
        parts.append(f'<path class="{kind}" d="M{at:.1f} {TOP - 8}V{bottom:.1f}"/>')
        # Within the picture, whose left edge is near in the narrow one.
        words = f"{10.0**power:g}x"
        place = max(at, HALF_LETTER * len(words))
        parts.append(f'<text x="{place:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{words}</text>')
    return "".join(parts)


def _row(one: Entry, top: float, span: tuple[float, float], layout: RowLayout) -> str:
    ratio, interval = one.ratio, one.interval
    hue = CURED if one.shown else OPEN
    left, right = _x(interval.low, span, layout), _x(interval.high, span, layout)
    middle = top + layout.row * (0.75 if layout.above else 0.5)
    parts = [layout.name(one.name, middle, LONGEST)]
    parts.append(f'<path d="M{left:.1f} {middle:.1f}H{right:.1f}" style="stroke:{hue};stroke-width:3"/>')
    if math.isfinite(ratio) and ratio > 0:
        parts.append(
            f'<circle cx="{_x(ratio, span, layout):.1f}" cy="{middle:.1f}" r="4" style="fill:{hue}"/>'
        )
    # An interval that goes on beyond the scale has an arrow there.
    if interval.high > 10.0 ** span[1]:
        parts.append(f'<path d="M{right - 6:.1f} {middle - 4:.1f}l6 4l-6 4z" style="fill:{hue}"/>')
    if interval.low < 10.0 ** span[0]:
        parts.append(f'<path d="M{left + 6:.1f} {middle - 4:.1f}l-6 4l6 4z" style="fill:{hue}"/>')
    after = layout.width - layout.right + (12 if layout.above else 20)
    parts.append(f'<text x="{after}" y="{middle + 4:.1f}">{escape(one.note)}</text>')
    return "".join(parts)


def _x(ratio: float, span: tuple[float, float], layout: RowLayout) -> float:
    low, high = span
    power = high if math.isinf(ratio) else low if not ratio > 0 else math.log10(ratio)
    return layout.left + layout.inner * (min(high, max(low, power)) - low) / (high - low)
