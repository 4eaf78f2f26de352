# SPDX-License-Identifier: MIT
"""A run summarised: every arm of its plan is in it."""

from __future__ import annotations

from stress.verdict.needs import NOT_BEGUN
from tests.record_cases import PLAN, summary

CLEAN = {
    "event": "burst",
    "exposure": {"lines": 100_000, "line_bytes": 32},
    "control": {"planted": 12, "found": 12},
}


def test_arm_of_the_plan_that_was_not_begun_is_in_the_summary():
    run = summary({**CLEAN, "arm": "b"}, plan=PLAN)
    assert [(part.arm, part.skipped) for part in run.parts] == [("b", None), ("a", NOT_BEGUN)]
