# SPDX-License-Identifier: MIT
"""A recorded verdict beside its bursts: what is missing, stale or edited never passes."""

from __future__ import annotations

import pytest

from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.verdict.judge import RULES, Judgement
from stress.verdict.recorded_verdict import LONGEST_REASON, MOST_REASONS, UNENDED, concluded
from stress.verdict.summary import Summing
from tests.record_cases import PLAN, event, log, summary

EXPOSED = {"exposure": {"lines": 100_000, "line_bytes": 32}, "control": {"planted": 12, "found": 12}}
CLEAN = {"event": "burst", **EXPOSED}
WRONG = {
    **CLEAN,
    "analysis": {
        "counts": {"stale": 1},
        "sites": [["stale", "playback", 1, 1]],
        "wrong_frames": 8,
        "findings": [{"ring": "playback", "laps": 1}],
    },
}


def _verdict(name, *reasons):
    return {"event": "verdict", "verdict": name, "reasons": list(reasons)}


def test_recorded_verdict_that_the_bursts_give_is_shown_with_its_reasons():
    run = summary(CLEAN, _verdict("PASS", "as it was said"))
    assert (run.judgement.verdict, run.judgement.reasons) == (Verdict.PASS, ("as it was said",))
    assert not run.contradicted


def test_recorded_reasons_of_any_length_and_number_are_told_within_bounds():
    run = summary(CLEAN, _verdict("PASS", "x" * 10**7, *map(str, range(5000))))
    told = run.judgement.reasons
    assert told[0] == "x" * LONGEST_REASON + " ..."
    assert told[1:3] == ("0", "1")
    assert (len(told), told[-1]) == (MOST_REASONS + 1, f"and {5001 - MOST_REASONS} more")


def test_unended_run_is_inconclusive_however_clean_it_is_so_far():
    run = summary(CLEAN)
    assert (run.judgement.verdict, run.judgement.reasons) == (Verdict.INCONCLUSIVE, (UNENDED,))
    assert summary().judgement.verdict is Verdict.INCONCLUSIVE


def test_unended_run_with_corruption_is_fail():
    run = summary(WRONG)
    assert run.judgement.verdict is Verdict.FAIL
    assert run.judgement.reasons[-1] == UNENDED


def test_verdict_before_the_last_burst_is_not_believed():
    run = summary(_verdict("PASS", "stale"), WRONG)
    assert run.judgement.verdict is Verdict.FAIL
    assert (
        summary(CLEAN, _verdict("INCONCLUSIVE", "the device went away"), WRONG).judgement.verdict
        is Verdict.FAIL
    )


def test_edited_verdict_contradicts_the_bursts_and_both_are_told():
    run = summary(WRONG, _verdict("PASS", "all is well"))
    assert (run.judgement.verdict, run.contradicted) == (Verdict.INCONCLUSIVE, True)
    assert "the bursts give FAIL" in run.judgement.reasons[0]
    assert "recorded: all is well" in run.judgement.reasons
    assert any("1 corrupted stretch" in reason for reason in run.judgement.reasons)


VIVT = {"event": "start", "transport": {"indexing": "VIVT", "kind": "usb"}}


def test_pass_of_an_earlier_version_that_the_rules_of_this_one_do_not_give_is_none():
    old = summary(VIVT, CLEAN, _verdict("PASS", "as it was said"))
    assert (old.judgement.verdict, old.contradicted) == (Verdict.INCONCLUSIVE, False)
    assert old.judgement.reasons[0] == (
        "PASS was recorded by an earlier version; by the rules of this one it is INCONCLUSIVE"
    )
    assert "no arm provokes" in old.judgement.reasons[1]
    assert old.judgement.reasons[-1] == "recorded: as it was said"
    new = summary(VIVT, CLEAN, {**_verdict("PASS", "as it was said"), "rules": RULES})
    assert (new.judgement.verdict, new.contradicted) == (Verdict.INCONCLUSIVE, True)


def test_pass_of_an_earlier_version_with_an_arm_refused_is_none():
    plan = read_plan({"arm": [{"name": "a"}, {"name": "b", "access": "rw"}]}, "plan")
    refused = {"event": "skip", "arm": "a", "reason": "no mmap here"}
    run = summary(refused, {**CLEAN, "arm": "b"}, _verdict("PASS", "said"), plan=plan)
    assert run.judgement.verdict is Verdict.INCONCLUSIVE
    assert any("no mmap here" in reason for reason in run.judgement.reasons[:3])


def test_failure_of_an_earlier_version_that_is_none_today_is_no_failure():
    run = summary(CLEAN, _verdict("FAIL", "1 corrupted stretch (1 swap)"))
    assert run.judgement.verdict is Verdict.INCONCLUSIVE
    assert run.judgement.reasons == (
        "FAIL was recorded by an earlier version; by the rules of this one it is PASS",
        "recorded: 1 corrupted stretch (1 swap)",
    )


def test_doubt_of_an_earlier_version_stays():
    run = summary(CLEAN, _verdict("INCONCLUSIVE", "the device went away"))
    assert run.judgement.verdict is Verdict.INCONCLUSIVE
    assert run.judgement.reasons[0] == "the device went away"
    assert "by the rules of this one it is PASS" in run.judgement.reasons[1]


def test_burst_that_is_missing_between_others_is_named():
    bursts = [{**CLEAN, "number": number} for number in (1, 2, 4)]
    run = summary(*bursts, _verdict("PASS", "said"))
    assert (run.judgement.verdict, run.contradicted) == (Verdict.INCONCLUSIVE, True)
    assert run.judgement.reasons[0].startswith("burst 3 is not in the record")
    whole = summary(*[{**CLEAN, "number": number} for number in (1, 2, 3)], _verdict("PASS", "said"))
    assert whole.judgement.verdict is Verdict.PASS


def test_number_of_a_burst_that_an_arm_refused_is_not_missing():
    plan = read_plan({"arm": [{"name": "a"}, {"name": "b", "access": "rw", "optional": True}]}, "plan")
    refused = {"event": "skip", "arm": "b", "reason": "no rw here"}
    bursts = [{**CLEAN, "arm": "a", "number": number} for number in (1, 3)]
    assert summary(refused, *bursts, _verdict("PASS", "said"), plan=plan).judgement.verdict is Verdict.PASS


def test_pass_of_an_earlier_version_over_arms_that_never_ran_is_a_contradiction():
    plan = read_plan({"arm": [{"name": "a"}, {"name": "b"}]}, "plan")
    run = summary({**CLEAN, "arm": "a"}, _verdict("PASS", "all is well"), plan=plan)
    assert (run.judgement.verdict, run.contradicted) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.parametrize("name", ["PASS", "FAIL"])
def test_recorded_answer_without_a_burst_is_a_contradiction(name):
    run = summary(_verdict(name, "as it was said"))
    assert (run.judgement.verdict, run.contradicted) == (Verdict.INCONCLUSIVE, True)
    assert not summary(_verdict("INCONCLUSIVE", "the device went away")).contradicted


@pytest.mark.parametrize(
    ("events", "first", "contradicted"),
    [
        ([CLEAN, _verdict("PASS", "said")], "evidence/ holds 2 samples of corruption", True),
        ([CLEAN], UNENDED, False),
        ([CLEAN, _verdict("INCONCLUSIVE", "the device went away")], "the device went away", False),
    ],
)
def test_evidence_that_no_burst_names_is_told_whatever_the_verdict_is(events, first, contradicted):
    summing = Summing(unnamed=("burst-00002-000-zero.json", "burst-00002-001-zero.json"))
    for one in log({"event": "start"}, *events).events:
        summing.add(one)
    run = summing.result(PLAN)
    assert (run.judgement.verdict, run.contradicted) == (Verdict.INCONCLUSIVE, contradicted)
    assert run.judgement.reasons[0].startswith(first)
    assert any("burst-00002-000-zero.json" in reason for reason in run.judgement.reasons[:2])


@pytest.mark.parametrize("what", ["miscounted", "missing"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_number_that_does_not_add_up_takes_the_place_of_a_clean_verdict_only(what, verdict):
    derived = Judgement(verdict, ("from the bursts",))
    recorded = event(_verdict(verdict.value, "said"))
    judged, contradicted = concluded(recorded, derived, unbegun=False, **{what: 7})
    if verdict in (Verdict.PASS, Verdict.SKIP):
        assert (judged.verdict, contradicted) == (Verdict.INCONCLUSIVE, True)
        assert "burst 7 " in judged.reasons[0] and judged.reasons[1:] == ("recorded: said",)
    else:
        assert (judged, contradicted) == (Judgement(verdict, ("said",)), False)


@pytest.mark.parametrize(
    ("length", "cut"), [(LONGEST_REASON - 1, False), (LONGEST_REASON, False), (LONGEST_REASON + 1, True)]
)
def test_reason_of_the_longest_length_is_told_whole(length, cut):
    (told,) = summary(CLEAN, _verdict("PASS", "x" * length)).judgement.reasons
    assert told == ("x" * LONGEST_REASON + " ..." if cut else "x" * length)


@pytest.mark.parametrize(("more", "last"), [(0, "r"), (1, "and 1 more")])
def test_reasons_up_to_the_most_are_told_without_a_count(more, last):
    told = summary(CLEAN, _verdict("PASS", *["r"] * (MOST_REASONS + more))).judgement.reasons
    assert (len(told), told[-1]) == (MOST_REASONS + more, last)


def test_lost_evidence_stands_behind_the_first_reason_and_every_other_one_follows():
    derived = Judgement(Verdict.INCONCLUSIVE, ())
    recorded = event(_verdict("INCONCLUSIVE", "first", "second", "third"))
    judged, contradicted = concluded(recorded, derived, unbegun=False, unnamed=("one.json",))
    assert (judged.reasons[0], *judged.reasons[2:]) == ("first", "second", "third")
    assert "one.json" in judged.reasons[1] and not contradicted
