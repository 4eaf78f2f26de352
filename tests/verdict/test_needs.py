# SPDX-License-Identifier: MIT
"""What a PASS needs of each arm, and which arms count towards its bound."""

from __future__ import annotations

from collections import Counter

import pytest

from stress.model.transport import COHERENT, VIVT
from stress.model.verdict import Verdict
from stress.plan.plan import load_plan, read_plan
from stress.verdict.judge import judge_run
from stress.verdict.needs import NOT_BEGUN, judged_ways, missing, proving, shortfall, unproven, unprovoked
from stress.verdict.tally import Tally

WELL = {"bursts": 2, "lines": 100, "planted": 4}


def _plan(*arms, **keys):
    return read_plan({**keys, "arm": list(arms)}, "plan")


def _part(arm="a", **changes):
    return Tally(arm, **{**WELL, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"bursts": 0}, "no burst was run"),
        ({"bursts": 0, "skipped": "no mmap"}, "no mmap"),
        ({"unlocked": 2}, "the stimulus was not recognised in any burst"),
        ({"unlocked": 1}, ""),
        ({"unlocked": 2, "xruns": 1}, "the stimulus was not recognised in any burst, 1 xrun"),
        ({"unlocked": 2, "starved": 1, "xruns": 1}, "the stimulus was not recognised in any burst, 1 xrun"),
        ({"unlocked": 2, "starved": 2, "xruns": 2}, "an xrun in every burst, 2 xruns"),
        ({"lines": 0}, "no ring line was checked"),
        ({"xrun_bursts": 2, "xruns": 3}, "an xrun in every burst, 3 xruns"),
        ({"xrun_bursts": 1, "xruns": 3}, ""),
        ({"planted": 0}, "no fault was injected, so the detector's sensitivity is unproven"),
        ({"skipped": "the rest was left out"}, "the rest was left out"),
    ],
)
def test_shortfall_is_what_keeps_an_arm_from_being_judged(changes, words):
    assert shortfall(_part(**changes)) == words


def test_arm_that_was_not_begun_and_a_run_that_heard_nothing():
    assert shortfall(None) == NOT_BEGUN
    assert shortfall(_part(unlocked=2), deaf=True) == ""
    assert shortfall(_part(unlocked=2, starved=2), deaf=True) == ""


def test_missing_names_arms_of_plan_and_record_but_no_optional_ones():
    plan = _plan({"name": "a"}, {"name": "b", "optional": True}, {"name": "c", "lever": "clean+invalidate"})
    assert missing(plan, []) == [f"a ({NOT_BEGUN})", f"c ({NOT_BEGUN})"]
    assert missing(plan, [_part(), _part("c"), _part("z", lines=0)]) == ["z (no ring line was checked)"]


def test_missing_is_silent_where_every_arm_is_deaf():
    plan = _plan({"name": "a"}, {"name": "b"})
    assert missing(plan, [_part(unlocked=2), _part("b", unlocked=2)]) == []
    assert len(missing(plan, [_part(unlocked=2), _part("b")])) == 1


def test_bound_counts_mmapped_arms_without_maintenance_where_the_plan_has_any():
    plan = _plan({"name": "a"}, {"name": "b", "access": "rw"}, {"name": "c", "lever": "clean+invalidate"})
    parts = [_part("a", lines=1), _part("b", lines=10), _part("c", lines=100), _part("z", lines=1000)]
    assert proving(plan, parts).lines == 1001
    assert proving(_plan({"name": "b", "access": "rw"}), parts[1:2]).lines == 10


def test_unprovoked_speaks_on_an_aliasing_core_only():
    plan = _plan({"name": "a"})
    assert "no arm provokes the defect" in unprovoked(plan, [_part()], VIVT)
    assert unprovoked(plan, [_part()], COHERENT) == ""
    assert unprovoked(_plan({"name": "a"}, ordinary=True), [_part()], VIVT) == ""
    assert unprovoked(_plan({"name": "a", "access": "rw"}), [_part()], VIVT) == ""
    # One mmapped arm is enough to ask for a proof, whatever stands beside it.
    beside = _plan({"name": "a"}, {"name": "b", "access": "rw"})
    assert "no arm provokes the defect" in unprovoked(beside, [_part()], VIVT)


def test_provoking_arm_has_to_be_judged():
    plan = _plan({"name": "a"}, {"name": "p", "playback": "rmw"})
    assert unprovoked(plan, [_part(), _part("p")], VIVT) == ""
    assert "(p) none was judged" in unprovoked(plan, [_part(), _part("p", lines=0)], VIVT)
    assert "(p) none was judged" in unprovoked(plan, [_part()], VIVT)


def test_ways_are_those_of_arms_that_were_judged():
    plan = _plan({"name": "a"}, {"name": "p", "playback": "rmw"}, {"name": "b", "access": "rw"})
    assert judged_ways(plan, [_part()]) == "mmap (playback store, capture exact)"
    assert (
        judged_ways(plan, [_part(), _part("p"), _part("b")])
        == "mmap (playback store and rmw, capture exact) and rw"
    )
    assert judged_ways(plan, [_part("b"), _part("a", lines=0)]) == "rw"
    whole = _plan({"name": "a"}, {"name": "w", "capture": "whole", "side": "capture"})
    assert judged_ways(whole, [_part(), _part("w")]) == "mmap (playback store, capture whole and exact)"


def test_ways_of_a_card_that_only_plays_hold_nothing_of_capture():
    plan = _plan({"name": "a"}, {"name": "b", "access": "rw"})
    deaf = Counter(judged=2, out_planted=4)
    assert judged_ways(plan, [_part(wire=deaf), _part("b", wire=deaf)]) == "mmap (playback store) and rw"
    # By the wire too, but with capture; and one burst of two by the wire, as the other came back.
    heard = deaf + Counter(in_judged=2)
    assert judged_ways(plan, [_part(wire=heard)]) == "mmap (playback store, capture exact)"
    assert judged_ways(plan, [_part(wire=Counter(judged=1))]) == "mmap (playback store, capture exact)"


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([{"name": "a"}], ""),
        ([{"name": "a", "access": "rw"}], ""),
        ([{"name": "a", "lever": "clean+invalidate"}], "a (clean+invalidate)"),
        ([{"name": "a", "vmalloc": "off"}, {"name": "b"}], "a (use_vmalloc=0)"),
        ([{"name": "a", "access": "rw"}, {"name": "b", "optional": True}], "a (rw access)"),
    ],
)
def test_lines_of_arms_that_hide_the_defect_are_named_and_not_denied(arms, said):
    plan = _plan(*arms)
    words = unproven(plan, [_part("a")])
    assert words.endswith(said) and bool(words) == bool(said)
    assert not words or words.startswith("100 ring lines checked, but none of an mmapped ring")
    judged = judge_run([_part("a")], plan)
    assert not said or judged.verdict is Verdict.INCONCLUSIVE
    assert not any("no line was checked" in reason for reason in judged.reasons)


def test_lines_that_count_or_were_never_checked_need_no_words():
    plan = _plan({"name": "a"}, {"name": "b", "access": "rw"})
    assert unproven(plan, [_part("a"), _part("b")]) == "" == unproven(plan, [_part("b", lines=0)])


@pytest.mark.parametrize("name", ["diagnose", "diagnose-aloop", "remedy"])
def test_arms_that_serve_a_comparison_may_be_missing_in_the_shipped_plans(name):
    plan = load_plan(name)
    assert {arm.optional for arm in plan.arm if arm.cures} == {True}
    assert not any(arm.optional for arm in plan.arm if not arm.cures)


@pytest.mark.parametrize(("judged", "planted", "told"), [(2, 0, True), (2, 1, False), (0, 0, False)])
def test_self_test_of_another_arm_does_not_prove_what_this_one_read(judged, planted, told):
    wire = Counter(judged=2, in_judged=judged, in_planted=planted, out_planted=4)
    plan = _plan({"name": "a"}, {"name": "b"})
    well = Counter(judged=2, in_judged=2, in_planted=4, out_planted=4)
    lacking = missing(plan, [_part("a", wire=well), _part("b", wire=wire)])
    assert bool(lacking) is told
    assert not told or lacking[0].startswith("b (no self-test of capture")
