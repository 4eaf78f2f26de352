# SPDX-License-Identifier: MIT
"""What board.json says of the call: the command as it was given, and nothing of the board is lost."""

from __future__ import annotations

import shlex
from types import SimpleNamespace

from stress.cli import run_facts

CLOCK = SimpleNamespace(wall_text=lambda: "2024-02-03T04:05:06Z")


def test_facts_of_a_call_stand_beside_those_of_the_board():
    facts = run_facts.of_run({"cpu": "x"}, "smoke", CLOCK, ["run", "--out", "a b"])
    assert facts["cpu"] == "x"
    assert (facts["run"]["plan"], facts["run"]["date"]) == ("smoke", "2024-02-03T04:05:06Z")
    assert shlex.split(facts["run"]["command"]) == ["pcmstress", "run", "--out", "a b"]


def test_command_is_that_of_the_process_where_none_is_given(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/x/pcmstress", "probe"])
    assert run_facts.of_run({}, "", CLOCK)["run"]["command"] == "pcmstress probe"


def test_kernel_command_line_is_read_bounded_and_may_be_missing(monkeypatch, tmp_path):
    path = tmp_path / "cmdline"
    path.write_bytes(b"console=ttyS0 \xff\n")
    monkeypatch.setattr(run_facts, "CMDLINE", str(path))
    assert run_facts.of_run({}, "", CLOCK)["run"]["cmdline"] == "console=ttyS0 \ufffd"
    monkeypatch.setattr(run_facts, "LARGEST_BYTES", 7)
    assert run_facts.of_run({}, "", CLOCK)["run"]["cmdline"] == "console"
    path.unlink()
    assert run_facts.of_run({}, "", CLOCK)["run"]["cmdline"] == ""
