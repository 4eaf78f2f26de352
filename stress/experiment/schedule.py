# SPDX-License-Identifier: MIT
"""The order of the bursts: which arm is next, and where a run stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stress.plan.plan import Arm, Plan


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
