# SPDX-License-Identifier: MIT
"""What happened behind life-cycle events: outcomes counted per arm, with exact intervals."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stress.model.lifecycle import FirstLap
from stress.model.words import counted
from stress.stats.counts import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stress.model.record.events import LifecycleRecord
    from stress.plan.plan import Plan
    from stress.verdict.tally import Tally

_NO_DAMAGE = (FirstLap.RIGHT, FirstLap.XRUN)
# Times kept of one arm; their median and their worst are told.
_MOST_TIMES = 10000


def behind_events(outcomes: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """Return a sentence for each event whose first laps were not all right; an xrun of the burst is no word.

    Parameters
    ----------
    outcomes : numbers by (event, outcome).
    """
    lines = []
    for event in dict.fromkeys(name for name, _ in outcomes):
        total = sum(number for (name, _), number in outcomes.items() if name == event)
        found = [(one, outcomes.get((event, one.value), 0)) for one in FirstLap if one not in _NO_DAMAGE]
        told = [f"{one.value} in {number}" for one, number in found if number]
        if told:
            lines.append(f"the first lap after {event} is {', '.join(told)} of {counted(total, 'time')}")
    return tuple(lines)


def missed_events(plan: Plan, parts: Sequence[Tally]) -> list[str]:
    """Return a sentence for each event of a plan that did not happen in a whole run.

    Arms that were skipped, or are optional, miss none.
    """
    happened = {part.arm: {name for name, _ in part.outcomes} for part in parts if not part.skipped}
    told = []
    for rule in dict.fromkeys(rule for arm in plan.arm for rule in plan.rules(arm)):
        arms = [
            arm.name for arm in plan.arm if rule.covers(arm) and arm.name in happened and not arm.optional
        ]
        if arms and not any(rule.shown in happened[arm] for arm in arms):
            where = f"in {rule.arm}" if rule.arm else "in any arm"
            told.append(f"{rule.shown} did not happen {where}: nothing is known of it")
    return told


@dataclass
class EventRow:
    """One kind of event in one arm.

    Attributes
    ----------
    outcomes : number of events per outcome, in the order of `FirstLap`.
    frames : largest number of frames that were not right in a first lap, per outcome.
    times : until the stream could be opened or started again [s].
    """

    name: str
    arm: str
    outcomes: Counter[str] = field(default_factory=Counter)
    frames: dict[str, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def add(self, record: LifecycleRecord) -> None:
        """Count one event."""
        self.outcomes[record.outcome] += 1
        self.frames[record.outcome] = max(self.frames.get(record.outcome, 0), record.frames)
        if record.number and len(self.times) < _MOST_TIMES:
            self.times.append(record.took_s)

    @property
    def total(self) -> int:
        """How often it was done."""
        return sum(self.outcomes.values())

    def shares(self) -> list[tuple[str, int, float, float]]:
        """Return each outcome that was seen, its number, and the 95 % interval of its share."""
        found = []
        for outcome in FirstLap:
            number = self.outcomes[outcome.value]
            if number:
                interval = clopper_pearson(number, self.total)
                found.append((outcome.value, number, interval.low, interval.high))
        return found

    def lines(self) -> list[tuple[str, ...]]:
        """Return the rows of the table: one per outcome, the event named in the first."""
        rows: list[tuple[str, ...]] = []
        for index, (outcome, number, low, high) in enumerate(self.shares()):
            frames = self.frames[outcome]
            what = outcome if not frames else f"{outcome}, up to {frames} frames"
            share = f"{100 * number / self.total:.3g} % ({100 * low:.2g} to {100 * high:.3g})"
            first = (self.name, self.arm) if not index else ("", "")
            rows.append((*first, str(number), what, share, "" if index else self._back()))
        return rows

    def _back(self) -> str:
        if not self.times:
            return ""
        return f"{_time(statistics.median(self.times))}, {_time(max(self.times))}"

    def to_json(self) -> dict[str, Any]:
        """Return the row for `report --json`."""
        return {
            "event": self.name,
            "arm": self.arm,
            "times": self.total,
            "outcomes": {
                outcome: {"number": number, "low_95": low, "high_95": high, "frames": self.frames[outcome]}
                for outcome, number, low, high in self.shares()
            },
            "back_s": {"median": statistics.median(self.times), "worst": max(self.times)}
            if self.times
            else None,
        }


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
