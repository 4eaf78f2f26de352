# SPDX-License-Identifier: MIT
"""The rate of each arm in each run of a board, drawn: one row per arm, one column per run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.model.exposure import ZERO_EVENTS_95
from stress.report import rates
from stress.report.document import RowLayout, two_widths
from stress.verdict.nights import ArmState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.verdict.nights import ArmNight, ArmTrend, BoardTrend

# Of the picture [px], and the colours of a state.
TOP, BOTTOM, BARS, LONGEST = 8, 22, 30, 32
BROAD, NARROW = RowLayout(960, 230, 20, 44), RowLayout(460, 4, 4, 60, above=True)
_HUES = {ArmState.CORRUPTED: "var(--bad)", ArmState.CLEAN: "var(--good)", ArmState.OPEN: "var(--soft)"}
# Marks of a picture. Source: one takes some 400 bytes in both drawings, and a page stays below 400 KB.
# Higher: mails refuse the page; lower: a year of nights shows its end only.
MOST_MARKS = 600


def svg(trend: BoardTrend, names: Sequence[str]) -> str:
    """Return the rate of each arm in each run as an SVG figure, logarithmic.

    Parameters
    ----------
    names : of the arms, in their order.
    """
    low, high = _scale(trend)
    first = len(trend.nights) - max(2, MOST_MARKS // max(1, len(trend.arms)))
    first = max(0, first)
    drawn = two_widths(*(_Drawing(trend, first, low, high, layout).svg(names) for layout in (BROAD, NARROW)))
    left = f" The last {len(trend.nights) - first} of {len(trend.nights)} runs are drawn." if first else ""
    caption = (
        f"A bar is the rate of episodes in one run, on a logarithmic scale from {rates.of_rate(low)} to "
        f"{rates.of_rate(high)}; a circle is a clean run, at the 95 % bound of its rate; a dash proves "
        f"nothing. The dotted line is the first bad run of an arm.{left}"
    )
    return f'<figure class="wide">{drawn}<figcaption>{escape(caption)}</figcaption></figure>'


def _scale(trend: BoardTrend) -> tuple[float, float]:
    seen = [_level(one) for arm in trend.arms for one in arm.nights if _level(one) > 0]
    low, high = min(seen, default=0.1), max(seen, default=1.0)
    return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high) + 1e-9)


def _level(one: ArmNight) -> float:
    if not one.observed_s or one.state in (ArmState.ABSENT, ArmState.OPEN):
        return 0.0
    return (one.episodes or ZERO_EVENTS_95) / one.observed_s


@dataclass(frozen=True)
class _Drawing:
    # The runs from `first` on, on a scale from `low` to `high`.
    trend: BoardTrend
    first: int
    low: float
    high: float
    layout: RowLayout

    def svg(self, names: Sequence[str]) -> str:
        rows = "".join(
            self._row(arm, name, TOP + self.layout.row * at)
            for at, (arm, name) in enumerate(zip(self.trend.arms, names))
        )
        bottom = TOP + self.layout.row * len(self.trend.arms)
        label = escape(f"rate of episodes of each arm in each run of {self.trend.board}")
        box = f'viewBox="0 0 {self.layout.width} {bottom + BOTTOM}" role="img" aria-label="{label}"'
        return f"<svg {box}>{rows}{self._days(bottom + 16)}</svg>"

    def _days(self, top: float) -> str:
        nights, layout = self.trend.nights[self.first :], self.layout
        ends = [(layout.left, "start", nights[0]), (layout.width - layout.right, "end", nights[-1])]
        return "".join(
            f'<text x="{at}" y="{top}" text-anchor="{anchor}">{escape(night.when[:10])}</text>'
            for at, anchor, night in ends[: len(nights)]
        )

    @property
    def _step(self) -> float:
        return self.layout.inner / max(1, len(self.trend.nights) - self.first)

    def _row(self, arm: ArmTrend, name: str, top: float) -> str:
        layout, floor = self.layout, top + self.layout.row - 6.0
        end = layout.width - layout.right
        parts = [
            layout.name(name, floor - BARS if layout.above else floor - BARS / 2, LONGEST),
            f'<path class="frame" d="M{layout.left} {floor:.1f}H{end}"/>',
        ]
        if arm.first_bad >= self.first:
            at = layout.left + self._step * (arm.first_bad - self.first)
            parts.append(f'<path class="lap" d="M{at:.1f} {floor - BARS - 6:.1f}V{floor:.1f}"/>')
        parts += [self._night(arm, name, number, floor) for number in range(self.first, len(arm.nights))]
        return "".join(parts)

    def _night(self, arm: ArmTrend, name: str, number: int, floor: float) -> str:
        one = arm.nights[number]
        level = _level(one)
        share = math.log(level / self.low) / math.log(self.high / self.low) if level else 0.0
        height = 2.0 + (BARS - 2.0) * min(1.0, max(0.0, share))
        rate = rates.of(one.episodes, one.observed_s) if one.observed_s else "-"
        title = escape(f"{self.trend.nights[number].name}, {name}: {one.state.value}, {rate}")
        # Nothing points at a mark on a narrow screen.
        said = "" if self.layout.above else f"<title>{title}</title>"
        middle = self.layout.left + self._step * (number - self.first + 0.5)
        return self._mark(one.state, middle, floor, height, said)

    def _mark(self, state: ArmState, middle: float, floor: float, height: float, said: str) -> str:
        if state is ArmState.ABSENT:
            return ""
        hue, wide = _HUES[state], max(1.0, min(14.0, 0.7 * self._step))
        left = middle - wide / 2
        if state is ArmState.CORRUPTED:
            box = f'x="{left:.1f}" y="{floor - height:.1f}" width="{wide:.1f}" height="{height:.1f}"'
            return f'<rect {box} fill="{hue}">{said}</rect>'
        if state is ArmState.CLEAN:
            box = f'cx="{middle:.1f}" cy="{floor - height:.1f}" r="{max(1.0, min(4.0, wide / 2)):.1f}"'
            return f'<circle {box} fill="none" stroke="{hue}" stroke-width="1.5">{said}</circle>'
        return f'<path d="M{left:.1f} {floor - 2:.1f}h{wide:.1f}" stroke="{hue}">{said}</path>'
