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
# No burst is made longer than this; the plan is walked more often instead [s]. Source: a minute of
# 16-bit stereo takes 0.14 GB on a card, an hour 8 GB (plan.burst_memory). Higher: a plan for hours is
# refused for want of memory; lower: more of a run is spent between bursts.
LONGEST_S = 60.0
# As `stress.plan.plan.Plan.repeats` allows.
MOST_REPEATS = 1_000_000


def needed_lines(bound: float) -> int:
    """Return the clean ring lines that bring the 95 % upper bound down to `bound`."""
    return math.ceil(ZERO_EVENTS_95 / bound)


def planned_lines(plan: Plan, line_bytes: int, duration_s: float = 0.0) -> int:
    """Return the ring lines that count towards the bound when `plan` is walked as often as it says.

    Parameters
    ----------
    duration_s : the plan is walked until so much was streamed instead, 0 as often as it says itself [s].
    """
    mapped = any(arm.mapped for arm in plan.arm)
    proving = [arm for arm in plan.arm if not arm.cures and (arm.mapped or not mapped)]
    shared = plan.shared()
    frame_bytes = shared.fmt.frame_bytes(shared.channels)
    frames = sum(int(arm.burst_s * plan.rate) * arm.bursts for arm in proving)
    walk_s = sum(arm.burst_s * arm.bursts for arm in plan.arm)
    # The last walk is completed; not a whole one more for what a sum of floats is short of.
    walks = math.ceil(duration_s / walk_s - 1e-9) if duration_s else plan.repeats
    return walks * frames * frame_bytes // line_bytes


def fitted(plan: Plan, line_bytes: int, duration_s: float = 0.0) -> Plan:
    """Return `plan` with bursts that are long enough for its bound, all by one factor.

    Where a burst would be longer than `LONGEST_S`, the plan is walked more often.

    Parameters
    ----------
    line_bytes : cache line of the board [bytes].
    duration_s : see `planned_lines`.
    """
    wanted, planned = SPARE * needed_lines(plan.bound), planned_lines(plan, line_bytes, duration_s)
    if not plan.fit or not planned or planned >= wanted:
        return plan
    longest = max(arm.burst_s for arm in plan.arm)
    factor = min(wanted / planned, max(1.0, LONGEST_S / longest))

    def longer(seconds: float) -> float:
        return round(math.ceil(seconds * factor / STEP_S - 1e-9) * STEP_S, 3)

    stretched = replace(plan, arm=tuple(replace(arm, burst_s=longer(arm.burst_s)) for arm in plan.arm))
    walk = planned_lines(replace(stretched, repeats=1), line_bytes)
    return replace(stretched, repeats=max(plan.repeats, min(MOST_REPEATS, math.ceil(wanted / walk))))
