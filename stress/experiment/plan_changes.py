# SPDX-License-Identifier: MIT
"""What can be taken away from a plan of one arm, and the search for as much of it as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from stress.plan.plan import Plan

# Periods a second of the smallest period that is tried: a millisecond. Source: the frames of full-speed
# USB. Higher: xruns are all that is seen; lower: larger rings than need be.
MOST_PERIODS_HZ = 1000


@dataclass(frozen=True)
class Change:
    """Makes one setting of a plan of one arm plain."""

    name: str
    change: Callable[[Plan], Plan]


def _arm(**values: object) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, arm=(replace(plan.arm[0], **values),))  # type: ignore[arg-type]


def _unpinned(plan: Plan) -> Plan:
    return replace(plan, conditions=replace(plan.conditions, cpu=-1, irq_cpu=-1))


# What an ordinary player and recorder do without. Real-time priority and locked memory stay: they
# decide whether a burst can be judged, not whether it corrupts.
CHANGES = (
    Change("mmap access (rw instead)", _arm(access="rw", side="both")),
    Change("mmap of the playback ring", lambda plan: _one_sided(plan, "capture")),
    Change("mmap of the capture ring", lambda plan: _one_sided(plan, "playback")),
    Change("touch of playback (store instead)", _arm(playback="store")),
    Change("playback queue", _arm(queue_periods=0)),
    Change("start burst", _arm(start_burst=False)),
    Change("touch of capture (exact instead)", _arm(capture="exact")),
    Change("cache lever", _arm(lever="none")),
    Change("context switches", _arm(switches_per_s=0.0)),
    Change("background load", _arm(load="none")),
    Change("life-cycle event", _arm(event="none")),
    Change("pinned CPU", _unpinned),
)


def _one_sided(plan: Plan, side: str) -> Plan:
    arm = plan.arm[0]
    # Of an arm that is one-sided already, or goes by rw, nothing can be taken.
    return _arm(side=side)(plan) if arm.side == "both" and arm.mapped else plan


def applied(plan: Plan, changes: Sequence[Change]) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan with these changes made, and the names of those that changed something."""
    names = []
    for one in changes:
        changed = one.change(plan)
        names += [one.name] if changed != plan else []
        plan = changed
    return plan, tuple(names)


def halved(plan: Plan, key: str) -> Plan | None:
    """Return the plan with half the period or half a ring, None where that is no ring any more.

    Both rings keep different sizes, so that a lag names its ring.
    """
    arm = plan.arm[0]
    if key == "period_size":
        period = arm.period_size // 2
        return _arm(period_size=period)(plan) if period * MOST_PERIODS_HZ >= plan.rate else None
    period = arm.period_size
    other = arm.capture_buffer if key == "playback_buffer" else arm.playback_buffer
    frames = getattr(arm, key)
    size = max(2 * period, frames // 2 // period * period)
    size = size + period if size == other else size
    return _arm(**{key: size})(plan) if size < frames else None


def ddmin(items: Sequence[Change], works: Callable[[Sequence[Change]], bool]) -> list[Change]:
    """Return as many of `items` as can be applied together with the test still working.

    The search is ddmin's on what is left out: first everything is applied, then halves,
    then ever smaller parts, until no single item more can be applied.

    Parameters
    ----------
    works : whether the plan still reproduces with these applied.
    """
    done: list[Change] = []
    left, size = list(items), len(items)
    while left and size:
        progress = False
        for part in [left[start : start + size] for start in range(0, len(left), size)]:
            if works([*done, *part]):
                done += part
                left = [one for one in left if one not in part]
                progress = True
        # What was refused beside more than is left now may be taken after all.
        if not progress or not left:
            size //= 2
        size = min(size, len(left))
    return done
