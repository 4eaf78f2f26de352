# SPDX-License-Identifier: MIT
"""When a run may end before its plan, and what may still be said then.

Wald's sequential test looks at the sum of the episodes of all arms, and only
after whole blocks (an arm has the same share of each). Why the tests between
arms keep their size: given the sum of two arms, how it splits between them is
binomial when their rates are equal, in every block. A rule that looks at sums
only cannot choose a split, so the exact conditional tests stay exact at the
stop. A rule that stopped once a contrast was significant would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.exposure import Exposure
from stress.model.record.events import StopRecord
from stress.stats.counts import Sequential, Stop
from stress.verdict.contrast import decidable, measure
from stress.verdict.tally import total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Plan, Stopping
    from stress.verdict.tally import Tally

_HOUR_S = 3600.0
MUTE = "mute"


@dataclass(frozen=True)
class Stopped:
    """Why a run ended before its plan.

    Parameters
    ----------
    decision : "bad" or "good" (the sequential test), "mute" when the pattern
        came back in no burst at all: more of the same tells nothing.
    bursts, walks : done; `planned` bursts, 0 for a run by duration.
    episodes, observed_s : of all arms, what the decision rests on.
    """

    decision: str
    bursts: int
    walks: int
    planned: int
    episodes: int
    observed_s: float
    rule: Stopping

    def text(self) -> str:
        """Return where and why in one line."""
        of = f" of {self.planned}" if self.planned else ""
        if self.decision == MUTE:
            return f"stopped early after {self.bursts}{of} bursts: the pattern came back in none of them"
        seen = f"{self.episodes} episodes in {self.observed_s:.4g} s of all arms"
        rule = self.rule
        if self.decision == Stop.BAD.value:
            says = f"reject {rule.good_per_h:g}/h (wrong in {100 * rule.alpha:g} %)"
            honest = "the rates found at such a stop run high, the contrasts between arms stay exact"
        else:
            says = f"reject {rule.bad_per_h:g}/h (wrong in {100 * rule.beta:g} %)"
            honest = "nothing is said of rarer corruption than that"
        return f"stopped early after {self.bursts}{of} bursts: {seen} {says}; {honest}"

    def to_record(self) -> StopRecord:
        """Return the stop event."""
        return StopRecord(
            decision=self.decision,
            bursts=self.bursts,
            text=self.text(),
            walks=self.walks,
            planned=self.planned,
            episodes=self.episodes,
            observed_s=self.observed_s,
        )


def sequential(rule: Stopping) -> Sequential:
    """Return the test of `rule`, exposure in seconds."""
    return Sequential(rule.good_per_h / _HOUR_S, rule.bad_per_h / _HOUR_S, rule.alpha, rule.beta)


def decide(plan: Plan, parts: Sequence[Tally], walks: int, planned: int) -> Stopped | None:
    """Return why the run ends here, None to go on; for the end of a whole block.

    Parameters
    ----------
    parts : tallies of all bursts so far.
    walks : times the plan was walked.
    planned : bursts planned, 0 for a run by duration.
    """
    if not plan.stop.asked or walks % plan.walks_per_block:
        return None
    whole = total(list(parts))
    decision = _decision(plan, parts, whole)
    if not decision:
        return None
    return Stopped(decision, whole.bursts, walks, planned, whole.episodes, whole.observed_s, plan.stop)


def _decision(plan: Plan, parts: Sequence[Tally], whole: Tally) -> str:
    if whole.bursts and whole.unlocked == whole.bursts > whole.starved:
        return MUTE
    decision = sequential(plan.stop).decide(whole.episodes, whole.observed_s)
    if decision is Stop.GO_ON or not _vouched(whole):
        return ""
    good = _would_pass(whole, plan.bound) if decision is Stop.GOOD else decidable(measure(plan, parts))
    return decision.value if good else ""


def _vouched(whole: Tally) -> bool:
    # A planted fault that corruption wrote over could not be found; every other one has to be.
    return 0 < whole.planted == whole.control_found + whole.control_covered and whole.control_found > 0


def _would_pass(whole: Tally, bound: float) -> bool:
    # One wrong run makes a FAIL however rare it is: what follows tells how rare.
    rate = Exposure(whole.lines, whole.line_bytes).rate_bound_95
    return not whole.found and not whole.control_covered and rate is not None and rate <= bound
