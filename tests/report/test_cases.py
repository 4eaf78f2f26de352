# SPDX-License-Identifier: MIT
"""A run as test cases: what the record says of the whole run goes before what its bursts would say."""

from __future__ import annotations

import pytest

from stress.model.shape import Mismatch
from stress.model.verdict import Verdict
from stress.report.cases import cases, suite
from stress.verdict.recorded_verdict import UNENDED
from tests.record_cases import log, summary

START = {"event": "start", "backend": "virtual arm926"}
SKIP = {"event": "skip", "arm": "rw only", "reason": "no mmap"}


def _told(**verdict):
    return {
        "event": "verdict",
        "verdict": "ERROR",
        "reasons": ["it broke"],
        "backend": "alsa hw:1,0",
        **verdict,
    }


def test_whole_run_has_the_verdict_that_was_recorded():
    *_, whole = cases(summary(START, SKIP, _told()))
    assert (whole.name, whole.verdict, whole.reasons) == ("run", Verdict.ERROR, ("it broke",))


def test_run_without_a_verdict_is_judged_by_its_bursts():
    arm, *_, whole = cases(summary(START, SKIP, torn=True))
    assert (arm.name, arm.verdict, arm.reasons) == ("rw-only", Verdict.SKIP, ("no mmap",))
    assert (whole.verdict, whole.reasons) == (
        Verdict.INCONCLUSIVE,
        (UNENDED, "rw only: no mmap", "a: not begun"),
    )


def test_suite_is_named_after_the_backend_that_judged_last():
    assert suite(summary(START, torn=True)) == "pcmstress.virtual-arm926"
    assert suite(summary(START, _told())) == "pcmstress.alsa-hw-1-0"


def test_verdict_that_is_none_of_ours_is_no_record():
    with pytest.raises(Mismatch, match="verdict is none of SKIP, PASS"):
        log(START, SKIP, _told(verdict="FEIL"))
