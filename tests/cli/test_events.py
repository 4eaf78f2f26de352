# SPDX-License-Identifier: MIT
"""Life-cycle events of a run on virtual boards: what each first lap held, by the card's own faults."""

from __future__ import annotations

import json

import pytest

from stress.cli import main
from stress.settings import find

PLAN = """
bound = 1.0
[control]
least = 4
[[arm]]
name = "a"
event = "{event}"
period_size = 48
playback_buffer = 480
capture_buffer = 528
burst_s = "120ms"
bursts = {bursts}
"""


def _run(tmp_path, capsys, event, *faults, bursts=5):
    board, plan = tmp_path / "board.json", tmp_path / "plan.toml"
    values, _ = find.load("boards", "x86_64")
    board.write_text(json.dumps({**values, "fault": list(faults)}))
    plan.write_text(PLAN.format(event=event, bursts=bursts))
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
        ("restart", {"kind": "zero", "frame": 0, "frames": 96, "after": "restart"}, "lost"),
        ("restart", {"kind": "swap", "frame": 0, "frames": 100000, "after": "restart"}, "rotated"),
        ("reopen", {"kind": "drop", "frame": 100, "frames": 20, "after": "reopen"}, "lost"),
        ("xrun", {"kind": "swap", "frame": 60, "frames": 100, "after": "xrun"}, "rotated"),
        ("xrun", {"kind": "bitflip", "frame": 60, "frames": 2, "after": "xrun"}, "wrong"),
        ("xrun", {"kind": "zero", "frame": 0, "frames": 100000, "after": "xrun"}, "mute"),
    ],
)
def test_fault_behind_an_event_is_found_there_and_fails_the_run(tmp_path, capsys, event, fault, outcome):
    code, report = _run(tmp_path, capsys, event, fault)
    (row,) = report["lifecycle"]
    assert row["outcomes"].get(outcome, {}).get("number") == 4, (row, report["reasons"])
    assert code == 1


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
    code, report = _run(tmp_path, capsys, "usb-reset")
    assert code == 4
    assert "a virtual board has only restart, reopen, xrun" in str(report["reasons"])


def test_option_puts_the_event_on_every_arm(tmp_path, capsys):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(event="none", bursts=3))
    argv = ["run", "--backend", "virtual", "--board", "x86_64", "--plan", str(plan), "--seed", "3"]
    assert main.main([*argv, "--event", "reopen", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "reopen  a" in out
    assert "100 %" in out
