# SPDX-License-Identifier: MIT
"""Size the bursts of a plan from the cache line of the board, so that a clean board reaches its bound."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from stress.model.exposure import ZERO_EVENTS_95

if TYPE_CHECKING:
    from stress.plan.plan import Plan

# Lines streamed for each line that the bound needs. Source: a quarter to spare for what the lock,
# the ends of a burst and injected faults take (measured: 1 to 3 % of bursts of 2 s). Higher: runs take
# longer than they have to; lower: a clean board ends INCONCLUSIVE by a few lines.
SPARE = 1.25
# Bursts are made longer in steps of this [s].
STEP_S = 0.1


def needed_lines(bound: float) -> int:
    """Return the clean ring lines that bring the 95 % upper bound down to `bound`."""
    return math.ceil(ZERO_EVENTS_95 / bound)


def planned_lines(plan: Plan, line_bytes: int) -> int:
    """Return the ring lines that count towards the bound when `plan` is walked as often as it says."""
    mapped = any(arm.mapped for arm in plan.arm)
    proving = [arm for arm in plan.arm if not arm.cures and (arm.mapped or not mapped)]
    shared = plan.shared()
    frame_bytes = shared.fmt.frame_bytes(shared.channels)
    frames = sum(int(arm.burst_s * plan.rate) * arm.bursts for arm in proving)
    return plan.repeats * frames * frame_bytes // line_bytes


def fitted(plan: Plan, line_bytes: int) -> Plan:
    """Return `plan` with bursts that are long enough for its bound, all by one factor.

    Parameters
    ----------
    line_bytes : cache line of the board [bytes].
    """
    wanted, planned = SPARE * needed_lines(plan.bound), planned_lines(plan, line_bytes)
    if not plan.fit or not planned or planned >= wanted:
        return plan
    factor = wanted / planned

    def longer(seconds: float) -> float:
        return round(math.ceil(seconds * factor / STEP_S - 1e-9) * STEP_S, 3)

    return replace(plan, arm=tuple(replace(arm, burst_s=longer(arm.burst_s)) for arm in plan.arm))
