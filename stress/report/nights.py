# SPDX-License-Identifier: MIT
"""The runs of each board over nights, as text, JSON and one page with a picture per board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from stress.model.words import count, counted
from stress.report import differences, nights_picture, rates
from stress.report.document import document
from stress.report.document import table as document_table
from stress.report.facts import Facts
from stress.report.table import table
from stress.verdict.nights import ArmState

if TYPE_CHECKING:
    from stress.plan.plan import Plan
    from stress.verdict.nights import ArmNight, ArmTrend, BoardTrend, Night

SCHEMA = "pcmstress/trend/1"
# Runs in a strip of letters, and listed one by one; --json has all.
MOST_LETTERS, MOST_LISTED = 30, 12
# Runs listed on a page, and letters of a reason. Source: a page of a board stays below 400 KB.
MOST_ON_PAGE, _LONGEST = 100, 300
_LETTERS = {ArmState.CLEAN: ".", ArmState.CORRUPTED: "F", ArmState.OPEN: "?", ArmState.ABSENT: "-"}
_LEGEND = "one letter per run, the newest last: . clean, F corrupted, ? nothing proven, - not run"
_LISTED = ("date", "run", "verdict", "reason")
_HEADS = ("arm", "runs", "clean", "corrupted", "latest", "first bad", "a change?")


@dataclass(frozen=True)
class TrendShown:
    """The trend of one board, with facts and plan of its runs, and the runs that could not be read."""

    trend: BoardTrend
    facts: Sequence[Facts] = ()
    plans: Sequence[Plan] = ()
    unread: Sequence[str] = field(default=())

    @property
    def changed(self) -> list[tuple[str, str, str]]:
        """What the first bad run differs in from the last good one before it."""
        good, bad = self.trend.last_good, self.trend.first_bad
        if good < 0 or bad < 0 or len(self.facts) <= bad:
            return []
        found = differences.facts(self.facts[good], self.facts[bad])
        return [*found, *differences.plans(self.plans[good], self.plans[bad])]


def lines(shown: Sequence[TrendShown], columns: int = 0, verbose: bool = False) -> list[str]:
    """Return the trends for people, board after board."""
    out: list[str] = []
    for one in shown:
        out += [*([""] if out else []), *_board(one, columns, verbose)]
    unread = [f"not read: {text}" for one in shown for text in one.unread]
    return [*out, "", _LEGEND, *unread]


def _board(shown: TrendShown, columns: int, verbose: bool) -> list[str]:
    trend = shown.trend
    kept = trend.nights if verbose else trend.nights[-MOST_LISTED:]
    left = len(trend.nights) - len(kept)
    listed = [_fitted((_day(one), one.name, one.verdict.value, one.reason), columns) for one in kept]
    rows = [_cells(trend, arm, name) for arm, name in zip(trend.arms, arm_names(trend))]
    return [
        *head(trend),
        *_changed(shown),
        "",
        *table(_HEADS, rows, "llrrrll", columns, (6, 2, 3, 4)),
        "",
        *([f"{counted(left, 'earlier run')} with -v"] if left else []),
        *table(
            ("date", "run", "verdict", "reason"),
            [_fitted(row, columns) for row in listed],
            "llll",
            columns,
            (3,),
        ),
    ]


def _fitted(row: tuple[str, ...], columns: int) -> tuple[str, ...]:
    # The last column takes what is left.
    rest = max(16, (columns or 120) - sum(len(cell) + 2 for cell in row[:-1]))
    text = row[-1]
    return (*row[:-1], text if len(text) <= rest else f"{text[: rest - 1]}~")


def head(trend: BoardTrend) -> list[str]:
    """Return what is said of a board first: its runs, and the first bad one."""
    runs, bad, good = trend.nights, trend.first_bad, trend.last_good
    span = f" from {_day(runs[0])} to {_day(runs[-1])}" if len(runs) > 1 else f" of {_day(runs[0])}"
    told = [f"{trend.board}: {counted(len(runs), 'run')}{span}"]
    if bad < 0:
        return [*told, "no bad run: corruption was found in none of them"]
    arms = [arm.arm for arm in trend.arms if arm.nights[bad].state is ArmState.CORRUPTED]
    where = f", in {', '.join(arms[:4])}{' and more' if len(arms) > 4 else ''}" if arms else ""
    last = f"; last good run before it: {runs[good].name} ({_day(runs[good])})" if good >= 0 else ""
    return [*told, f"first bad run: {runs[bad].name} ({_day(runs[bad])}){where}{last}"]


def _changed(shown: TrendShown) -> list[str]:
    found = shown.changed
    if found:
        return ["between the two:", *(f"  {key}: {one} -> {two}" for key, one, two in found[:8])]
    if shown.trend.first_bad < 0 or shown.trend.last_good < 0:
        return []
    return ["between the two: no fact and no setting of the plan differs"]


def _cells(trend: BoardTrend, arm: ArmTrend, name: str) -> tuple[str, ...]:
    first = trend.nights[arm.first_bad].name if arm.first_bad >= 0 else "-"
    latest = next((one for one in reversed(arm.nights) if one.state is not ArmState.ABSENT), None)
    strip = "".join(_LETTERS[one.state] for one in arm.nights[-MOST_LETTERS:])
    clean, corrupted = arm.count(ArmState.CLEAN), arm.count(ArmState.CORRUPTED)
    return name, strip, count(clean), count(corrupted), _rate(latest), first, _change(arm)


def arm_names(trend: BoardTrend) -> list[str]:
    """Return the names of the arms; one whose settings changed stands there once for each, numbered."""
    out = []
    for arm in trend.arms:
        same = [one for one in trend.arms if one.arm == arm.arm]
        out.append(arm.arm if len(same) == 1 else f"{arm.arm} #{same.index(arm) + 1}")
    return out


def _change(arm: ArmTrend) -> str:
    if arm.first_bad < 0:
        return ""
    if not arm.first_bad or not any(one.observed_s for one in arm.nights[: arm.first_bad]):
        return "bad from the start"
    return f"{'yes' if arm.shown else 'not shown'} (p {rates.p_value(arm.p)})"


def _rate(one: ArmNight | None) -> str:
    if one is None or not one.observed_s:
        return "-"
    return rates.of(one.episodes, one.observed_s)


def _day(one: Night) -> str:
    return one.when[:16].replace("T", " ") or "no date"


def to_json(shown: Sequence[TrendShown]) -> dict[str, Any]:
    """Return the trends as one JSON object."""
    unread = [text for one in shown for text in one.unread]
    return {"schema": SCHEMA, "boards": [_object(one) for one in shown], "unread": unread}


def _object(shown: TrendShown) -> dict[str, Any]:
    trend = shown.trend
    return {
        "board": trend.board,
        "runs": [
            {"name": one.name, "date": one.when, "verdict": one.verdict.value, "reason": one.reason}
            for one in trend.nights
        ],
        "first_bad": trend.nights[trend.first_bad].name if trend.first_bad >= 0 else None,
        "last_good": trend.nights[trend.last_good].name if trend.last_good >= 0 else None,
        "changed": [{"name": name, "good": one, "bad": two} for name, one, two in shown.changed],
        "arms": [
            {
                "arm": arm.arm,
                "settings": arm.settings,
                "first_bad": trend.nights[arm.first_bad].name if arm.first_bad >= 0 else None,
                "p": arm.p if arm.first_bad > 0 else None,
                "runs": [
                    {"state": one.state.value, "episodes": one.episodes, "observed_s": one.observed_s}
                    for one in arm.nights
                ],
            }
            for arm in trend.arms
        ],
    }


def page(shown: Sequence[TrendShown]) -> str:
    """Return the trends as one HTML document."""
    unread = "".join(f"<p>not read: {escape(text)}</p>" for one in shown for text in one.unread)
    return document("pcmstress: runs over nights", "".join(map(_section, shown)) + unread)


def _section(shown: TrendShown) -> str:
    trend = shown.trend
    state = "FAIL" if trend.first_bad >= 0 else "PASS" if trend.last_good >= 0 else "INCONCLUSIVE"
    first, *rest = [*head(trend), *_changed(shown)]
    told = "".join(f"<p>{escape(text)}</p>" for text in rest)
    named = zip(trend.arms, arm_names(trend))
    rows = [
        _html_row(_cells(trend, arm, name), ("name", "name", "n", "n", "n", "", "")) for arm, name in named
    ]
    left = len(trend.nights) - MOST_ON_PAGE
    more = f"<p class=note>and {counted(left, 'earlier run')}</p>" if left > 0 else ""
    runs = (
        (_day(one), one.name, one.verdict.value, one.reason[:_LONGEST])
        for one in trend.nights[-MOST_ON_PAGE:]
    )
    listed = [_html_row(one, ("name", "name", one[2], "what")) for one in runs]
    return (
        f'<div class="verdict {state}"><h1>{escape(first)}</h1>{told}</div>'
        f"{nights_picture.svg(trend, arm_names(trend))}"
        f"<h2>Arms</h2>{document_table(_HEADS, rows, 'llrrrll')}<p class=note>{escape(_LEGEND)}</p>"
        f"<h2>Runs</h2>{document_table(_LISTED, listed)}{more}"
    )


def _html_row(cells: Sequence[str], classes: Sequence[str]) -> str:
    body = "".join(f'<td class="{name}">{escape(cell)}</td>' for cell, name in zip(cells, classes))
    return f"<tr>{body}</tr>"
