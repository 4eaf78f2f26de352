# SPDX-License-Identifier: MIT
"""A plan's bases with the driver loaded with use_vmalloc=1 and =0 in turn: the kernel's own switch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stress.errors import ConfigError

if TYPE_CHECKING:
    from stress.plan.plan import Arm, Plan

CACHED, COHERENT = "on", "off"


def by_reload(plan: Plan, where: str) -> Plan:
    """Return the bases of the contrasts of `plan`, each with both kinds of memory, ABBA.

    All with one kind of memory follow one another, so that the driver is loaded anew once
    per walk. What else the plan changes, one thing at a time, is left out.

    Raises
    ------
    ConfigError : no arm maps its ring and is the first of a group.
    """
    bases = _bases(plan)
    if not bases:
        allowed = "a plan with an arm that has a group and access = mmap"
        raise ConfigError("no arm to compare", where=where, key="--reload", allowed=allowed)
    cached = tuple(replace(arm, vmalloc=CACHED) for arm in bases)
    coherent = tuple(
        replace(arm, name=f"{arm.name[:24]}-use_vmalloc=0", vmalloc=COHERENT, optional=True) for arm in bases
    )
    return replace(plan, arm=cached + coherent, order="abba", repeats=max(2, plan.repeats))


def _bases(plan: Plan) -> list[Arm]:
    seen: dict[str, Arm] = {}
    for arm in plan.arm:
        if arm.group and not arm.sweep:
            seen.setdefault(arm.group, arm)
    return [arm for arm in seen.values() if arm.mapped and not arm.cures]
