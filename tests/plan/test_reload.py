# SPDX-License-Identifier: MIT
"""The bases of a plan with both kinds of memory."""

from __future__ import annotations

import dataclasses

import pytest

from stress.errors import ConfigError
from stress.plan.plan import load_plan
from stress.plan.reload import by_reload
from stress.settings import schema


def test_bases_come_with_both_kinds_of_memory_in_turn():
    plan = by_reload(load_plan("diagnose"), "diagnose")
    bases = ["player", "mixer", "recorder", "ahead"]
    assert [arm.name for arm in plan.arm] == bases + [f"{name}-use_vmalloc=0" for name in bases]
    assert [arm.vmalloc for arm in plan.arm] == ["on"] * 4 + ["off"] * 4
    assert plan.order == "abba"
    assert {arm.lever for arm in plan.arm} == {"none"}


def test_arms_of_coherent_memory_prove_no_ring():
    plan = by_reload(load_plan("diagnose"), "diagnose")
    assert [arm.cures for arm in plan.arm] == [False] * 4 + [True] * 4


def test_plan_without_a_base_is_refused():
    plan = load_plan("demo")
    alone = dataclasses.replace(plan, arm=tuple(dataclasses.replace(arm, group="") for arm in plan.arm))
    with pytest.raises(ConfigError, match="--reload"):
        by_reload(alone, "demo")


def test_names_stay_within_what_a_plan_may_hold():
    plan = load_plan("diagnose")
    long = dataclasses.replace(plan.arm[0], name="n" * 40)
    written = schema.write(by_reload(dataclasses.replace(plan, arm=(long,)), "p"))
    assert all(len(arm["name"]) <= 40 for arm in written["arm"])
