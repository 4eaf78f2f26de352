# SPDX-License-Identifier: MIT
"""Trends: the first bad run, and whether the nights before could have shown it."""

from __future__ import annotations

import random

import pytest

from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.verdict.nights import ABSENT, ArmNight, ArmState, ArmTrend, Night, boards, night
from stress.verdict.rates import LEVEL
from tests.record_cases import summary

KEY = ("a", "")


def _night(number, episodes, seconds=100.0, board="b", verdict=None):
    state = ArmState.CORRUPTED if episodes else ArmState.CLEAN
    judged = verdict or (Verdict.FAIL if episodes else Verdict.PASS)
    arms = {KEY: ArmNight(state, episodes, seconds)}
    return Night(f"n{number}", f"2026-11-{number:02d}T01:00:00", board, judged, "", arms)


def _trend(*counts, **more):
    (found,) = boards(_night(number, one, **more) for number, one in enumerate(counts, 1))
    return found


def test_first_bad_run_follows_the_last_good_one():
    found = _trend(*[0] * 9, 9, 0, 8)
    assert (found.first_bad, found.last_good) == (9, 8)
    assert found.arms[0].shown


def test_runs_are_ordered_by_date_and_boards_kept_apart():
    one, two = boards([_night(3, 5), _night(1, 0), _night(2, 4, board="c")])
    assert [night.name for night in one.nights] == ["n1", "n3"]
    assert (one.first_bad, two.first_bad) == (1, 0)


def test_a_single_episode_after_clean_nights_shows_no_change():
    found = _trend(0, 0, 0, 1)
    assert found.first_bad == 3
    # One of four nights would have seen it first, whatever changed.
    assert found.arms[0].p == pytest.approx(0.25)
    assert not found.arms[0].shown


def test_bad_from_the_start_has_no_p_value():
    found = _trend(3, 4)
    assert found.arms[0].p == 1.0
    assert found.last_good == -1


def test_clean_nights_have_no_bad_run():
    found = _trend(0, 0)
    assert (found.first_bad, found.last_good) == (-1, 1)
    assert found.arms[0].first_bad == -1


def test_a_constant_rate_is_called_a_change_in_a_twentieth_of_the_cases_at_most():
    rng, wrong = random.Random(3), 0
    for _ in range(500):
        counts = [sum(rng.random() < 0.01 for _ in range(60)) for _ in range(10)]
        wrong += _trend(*counts).arms[0].shown
    assert wrong <= 40


def test_an_arm_with_other_settings_is_another_arm():
    plans = [read_plan({"arm": [{"name": "a", "period_size": size}]}, "p") for size in (48, 96)]
    runs = [night(summary({"event": "burst"}, plan=plan), "n", "b") for plan in plans]
    (found,) = boards(runs)
    assert [arm.arm for arm in found.arms] == ["a", "a"]
    assert found.arms[0].nights[1] == ABSENT


def test_a_burst_that_proves_nothing_is_open_and_not_clean():
    one = night(summary({"event": "burst", "analysis": {"locked": False}}), "n", "b")
    assert [arm.state for arm in one.arms.values()] == [ArmState.OPEN]


def test_night_holds_the_run_its_first_reason_and_each_arm():
    start = {"event": "start", "wall": "2026-11-30T01:00:00"}
    said = {"event": "verdict", "verdict": "PASS", "reasons": ["first", "second"]}
    clean = {
        "event": "burst",
        "observed_s": 2.5,
        "exposure": {"lines": 100_000, "line_bytes": 32},
        "control": {"planted": 4, "found": 4},
    }
    one = night(summary(start, clean, said), "n", "board")
    assert (one.name, one.when, one.board) == ("n", "2026-11-30T01:00:00", "board")
    assert (one.verdict, one.reason) == (Verdict.PASS, "first")
    assert list(one.arms.values()) == [ArmNight(ArmState.CLEAN, 0, 2.5)]


def test_arm_is_counted_in_each_of_its_states():
    nights = (ABSENT, *[ArmNight(ArmState.CLEAN)] * 3, *[ArmNight(ArmState.CORRUPTED)] * 2)
    trend = ArmTrend("a", "", nights)
    assert [trend.count(state) for state in ArmState] == [3, 2, 0, 1]


@pytest.mark.parametrize(("p", "shown"), [(LEVEL / 2, True), (LEVEL, False), (2 * LEVEL, False)])
def test_change_is_shown_below_the_level_and_not_at_it(p, shown):
    assert ArmTrend("a", "", (), 1, p).shown is shown


@pytest.mark.parametrize(
    ("counts", "bad", "good"),
    [((5, 0, 0), 0, -1), ((0, 5, 0), 1, 0), ((0, 0, 5), 2, 1), ((0, 0, 0), -1, 2), ((5,), 0, -1)],
)
def test_last_good_run_lies_before_the_first_bad_one(counts, bad, good):
    found = _trend(*counts)
    assert (found.first_bad, found.last_good) == (bad, good)


def _late(*nights):
    arms = [
        ArmNight(ArmState.CORRUPTED if episodes else ArmState.CLEAN, episodes, s) for episodes, s in nights
    ]
    runs = [
        Night(f"n{number}", f"2026-11-{number:02d}", "b", Verdict.PASS, "", {KEY: arm})
        for number, arm in enumerate(arms, 1)
    ]
    (found,) = boards(runs)
    return found.arms[0].p


@pytest.mark.parametrize(
    ("nights", "p"),
    [
        # Of three episodes at one rate each lies in the last 100 s of 400 s with a chance of 1/4.
        (((0, 300.0), (3, 100.0)), (1 / 4) ** 3),
        # A night that is bad alone, with all the time behind it: 1 of 2, 2 of 3.
        (((0, 100.0), (1, 100.0)), 1 / 2),
        (((0, 100.0), (1, 100.0), (0, 100.0)), 2 / 3),
        # Nights without time, before or after, change nothing.
        (((0, 300.0), (0, 0.0), (3, 100.0), (0, 0.0)), (1 / 4) ** 3),
        # No time before the first bad run: it cannot have been seen earlier.
        (((0, 0.0), (3, 100.0)), 1.0),
        (((3, 100.0), (3, 100.0)), 1.0),
        (((0, 100.0), (3, 0.0)), 1.0),
        # 16 and 0 spread as 16 times the mean of 8 with one degree of freedom: one episode is left.
        (((0, 200.0), (16, 100.0), (0, 100.0)), 1 / 2),
        # 9, 0 and 0: 18 over 2 degrees of freedom.
        (((0, 300.0), (9, 100.0), (0, 100.0), (0, 100.0)), 1 / 2),
    ],
)
def test_chance_of_a_late_first_episode_is_the_share_of_the_time_to_the_power_of_the_episodes(nights, p):
    assert _late(*nights) == pytest.approx(p)


def test_arms_that_were_bad_from_the_start_take_nothing_from_the_others():
    # Three arms: one bad in the first run, one in the second, one never. Only one is tested.
    def arms(first, second):
        return {
            ("old", ""): ArmNight(ArmState.CORRUPTED, 2, 100.0),
            ("new", ""): ArmNight(first, second, 100.0),
        }

    runs = [
        Night("n1", "2026-11-01", "b", Verdict.FAIL, "", arms(ArmState.CLEAN, 0)),
        Night("n2", "2026-11-02", "b", Verdict.FAIL, "", arms(ArmState.CORRUPTED, 3)),
    ]
    (found,) = boards(runs)
    assert {arm.arm: arm.p for arm in found.arms} == {"old": 1.0, "new": pytest.approx(1 / 8)}
