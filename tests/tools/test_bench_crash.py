# SPDX-License-Identifier: MIT
"""tools/bench crash, disks and kill: a few points of each, and that a difference is seen."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tools.benchkit import _calls, crash, disks, kill


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize(("name", "every"), [("crash", 50), ("disks", 250)])
def test_few_points_end_as_the_undisturbed_run(name, every):
    words = [sys.executable, "-m", "tools.benchkit", name, "--every", str(every)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrong: 0" in done.stdout


def test_kinds_of_calls_leave_out_what_differs():
    assert _calls.kind("write .config.json.1234.part") == "write config aside"
    assert _calls.kind("rename evidence/burst-00001-000-zero.json") == "rename evidence"
    assert _calls.kind("fsync ") == "fsync folder"


def test_rows_count_what_is_wrong(capsys):
    bad = {"exit": -9, "report": 0, "resume": 1, "wrong": ["found: 4, not 3"]}
    assert kill._row("SIGKILL", [bad, {**bad, "wrong": []}]) == 1
    assert crash._row("write run.jsonl", {"KILL 3 write run.jsonl": bad}) == 1
    assert disks._row("EIO", _calls.Act.FAIL_ON, {"EIO FAIL_ON 3": bad}) == 1
    assert capsys.readouterr().out.count("found: 4, not 3: 1") == 3
