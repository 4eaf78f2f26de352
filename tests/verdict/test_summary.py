# SPDX-License-Identifier: MIT
"""A run summarised: every arm of its plan is in it."""

from __future__ import annotations

from stress.model.verdict import Verdict
from stress.report import text
from stress.verdict.needs import NOT_BEGUN, TORN
from stress.verdict.summary import Summing
from tests.record_cases import PLAN, log, summary

CLEAN = {
    "event": "burst",
    "exposure": {"lines": 100_000, "line_bytes": 32},
    "control": {"planted": 12, "found": 12},
}


def test_arm_of_the_plan_that_was_not_begun_is_in_the_summary():
    run = summary({**CLEAN, "arm": "b"}, plan=PLAN)
    assert [(part.arm, part.skipped) for part in run.parts] == [("b", None), ("a", NOT_BEGUN)]


def test_arm_whose_only_burst_was_cut_off_is_no_arm_that_was_not_begun():
    summing = Summing(torn=True, torn_arm="a")
    for event in log({"event": "start"}, {**CLEAN, "arm": "b"}).events:
        summing.add(event)
    run = summing.result(PLAN)
    assert [(part.arm, part.skipped) for part in run.parts] == [("b", None), ("a", TORN)]
    assert run.judgement.verdict is Verdict.INCONCLUSIVE
    assert ", the end of a burst of a;" in text.head(run)[1]
