"""A run as test cases: what the record says of the whole run goes before what its bursts would say."""

from __future__ import annotations

import pytest

from stress.model.verdict import Verdict
from stress.record.reader import RunLog
from stress.report.cases import backend, cases, suite

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
    *_, whole = cases(RunLog([START, SKIP, _told()], torn=False), 1e-4)
    assert (whole.name, whole.verdict, whole.reasons) == ("run", Verdict.ERROR, ("it broke",))


@pytest.mark.parametrize("events", [(), (_told(verdict="MAYBE"),)], ids=["none", "of a later version"])
def test_run_without_a_verdict_we_know_is_judged_by_its_bursts(events):
    arm, whole = cases(RunLog([START, SKIP, *events], torn=True), 1e-4)
    assert (arm.name, arm.verdict, arm.reasons) == ("rw-only", Verdict.SKIP, ("no mmap",))
    assert (whole.verdict, whole.reasons) == (Verdict.SKIP, ("rw only: no mmap",))


def test_suite_is_named_after_the_backend_that_judged_last():
    assert backend(RunLog([START], torn=True)) == "virtual arm926"
    assert suite(RunLog([START, _told()], torn=False)) == "pcmstress.alsa-hw-1-0"
