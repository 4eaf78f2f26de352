# SPDX-License-Identifier: MIT
"""A plan written as TOML is the plan that --plan reads."""

from __future__ import annotations

import dataclasses

import pytest

from stress.plan.plan import load_plan, read_plan
from stress.plan.toml import to_toml
from stress.settings import find


@pytest.mark.parametrize("name", find.names("plans"))
def test_shipped_plan_written_and_read_is_the_same(name, tmp_path):
    plan = load_plan(name)
    path = tmp_path / "p.toml"
    path.write_text(to_toml(plan), encoding="utf-8")
    assert load_plan(str(path)) == plan


def test_only_what_differs_is_written_behind_the_comments():
    plan = read_plan({"bound": 0.001, "arm": [{"name": 'a"b', "period_size": 96}]}, "p")
    assert to_toml(plan, ("two\nlines",)) == (
        '# two lines\nbound = 0.001\n\n[[arm]]\nname = "a\\"b"\nperiod_size = 96\n'
    )


def test_comments_from_a_record_stay_comments(tmp_path):
    plan = dataclasses.replace(load_plan("demo"), title="a\u2028b\x7f")
    path = tmp_path / "p.toml"
    path.write_text(to_toml(plan, ("x\nbound = 1\r\n" + "y " * 100,)), encoding="utf-8")
    assert load_plan(str(path)) == plan
