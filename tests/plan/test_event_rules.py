# SPDX-License-Identifier: MIT
"""`[[event]]`: when each is due, which arm it belongs to, and plans that no run could follow."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.model.lifecycle import LifecycleEvent
from stress.plan.plan import load_plan, read_plan
from stress.settings import schema

ARMS = [{"name": "player", "bursts": 5, "burst_s": "1s"}, {"name": "other", "bursts": 5, "burst_s": "1s"}]


def _plan(*events, arms=ARMS, **more):
    return read_plan({"arm": arms, "event": list(events), **more}, "p.toml")


def _due(rule, times, draw="7"):
    before, found = 0.0, []
    for number, now in enumerate(times):
        found.append(rule.due(before, now, f"{draw}/{number}"))
        before = now
    return found


def test_event_at_a_time_is_due_once_before_the_first_burst_behind_it():
    (rule,) = _plan({"name": "usb-reset", "at_s": "2s"}).event
    assert _due(rule, [0.0, 1.0, 2.0, 3.0, 4.0]) == [False, False, True, False, False]
    assert _due(rule, [0.0, 1.5, 3.0, 4.5]) == [False, False, True, False]


def test_event_every_so_often_is_due_when_another_span_was_streamed():
    (rule,) = _plan({"name": "reopen", "every_s": "2s"}).event
    assert _due(rule, [0.0, 1.0, 2.0, 3.0, 4.0, 9.0]) == [False, False, True, False, True, True]


def test_event_by_chance_follows_the_seed():
    (rule,) = _plan({"name": "reopen", "chance": 0.25}).event
    times = [float(now) for now in range(400)]
    first = _due(rule, times)
    assert _due(rule, times) == first
    assert _due(rule, times, draw="8") != first
    assert 60 < sum(first) < 140


@pytest.mark.parametrize(("chance", "due"), [(0.0, False), (1.0, True)])
def test_chance_of_none_and_of_all_is_never_and_always(chance, due):
    (rule,) = _plan({"name": "reopen", "chance": chance}).event
    assert set(_due(rule, [0.0, 1.0, 2.0, 3.0])) == {due}


def test_events_belong_to_their_arm_or_to_all():
    plan = _plan({"name": "reopen", "arm": "other"}, {"name": "restart"})
    player, other = plan.arm
    assert [rule.name for rule in plan.rules(player)] == ["restart"]
    assert [rule.name for rule in plan.rules(other)] == ["reopen", "restart"]


def test_event_of_an_arm_itself_comes_first_with_its_time_away():
    arm = {"name": "a", "event": "usb-rebind", "down_s": "2s", "bursts": 2}
    plan = _plan({"name": "mixer"}, arms=[arm])
    assert [(rule.name, rule.down_s) for rule in plan.rules(plan.arm[0])] == [
        ("usb-rebind", 2.0),
        ("mixer", 0.0),
    ]


def test_event_belongs_to_all_arms_of_a_sweep():
    sweep = {"of": "player", "period_size": [48, 96]}
    plan = read_plan({"arm": ARMS[:1], "sweep": [sweep], "event": [{"name": "reopen", "arm": "player"}]}, "p")
    assert len(plan.arm) >= 2
    assert all(plan.rules(arm) for arm in plan.arm)


def test_event_in_the_middle_stands_at_its_frame_and_stands_still_a_while():
    (rule,) = _plan({"name": "pause", "into_s": "250ms"}).event
    assert rule.middle(48000) == (LifecycleEvent.PAUSE, 12000, 0.1)
    (rule,) = _plan({"name": "pause", "into_s": "500ms", "down_s": "3s"}).event
    assert rule.middle(44100) == (LifecycleEvent.PAUSE, 22050, 3.0)


def test_plan_with_events_survives_the_record():
    plan = _plan({"name": "pause", "into_s": "250ms", "chance": 0.5}, {"name": "usb-power", "down_s": "1s"})
    assert read_plan(schema.write(plan), "config.json") == plan


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({}, "event[0].name"),
        ({"name": "none"}, "allowed: restart, reopen"),
        ({"name": "resume"}, "event[0].name"),
        ({"name": "reopen", "arm": "plyer"}, "event[0].arm: no arm 'plyer' (did you mean player?)"),
        ({"name": "reopen", "at_s": "1s", "every_s": "2s"}, "event[0]: at_s and every_s exclude each other"),
        ({"name": "reopen", "every_s": "2s", "chance": 0.5}, "every_s and chance exclude each other"),
        ({"name": "reopen", "chance": 1.5}, "event[0].chance"),
        ({"name": "reopen", "into_s": "100ms"}, "event[0].into_s: reopen cannot be in the middle of a burst"),
        ({"name": "mixer", "into_s": "100ms"}, "allowed: pause"),
        ({"name": "pause", "into_s": "1s"}, "event[0].into_s: the burst is over by then"),
        ({"name": "pause", "down_s": "1s"}, "event[0].down_s: nothing is away in pause"),
        ({"name": "reopen", "when": "now"}, "event[0].when"),
    ],
)
def test_event_that_cannot_be_names_file_key_and_what_is_allowed(event, words):
    with pytest.raises(ConfigError) as caught:
        _plan(event)
    assert words in str(caught.value)
    assert str(caught.value).startswith("p.toml: ")


@pytest.mark.parametrize(
    ("arms", "events", "key"),
    [
        ([{"name": "a", "event": "reopen"}], [], "arm[0].bursts"),
        ([{"name": "a"}], [{"name": "reopen"}], "event[0].arm"),
    ],
)
def test_event_that_would_never_happen_is_refused(arms, events, key):
    with pytest.raises(ConfigError, match="would never happen") as caught:
        _plan(*events, arms=arms)
    assert key in str(caught.value)


def test_event_in_the_middle_needs_no_second_burst():
    assert _plan({"name": "pause", "into_s": "10ms"}, arms=[{"name": "a"}]).event


def test_plan_on_another_keeps_the_events_of_the_arms_it_keeps(tmp_path):
    base, mine = tmp_path / "base.toml", tmp_path / "mine.toml"
    arms = '[[arm]]\nname = "a"\nbursts = 3\n[[arm]]\nname = "b"\nbursts = 3\n'
    events = '[[event]]\nname = "reopen"\narm = "a"\n[[event]]\nname = "restart"\narm = "b"\n'
    base.write_text(f'{arms}{events}[[event]]\nname = "drain"\n')
    mine.write_text('base = "base.toml"\nkeep = ["b"]\n[[event]]\nname = "mixer"\n')
    assert [rule.name for rule in load_plan(str(mine)).event] == ["restart", "drain", "mixer"]


def test_events_by_chance_are_drawn_apart_by_name_and_by_arm():
    rules = _plan(
        {"name": "reopen", "chance": 0.5},
        {"name": "restart", "chance": 0.5},
        {"name": "reopen", "arm": "player", "chance": 0.5},
    ).event
    times = [float(now) for now in range(200)]
    drawn = [_due(rule, times) for rule in rules]
    assert drawn[0] != drawn[1]
    assert drawn[0] != drawn[2]


def test_event_in_the_middle_of_every_arm_fits_the_shortest_burst():
    arms = [{"name": "long", "burst_s": "2s"}, {"name": "short", "burst_s": "100ms"}]
    with pytest.raises(ConfigError, match="less than burst_s, 0.1 s"):
        _plan({"name": "pause", "into_s": "150ms"}, arms=arms)
    assert _plan({"name": "pause", "into_s": "150ms", "arm": "long"}, arms=arms).event
