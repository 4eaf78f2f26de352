# SPDX-License-Identifier: MIT
"""The order of bursts in one walk of a plan, and how often a run walks it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stress.experiment.schedule import Schedule, walk
from stress.plan.plan import read_plan
from stress.verdict.tally import Tally


def _plan(order):
    return read_plan(
        {"order": order, "arm": [{"name": "a", "bursts": 2}, {"name": "b", "bursts": 1}]}, "the plan"
    )


def _told(plan, number):
    return [(step.number, step.arm.name, step.last) for step in walk(plan, number)]


def test_walk_ends_each_arm_with_its_last_burst():
    assert _told(_plan("abab"), 0) == [(1, "a", False), (2, "a", True), (3, "b", True)]


@pytest.mark.parametrize(
    ("walked", "names"), [(0, "aab"), (1, "baa"), (2, "aab")], ids=["first", "second", "third"]
)
def test_walk_of_abba_goes_backwards_every_second_time(walked, names):
    assert "".join(step.arm.name for step in walk(_plan("abba"), 3 * walked)) == names


def test_walk_numbers_its_steps_on():
    assert [number for number, _, _ in _told(_plan("abba"), 3)] == [4, 5, 6]


# Two bursts of a and one of b: three steps a walk.
STEPS = 3


class _Log:
    def __init__(self):
        self.lines = []

    def append(self, event, sync=False):
        self.lines.append((event, sync))


def _schedule(number=0, duration_s=0.0, tallies=(), **plan):
    arms = [{"name": "a", "bursts": 2}, {"name": "b", "bursts": 1}]
    done = SimpleNamespace(number=number, streamed_s=0.0, tallies={part.arm: part for part in tallies})
    log = _Log()
    return Schedule(read_plan({"arm": arms, **plan}, "the plan"), done, log, duration_s), done, log


def _names(schedule, skipped=()):
    return "".join(step.arm.name for step in schedule.steps(skipped))


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_schedule_walks_the_plan_as_often_as_it_says(repeats):
    schedule, _, log = _schedule(repeats=repeats)
    steps = list(schedule.steps(()))
    assert [step.number for step in steps] == list(range(1, STEPS * repeats + 1))
    assert "".join(step.arm.name for step in steps) == "aab" * repeats
    assert schedule.planned() == STEPS * repeats
    assert schedule.stopped is None and log.lines == []


def test_schedule_of_abba_turns_at_the_end_of_each_walk():
    assert _names(_schedule(repeats=4, order="abba")[0]) == "aabbaaaabbaa"


def test_number_inside_a_walk_belongs_to_the_walk_that_it_is_in():
    # The second walk of three steps is numbered from 3 on, the third from 6 on.
    plan = _plan("abba")
    assert ["".join(step.arm.name for step in walk(plan, number)) for number in (2, 3, 4, 7)] == [
        "aab", "baa", "baa", "aab",
    ]  # fmt: skip


@pytest.mark.parametrize("before", range(2 * STEPS + 1))
def test_schedule_of_a_resumed_run_begins_behind_the_last_burst(before):
    schedule, _, _ = _schedule(before, repeats=2)
    assert [step.number for step in schedule.steps(())] == list(range(before + 1, 2 * STEPS + 1))


@pytest.mark.parametrize(("streamed", "names"), [(1.0, "aab" * 4), (4 / 3, "aab" * 3), (12.0, "aab")])
def test_schedule_by_duration_ends_with_the_walk_that_reaches_it(streamed, names):
    # 12 s: reached with the twelfth, the ninth, the first burst; the walk is ended, and equal is enough.
    schedule, done, _ = _schedule(duration_s=12.0, repeats=9)
    walked = ""
    for step in schedule.steps(()):
        walked += step.arm.name
        done.streamed_s += streamed
    assert walked == names
    assert schedule.planned() == 0


@pytest.mark.parametrize(("skipped", "walks"), [("", 2), ("a", 2), ("b", 2), ("ab", 1)])
def test_schedule_of_nothing_but_skipped_arms_ends_with_its_walk(skipped, walks):
    assert _names(_schedule(repeats=2)[0], tuple(skipped)) == "aab" * walks


def _part(arm, lines, **changes):
    sound = {"bursts": 2, "checked_frames": 800_000, "planted": 20, "control_found": 20}
    return Tally(arm, lines=lines, **{**sound, **changes})


@pytest.mark.parametrize(("lines", "walks"), [(10, 2), (1_000_000, 1)])
@pytest.mark.parametrize("repeats", [1, 3])
def test_schedule_of_a_clean_run_that_is_too_short_streams_up_to_twice_the_plan(lines, walks, repeats):
    schedule, _, _ = _schedule(repeats=repeats, tallies=[_part("a", lines), _part("b", lines)])
    assert schedule.planned() == STEPS * repeats
    assert _names(schedule) == "aab" * walks * repeats
    # What is planned follows what is streamed.
    assert schedule.planned() == STEPS * repeats * walks


RULE = {"good_per_h": 36, "bad_per_h": 360}


def _deaf():
    return [_part("a", 0, unlocked=2), _part("b", 0, unlocked=2)]


@pytest.mark.parametrize(("order", "names"), [("abab", "aab"), ("abba", "aabbaa")])
def test_schedule_that_stops_early_says_so_in_the_record_and_on_the_medium(order, names):
    schedule, _, log = _schedule(repeats=4, order=order, stop=RULE, tallies=_deaf())
    assert _names(schedule) == names
    walks = len(names) // STEPS
    assert (schedule.stopped.decision, schedule.stopped.walks) == ("mute", walks)
    assert schedule.stopped.planned == 4 * STEPS
    assert log.lines == [(schedule.stopped.to_record(), True)]


@pytest.mark.parametrize(("before", "streamed"), [(2, 1), (3, 0), (4, 2), (5, 1), (6, 0)])
def test_schedule_of_a_resumed_run_decides_at_the_ends_of_walks_from_there_on(before, streamed):
    # The sums hold what came before: at the end of an earlier walk there is nothing to decide any more.
    schedule, _, log = _schedule(before, repeats=4, stop=RULE, tallies=_deaf())
    assert len(list(schedule.steps(()))) == streamed
    assert schedule.stopped.walks == -(-before // STEPS) and len(log.lines) == 1
