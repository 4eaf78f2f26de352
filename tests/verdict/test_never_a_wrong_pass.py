# SPDX-License-Identifier: MIT
"""Whatever is skipped, killed or masked: PASS says that each arm asked for was exposed, judged, clean."""

from __future__ import annotations

import pytest

from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.verdict.judge import judge, judge_run
from stress.verdict.summary import summarise
from stress.verdict.tally import tallies
from tests.record_cases import log

pytest.importorskip("hypothesis")
from hypothesis import example, given, strategies

NAMES = ("a", "b", "c", "d")
ARMS = strategies.lists(
    strategies.fixed_dictionaries(
        {
            "access": strategies.sampled_from(["mmap", "mmap", "rw"]),
            "lever": strategies.sampled_from(["none", "none", "clean+invalidate"]),
            "optional": strategies.booleans(),
        }
    ),
    min_size=1,
    max_size=4,
)
BURSTS = strategies.lists(
    strategies.fixed_dictionaries(
        {
            "lines": strategies.sampled_from([0, 10, 50_000]),
            "locked": strategies.sampled_from([True, True, True, False]),
            "xruns": strategies.sampled_from([0, 0, 0, 2]),
            "planted": strategies.sampled_from([0, 12, 12]),
            "missed": strategies.sampled_from([0, 0, 0, 1]),
            "wrong": strategies.sampled_from([0, 0, 0, 0, 8]),
            "lost": strategies.sampled_from([None, None, None, "gone"]),
        }
    ),
    max_size=3,
)
CLEAN = {"lines": 50_000, "locked": True, "xruns": 0, "planted": 12, "missed": 0, "wrong": 0, "lost": None}


def _burst(arm, number, drawn):
    stream = {"frames": 9600, "xruns": drawn["xruns"], "voluntary": None, "involuntary": None}
    wrong = drawn["wrong"]
    found = [{"kind": "stale", "frames": wrong, "ring": "playback", "laps": 1}] if wrong else []
    return {
        "event": "burst",
        "arm": arm,
        "number": number,
        "exchange": {"playback": stream, "capture": {**stream, "xruns": 0}, "lost": drawn["lost"]},
        "analysis": {
            "locked": drawn["locked"],
            "counts": {"stale": len(found)} if found else {},
            "sites": [["stale", "playback", 1, 1]] if found else [],
            "wrong_frames": wrong,
            "findings": found,
        },
        "control": {"planted": drawn["planted"], "found": max(0, drawn["planted"] - drawn["missed"])},
        "exposure": {"lines": drawn["lines"], "line_bytes": 32},
    }


def _record(runs):
    """Return the events of arms that ran some bursts each, were skipped (None) or not begun ([])."""
    events = [{"event": "start"}]
    for name, bursts in zip(NAMES, runs):
        if bursts is None:
            events.append({"event": "skip", "arm": name, "reason": "refused"})
        for drawn in bursts or ():
            events.append(_burst(name, len(events), drawn))
    return log(*events).events


@given(ARMS, strategies.lists(strategies.one_of(strategies.none(), BURSTS), min_size=4, max_size=4))
@example([{"access": "mmap", "lever": "none", "optional": False}], [[CLEAN], [], [], []])
def test_pass_implies_that_each_arm_asked_for_was_exposed_judged_and_clean(arms, runs):
    plan = read_plan({"arm": [{**arm, "name": name} for name, arm in zip(NAMES, arms)]}, "plan")
    runs = runs[: len(arms)]
    events = _record(runs)
    judged = judge_run(tallies(events), plan)
    # Killed at its end: the same bursts, and no verdict.
    assert summarise(events, plan).judgement.verdict is not Verdict.PASS
    if judged.verdict is not Verdict.PASS:
        return
    drawn = [one for bursts in runs for one in bursts or ()]
    assert all(one["locked"] and not one["wrong"] and not one["missed"] and not one["lost"] for one in drawn)
    for arm, bursts in zip(plan.arm, runs):
        if arm.optional:
            continue
        assert bursts, f"{arm.name} was asked for and did not run"
        assert sum(one["lines"] for one in bursts) > 0
        assert sum(one["planted"] for one in bursts) > 0
        assert not all(one["xruns"] for one in bursts)
    mapped = any(arm.mapped for arm in plan.arm)
    proving = [arm for arm in plan.arm if not arm.cures and (arm.mapped or not mapped)]
    lines = {arm.name: sum(one["lines"] for one in bursts or ()) for arm, bursts in zip(plan.arm, runs)}
    assert sum(lines[arm.name] for arm in proving) * plan.bound > 2.99


TOUCHED = strategies.fixed_dictionaries(
    {
        "access": strategies.sampled_from(["mmap", "mmap", "rw"]),
        "lever": strategies.sampled_from(["none", "none", "none", "clean+invalidate"]),
        "optional": strategies.sampled_from([False, False, False, True]),
        "playback": strategies.sampled_from(["store", "store", "rmw"]),
        "capture": strategies.sampled_from(["whole", "exact", "ahead"]),
        "start_burst": strategies.sampled_from([False, False, True]),
    }
).filter(lambda arm: arm["access"] == "mmap" or (arm["playback"], arm["capture"]) == ("store", "whole"))
# What may become of an arm in a run that is clean but for that.
SPOILT = {
    "skipped": lambda bursts: None,
    "not begun": lambda bursts: [],
    "killed in its first burst": lambda bursts: [],
    "masked by xruns": lambda bursts: [{**one, "xruns": 3} for one in bursts],
    "not locked": lambda bursts: [{**one, "locked": False} for one in bursts],
    "not locked at the end": lambda bursts: [*bursts[:-1], {**bursts[-1], "locked": False}],
    "nothing exposed": lambda bursts: [{**one, "lines": 0} for one in bursts],
    "nothing injected": lambda bursts: [{**one, "planted": 0} for one in bursts],
    "a fault missed": lambda bursts: [*bursts[:-1], {**bursts[-1], "missed": 1}],
    "wrong frames": lambda bursts: [{**bursts[0], "wrong": 8}, *bursts[1:]],
    "unplugged": lambda bursts: [*bursts[:-1], {**bursts[-1], "lost": "gone"}],
}
INDEXINGS = ("", "VIVT", "VIPT aliasing", "PIPT or VIPT non-aliasing")


@given(
    strategies.lists(TOUCHED, min_size=1, max_size=4),
    strategies.lists(
        strategies.tuples(strategies.integers(0, 3), strategies.sampled_from(sorted(SPOILT))), max_size=2
    ),
    strategies.integers(1, 3),
    strategies.sampled_from(INDEXINGS),
    strategies.booleans(),
)
def test_clean_run_passes_only_where_no_arm_asked_for_was_spoilt(arms, spoilt, number, indexing, ordinary):
    plan = read_plan(
        {"ordinary": ordinary, "arm": [{**arm, "name": name} for name, arm in zip(NAMES, arms)]}, "plan"
    )
    runs = [[CLEAN] * number for _ in arms]
    hit = set()
    for at, how in spoilt:
        if at < len(runs) and at not in hit:
            runs[at] = SPOILT[how](runs[at])
            hit.add(at)
    parts = tallies(_record(runs))
    judged = judge_run(parts, plan, indexing).verdict
    asked = {at for at, arm in enumerate(plan.arm) if not arm.optional}
    by_name = {part.arm: part for part in parts}
    proving = [at for at, arm in enumerate(plan.arm) if arm.mapped and not arm.cures and at not in hit]
    provoked = [at for at in proving if plan.arm[at].provoking]
    aliasing = indexing in ("VIVT", "VIPT aliasing") and not ordinary and any(arm.mapped for arm in plan.arm)
    if judged is Verdict.PASS:
        assert not (asked & hit)
        assert provoked or not aliasing
        assert all(judge(by_name[NAMES[at]]).verdict is Verdict.PASS for at in asked)
    elif not hit and (provoked or not aliasing):
        mapped = any(arm.mapped for arm in plan.arm)
        assert not any(not arm.cures and (arm.mapped or not mapped) for arm in plan.arm)


@given(ARMS, strategies.lists(strategies.one_of(strategies.none(), BURSTS), min_size=4, max_size=4))
def test_fail_implies_corruption(arms, runs):
    plan = read_plan({"arm": [{**arm, "name": name} for name, arm in zip(NAMES, arms)]}, "plan")
    runs = runs[: len(arms)]
    wrong = any(one["wrong"] for bursts in runs for one in bursts or ())
    assert (judge_run(tallies(_record(runs)), plan).verdict is Verdict.FAIL) == wrong


def test_clean_run_of_every_arm_passes():
    plan = read_plan({"arm": [{"name": "a"}, {"name": "b", "access": "rw"}]}, "plan")
    assert judge_run(tallies(_record([[CLEAN], [CLEAN]])), plan).verdict is Verdict.PASS
