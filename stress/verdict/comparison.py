# SPDX-License-Identifier: MIT
"""Two runs of a plan compared, arm by arm: better, worse, same, or cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stress.model.exposure import ZERO_EVENTS_95
from stress.model.record.burst import BurstRecord
from stress.model.verdict import Verdict
from stress.settings import schema
from stress.stats.counts import holm
from stress.verdict import needs, run_folder
from stress.verdict.rates import SATURATED, Difference, RateUnits, Word, difference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stress.model.record.events import Event
    from stress.plan.plan import Arm, Plan
    from stress.verdict.summary import Summary, Summing
    from stress.verdict.tally import Tally

# Of an arm, what only says how long it is streamed or how it is used, not what is tested.
_AMOUNT = ("name", "bursts", "burst_s", "optional", "group", "sweep")
# Of a plan, what changes the test in every one of its arms.
_SHARED = (
    "rate", "channels", "format", "playback_channels", "capture_channels", "playback_format",
    "capture_format", "pattern",
)  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """One run as it is compared.

    Attributes
    ----------
    name : as the user gave it.
    units : of each arm that has a burst.
    """

    name: str
    run: Summary
    units: dict[str, RateUnits] = field(default_factory=dict)

    def part(self, arm: str) -> Tally | None:
        """Return the tally of an arm, None where it has no burst."""
        return next((part for part in self.run.parts if part.arm == arm and part.bursts), None)


@dataclass(frozen=True)
class Row:
    """One arm in both runs.

    Attributes
    ----------
    p : of "the rates are equal", adjusted for the number of arms (Holm).
    word : what it says of the second run.
    why : why it cannot tell, or what to know of it.
    factor : how many times the exposure would tell; 1 where it does, inf where more of it would not.
    another : settings of the test that differ, "name FIRST -> SECOND" each; such a row is shown and
        decides nothing.
    """

    arm: str
    first: Tally | None
    second: Tally | None
    difference: Difference = Difference()
    p: float = 1.0
    word: Word = Word.CANNOT_TELL
    why: str = ""
    factor: float = 1.0
    another: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunComparison:
    """A run against the first one.

    Attributes
    ----------
    word : better, worse, same or cannot tell, over all rows that are the same test.
    needed_s : streaming of each run that would tell [s]; 0 where it does, inf where more would not.
    """

    first: Compared
    second: Compared
    rows: tuple[Row, ...]
    word: Word
    needed_s: float

    def arms(self, word: Word) -> list[str]:
        """Return the arms that say so, those of another test left out."""
        return [row.arm for row in self.rows if row.word is word and not row.another]


def read(folder: Path, name: str, plan: Plan) -> Compared:
    """Return the run in `folder`.

    Raises
    ------
    CaptureFileError : no record, or one that is damaged.
    """
    units: dict[str, RateUnits] = {}
    before: dict[str, int] = {}

    def watch(summing: Summing, event: Event) -> None:
        if isinstance(event, BurstRecord):
            drawn = summing.start is not None and summing.start.transport.drawn_colours > 1
            wrong = summing.tallies[event.arm].wrong_frames
            units.setdefault(event.arm, RateUnits(drawn)).add(event, wrong - before.get(event.arm, 0))
            before[event.arm] = wrong

    return Compared(name, run_folder.read(folder, watch).result(plan), units)


def compare(runs: Sequence[Compared]) -> list[RunComparison]:
    """Compare each run with the first one; p values are adjusted over all of them."""
    first, *others = runs
    drafts = [[_row(name, first, other) for name in _names(first, other)] for other in others]
    tested = [row for rows in drafts for row in rows if _tests(row)]
    adjusted = dict(zip(map(id, tested), holm([row.difference.comparison.p for row in tested])))
    found = []
    for other, rows in zip(others, drafts):
        judged = tuple(_judged(row, adjusted.get(id(row), 1.0)) for row in rows)
        word = _whole(judged, first.run, other.run)
        needed = 0.0 if word is not Word.CANNOT_TELL else _needed(judged, first.run, other.run)
        found.append(RunComparison(first, other, judged, word, needed))
    return found


def _names(first: Compared, second: Compared) -> list[str]:
    return list(dict.fromkeys(part.arm for one in (first, second) for part in one.run.parts))


def _tests(row: Row) -> bool:
    both = row.difference.comparison.first + row.difference.comparison.second
    return bool(both) and not row.difference.doubt


def _row(name: str, first: Compared, second: Compared) -> Row:
    one, two = first.part(name), second.part(name)
    if one is None or two is None:
        return Row(name, one, two, Difference(doubt=_absent(name, first, second)))
    if one.detectors.keys() != two.detectors.keys():
        ways = " and by ".join("+".join(sorted(part.detectors)) for part in (one, two))
        return Row(name, one, two, Difference(doubt=f"judged by {ways}: their rates do not compare"))
    full = all(part.tiles and part.episodes > SATURATED * part.tiles for part in (one, two))
    found = difference(first.units[name], second.units[name], full)
    return Row(name, one, two, found, another=tuple(_settings(name, first.run.plan, second.run.plan)))


def _absent(name: str, first: Compared, second: Compared) -> str:
    lacking = [one for one in (first, second) if one.part(name) is None]
    if len(lacking) == 2:
        return "not run"
    planned = any(arm.name == name for arm in lacking[0].run.plan.arm)
    which = "first" if lacking[0] is first else "second"
    return (
        f"not run in the {which}" if planned else f"only in the {'second' if which == 'first' else 'first'}"
    )


def _settings(name: str, first: Plan, second: Plan) -> list[str]:
    arms = [next((arm for arm in plan.arm if arm.name == name), None) for plan in (first, second)]
    shared = [{key: getattr(plan, key) for key in _SHARED} for plan in (first, second)]
    one, two = ({**values, **_of_arm(arm)} for values, arm in zip(shared, arms))
    return [f"{key} {one.get(key, '-')} -> {two.get(key, '-')}" for key in one if one[key] != two.get(key)]


def settings(arm: Arm, plan: Plan) -> str:
    """Return what is tested in an arm of a plan, "key value" each; its name and its length are none of it."""
    values = {**{key: getattr(plan, key) for key in _SHARED}, **_of_arm(arm)}
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _of_arm(arm: Arm | None) -> dict[str, object]:
    values = schema.write(arm) if arm is not None else {}
    return {key: value for key, value in values.items() if key not in _AMOUNT}


def _judged(row: Row, p: float) -> Row:
    found, one, two = row.difference, row.first, row.second
    if found.doubt or one is None or two is None:
        return _with(row, p, Word.CANNOT_TELL, found.doubt, found.factor)
    if not one.found + two.found and not found.comparison.first + found.comparison.second:
        short = [reason for reason in (needs.shortfall(one), needs.shortfall(two)) if reason]
        word = Word.CANNOT_TELL if short else Word.SAME
        return _with(row, p, word, short[0] if short else "clean in both", float("inf") if short else 1.0)
    word = found.word(p)
    factor = found.factor if word is Word.CANNOT_TELL else 1.0
    return _with(row, p, word, "too few episodes, at these rates" if word is Word.CANNOT_TELL else "", factor)


def _with(row: Row, p: float, word: Word, why: str, factor: float) -> Row:
    return Row(row.arm, row.first, row.second, row.difference, p, word, why, factor, row.another)


def _whole(rows: Sequence[Row], first: Summary, second: Summary) -> Word:
    # Arms that neither run had are no part of the question.
    said = [row.word for row in rows if not row.another and (row.first or row.second)]
    for word in (Word.WORSE, Word.BETTER):
        if word in said:
            return word
    if not said or Word.CANNOT_TELL in said:
        return Word.CANNOT_TELL
    clean = not first.whole.found + second.whole.found
    passed = all(run.judgement.verdict is Verdict.PASS for run in (first, second))
    return Word.SAME if passed or not clean else Word.CANNOT_TELL


def _needed(rows: Sequence[Row], first: Summary, second: Summary) -> float:
    longest = max(first.whole.streamed_s, second.whole.streamed_s)
    factors = [row.factor for row in rows if row.word is Word.CANNOT_TELL and not row.another]
    finite = [factor for factor in factors if factor < float("inf")]
    if finite:
        return longest * max(finite)
    # Clean in both, and too short for a PASS.
    short = [ZERO_EVENTS_95 / run.plan.bound / run.whole.lines for run in (first, second) if run.whole.lines]
    return longest * max(short) if short and not factors and max(short) > 1.0 else float("inf")
