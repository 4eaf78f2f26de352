# SPDX-License-Identifier: MIT
"""The order of the bursts: which arm is next, how often the plan is walked, and where a run stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.verdict.longer import clean_but_short
from stress.verdict.stopping import Stopped, decide

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from stress.plan.plan import Arm, Plan
    from stress.record.journal import Journal
    from stress.verdict.summary import Summing
    from stress.verdict.tally import Tally


@dataclass(frozen=True)
class Progress:
    """Where a run stands, after each burst.

    Attributes
    ----------
    number, planned : bursts done and planned; planned is 0 for a run by duration.
    streamed_s, duration_s : streamed time so far and asked for (0: by plan) [s].
    findings : wrong runs so far, the planted ones left out.
    """

    arm: str
    number: int
    planned: int
    streamed_s: float
    duration_s: float
    findings: int


@dataclass(frozen=True)
class Step:
    """One burst of the schedule.

    Parameters
    ----------
    last : the PCM is opened anew behind it, as another arm follows or the cycle ends.
    """

    number: int
    arm: Arm
    last: bool


def walk(plan: Plan, number: int) -> Iterator[Step]:
    """Yield the steps of one walk of the plan, the first of them numbered `number` + 1.

    Every second walk of a plan of order "abba" goes backwards, so that what drifts with time
    falls on all arms alike.
    """
    cycle = [arm for arm in plan.arm for _ in range(arm.bursts)]
    walked = cycle[::-1] if plan.order == "abba" and number // len(cycle) % 2 == 1 else cycle
    for step, (arm, following) in enumerate(zip(walked, [*walked[1:], None]), number + 1):
        yield Step(step, arm, following is not arm)


class Schedule:
    """Walk after walk of a plan, until it has been walked as often as it says or something ends it.

    Parameters
    ----------
    done : what the bursts add up to, an earlier part of the run included; read, never written.
    journal : receives why the run stopped early.
    duration_s : streamed time to reach, 0 to walk the plan as often as it says itself [s].
    indexing : how the D-cache finds a line, see `stress.model.transport`.

    Attributes
    ----------
    stopped : why the run ended early, None while it did not.
    """

    def __init__(
        self, plan: Plan, done: Summing, journal: Journal, duration_s: float = 0.0, indexing: str = ""
    ) -> None:
        self._plan, self._done, self._journal = plan, done, journal
        self._duration_s, self._indexing = duration_s, indexing
        # Numbers count the steps of the plan: an arm that is skipped has one too.
        self._behind = done.number
        self._steps = sum(arm.bursts for arm in plan.arm)
        self._walks = 0
        self.stopped: Stopped | None = None

    def steps(self, skipped: Container[str]) -> Iterator[Step]:
        """Yield each step that is still to be done.

        Parameters
        ----------
        skipped : names of arms that no burst is wanted of; a run of these alone ends.
        """
        number = 0
        while self._goes_on(number // self._steps) and not self._stops(number, number // self._steps):
            self._walks = max(self._walks, number // self._steps + 1)
            for step in walk(self._plan, number):
                number = step.number
                if number > self._behind:
                    yield step
            if all(arm.name in skipped for arm in self._plan.arm):
                return

    def planned(self) -> int:
        """Return the bursts of the run, 0 for one by duration."""
        return 0 if self._duration_s else max(self._plan.repeats, self._walks) * self._steps

    def _goes_on(self, walks: int) -> bool:
        if self._duration_s:
            return self._done.streamed_s < self._duration_s
        return walks < self._plan.repeats or (
            # Clean, and only too short for a PASS: up to twice the plan is streamed.
            walks < 2 * self._plan.repeats and clean_but_short(self._tallies(), self._plan, self._indexing)
        )

    def _stops(self, number: int, walks: int) -> bool:
        if not walks or number < self._behind:
            return False
        self.stopped = decide(self._plan, self._tallies(), walks, self.planned())
        if self.stopped:
            self._journal.append(self.stopped.to_record(), sync=True)
        return self.stopped is not None

    def _tallies(self) -> list[Tally]:
        return list(self._done.tallies.values())
