# SPDX-License-Identifier: MIT
"""What two runs differ in: named once, both values, nothing that differs always."""

from __future__ import annotations

from stress.plan.plan import read_plan
from stress.report import differences
from stress.report.facts import Facts


def _plan(**values):
    return read_plan({"arm": [{"name": "a"}, {"name": "b"}], **values}, "plan")


def test_facts_that_one_run_lacks_are_absent():
    one, two = Facts((("cpu", "x"), ("card", "1"), ("card", "2"))), Facts((("cpu", "x"), ("host", "h")))
    assert differences.facts(one, two) == [("card", "1; 2", "-"), ("host", "-", "h")]


def test_plans_differ_by_setting_and_by_arm():
    other = _plan(rate=44100, arm=[{"name": "a", "load": "memory"}, {"name": "c"}], stop={"alpha": 0.1})
    assert differences.plans(_plan(), other) == [
        ("arm b", "yes", "-"),
        ("arm c", "-", "yes"),
        ("rate", "48000", "44100"),
        ("stop.alpha", "0.05", "0.1"),
        ("arm a: load", "none", "memory"),
    ]


def test_equal_plans_do_not_differ():
    assert differences.plans(_plan(), _plan()) == []


def test_long_values_are_cut():
    ((_, one, _),) = differences.facts(Facts((("cmdline", "x" * 400),)), Facts())
    assert len(one) == 120


def test_arms_of_one_side_only_are_one_row_each_side():
    found = [("arm b", "yes", "-"), ("arm c", "-", "yes"), ("arm d", "-", "yes"), ("rate", "1", "2")]
    assert differences.arms_together(found) == [
        ("arms only in the first", "b", ""),
        ("arms only in the second", "c, d", ""),
        ("rate", "1", "2"),
    ]
