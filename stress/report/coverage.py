# SPDX-License-Identifier: MIT
"""What was looked at: rings, periods, laps, minutes and the bound that each arm reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from stress.model.exposure import Exposure
from stress.model.words import count
from stress.report.document import RowLayout, table, two_widths
from stress.settings.times import format_duration
from stress.verdict.needs import proving

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

TOP = 22
BROAD, NARROW = RowLayout(900, 250, 30, 22), RowLayout(460, 34, 14, 40, above=True)
# Bounds drawn [log10 of the share of lines that may be corrupted]; the other end is below all bounds.
HIGH = 0
# Rows of picture and table. Source: the longest shipped plan has 24 arms. Higher: a longer page.
MOST_ROWS = 40
# Half the width of a letter at 14 px [units]: what is centred stays within the picture.
HALF_LETTER = 4.2
# Letters of a name beside its row.
LONGEST = 36


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


def section(run: Summary, drawn: bool = False) -> str:
    """Return coverage as a table with its picture, "" where no arm ran.

    Parameters
    ----------
    drawn : the picture stands on the first screen already.
    """
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
    shown = "" if drawn else picture(run)
    return f'<h2 id="coverage">What was covered</h2>{shown}{body}{more}<p class="note">{note}</p>'


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
    drawn = two_widths(svg(run), svg(run, NARROW))
    return f'<figure class="wide">{drawn}<figcaption>{escape(said)}; left is better.</figcaption></figure>'


def svg(run: Summary, layout: RowLayout = BROAD) -> str:
    """Return the same as an SVG element."""
    rows = [(one.arm, one.bound) for one in covered(run) if one.bound][:MOST_ROWS]
    whole = proving(run.plan, run.parts)
    together = Exposure(whole.lines, whole.line_bytes).rate_bound_95
    if together and not run.whole.wrong_frames:
        rows.append(("together, as the verdict counts", together))
    low = math.floor(math.log10(min(run.plan.bound, *(bound for _, bound in rows))))
    scale = _Scale(low, layout)
    bottom, asked = TOP + layout.row * len(rows), scale.x(run.plan.bound)
    parts = [scale.axis(bottom), f'<path class="way" d="M{asked:.1f} {TOP - 8}V{bottom}"/>']
    lines = count(round(1 / run.plan.bound))
    # In the middle of its line, and within the picture.
    words = f"asked: 1 in {lines}"
    half = HALF_LETTER * len(words)
    place = min(max(asked, half), layout.width - half)
    parts.append(f'<text x="{place:.1f}" y="10" text-anchor="middle">{words}</text>')
    parts += [scale.dot(name, bound, TOP + layout.row * number) for number, (name, bound) in enumerate(rows)]
    label = "95 % upper bound on the share of corrupted lines, by arm"
    box = f'viewBox="0 0 {layout.width} {bottom + 34}" role="img" aria-label="{label}"'
    return f"<svg {box}>{''.join(parts)}</svg>"


@dataclass(frozen=True)
class _Scale:
    # From 10^low to 1, to the right.
    low: int
    layout: RowLayout

    def axis(self, bottom: float) -> str:
        parts = []
        for power in range(self.low, HIGH + 1):
            x = self.x(10.0**power)
            parts.append(f'<path class="frame" d="M{x:.1f} {TOP - 8}V{bottom}"/>')
            parts.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{_lines(power)}</text>')
        said = "at most one corrupted line in so many (95 %)"
        parts.append(f'<text x="{self.layout.left}" y="{bottom + 30}">{said}</text>')
        return "".join(parts)

    def dot(self, name: str, bound: float, top: float) -> str:
        x, y = self.x(bound), top + self.layout.row * (0.75 if self.layout.above else 0.5)
        return (
            f"{self.layout.name(name, y, LONGEST)}"
            f'<path d="M{x:.1f} {y:.1f}H{self.x(1.0):.1f}" class="reach"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="good">'
            f"<title>{escape(name)}: 1 in {count(int(1 / bound))}</title></circle>"
        )

    def x(self, bound: float) -> float:
        power = min(float(HIGH), max(float(self.low), math.log10(bound)))
        return self.layout.left + self.layout.inner * (power - self.low) / (HIGH - self.low)


def _lines(power: int) -> str:
    return f"{10 ** (-power % 3)}{('', ' 000', ' million', ' billion', ' trillion')[-power // 3]}"
