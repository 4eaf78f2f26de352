# SPDX-License-Identifier: MIT
"""Trends: the first bad run, and whether the nights before could have shown it."""

from __future__ import annotations

import random

import pytest

from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.verdict.nights import ABSENT, ArmNight, ArmState, Night, boards, night
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
