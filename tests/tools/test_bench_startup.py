# SPDX-License-Identifier: MIT
"""What `tools/bench startup` counts of a command in an ARM userland, and how it tells it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tools.benchkit import instructions, startup
from tools.labkit.errors import LabError, MissingPrograms


@pytest.fixture
def here(monkeypatch):
    # This machine's Python in place of the emulator's; a mark is written at the end of every program.
    seen = []

    def counted(emulated, arguments):
        marked = arguments[1].replace("os.getppid", "lambda: print('mark 40000000')")
        done = subprocess.run([sys.executable, "-c", marked, *arguments[2:]], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        seen.append(done.stdout)
        return done.stdout, done.stdout

    monkeypatch.setattr(instructions, "counted", counted)
    monkeypatch.setattr(startup.emuser, "prepare", lambda name: None)
    return seen


def test_startup_in_a_userland_runs_each_command_to_its_end(here, monkeypatch, tmp_path, capsys):
    program = tmp_path / "p.py"
    program.write_text("import sys\nprint('got', sys.argv[1:])\nsys.exit(64)\n")
    monkeypatch.setattr(startup, "COMMANDS", {"none": ["-c", "pass"], "module": ["-m", "this"]})
    assert startup.main(["--userland", "12/armel", "--pyz", str(program)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 5
    assert all("40.0 million instructions,  0.32 s at 400 MHz   1.00 x" in row for row in rows)
    assert "Beautiful is better than ugly" in here[1]
    assert here[2].startswith("got ['--help']\n")


def test_startup_command_without_a_mark_at_its_end_is_refused(here, monkeypatch):
    monkeypatch.setattr(instructions, "counted", lambda emulated, arguments: ("", "other words\n"))
    with pytest.raises(LabError, match="no mark"):
        startup.count("12/armel")


def test_startup_without_what_counting_needs_is_skipped_with_its_name(monkeypatch, capsys):
    def missing(name):
        raise MissingPrograms("missing qemu-user: apt-get install qemu-user")

    monkeypatch.setattr(startup.emuser, "prepare", missing)
    assert startup.main(["--userland", "12/armel"]) == 0
    assert "SKIPPED, missing qemu-user" in capsys.readouterr().out


def test_startup_here_takes_the_median_of_every_command(monkeypatch, capsys):
    monkeypatch.setattr(startup, "COMMANDS", {"none": ["-c", "pass"]})
    assert startup.main(["--rounds", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"]["none"] > 0
