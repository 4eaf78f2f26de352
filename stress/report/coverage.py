# SPDX-License-Identifier: MIT
"""What was looked at: rings, periods, laps, minutes and the bound that each arm reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.model.exposure import Exposure
from stress.model.words import count
from stress.report.document import table
from stress.settings.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 240, 30, 22, 22
# Bounds drawn [log10 of the share of lines that may be corrupted].
LOW, HIGH = -9, 0
# Rows of picture and table. Source: the longest shipped plan has 24 arms. Higher: a longer page.
MOST_ROWS = 40


@dataclass(frozen=True)
class Covered:
    """What one arm has covered.

    Attributes
    ----------
    rings, periods : of both directions, in words.
    laps : of the larger ring that were checked.
    bound : 95 % upper bound on the share of corrupted lines, None where nothing was checked or some
        line was corrupted.
    """

    arm: str
    rings: str
    periods: str
    laps: float
    streamed_s: float
    lines: int
    bound: float | None


def covered(run: Summary) -> list[Covered]:
    """Return what each arm that ran has covered."""
    return [_covered(run, part) for part in run.parts if part.bursts]


def _covered(run: Summary, part: Tally) -> Covered:
    opened = run.opened.get(part.arm)
    sides = [opened.granted.playback, opened.granted.capture] if opened else []
    known = [side for side in sides if side is not None]
    largest = max((side.buffer_size for side in known), default=0)
    clean = not part.wrong_frames
    return Covered(
        arm=part.arm,
        rings=_both(f"{count(side.buffer_size * side.frame_bytes)}" for side in known),
        periods=_both(f"{side.period_size}" for side in known),
        laps=part.checked_frames / largest if largest else 0.0,
        streamed_s=part.streamed_s,
        lines=part.lines,
        bound=Exposure(part.lines, part.line_bytes).rate_bound_95 if clean else None,
    )


def _both(values: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(values)) or "-"


def section(run: Summary) -> str:
    """Return coverage as a table with its picture, "" where no arm ran."""
    rows = covered(run)
    if not rows:
        return ""
    heads = (
        "arm",
        "rings [bytes]",
        "periods [frames]",
        "laps checked",
        "streamed",
        "lines checked",
        "bound (95 %)",
    )
    body = table(heads, (_row(one) for one in rows[:MOST_ROWS]), "lrrrrrr")
    rest = len(rows) - MOST_ROWS
    more = f'<p class="note">and {rest} more arms</p>' if rest > 0 else ""
    note = (
        "Playback / capture. The bound: with more corrupted lines than that, an arm would have shown one "
        "with 95 % confidence."
    )
    return f'<h2 id="coverage">What was covered</h2>{picture(run)}{body}{more}<p class="note">{note}</p>'


def _row(one: Covered) -> str:
    bound = "-" if one.bound is None else f"1 in {count(int(1 / one.bound))}"
    cells = (
        one.rings,
        one.periods,
        f"{count(round(one.laps))}",
        format_duration(one.streamed_s),
        count(one.lines),
        bound,
    )
    numbers = "".join(f'<td class="n">{escape(cell)}</td>' for cell in cells)
    return f'<tr><td class="name">{escape(one.arm)}</td>{numbers}</tr>'


def picture(run: Summary) -> str:
    """Return the bounds that clean arms reached as an SVG figure, "" without any."""
    rows = [one for one in covered(run) if one.bound][:MOST_ROWS]
    if not rows:
        return ""
    lines = count(round(1 / run.plan.bound))
    said = f"bound of each clean arm; a PASS of this plan needs at most one corrupted line in {lines} in all"
    return f'<figure class="wide">{svg(run)}<figcaption>{escape(said)}; left is better.</figcaption></figure>'


def svg(run: Summary) -> str:
    """Return the same as an SVG element."""
    rows = [one for one in covered(run) if one.bound][:MOST_ROWS]
    bottom = TOP + ROW * len(rows)
    whole = (
        Exposure(run.whole.lines, run.whole.line_bytes).rate_bound_95 if not run.whole.wrong_frames else None
    )
    asked = _x(run.plan.bound)
    parts = [_axis(bottom), f'<path class="way" d="M{asked:.1f} {TOP - 12}V{bottom}"/>']
    asked_lines = count(round(1 / run.plan.bound))
    parts.append(f'<text x="{asked:.1f}" y="10" text-anchor="middle">asked: 1 in {asked_lines}</text>')
    parts += [_dot(one.arm, one.bound, TOP + ROW * number) for number, one in enumerate(rows) if one.bound]
    if whole:
        parts.append(_dot("all arms together", whole, bottom))
    height = bottom + ROW + 34
    label = "95 % upper bound on the share of corrupted lines, by arm"
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _axis(bottom: float) -> str:
    parts = []
    for power in range(LOW, HIGH + 1):
        x = _x(10.0**power)
        parts.append(f'<path class="frame" d="M{x:.1f} {TOP - 8}V{bottom + ROW}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + ROW + 15}" text-anchor="middle">{_lines(power)}</text>')
    parts.append(
        f'<text x="{LEFT}" y="{bottom + ROW + 30}">at most one corrupted line in so many (95 %)</text>'
    )
    return "".join(parts)


def _lines(power: int) -> str:
    return f"{10 ** (-power % 3)}{('', ' 000', ' million', ' billion')[-power // 3]}"


def _dot(name: str, bound: float, top: float) -> str:
    x, y = _x(bound), top + ROW / 2
    shown = name if len(name) <= 34 else f"{name[:33]}…"
    return (
        f'<text x="0" y="{y + 4:.1f}">{escape(shown)}</text>'
        f'<path d="M{x:.1f} {y:.1f}H{_x(1.0):.1f}" class="reach"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="good">'
        f"<title>{escape(name)}: {bound:.3g}</title></circle>"
    )


def _x(bound: float) -> float:
    power = min(float(HIGH), max(float(LOW), math.log10(bound)))
    return LEFT + (WIDTH - LEFT - RIGHT) * (power - LOW) / (HIGH - LOW)
