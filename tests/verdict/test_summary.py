# SPDX-License-Identifier: MIT
"""A run summarised: every arm of its plan is in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.report import text
from stress.verdict import checkpoint
from stress.verdict.needs import NOT_BEGUN, TORN
from stress.verdict.summary import AnalogPath, Summing
from tests.record_cases import PLAN, event, log, summary

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
    for one in log({"event": "start"}, {**CLEAN, "arm": "b"}).events:
        summing.add(one)
    run = summing.result(PLAN)
    assert [(part.arm, part.skipped) for part in run.parts] == [("b", None), ("a", TORN)]
    assert run.judgement.verdict is Verdict.INCONCLUSIVE
    assert ", the end of a burst of a;" in text.head(run)[1]


def _numbered(*numbers):
    summing = Summing()
    for one in log({"event": "start"}, *({**CLEAN, "number": number} for number in numbers)).events:
        summing.add(one)
    return summing


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [((), 0), ((1,), 0), ((1, 2, 3), 0), ((2,), 1), ((1, 3), 2), ((1, 2, 4, 9), 3), ((3, 4), 1)],
)
def test_first_burst_that_is_passed_over_is_missing(numbers, missing):
    assert _numbered(*numbers).missing == missing


def test_bursts_are_counted_and_their_times_added_up():
    exposures = [{"lines": 100, "line_bytes": 32, "allocation": number} for number in (2, 5, 3)]
    summing = Summing()
    bursts = [
        {**CLEAN, "number": number, "position": 1000 * number, "exposure": exposure, "streamed_s": 0.5}
        for number, exposure in enumerate(exposures, 1)
    ]
    bursts[0]["evidence"], bursts[2]["evidence"] = ["one.json", "two.json"], ["three.json"]
    for one in log({"event": "start"}, *bursts).events:
        summing.add(one)
    assert (summing.number, summing.end) == (3, 3000 + 9600)
    assert (summing.bursts, summing.allocations, summing.streamed_s) == (3, 5, 1.5)
    assert (summing.evidence, summing.named) == (3, {"one.json", "two.json", "three.json"})


def test_wrong_frames_of_each_burst_are_placed_once():
    # A record without histograms: what lies in no finding lies in no cell.
    wrong = {"wrong_frames": 8, "findings": [{"frame": 960, "frames": 6, "ring": "capture"}]}
    bursts = [{**CLEAN, "number": number, "analysis": wrong} for number in (1, 2, 3)]
    assert summary(*bursts).places["a"].unplaced == 3 * (8 - 6)


ANALOG = {"latency_frames": 1.0, "gain_db": -3.0, "drift_ppm": 9.0, "snr_db": 60.0, "thd_n_db": -50.0}


def test_analog_path_is_the_median_of_the_bursts_with_the_worst_levels():
    channels = [
        {"latency_frames": 7.0, "gain_db": -3.0, "drift_ppm": 1.0, "snr_db": 60.0, "thd_n_db": -52.0},
        {"latency_frames": 5.0, "gain_db": -9.0, "drift_ppm": 2.0, "snr_db": 50.0, "thd_n_db": -54.0},
        {"latency_frames": 6.0, "gain_db": -1.0, "drift_ppm": 3.0, "snr_db": 55.0, "thd_n_db": -40.0},
    ]
    bursts = [{**CLEAN, "number": number, "channel": one} for number, one in enumerate(channels, 1)]
    assert summary(*bursts).channel == AnalogPath(6.0, -3.0, 2.0, 50.0, -40.0)
    assert summary({**CLEAN, "channel": ANALOG}).channel == AnalogPath(1.0, -3.0, 9.0, 60.0, -50.0)
    assert summary(CLEAN).channel is None


@pytest.mark.parametrize(
    ("groups", "bursts", "given"),
    [
        (("", ""), 1, False),
        (("player", ""), 0, False),
        (("player", ""), 1, True),
        (("player", "player"), 1, True),
    ],
)
def test_diagnosis_is_drawn_where_an_arm_has_a_group_and_one_ran(groups, bursts, given):
    arms = [{"name": name, "group": group} for name, group in zip("ab", groups)]
    skipped = {"event": "skip", "arm": "b", "reason": "no rw here"}
    run = summary(skipped, *[CLEAN] * bursts, plan=read_plan({"arm": arms}, "plan"))
    assert (run.diagnosis is not None) is given


def _verdict(name, **more):
    return {"event": "verdict", "verdict": name, "reasons": ["said"], **more}


def test_number_that_is_missing_beside_an_arm_that_was_refused_is_no_doubt():
    plan = read_plan({"arm": [{"name": "a"}, {"name": "b", "optional": True}]}, "plan")
    bursts = [{**CLEAN, "number": number} for number in (1, 3)]
    skipped = {"event": "skip", "arm": "b", "reason": "no rw here"}
    assert summary(skipped, *bursts, _verdict("PASS"), plan=plan).judgement.verdict is Verdict.PASS
    both = summary(*bursts, _verdict("PASS"), plan=read_plan({"arm": [{"name": "a"}]}, "plan"))
    assert both.judgement.reasons[0].startswith("burst 2 is not in the record")


@pytest.mark.parametrize("name", list(Verdict))
def test_run_failed_where_its_verdict_is_fail_alone(name):
    wrong = {**CLEAN, "analysis": {"wrong_frames": 8, "counts": {"stale": 1}, "findings": [{}]}}
    bursts = {Verdict.FAIL: [wrong], Verdict.SKIP: []}.get(name, [CLEAN])
    run = summary(*bursts, _verdict(name.value))
    assert run.judgement.verdict is name
    assert run.failed is (name is Verdict.FAIL)


def test_backend_of_the_verdict_stands_before_that_of_the_start():
    assert summary(CLEAN, _verdict("PASS", backend="alsa 1.2")).backend == "alsa 1.2"
    assert summary(CLEAN, _verdict("PASS")).backend == "virtual x"
    assert summary(CLEAN).backend == "virtual x"


def test_first_tally_that_the_bursts_contradict_is_named_and_a_right_one_is_not():
    def after(*wrong):
        summing = Summing()
        for number in (1, 2, 3):
            summing.add(event({**CLEAN, "number": number}))
            tally = checkpoint.of(summing)
            summing.add(replace(tally, bursts=9) if number in wrong else tally)
        return summing.miscounted

    assert (after(), after(2), after(2, 3), after(1, 3)) == (0, 2, 2, 1)
