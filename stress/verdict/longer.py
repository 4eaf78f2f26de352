# SPDX-License-Identifier: MIT
"""Whether a run is to go on past its plan: it is clean, and only more of the same keeps it from PASS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stress.model.verdict import Verdict
from stress.verdict import needs
from stress.verdict.judge import judge
from stress.verdict.tally import Tally, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Plan

# Lines that reach every bound a plan may ask for (1e-12).
ENOUGH = 1 << 62


def clean_but_short(parts: Sequence[Tally], plan: Plan, indexing: str = "") -> bool:
    """Return whether nothing but more of the same keeps a run from PASS; `indexing` as in `judge_run`.

    An arm that had an xrun in every burst is short of a burst without one.
    """
    if not any(part.bursts for part in parts):
        return False
    hoped = [_without_xrun(part) for part in parts]
    if needs.missing(plan, hoped) or needs.unprovoked(plan, hoped, indexing):
        return False
    whole, proving = total(hoped), needs.proving(plan, hoped)
    enough = replace(whole, lines=ENOUGH)
    disturbed = bool(needs.missing(plan, parts))
    short = disturbed or judge(replace(whole, lines=proving.lines), plan.bound).verdict is not Verdict.PASS
    return short and proving.lines > 0 and judge(enough, plan.bound).verdict is Verdict.PASS


def _without_xrun(part: Tally) -> Tally:
    # As it would be behind one more burst, if that had no xrun.
    if not part.bursts or part.xrun_bursts < part.bursts:
        return part
    return replace(
        part,
        xrun_bursts=0,
        unlocked=part.unlocked - part.starved,
        starved=0,
        lines=part.lines or 1,
        planted=part.planted or 1,
        control_found=part.control_found if part.planted else 1,
    )
