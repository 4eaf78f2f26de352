# SPDX-License-Identifier: MIT
"""The order of bursts in one walk of a plan."""

from __future__ import annotations

import pytest

from stress.experiment.schedule import walk
from stress.plan.plan import read_plan


def _plan(order):
    return read_plan(
        {"order": order, "arm": [{"name": "a", "bursts": 2}, {"name": "b", "bursts": 1}]}, "the plan"
    )


def _told(plan, number):
    return [(step.number, step.arm.name, step.last) for step in walk(plan, number)]


def test_walk_ends_each_arm_with_its_last_burst():
    assert _told(_plan("abab"), 0) == [(1, "a", False), (2, "a", True), (3, "b", True)]


@pytest.mark.parametrize(
    ("walked", "names"), [(0, "aab"), (1, "baa"), (2, "aab")], ids=["first", "second", "third"]
)
def test_walk_of_abba_goes_backwards_every_second_time(walked, names):
    assert "".join(step.arm.name for step in walk(_plan("abba"), 3 * walked)) == names


def test_walk_numbers_its_steps_on():
    assert [number for number, _, _ in _told(_plan("abba"), 3)] == [4, 5, 6]
