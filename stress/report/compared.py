# SPDX-License-Identifier: MIT
"""A comparison of runs, as text, JSON and one page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from stress.report import differences, forest, rates
from stress.report.document import document
from stress.report.document import table as document_table
from stress.report.facts import Facts
from stress.report.table import table
from stress.verdict.rates import FACTOR, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.verdict.comparison import Compared, Row, RunComparison

SCHEMA = "pcmstress/comparison/1"
# Differences of facts and plan on the screen; the JSON object has all.
MOST_DIFFERENCES = 12
# Arms named in a sentence.
MOST_NAMED = 5
_BOX = {Word.WORSE: "FAIL", Word.BETTER: "PASS", Word.SAME: "PASS", Word.CANNOT_TELL: "INCONCLUSIVE"}
_HEADS = ("arm", "first", "second", "times", "95 %", "p", "says")
_COUNTED = (
    "Rates are episodes per second or hour of streaming, second over first; < is the 95 % bound of a rate "
    "without an episode; % is the share of wrong frames, where nearly every piece of time has an episode."
)


@dataclass(frozen=True)
class Shown:
    """A comparison with the facts of both boards."""

    comparison: RunComparison
    first: Facts = Facts()
    second: Facts = Facts()

    @property
    def facts(self) -> list[tuple[str, str, str]]:
        """The facts that differ, both values each."""
        return differences.facts(self.first, self.second)

    @property
    def plan(self) -> list[tuple[str, str, str]]:
        """The settings of the plan that differ, both values each."""
        one = self.comparison
        return differences.plans(one.first.run.plan, one.second.run.plan)


def lines(shown: Sequence[Shown], columns: int = 0) -> list[str]:
    """Return the comparisons for people, one below the other."""
    out: list[str] = []
    for one in shown:
        out += [*([""] if out else []), *_lines(one, columns)]
    return [*out, "", _COUNTED]


def _lines(shown: Shown, columns: int) -> list[str]:
    found = shown.comparison
    rows = [_cells(row) for row in found.rows]
    unlike = [f"{row.arm}: {', '.join(row.another)}" for row in found.rows if row.another]
    return [
        head(found),
        *needed(found),
        _run("first:", found.first),
        _run("second:", found.second),
        "",
        *table(_HEADS, rows, "lrrrrrl", columns, (5, 4)),
        *_reasons(found),
        *([f"another test, so it decides nothing: {text}" for text in unlike]),
        *_differ("facts", shown.facts),
        *_differ("settings of the plan", shown.plan),
    ]


def head(found: RunComparison) -> str:
    """Return the word and the sentence of a comparison, in a line."""
    return f"{found.word.value}: {sentence(found)}"


def _run(which: str, one: Compared) -> str:
    judged, reasons = one.run.judgement, one.run.judgement.reasons
    return f"{which.ljust(8)}{one.name}, {judged.verdict.value}{f': {reasons[0]}' if reasons else ''}"


def sentence(found: RunComparison) -> str:
    """Return what the comparison says, in one sentence."""
    second = found.second.name
    named = {word: found.arms(word) for word in Word}
    if found.word in (Word.WORSE, Word.BETTER):
        more = "more" if found.word is Word.WORSE else "fewer"
        unit = "wrong frames" if all(_by_frames(found, arm) for arm in named[found.word]) else "episodes"
        also = named[Word.BETTER] if found.word is Word.WORSE else []
        but = f"; fewer in {', '.join(also)}" if also else ""
        return f"{second} has significantly {more} {unit} in {_some(named[found.word])}{but}"
    if found.word is Word.SAME:
        clean = not found.first.run.whole.found + found.second.run.whole.found
        return "both are clean" if clean else f"every rate of {second} is within a factor of {FACTOR:g}"
    if not any(row.first and row.second for row in found.rows):
        return "no arm was run in both"
    open_arms = named[Word.CANNOT_TELL]
    alone = [arm for arm in _alone(found) if arm in open_arms]
    little = [arm for arm in open_arms if arm not in alone]
    told = [f"{_some(alone)} ran in one of the two only"] if alone else []
    told += [f"too little was observed in {_some(little)}"] if little else []
    return "; ".join(told) or "both are clean, and too short for a PASS"


def _alone(found: RunComparison) -> list[str]:
    return [row.arm for row in found.rows if bool(row.first) != bool(row.second)]


def _by_frames(found: RunComparison, arm: str) -> bool:
    return any(row.arm == arm and row.difference.by == "frames" for row in found.rows)


def _some(arms: Sequence[str]) -> str:
    if len(arms) <= MOST_NAMED:
        return ", ".join(arms)
    shown = arms[: MOST_NAMED - 1]
    return f"{', '.join(shown)} and {len(arms) - len(shown)} more arms"


def needed(found: RunComparison) -> list[str]:
    """Return the exposure that would tell, nothing where it does."""
    if found.word is not Word.CANNOT_TELL:
        return []
    if math.isinf(found.needed_s) and set(found.arms(Word.CANNOT_TELL)) <= set(_alone(found)):
        return ["needed: the same arms in both runs (one --plan); more of the same would not tell"]
    if math.isinf(found.needed_s):
        return ["needed: the reasons in the table; more of the same would not tell"]
    return [f"needed: about {rates.exposure(found.needed_s)} in each run, at the rates seen (80 % power)"]


def _cells(row: Row) -> tuple[str, ...]:
    found = row.difference
    shown = rates.frames if found.by == "frames" else rates.episodes
    counts = found.comparison.first + found.comparison.second
    tested = bool(counts) and not found.doubt
    interval = found.comparison.interval
    says = f"{row.word.value}{' *' if row.another else ''}"
    return (
        row.arm,
        shown(row.first),
        shown(row.second),
        rates.times(found.comparison.ratio) if tested else "-",
        f"{_end(interval.low)} to {_end(interval.high)}" if tested else "-",
        rates.p_value(row.p) if tested else "-",
        says,
    )


def _reasons(found: RunComparison) -> list[str]:
    # A reason of many arms is said once.
    arms: dict[tuple[str, str], list[str]] = {}
    for row in found.rows:
        if row.why:
            arms.setdefault((row.word.value, row.why), []).append(row.arm)
    return [f"{word}, {_some(names)}: {why}" for (word, why), names in arms.items()]


def _end(value: float) -> str:
    return "any" if math.isinf(value) else f"{value:.2g}"


def _differ(name: str, found: Sequence[tuple[str, str, str]]) -> list[str]:
    if not found:
        return ["", f"{name}: no difference"]
    rows = differences.arms_together(found)
    shown = [f"  {key}: {one} -> {two}" if two else f"  {key}: {one}" for key, one, two in rows]
    left = len(shown) - MOST_DIFFERENCES
    shown = shown[:MOST_DIFFERENCES]
    return [
        "",
        f"{name} that differ:",
        *shown,
        *([f"  ... and {left} more (--json has all)"] if left > 0 else []),
    ]


def to_json(shown: Sequence[Shown]) -> dict[str, Any]:
    """Return the comparisons as one JSON object."""
    return {"schema": SCHEMA, "comparisons": [_object(one) for one in shown]}


def _object(shown: Shown) -> dict[str, Any]:
    found = shown.comparison
    return {
        "verdict": found.word.value,
        "sentence": sentence(found),
        "needed_s": found.needed_s if math.isfinite(found.needed_s) else None,
        "first": _run_json(found.first),
        "second": _run_json(found.second),
        "arms": [_row_json(row) for row in found.rows],
        "facts": [{"name": name, "first": one, "second": two} for name, one, two in shown.facts],
        "plan": [{"name": name, "first": one, "second": two} for name, one, two in shown.plan],
    }


def _run_json(one: Compared) -> dict[str, Any]:
    judged = one.run.judgement
    return {"name": one.name, "verdict": judged.verdict.value, "reasons": list(judged.reasons)}


def _row_json(row: Row) -> dict[str, Any]:
    found = row.difference.comparison
    tested = bool(found.first + found.second) and not row.difference.doubt
    ends = (found.ratio, found.interval.low, found.interval.high) if tested else (math.nan,) * 3
    ratio, low, high = (value if math.isfinite(value) else None for value in ends)
    return {
        "arm": row.arm,
        "verdict": row.word.value,
        "why": row.why,
        "compared": row.difference.by,
        "first": _side_json(row.first),
        "second": _side_json(row.second),
        "ratio": ratio,
        "ratio_low_95": low,
        "ratio_high_95": high,
        "p": row.p if tested else None,
        "spread": row.difference.spread,
        "another_test": list(row.another),
    }


def _side_json(part: Any) -> dict[str, Any] | None:
    names = ("bursts", "episodes", "observed_s", "wrong_frames", "checked_frames")
    return {name: getattr(part, name) for name in names} if part else None


def page(shown: Sequence[Shown]) -> str:
    """Return the comparisons as one HTML document."""
    first = shown[0].comparison.first.name
    return document(f"pcmstress: compared with {first}", "".join(map(_section, shown)))


def _section(shown: Shown) -> str:
    found = shown.comparison
    told = "".join(f"<p>{escape(text)}</p>" for text in needed(found))
    runs = "".join(
        f"<p>{escape(_run(name, one))}</p>"
        for name, one in (("first:", found.first), ("second:", found.second))
    )
    rows = [_row_html(row) for row in found.rows]
    return (
        f'<div class="verdict {_BOX[found.word]}"><h1>{escape(head(found))}</h1>{told}{runs}</div>'
        f"{_picture(found)}<h2>Arms</h2>{document_table(_on_page(_HEADS), rows, 'llrrrrr')}"
        f"{''.join(f'<p>{escape(text)}</p>' for text in _reasons(found))}"
        f'<p class="note">{escape(_COUNTED)}</p>'
        f"{_differ_html('Facts', shown.facts)}{_differ_html('Settings of the plan', shown.plan)}"
    )


def _on_page(cells: Sequence[str]) -> tuple[str, ...]:
    # What it says stands behind the name: a narrow screen cuts the end of a row.
    return cells[0], cells[-1], *cells[1:-1]


def _row_html(row: Row) -> str:
    looks = ("name", "name", *["n"] * (len(_HEADS) - 2))
    cells = zip(looks, _on_page(_cells(row)))
    return f"<tr>{''.join(f'<td class={look}>{escape(cell)}</td>' for look, cell in cells)}</tr>"


def _picture(found: RunComparison) -> str:
    entries = [
        forest.Entry(
            row.arm,
            one.ratio,
            one.interval,
            row.word in (Word.WORSE, Word.BETTER),
            f"p {rates.p_value(row.p)}",
        )
        for row in found.rows
        for one in (row.difference.comparison,)
        if one.first + one.second and not row.difference.doubt
    ]
    caption = (
        "How many times more in the second run; bars are 95 % intervals. Left of 1 the second run is better, "
        "right of it worse; green: shown after correction for the number of arms."
    )
    return forest.plot(
        entries, "rates of the second run over the first, with 95 % intervals", caption, (-2.0, 2.0)
    )


def _differ_html(name: str, found: Sequence[tuple[str, str, str]]) -> str:
    if not found:
        return f"<h2>{name}</h2><p>No difference.</p>"
    rows = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in found]
    return f"<h2>{name} that differ</h2>{document_table(('name', 'first', 'second'), rows)}"
