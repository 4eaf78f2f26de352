# SPDX-License-Identifier: MIT
"""`diagnose --reload`: the kernel's own switch as the proof, and what is put back."""

from __future__ import annotations

import json

import pytest

from stress.cli import disturbers, main

PLAN = """
order = "abba"
repeats = 4
bound = 1e-3
[control]
least = 4
[[arm]]
name = "player"
group = "player"
side = "playback"
period_size = 48
playback_buffer = 384
capture_buffer = 4800
burst_s = "250ms"
[[arm]]
name = "player-rw"
like = "player"
access = "rw"
side = "both"
"""


def _diagnose(tmp_path, capsys, board, *more):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    argv = ["diagnose", "--backend", "virtual", "--board", board, "--plan", str(plan), "--seed", "5"]
    code = main.main([*argv, "--reload", "--out", str(tmp_path / "out"), "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_alias_is_named_by_the_kernel_s_switch_alone(tmp_path, capsys):
    code, report = _diagnose(tmp_path, capsys, "arm926", "--set", 'transport="usb"')
    assert code == 1
    assert [arm["arm"] for arm in report["arms"]] == ["player", "player-use_vmalloc=0"]
    assert report["arms"][0]["episodes"] > 0
    assert report["arms"][1]["episodes"] == 0
    assert report["diagnosis"]["cause"] == "cache alias"
    told = [line for line in report["diagnosis"]["evidence"] if "use_vmalloc=0 (coherent memory)" in line]
    assert len(told) == 1
    assert "times fewer" in told[0]


def test_board_without_the_defect_is_not_accused(tmp_path, capsys):
    code, report = _diagnose(tmp_path, capsys, "cortex-a")
    assert code == 0, report["reasons"]
    assert report["diagnosis"]["cause"] == "not reproduced"


def test_card_without_the_switch_is_skipped_with_the_reason(tmp_path, capsys):
    code, report = _diagnose(tmp_path, capsys, "arm926", "--set", 'transport="soc"')
    assert code == 4
    assert "use_vmalloc: the card of this board is not on USB" in str(report["reasons"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_driver_is_put_back_whatever_ends_the_run(tmp_path, capsys, monkeypatch, error):
    seen = []
    monkeypatch.setattr(disturbers.VirtualDisturber, "put_back", lambda self: seen.append("back"))

    def load(self, vmalloc):
        raise error

    monkeypatch.setattr(disturbers.VirtualDisturber, "load_driver", load)
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    argv = ["diagnose", "--backend", "virtual", "--board", "arm926", "--plan", str(plan), "--reload"]
    assert main.main([*argv, "--out", str(tmp_path / "out")]) != 0
    assert seen == ["back"]


def test_run_has_no_such_option(capsys):
    with pytest.raises(SystemExit) as ended:
        main.main(["run", "--reload"])
    assert ended.value.code == 64
    assert "--reload" in capsys.readouterr().err
