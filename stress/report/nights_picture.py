# SPDX-License-Identifier: MIT
"""The rate of each arm in each run of a board, drawn: one row per arm, one column per run."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from stress.model.exposure import ZERO_EVENTS_95
from stress.report import rates
from stress.verdict.nights import ArmState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.verdict.nights import ArmNight, ArmTrend, BoardTrend

# Of the picture [px], and the colours of a state.
WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 960, 230, 20, 44, 8, 22
_HUES = {ArmState.CORRUPTED: "#b3261e", ArmState.CLEAN: "#1b6e3c", ArmState.OPEN: "#8a8a8a"}


def svg(trend: BoardTrend, names: Sequence[str]) -> str:
    """Return the rate of each arm in each run as an SVG figure, logarithmic.

    Parameters
    ----------
    names : of the arms, in their order.
    """
    step = (WIDTH - LEFT - RIGHT) / max(1, len(trend.nights))
    low, high = _scale(trend)
    rows = "".join(
        _row(trend, arm, name, TOP + ROW * at, step, low, high)
        for at, (arm, name) in enumerate(zip(trend.arms, names))
    )
    bottom = TOP + ROW * len(trend.arms)
    label = escape(f"rate of episodes of each arm in each run of {trend.board}")
    caption = (
        f"A bar is the rate of episodes in one run, on a logarithmic scale from {rates.of_rate(low)} to "
        f"{rates.of_rate(high)}; a circle is a clean run, at the 95 % bound of its rate; a dash proves "
        "nothing. The dotted line is the first bad run of an arm."
    )
    box = f'viewBox="0 0 {WIDTH} {bottom + BOTTOM}" role="img" aria-label="{label}"'
    return (
        f'<figure class="wide"><svg {box}>{rows}{_days(trend, bottom + 16)}</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _days(trend: BoardTrend, top: float) -> str:
    ends = [(LEFT, "start", trend.nights[0]), (WIDTH - RIGHT, "end", trend.nights[-1])]
    return "".join(
        f'<text x="{at}" y="{top}" text-anchor="{anchor}">{escape(night.when[:10])}</text>'
        for at, anchor, night in ends[: len(trend.nights)]
    )


def _scale(trend: BoardTrend) -> tuple[float, float]:
    seen = [_level(one) for arm in trend.arms for one in arm.nights if _level(one) > 0]
    low, high = min(seen, default=0.1), max(seen, default=1.0)
    return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high) + 1e-9)


def _level(one: ArmNight) -> float:
    if not one.observed_s or one.state in (ArmState.ABSENT, ArmState.OPEN):
        return 0.0
    return (one.episodes or ZERO_EVENTS_95) / one.observed_s


def _row(
    trend: BoardTrend, arm: ArmTrend, name: str, top: float, step: float, low: float, high: float
) -> str:
    floor, inner = top + ROW - 6.0, ROW - 14.0
    short = name if len(name) <= 32 else f"{name[:31]}~"
    parts = [
        f'<text x="0" y="{floor - inner / 2 + 4:.1f}">{escape(short)}</text>',
        f'<path class="frame" d="M{LEFT} {floor:.1f}H{WIDTH - RIGHT}"/>',
    ]
    if arm.first_bad >= 0:
        at = LEFT + step * arm.first_bad
        parts.append(f'<path class="lap" d="M{at:.1f} {top + 2:.1f}V{floor:.1f}"/>')
    for number, one in enumerate(arm.nights):
        level = _level(one)
        share = math.log(level / low) / math.log(high / low) if level else 0.0
        height = 2.0 + (inner - 2.0) * min(1.0, max(0.0, share))
        rate = rates.of(one.episodes, one.observed_s) if one.observed_s else "-"
        title = escape(f"{trend.nights[number].name}, {name}: {one.state.value}, {rate}")
        parts.append(_mark(one.state, LEFT + step * (number + 0.5), step, floor, height, title))
    return "".join(parts)


def _mark(state: ArmState, middle: float, step: float, floor: float, height: float, title: str) -> str:
    if state is ArmState.ABSENT:
        return ""
    hue, wide = _HUES[state], max(1.0, min(14.0, 0.7 * step))
    left, said = middle - wide / 2, f"<title>{title}</title>"
    if state is ArmState.CORRUPTED:
        box = f'x="{left:.1f}" y="{floor - height:.1f}" width="{wide:.1f}" height="{height:.1f}"'
        return f'<rect {box} fill="{hue}">{said}</rect>'
    if state is ArmState.CLEAN:
        box = f'cx="{middle:.1f}" cy="{floor - height:.1f}" r="{max(1.0, min(4.0, wide / 2)):.1f}"'
        return f'<circle {box} fill="none" stroke="{hue}" stroke-width="1.5">{said}</circle>'
    return f'<path d="M{left:.1f} {floor - 2:.1f}h{wide:.1f}" stroke="{hue}">{said}</path>'
