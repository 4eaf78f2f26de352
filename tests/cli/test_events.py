# SPDX-License-Identifier: MIT
"""Life-cycle events of a run on virtual boards: what each first lap held, by the card's own faults."""

from __future__ import annotations

import json

import pytest

from stress.cli import main
from stress.settings import find

HEAD = """
bound = 1.0
[control]
least = 4
"""
ARM = """
[[arm]]
name = "{name}"
event = "{event}"
period_size = 48
playback_buffer = 480
capture_buffer = 528
burst_s = "120ms"
bursts = {bursts}
"""


def _plan(*events, bursts=5, name="a"):
    arms = [
        ARM.format(name=name if len(events) == 1 else event, event=event, bursts=bursts) for event in events
    ]
    return HEAD + "".join(arms)


def _run(tmp_path, capsys, event, *faults, bursts=5, **more):
    board, plan = tmp_path / "board.json", tmp_path / "plan.toml"
    values, _ = find.load("boards", "x86_64")
    board.write_text(json.dumps({**values, **more, "fault": list(faults)}))
    plan.write_text(_plan(*event.split(), bursts=bursts))
    argv = ["run", "--backend", "virtual", "--board", str(board), "--plan", str(plan), "--seed", "3"]
    code = main.main([*argv, "--out", str(tmp_path / "out"), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("event", ["restart", "reopen", "xrun"])
def test_clean_card_is_right_behind_every_event(tmp_path, capsys, event):
    code, report = _run(tmp_path, capsys, event)
    assert code == 0
    (row,) = report["lifecycle"]
    assert (row["event"], row["times"]) == (event, 4)
    assert list(row["outcomes"]) == ["right"]


@pytest.mark.parametrize(
    ("event", "fault", "outcome"),
    [
        ("restart", {"kind": "zero", "frame": 0, "frames": 96}, "mute"),
        ("restart", {"kind": "zero", "frame": 0, "frames": 96, "until": "reopen"}, "mute"),
        ("restart", {"kind": "swap", "frame": 0, "frames": 100000}, "rotated"),
        ("usb-reset", {"kind": "rotate", "frame": 0, "bit": 1}, "rotated"),
        ("xrun", {"kind": "rotate", "frame": 300, "bit": 1}, "rotated"),
        ("restart", {"kind": "stale", "frame": 0, "frames": 480}, "stale"),
        ("xrun", {"kind": "stale", "frame": 24, "frames": 48}, "stale"),
        ("reopen", {"kind": "drop", "frame": 100, "frames": 20}, "lost"),
        ("reopen", {"kind": "drop", "frame": 0, "frames": 48}, "lost"),
        ("usb-rebind", {"kind": "drop", "frame": 0, "frames": 2000}, "lost"),
        ("module-reload", {"kind": "repeat", "frame": 96, "frames": 48}, "repeated"),
        ("usb-power", {"kind": "zero", "frame": 0, "frames": 100000}, "mute"),
        ("xrun", {"kind": "swap", "frame": 60, "frames": 100}, "rotated"),
        ("xrun", {"kind": "bitflip", "frame": 60, "frames": 2}, "wrong"),
        ("xrun", {"kind": "zero", "frame": 0, "frames": 100000}, "mute"),
    ],
)
def test_fault_behind_an_event_is_found_there_and_fails_the_run(tmp_path, capsys, event, fault, outcome):
    code, report = _run(tmp_path, capsys, event, {**fault, "after": event})
    (row,) = report["lifecycle"]
    assert row["outcomes"].get(outcome, {}).get("number") == 4, (row, report["reasons"])
    assert code == 1
    assert f"the first lap after {event} is {outcome} in 4 of 4 times" in report["reasons"]


def test_fault_of_one_event_does_not_strike_behind_another(tmp_path, capsys):
    fault = {"kind": "zero", "frame": 0, "frames": 96, "after": "xrun"}
    code, report = _run(tmp_path, capsys, "restart", fault)
    assert code == 0
    assert list(report["lifecycle"][0]["outcomes"]) == ["right"]


def test_arm_without_an_event_has_no_table(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, "none", bursts=2)
    assert code == 0
    assert report["lifecycle"] == []


def test_event_a_virtual_board_has_not_is_named_before_anything_streams(tmp_path, capsys):
    code, report = _run(tmp_path, capsys, "usb-reset", transport="soc")
    assert code == 4
    assert "usb-reset: the card of this board is not on USB" in str(report["reasons"])


def test_fault_that_lasts_until_another_event_is_still_there(tmp_path, capsys):
    fault = {"kind": "zero", "frame": 0, "frames": 100000, "after": "xrun", "until": "usb-reset"}
    _, report = _run(tmp_path, capsys, "xrun restart usb-reset", fault, bursts=3)
    seen = {
        row["event"]: {outcome: one["number"] for outcome, one in row["outcomes"].items()}
        for row in report["lifecycle"]
    }
    assert seen == {"xrun": {"mute": 2}, "restart": {"mute": 2}, "usb-reset": {"right": 2}}


def test_fault_with_an_end_but_no_event_that_begins_it_is_bad_input(tmp_path, capsys):
    board = tmp_path / "board.json"
    board.write_text(json.dumps({"fault": [{"kind": "zero", "until": "reopen"}]}))
    assert (
        main.main(["run", "--backend", "virtual", "--board", str(board), "--out", str(tmp_path / "o")]) == 64
    )
    assert "fault 1: until" in capsys.readouterr().err


def test_option_puts_the_event_on_every_arm(tmp_path, capsys):
    plan = tmp_path / "plan.toml"
    plan.write_text(_plan("none", bursts=3))
    argv = ["run", "--backend", "virtual", "--board", "x86_64", "--plan", str(plan), "--seed", "3"]
    assert main.main([*argv, "--event", "reopen", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "reopen  a" in out
    assert "100 %" in out
