# SPDX-License-Identifier: MIT
"""A comparison as text, JSON and page: at any width, and whatever a name holds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stress.plan.plan import read_plan
from stress.report import compared
from stress.report.compared import Shown
from stress.report.console import wrapped
from stress.report.facts import Facts
from stress.verdict import comparison
from tests.verdict.test_comparison import _run


def _shown(name="after", episodes=(20, 30, 20), **plan):
    one = _run("before", [2, 3, 2])
    two = _run(name, episodes, plan=read_plan({"arm": [{"name": "a", **plan}]}, "p"))
    (found,) = comparison.compare([one, two])
    kernels = Facts((("kernel", "6.1"), ("date", "1"))), Facts((("kernel", "6.12"), ("date", "2")))
    return Shown(found, *kernels)


def test_text_says_word_rates_and_differences_first():
    told = compared.lines([_shown(burst_s="5s")])
    assert told[0] == "worse: after has significantly more episodes in a"
    row = next(line for line in told if line.startswith("a "))
    assert row.split()[:4] == ["a", "0.233/s", "2.33/s", "10"]
    assert "  kernel: 6.1 -> 6.12" in told
    assert [line.split(": ", 1)[1] for line in told if "arm a" in line] == ["burst_s: 2s -> 5s"]
    assert not any("date" in line for line in told)


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_text_fits_the_terminal(columns):
    told = compared.lines([_shown(playback_buffer=192)], columns)
    table = [line for line in told if line.startswith(("arm", "---", "a "))]
    assert len(table) == 3
    assert max(map(len, table)) <= columns
    assert all(len(part) <= columns for line in told for part in wrapped(line, columns))


def test_many_arms_are_counted_and_not_all_named():
    assert compared._some(list("abcde")) == "a, b, c, d, e"
    assert compared._some(list("abcdefg")) == "a, b, c, d and 3 more arms"


def test_json_has_every_number_and_no_infinity():
    found = compared.to_json([_shown(episodes=(0, 0, 0))])
    (one,) = json.loads(json.dumps(found, allow_nan=False))["comparisons"]
    assert found["schema"] == "pcmstress/comparison/1"
    assert one["arms"][0]["first"]["episodes"] == 7
    assert one["facts"] == [{"name": "kernel", "first": "6.1", "second": "6.12"}]


def test_page_escapes_names_and_draws_the_rates():
    page = compared.page([_shown("<script>alert(1)</script>")])
    assert "<script>" not in page
    assert "<svg" in page
    assert 'class="verdict FAIL"' in page


def test_picture_of_a_rate_that_fell_to_none_goes_on_to_the_left():
    page = compared.page([_shown(episodes=(0, 0, 0))])
    broad = page.split('<div class="broad">')[1].split("</svg>")[0]
    assert "l-6 4l6 4z" in broad and "l6 4l-6 4z" not in broad


def test_runs_of_other_arms_are_said_to_lack_them_and_not_to_be_short():
    plan = read_plan({"bound": 0.5, "arm": [{"name": "a"}, {"name": "b"}]}, "p")
    one = _run("before", [2, 3, 2])
    two = _run("after", [2, 3, 2], plan=plan)
    extra = replace(two.run.parts[0], arm="b")
    two = replace(two, run=replace(two.run, parts=(*two.run.parts, extra)))
    told = compared.lines([Shown(comparison.compare([one, two])[0])])
    assert told[0].startswith("cannot tell: b ran in one of the two only")
    assert "  arms only in the second: b" in told
