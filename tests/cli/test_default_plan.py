# SPDX-License-Identifier: MIT
"""The plan nobody chose: a clean board passes it, a corrupt one fails, and no shipped board is left open."""

from __future__ import annotations

import pytest

from stress.cli import main


@pytest.mark.parametrize(("board", "code"), [("x86_64", 0), ("cortex-a", 0)])
def test_clean_board_passes_its_default_plan(tmp_path, capsys, board, code):
    argv = ["run", "--backend", "virtual", "--board", board, "--seed", "3", "--quiet"]
    assert main.main([*argv, "--out", str(tmp_path / "r")]) == code
    assert capsys.readouterr().out.startswith("PASS")


def test_corrupt_board_fails_the_short_plan(tmp_path, capsys):
    argv = ["run", "--backend", "virtual", "--board", "arm926", "--plan", "smoke", "--seed", "3", "--quiet"]
    assert main.main([*argv, "--out", str(tmp_path / "r")]) == 1
    assert capsys.readouterr().out.startswith("FAIL")


def test_clean_run_that_is_only_short_goes_on_and_then_names_what_decides(tmp_path, capsys):
    def run(bound, out):
        plan = tmp_path / "p.toml"
        plan.write_text(f'bound = {bound}\n[[arm]]\nname = "a"\nburst_s = "500ms"\n')
        argv = ["run", "--backend", "virtual", "--board", "x86_64", "--plan", str(plan), "--seed", "3"]
        code = main.main([*argv, "--out", str(tmp_path / out)])
        text = (tmp_path / out / "run.jsonl").read_text()
        return code, text.count('"event":"burst"'), capsys.readouterr().out

    # One burst has some 1500 lines of 64 bytes.
    assert run("3e-3", "one")[:2] == (0, 1)
    assert run("1.2e-3", "two")[:2] == (0, 2)
    code, bursts, told = run("1e-4", "short")
    assert (code, bursts) == (5, 2)
    assert "this decides it: the same run with --duration" in told
