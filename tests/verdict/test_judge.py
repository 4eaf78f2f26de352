# SPDX-License-Identifier: MIT
"""Verdicts: corruption beats doubt, doubt beats PASS, and a PASS needs everything."""

from __future__ import annotations

from collections import Counter

import pytest

from stress.model.transport import COHERENT, VIPT_ALIASING, VIVT
from stress.model.verdict import Verdict, exit_code
from stress.plan.plan import read_plan
from stress.stats.counts import miss_bound_95
from stress.verdict.judge import judge, judge_run
from stress.verdict.tally import Tally, tallies, total
from tests.record_cases import event

BOUND = 1e-4
MAPPED, RW = {"name": "a"}, {"name": "rw", "access": "rw"}


def _plan(*arms):
    return read_plan({"bound": BOUND, "arm": list(arms)}, "plan")


PLAN = _plan(MAPPED)


def _clean(**changes):
    values = {"arm": "a", "bursts": 2, "checked_frames": 800_000, "lines": 100_000}
    tally = Tally(**values, planted=20, control_found=20)
    for name, value in changes.items():
        setattr(tally, name, value)
    return tally


def test_judge_clean_with_exposure_and_control_passes_and_states_the_bound():
    judged = judge(_clean(), BOUND)
    assert judged.verdict is Verdict.PASS
    assert "at most 1 corrupted line in 33 000" in judged.reasons[0]
    assert "found 20 of 20" in judged.reasons[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"control_found": 19}, "self-test: 1 of 20 injected faults not found"),
        (
            {"control_found": 18, "control_covered": 1},
            "1 of 20 injected faults not found, 1 of 20 injected faults lie in frames that are wrong for",
        ),
        (
            {"control_found": 18, "control_covered": 2},
            "self-test: 2 of 20 injected faults lie in frames that are wrong for another reason",
        ),
        ({"planted": 0, "control_found": 0}, "no self-test"),
        ({"unlocked": 1}, "no lock in 1 of 2"),
        ({"lines": 1000}, "exposure too small"),
        ({"lines": 0}, "no line was checked"),
        ({"lost": "gone"}, "went away"),
        ({"xruns": 3, "xrun_bursts": 2}, "an xrun in every burst, 3 xruns"),
    ],
)
def test_judge_any_doubt_is_inconclusive_and_named(changes, words):
    judged = judge(_clean(**changes), BOUND)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert any(words in reason for reason in judged.reasons)


def test_judge_corruption_is_fail_whatever_else_is_wrong():
    tally = _clean(lost="frozen", unlocked=1, wrong_frames=8)
    tally.counts["stale"] = 1
    assert judge(tally, BOUND).verdict is Verdict.FAIL


def test_judge_frozen_device_is_an_error_never_a_pass():
    assert judge(_clean(lost="frozen"), BOUND).verdict is Verdict.ERROR


def test_judge_run_without_any_burst_is_skip_with_the_reason():
    skipped = Tally("a", skipped="busy")
    assert judge_run([skipped], PLAN).verdict is Verdict.SKIP


def test_miss_bound_is_the_exact_zero_miss_binomial_bound():
    assert (1 - miss_bound_95(412)) ** 412 == pytest.approx(0.05)
    assert miss_bound_95(0) == 1.0


def test_exit_codes_are_the_published_ones():
    assert [exit_code(verdict) for verdict in Verdict] == [4, 0, 5, 70, 1]
    assert exit_code(Verdict.INCONCLUSIVE, device_lost=True) == 75
    assert exit_code(Verdict.FAIL, device_lost=True) == 1


def _burst(arm, findings, counts, planted, found):
    stream = {"frames": 96000, "xruns": 0, "voluntary": 3, "involuntary": None}
    return {
        "event": "burst",
        "arm": arm,
        "number": 1,
        "position": 1,
        "frames": 96000,
        "streamed_s": 2.0,
        "exchange": {"playback": stream, "capture": stream, "lost": None},
        "analysis": {
            "locked": True,
            "checked_frames": 96000,
            "wrong_frames": sum(finding["frames"] for finding in findings),
            "episodes": len(findings),
            "counts": counts,
            "notes": [],
            "sites": [[f["kind"], f["ring"], f["laps"], 1] for f in findings],
            "findings": findings,
        },
        "control": {"planted": planted, "found": found},
        "exposure": {"lines": 12000, "line_bytes": 32},
        "episodes": 1,
        "observed_s": 2.0,
        "conditions": {"granted": [], "refused": [], "facts": []},
    }


def test_tallies_leave_planted_faults_out_of_the_counts():
    real = {
        "kind": "stale",
        "frame": 8,
        "frames": 8,
        "ring": "playback",
        "laps": 2,
        "line_bytes": 32,
        "injected": False,
        "details": {},
    }
    planted = {
        "kind": "stale",
        "frame": 80,
        "frames": 8,
        "ring": "playback",
        "laps": 1,
        "line_bytes": 32,
        "injected": True,
        "details": {},
    }
    lost = {**real, "frame": 800, "details": {"transport": "beside a slip"}}
    (tally,) = tallies([event(_burst("a", [real, planted, lost], {"stale": 3}, 1, 1))])
    assert tally.transport == 1
    assert dict(tally.counts) == {"stale": 1}
    assert tally.wrong_frames == 8
    assert dict(tally.sites) == {("stale", "playback", 2): 1}
    assert tally.voluntary == 6


def test_total_adds_arms_of_different_names():
    parts = tallies([event(_burst("a", [], {}, 3, 3)), event(_burst("b", [], {}, 4, 3))])
    whole = total(parts)
    assert (whole.bursts, whole.lines, whole.planted, whole.control_missed) == (2, 24000, 7, 1)


def test_judge_run_an_arm_that_stays_silent_beside_one_that_hears_is_corruption():
    silent = Tally("mmap", bursts=2, unlocked=2, silent=2)
    heard = _clean()
    assert judge_run([silent, heard], PLAN).verdict is Verdict.FAIL
    alone = judge_run([silent], _plan({"name": "mmap"}))
    assert alone.verdict is Verdict.INCONCLUSIVE
    assert "no lock" in alone.reasons[0]


@pytest.mark.parametrize(("playback", "capture"), [(1, 0), (0, 1)])
def test_arm_that_ran_dry_before_it_played_is_an_xrun_and_neither_silent_nor_unplugged(playback, capture):
    burst = _burst("mmap", [], {}, 0, 0)
    sides = {name: {**burst["exchange"][name], "xruns": 0} for name in ("playback", "capture")}
    sides["playback"]["xruns"], sides["capture"]["xruns"] = playback, capture
    burst["exchange"] = {**sides, "lost": None}
    burst["analysis"].update(locked=False, checked_frames=0, notes=["every captured sample is zero"])
    burst["exposure"]["lines"] = 0
    (dry,) = tallies([event(burst)])
    judged = judge_run([dry, _clean()], PLAN)
    # Zeros behind a capture that lost time are zeros all the same.
    assert judged.verdict is (Verdict.INCONCLUSIVE if playback else Verdict.FAIL)
    if playback:
        assert "mmap (an xrun in every burst, 1 xrun)" in judged.reasons[0]
        assert not any("did not come back" in reason for reason in judged.reasons)
        assert any("the machine was too slow for the ring" in reason for reason in judged.reasons)


def test_judge_advice_of_one_kind_is_said_once_with_the_share_of_bursts():
    tally = _clean()
    tally.doubts.update(["3.1 % of samples at full scale", "3.4 % of samples at full scale", "silent"])
    reasons = judge(tally, BOUND).reasons
    assert [reason for reason in reasons if "full scale" in reason] == ["3.1 % of samples at full scale"]
    assert "silent (1 of 2 bursts)" in reasons


def test_judge_no_lock_asks_for_the_cable_only_where_nothing_better_is_known():
    tally = _clean(unlocked=2)
    assert tally.bursts == 2
    assert any("is the loopback connected" in reason for reason in judge(tally, BOUND).reasons)
    assert not any("is the loopback" in reason for reason in judge(_clean(unlocked=1), BOUND).reasons)
    tally.doubts.update(["the capture is silent"])
    reasons = judge(tally, BOUND).reasons
    assert reasons[0].startswith("the capture is silent")
    assert not any("is the loopback connected" in reason for reason in reasons)


def test_judge_spectral_pass_states_how_far_above_the_alarm_the_control_stood():
    judged = judge(_clean(weakest=126.4, alarm=10.0), BOUND)
    assert "126 noise sigmas high, 10 alarm" in judged.reasons[1]


def test_judge_run_of_arms_that_were_all_skipped_says_why_of_each():
    parts = [Tally("a", skipped="no mmap"), Tally("b", skipped="ring too small")]
    judged = judge_run(parts, PLAN)
    assert (judged.verdict, judged.reasons) == (Verdict.SKIP, ("a: no mmap", "b: ring too small"))
    assert judge_run([], PLAN).reasons == ("nothing was run",)


def test_pass_names_access_and_way_of_touching():
    judged = judge_run([_clean(), _clean(arm="rw")], _plan(MAPPED, RW))
    assert judged.verdict is Verdict.PASS
    assert judged.reasons[0].startswith("for mmap (playback store, capture exact) and rw: no wrong frame")


def test_pass_of_a_run_by_rw_alone_says_that_the_mmapped_ring_was_not_tested():
    judged = judge_run([_clean(arm="rw")], _plan(RW))
    assert judged.verdict is Verdict.PASS
    assert judged.reasons[0].startswith("for rw: ")
    assert "the mmapped rings were not tested" in judged.reasons[1]


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ({"bursts": 0, "planted": 0, "skipped": "no mmap access"}, "a (no mmap access)"),
        ({"lines": 0, "xruns": 6, "xrun_bursts": 1}, "a (no ring line was checked, 6 xruns)"),
        ({"xruns": 2, "xrun_bursts": 2}, "a (an xrun in every burst, 2 xruns)"),
        ({"planted": 0, "control_found": 0}, "a (no fault was injected"),
        ({"unlocked": 2}, "a (the stimulus was not recognised in any burst)"),
    ],
)
def test_arm_that_judged_nothing_keeps_the_run_from_pass_and_stands_in_the_first_line(arm, words):
    judged = judge_run([_clean(**arm), _clean(arm="b")], _plan(MAPPED, {"name": "b"}))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.reasons[0].startswith(f"1 arm not judged: {words}")


def test_arm_that_was_not_begun_is_named():
    judged = judge_run([_clean()], _plan(MAPPED, RW))
    assert (judged.verdict, judged.reasons[0]) == (Verdict.INCONCLUSIVE, "1 arm not judged: rw (not begun)")


def test_arm_that_the_plan_calls_optional_may_be_missing():
    parts = [_clean(), Tally("rw", skipped="no rw access")]
    judged = judge_run(parts, _plan(MAPPED, {**RW, "optional": True}))
    assert judged.verdict is Verdict.PASS
    assert judged.reasons[-1] == "arm rw skipped: no rw access"


def test_one_xrun_beside_a_whole_burst_is_no_doubt():
    assert judge_run([_clean(xruns=1, xrun_bursts=1)], PLAN).verdict is Verdict.PASS


AHEAD = {"name": "ahead", "capture": "ahead", "side": "capture"}


@pytest.mark.parametrize("indexing", [VIVT, VIPT_ALIASING])
def test_pass_on_an_aliasing_core_rests_on_a_provoking_arm(indexing):
    judged = judge_run([_clean()], PLAN, indexing)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.reasons[0].startswith(f"no arm provokes the defect: on a {indexing} core ordinary use")
    assert judge_run([_clean(), _clean(arm="ahead")], _plan(MAPPED, AHEAD), indexing).verdict is Verdict.PASS


@pytest.mark.parametrize("indexing", ["", COHERENT])
def test_pass_on_another_core_needs_no_provoking_arm(indexing):
    assert judge_run([_clean()], PLAN, indexing).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "arm",
    [{"access": "rw"}, {"lever": "clean+invalidate"}, {"capture": "exact"}],
    ids=lambda arm: next(iter(arm)),
)
def test_arm_that_cannot_show_the_defect_provokes_nothing(arm):
    plan = _plan(MAPPED, {**AHEAD, **arm})
    assert judge_run([_clean(), _clean(arm="ahead")], plan, VIVT).verdict is Verdict.INCONCLUSIVE


def test_optional_provoking_arm_that_was_skipped_keeps_an_aliasing_core_from_pass():
    parts = [_clean(), Tally("ahead", skipped="refused")]
    judged = judge_run(parts, _plan(MAPPED, {**AHEAD, "optional": True}), VIVT)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "of the arms that provoke the defect (ahead) none was judged" in judged.reasons[0]


def test_plan_of_ordinary_use_or_of_rw_alone_passes_on_an_aliasing_core():
    ordinary = read_plan({"bound": BOUND, "ordinary": True, "arm": [MAPPED]}, "plan")
    assert judge_run([_clean()], ordinary, VIVT).verdict is Verdict.PASS
    assert judge_run([_clean(arm="rw")], _plan(RW), VIVT).verdict is Verdict.PASS


def test_pass_of_ordinary_use_says_so_on_an_aliasing_core_alone():
    ordinary = read_plan({"bound": BOUND, "ordinary": True, "arm": [MAPPED]}, "plan")
    words = [
        reason for reason in judge_run([_clean()], ordinary, VIVT).reasons if "of ordinary use only" in reason
    ]
    assert len(words) == 1 and "--plan bringup" in words[0]
    provoked = read_plan({"bound": BOUND, "ordinary": True, "arm": [MAPPED, AHEAD]}, "plan")
    for parts, plan, indexing in (
        ([_clean()], ordinary, COHERENT),
        ([_clean(), _clean(arm="ahead")], provoked, VIVT),
    ):
        assert not any("ordinary use" in reason for reason in judge_run(parts, plan, indexing).reasons)


def test_pass_names_an_optional_arm_that_judged_nothing():
    plan = _plan(MAPPED, {**RW, "optional": True})
    judged = judge_run([_clean(), _clean(arm="rw", xruns=2, xrun_bursts=2, bursts=2)], plan)
    assert judged.verdict is Verdict.PASS
    assert "optional arm rw not judged: an xrun in every burst, 2 xruns" in judged.reasons


def test_silent_arm_blames_a_cache_only_on_a_core_that_can_have_the_defect():
    parts = [Tally("mmap", bursts=2, unlocked=2, silent=2), _clean()]
    assert "cache" in judge_run(parts, PLAN, VIVT).reasons[0]
    for indexing in ("", COHERENT):
        judged = judge_run(parts, PLAN, indexing)
        assert judged.verdict is Verdict.FAIL
        assert "cache" not in judged.reasons[0]


def test_duration_is_said_to_decide_only_where_nothing_else_keeps_the_run_from_pass():
    short = _clean(lines=1000, streamed_s=2.0)
    late = _clean(arm="late", lines=1000, streamed_s=2.0, xruns=2, xrun_bursts=2)
    alone = judge_run([short], _plan(MAPPED)).reasons
    beside = judge_run([short, late], _plan(MAPPED, {"name": "late"})).reasons
    missed = judge_run([_clean(lines=1000, streamed_s=2.0, control_found=19)], _plan(MAPPED)).reasons
    assert "this decides it: the same run with --duration" in alone[-1]
    assert "an xrun in every burst" in beside[0]
    for reasons in (beside, missed):
        assert not any("this decides it" in reason for reason in reasons)
        assert "once the other reasons are gone: the same run with --duration" in reasons[-1]


def test_tally_is_the_sum_of_its_bursts():
    bursts = [
        event(
            {
                "event": "burst",
                "arm": "a",
                "number": number,
                "streamed_s": 0.25,
                "analysis": {"frames": 9600, "checked_frames": checked},
                "exposure": {"lines": lines, "line_bytes": 32},
            }
        )
        for number, checked, lines in ((1, 9000, 1100), (2, 500, 60), (3, 0, 0))
    ]
    (tally,) = tallies(bursts)
    assert (tally.bursts, tally.checked_frames, tally.lines) == (3, 9500, 1160)
    assert tally.streamed_s == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("outcomes", "bursts", "verdict"),
    [
        ({("pause", "mute"): 1}, 2, Verdict.FAIL),  # other bursts came through
        ({("pause", "mute"): 2}, 2, Verdict.PASS),
    ],
)
def test_silence_behind_an_event_is_a_failure_where_other_bursts_were_heard(outcomes, bursts, verdict):
    tally = _clean(bursts=bursts)
    tally.outcomes.update(outcomes)
    assert judge(tally, BOUND).verdict is verdict


def test_capture_that_the_wire_judged_needs_a_self_test_of_its_own():
    for planted in (0, 5):
        wire = Counter({"judged": 2, "in_judged": 2, "in_planted": planted})
        assert ("no self-test of capture" in str(judge(_clean(wire=wire), BOUND).reasons)) is (not planted)
