# SPDX-License-Identifier: MIT
"""Bursts sized from the board's line: the bound is reached with a quarter to spare, and no more."""

from __future__ import annotations

import dataclasses

import pytest

from stress.plan.fit import LONGEST_S, SPARE, fitted, needed_lines, planned_lines
from stress.plan.plan import load_plan, read_plan

ARM = {"name": "a", "burst_s": "1s"}


@pytest.mark.parametrize("line_bytes", [16, 32, 64])
@pytest.mark.parametrize("name", ["smoke", "bringup", "qa"])
def test_shipped_default_plan_reaches_its_bound_on_every_line(name, line_bytes):
    plan = fitted(load_plan(name), line_bytes)
    assert planned_lines(plan, line_bytes) >= SPARE * needed_lines(plan.bound)
    assert fitted(plan, line_bytes) == plan


def test_plan_that_reaches_its_bound_is_left_alone():
    plan = read_plan({"fit": True, "bound": 1e-2, "arm": [ARM]}, "plan")
    assert fitted(plan, 64) == plan


def test_plan_is_left_alone_unless_it_asks_to_be_fitted():
    plan = read_plan({"arm": [ARM]}, "plan")
    assert fitted(plan, 64) == plan


def test_bursts_grow_by_one_factor_and_only_mapped_arms_without_cures_count():
    arms = [ARM, {**ARM, "name": "b", "access": "rw"}, {**ARM, "name": "c", "lever": "clean+invalidate"}]
    plan = read_plan({"fit": True, "arm": arms}, "plan")
    made = fitted(plan, 64)
    # One second of S16 stereo is 3000 lines of 64 bytes; 29958 are needed, a quarter to spare.
    assert [arm.burst_s for arm in made.arm] == [12.5, 12.5, 12.5]
    by_rw = dataclasses.replace(plan, arm=plan.arm[1:2])
    assert planned_lines(by_rw, 64) == 3000


@pytest.mark.parametrize("line_bytes", [16, 64])
def test_plan_for_hours_keeps_its_bursts_whatever_its_bound(line_bytes):
    plan = load_plan("soak")
    made = fitted(plan, line_bytes, duration_s=24 * 3600)
    assert [arm.burst_s for arm in made.arm] == [arm.burst_s for arm in plan.arm]
    assert planned_lines(plan, 64, duration_s=24 * 3600) > SPARE * needed_lines(plan.bound)


def test_plan_whose_bursts_would_be_too_long_is_walked_more_often_instead():
    plan = load_plan("soak")
    made = fitted(plan, 64)
    assert max(arm.burst_s for arm in made.arm) == LONGEST_S
    assert made.repeats > 50
    assert planned_lines(made, 64) >= SPARE * needed_lines(plan.bound)


def test_lines_of_a_duration_are_those_of_whole_walks():
    plan = read_plan({"arm": [ARM]}, "plan")
    assert planned_lines(plan, 64, duration_s=2.5) == 9000
    assert planned_lines(plan, 64, duration_s=3.0) == 9000
