# SPDX-License-Identifier: MIT
"""Predictions: rates as the closed forms say, arms in the order of their yield."""

from __future__ import annotations

import dataclasses
import math

import pytest

from stress.errors import ConfigError
from stress.model.pcm import Direction
from stress.plan.plan import Arm, Plan
from stress.predict.candidates import best_plan, candidates
from stress.predict.predict import Prediction, copies_differ, lines_of, ordered, predict
from stress.virtual.spec import BoardSpec
from stress.virtual.truth import Stale

QUIET = {"kernel.noise_lines_per_ms": 0, "user.loop_fills": 0, "user.between_fills": 0}
PLAYER = Arm("player", side="playback", playback_buffer=192, capture_buffer=4848)
AHEAD = Arm("ahead", side="capture", capture="ahead", playback_buffer=4848, capture_buffer=4128)
CONTROL = Arm("control", access="rw", playback_buffer=192, capture_buffer=240)


def rows(board, *arms, longest_s=2.0, **changes):
    spec = BoardSpec.load(board, {key.replace("__", "."): value for key, value in changes.items()})
    return predict(spec, Plan(arm=arms), longest_s=longest_s)


def test_predict_store_only_on_32_ways_by_turns_lives_for_32_fills():
    (row,) = predict(BoardSpec.load("xscale", QUIET), Plan(arm=(PLAYER,)))
    # A lap is 24 lines; it brings 24 lines of the play buffer and 24 of the capture ring into 32
    # sets, 1.5 each. A line leaves its set at the 32nd fill, so 20 of 21 laps find the old one.
    assert row.per_million == pytest.approx(1e6 * 20 / 21, rel=0.01)
    assert row.causes[0][0] == "P1" and not row.provoking
    assert row.detection_95_s == pytest.approx(192 / 48000, rel=0.05)


def test_predict_counts_lines_of_the_driven_ring_only():
    player, ahead, control = rows("arm926", PLAYER, AHEAD, CONTROL, longest_s=0.5)
    assert player.simulated_s == pytest.approx(0.5)
    for row in (player, ahead, control):
        assert row.lines == pytest.approx(3000, rel=0.01)
    assert ahead.provoking and [cause for cause, _ in ahead.causes] == ["CT"]
    assert control.wrong_lines == 0 and math.isinf(control.detection_95_s)
    assert control.to_json()["detection_95_s"] is None


@pytest.mark.parametrize(("board", "changes"), [("cortex-a", {}), ("arm926", {"kernel__use_vmalloc": False})])
def test_predict_without_two_copies_is_nothing_and_soon_known(board, changes):
    (row,) = rows(board, PLAYER, longest_s=100.0, **changes)
    assert row.wrong_lines == 0 and row.simulated_s < 1


def test_predict_says_why_an_arm_cannot_run():
    queued = Arm("queued", side="playback", playback="rmw", queue_periods=1, playback_buffer=960)
    refused, granted = rows("arm926", queued, PLAYER, limits__rw=True)
    assert "queue more" in refused.reason and granted.reason == ""
    (no_mmap,) = rows("arm926", PLAYER, limits__mmap=False)
    assert "access mmap" in no_mmap.reason


def test_predict_leaves_the_faults_of_the_board_out():
    with_fault, without = (
        rows("arm926", PLAYER, fault=fault, longest_s=0.5)[0]
        for fault in ([{"kind": "unplug", "frame": 1000}], [])
    )
    assert with_fault == without and without.simulated_s == pytest.approx(0.5)


def test_predict_context_switches_lower_the_yield():
    calm, busy = (rows("arm926", PLAYER, kernel__switches_per_s=dose)[0] for dose in (0.0, 300.0))
    assert busy.lines_per_s < 0.6 * calm.lines_per_s


def test_lines_of_stale_runs_count_each_line_once_and_one_side_only():
    def run(first, size, direction=Direction.CAPTURE):
        return Stale(direction, "C2", first, size, first % 768, 1, False, 0, first)

    # Two runs of different age in line 0, one over lines 2 to 4, one on the other side.
    runs = [run(0, 4), run(4, 12), run(70, 70), run(160, 32, Direction.PLAYBACK)]
    assert lines_of(runs, Direction.CAPTURE, 32) == 4
    assert lines_of(runs, Direction.PLAYBACK, 32) == 1
    assert lines_of([], Direction.CAPTURE, 32) == 0


def test_detection_time_is_geometric_in_wrong_laps():
    row = Prediction("x", False, simulated_s=100.0, laps=1000, wrong_laps=100, wrong_lines=1, lines=10)
    assert row.detection_95_s == pytest.approx(0.1 * math.log(0.05) / math.log(0.9))
    assert 1 - 0.9 ** (row.detection_95_s / 0.1) == pytest.approx(0.95)


def _row(name, rate, provoking=False, reason=""):
    return Prediction(name, provoking, lines=1000, wrong_lines=rate, simulated_s=1.0, reason=reason)


def test_ordered_puts_provoking_before_ordinary_and_each_by_yield():
    arms = [Arm("low"), Arm("rw", access="rw"), Arm("high"), Arm("impossible")]
    arms += [Arm("rmw", playback="rmw"), Arm("ahead", capture="ahead")]
    predictions = [_row("low", 1), _row("rw", 0), _row("high", 9), _row("impossible", 0, reason="not here")]
    predictions += [_row("rmw", 2, True), _row("ahead", 5, True)]
    plan = ordered(Plan(arm=tuple(arms)), predictions)
    assert [arm.name for arm in plan.arm] == ["ahead", "rmw", "high", "low", "rw"]


def test_ordered_with_nothing_that_can_run_names_every_reason():
    with pytest.raises(ConfigError, match="a: too small; b: no rw"):
        refused = [_row("a", 0, reason="too small"), _row("b", 0, reason="no rw")]
        ordered(Plan(arm=(Arm("a"), Arm("b"))), refused)


def test_candidates_have_names_of_their_own_and_two_periods_a_ring():
    for plan in (Plan(), Plan(rate=8000, channels=1), Plan(rate=192000, channels=8, format="S32_LE")):
        arms = candidates(plan)
        assert len({arm.name for arm in arms}) == len(arms)
        for arm in arms:
            assert arm.period_size == plan.rate // 1000
            assert min(arm.playback_buffer, arm.capture_buffer) >= 2 * arm.period_size
            assert arm.playback_buffer != arm.capture_buffer


def test_best_plan_for_the_default_board_keeps_the_best_of_each_class():
    plan, predictions = best_plan(BoardSpec.load("arm926"), Plan(), provoking=2, ordinary=2)
    rate = {row.arm: row.lines_per_s for row in predictions}
    names = [arm.name for arm in plan.arm]
    assert names[:3] == ["capture-ahead", "playback-rmw-q2", "player-768B"] and names[-1] == "rw-control"
    assert len(names) == 5
    ordinary = [row.arm for row in predictions if not row.provoking]
    assert {names[2], names[3]} == set(sorted(ordinary, key=lambda name: -rate[name])[:2])


def test_copies_differ_follows_tags_and_mappings():
    wanted = {
        ("arm926", ()): True,
        ("arm926", (("kernel.use_vmalloc", False),)): False,
        ("arm926", (("kernel.mapping", "writecombine"),)): False,
        ("arm1176", ()): False,
        ("arm1176-32k", ()): True,
        ("cortex-a", (("kernel.mapping", "user-noncached"),)): True,
        ("cortex-a", (("kernel.smp_race", 0.1),)): True,
        ("x86_64", (("kernel.mapping", "user-noncached"),)): False,
    }
    for (board, changes), differ in wanted.items():
        assert copies_differ(BoardSpec.load(board, dict(changes))) is differ


def test_load_on_one_cpu_hides_what_is_predicted():
    loaded = dataclasses.replace(PLAYER, name="loaded", load="memory")
    alone, beside = rows("arm926", PLAYER, loaded)
    assert beside.wrong_lines < alone.wrong_lines / 4
