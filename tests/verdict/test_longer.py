# SPDX-License-Identifier: MIT
"""When a run goes on past its plan: for lines alone, or for a burst without xrun."""

from __future__ import annotations

from collections import Counter

import pytest

from stress.model.transport import COHERENT, VIVT
from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.verdict import longer
from stress.verdict.judge import judge_run
from stress.verdict.longer import clean_but_short
from stress.verdict.tally import Tally

PLAN = read_plan({"bound": 1e-4, "arm": [{"name": "a"}]}, "plan")
BOTH = read_plan({"bound": 1e-4, "arm": [{"name": "a"}, {"name": "rw", "access": "rw"}]}, "plan")


def _clean(**changes):
    values = {"arm": "a", "bursts": 2, "checked_frames": 800_000, "lines": 100_000}
    return Tally(**{**values, "planted": 20, "control_found": 20, **changes})


def test_run_without_a_provoking_arm_is_not_made_longer_on_an_aliasing_core():
    short = [_clean(lines=10)]
    assert clean_but_short(short, PLAN, COHERENT)
    assert not clean_but_short(short, PLAN, VIVT)


@pytest.mark.parametrize(
    ("changes", "longer"),
    [
        ({"xruns": 2, "xrun_bursts": 2}, True),
        # It ran dry before anything came back: nothing was checked, and no fault was due.
        (
            {
                "xruns": 2,
                "xrun_bursts": 2,
                "unlocked": 2,
                "starved": 2,
                "lines": 0,
                "planted": 0,
                "control_found": 0,
            },
            True,
        ),
        ({}, False),
        # What another burst mends is not all.
        ({"xruns": 2, "xrun_bursts": 2, "unlocked": 2, "starved": 1}, False),
        ({"xruns": 2, "xrun_bursts": 2, "control_found": 1}, False),
        ({"xruns": 2, "xrun_bursts": 2, "wrong_frames": 8, "counts": Counter({"stale": 1})}, False),
    ],
)
def test_run_whose_arm_had_an_xrun_in_every_burst_is_made_longer(changes, longer):
    parts = [_clean(), _clean(arm="rw", **changes)]
    assert clean_but_short(parts, BOTH, COHERENT) is longer
    before = judge_run(parts, BOTH, COHERENT).verdict
    assert (before is Verdict.PASS) == (changes == {})
    # The tally that was asked about is as it was.
    assert parts[1].xrun_bursts == changes.get("xrun_bursts", 0)


def test_run_with_an_arm_that_was_not_begun_yet_is_not_called_short():
    assert not clean_but_short([], PLAN, COHERENT)
    assert not clean_but_short([Tally("a")], PLAN, COHERENT)
    optional = read_plan({"bound": 1e-4, "arm": [{"name": "a"}, {"name": "b", "optional": True}]}, "plan")
    # One arm that ran is enough, where the other one may be left out.
    assert clean_but_short([_clean(lines=10), Tally("b", skipped="no rw here")], optional, COHERENT)


def test_run_of_which_no_line_counts_towards_the_bound_is_not_made_longer():
    cured = read_plan({"bound": 1e-4, "arm": [{"name": "a", "lever": "clean+invalidate"}]}, "plan")
    assert not clean_but_short([_clean(lines=100_000)], cured, COHERENT)


def test_arm_whose_bursts_all_had_an_xrun_counts_as_one_burst_without_would():
    starved = _clean(xruns=2, xrun_bursts=2, unlocked=2, starved=2, lines=0, planted=0, control_found=0)
    hoped = longer._without_xrun(starved)
    assert (hoped.xrun_bursts, hoped.unlocked, hoped.starved) == (0, 0, 0)
    assert (hoped.lines, hoped.planted, hoped.control_found) == (1, 1, 1)
    part = longer._without_xrun(_clean(xrun_bursts=2, unlocked=1, starved=1, control_found=19))
    assert (part.unlocked, part.lines, part.planted, part.control_found) == (0, 100_000, 20, 19)
    for other in (_clean(), _clean(xrun_bursts=1), Tally("a")):
        assert longer._without_xrun(other) is other
