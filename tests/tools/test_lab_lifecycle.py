# SPDX-License-Identifier: MIT
"""The table of life-cycle events against a card's log: agreement, and every kind of disagreement."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from stress.model.record.events import LifecycleRecord
from stress.plan.plan import load_plan
from tools.labkit import command, lifecycle, lifecycle_device
from tools.labkit.lifecycle_events import PARTS, differences, streams


def _log(tmp_path, *begun, spoiled=()):
    path = tmp_path / "card.jsonl"
    lines = [
        {"event": "stream", "direction": "playback", "state": "start", "stream": number, "after": after}
        for number, after in enumerate(begun, 1)
    ]
    lines += [{"event": "fault", "kind": "zero", "stream": stream} for stream in spoiled]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _records(*outcomes, event="reopen"):
    return [
        LifecycleRecord("a", number, event, outcome, 0, 0.1) for number, outcome in enumerate(outcomes, 2)
    ]


def test_events_of_the_card_are_those_it_saw(tmp_path):
    log = _log(tmp_path, "", "reopen", "restart", "reopen", spoiled=[4])
    assert streams(log, "reopen") == [(2, False), (4, True)]


def test_silence_that_an_event_plays_itself_is_no_burst(tmp_path):
    log = _log(tmp_path, "", "restart", "restart", "restart", "xrun")
    lengths = {1: 19920, 2: 240, 3: 18240, 4: 5472, 5: 17904}
    stops = [
        {"event": "stream", "direction": "playback", "state": "stop", "stream": number, "frames": frames}
        for number, frames in lengths.items()
    ]
    with open(log, "a") as file:
        file.writelines(json.dumps(line) + "\n" for line in stops)
    seen = [streams(log, event) for event in ("pause", "drain", "xrun-capture")]
    assert seen == [[(3, False), (5, False)]] * 3
    assert len(streams(log, "restart")) == 3


def test_power_looks_to_the_card_as_unbind_and_bind(tmp_path):
    assert streams(_log(tmp_path, "", "usb-rebind"), "usb-power") == [(2, False)]


@pytest.mark.parametrize("seen", [["", "restart", "xrun"], ["", "restart"], ["", "restart", "restart"]])
def test_restart_behind_a_burst_that_ran_dry_may_look_like_anything_to_the_card(tmp_path, seen):
    records = _records("right", "right", event="restart")
    assert differences("restart", records, _log(tmp_path, *seen), {2}) == []
    lost = differences("restart", records, _log(tmp_path, *seen))
    assert bool(lost) == (seen.count("restart") < 2)


def test_right_table_has_no_difference(tmp_path):
    log = _log(tmp_path, "", "reopen", "reopen", spoiled=[3])
    assert differences("lost", _records("right", "lost"), log) == []


def test_fault_that_the_table_missed_is_told(tmp_path):
    log = _log(tmp_path, "", "reopen", spoiled=[2])
    assert differences("lost", _records("right"), log) == ["reopen: burst 2 is right, stream 2 had a fault"]


def test_fault_that_the_card_did_not_make_is_told(tmp_path):
    log = _log(tmp_path, "", "reopen")
    assert differences("reopen", _records("lost"), log) == ["reopen: burst 2 is lost, stream 2 had no fault"]


def test_event_that_the_card_did_not_see_is_told(tmp_path):
    log = _log(tmp_path, "", "restart")
    assert differences("reopen", _records("right"), log) == ["reopen: 1 in the table, 0 in the card's log"]


def test_six_faults_are_planted_each_behind_one_event():
    planted = [part for part in PARTS.values() if part.fault and not part.inside]
    assert len(planted) == 6
    assert all(f"after={part.events[0]}" in part.fault for part in planted)


def test_pause_in_the_middle_is_not_on_the_bus(tmp_path):
    log = _log(tmp_path, "", "restart", "xrun", "xrun")
    assert differences("paused", _records("right", "right", event="pause"), log) == []
    assert differences("paused", _records("right", "lost", event="pause"), log) != []


@pytest.mark.parametrize("name", PARTS)
def test_plan_of_every_part_can_be_read_and_has_the_events_asked_for(tmp_path, name):
    part = PARTS[name]
    path = tmp_path / "plan.toml"
    path.write_text(part.plan(7))
    plan = load_plan(str(path))
    for arm, event in zip(plan.arm, part.events):
        (rule,) = plan.rules(arm)
        assert (rule.name, arm.bursts) == (event, 7 if part.inside else 8)
        assert bool(rule.into_s) is part.inside


def test_answers_of_a_card_that_are_not_what_it_holds_are_told(monkeypatch):
    state = {"rates": {"1": 48000}, "lies": ["x"], "levels": [{"db": -3.0, "muted": False}]}
    answer = SimpleNamespace(returncode=0, stdout=json.dumps({"devices": {"cmedia": state}}), stderr="")
    monkeypatch.setattr(lifecycle_device.subprocess, "run", lambda *argv, **more: answer)
    told = lifecycle_device.asked()
    assert "volume: db is -3.0, not -6.0" in told
    assert "volume: muted is False, not True" in told
    assert "pcm29xx: lies is 1, not 0" in told
    assert "liar: rates is {48000}, not {44100}" in told
    assert not any(line.startswith("liar: lies") for line in told)


def test_card_that_cannot_be_asked_is_told_with_its_reason(monkeypatch):
    answer = SimpleNamespace(returncode=4, stdout="", stderr="pyusb is missing")
    monkeypatch.setattr(lifecycle_device.subprocess, "run", lambda *argv, **more: answer)
    assert lifecycle_device.asked()[0] == "volume: exit 4: pyusb is missing"


@pytest.mark.parametrize("more", [["resume"], ["--times", "0"]])
def test_part_that_is_none_is_refused_before_a_guest_boots(monkeypatch, capsys, more):
    monkeypatch.setattr(lifecycle.runner, "run", lambda *what, **how: pytest.fail("a guest was booted"))
    assert command.main(["lifecycle", "x86_64", *more]) == 64
    told = capsys.readouterr().err
    assert "no such part: resume" in told or "--times" in told
