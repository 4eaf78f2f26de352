# SPDX-License-Identifier: MIT
"""Whatever the standard streams are, a command ends in the documented status and loses nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

PLAN = """
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "100ms"
"""
ROOT = Path(__file__).resolve().parents[2]


def _shell(folder, redirection, **env):
    (folder / "p.toml").write_text(PLAN)
    command = f'"{sys.executable}" -m stress run --backend virtual --plan p.toml --out r {redirection}'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert '"event":"end"' in (folder / "r" / "run.jsonl").read_text()
    return done


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "| head -1", "2>&1 | head -1"])
def test_run_without_a_reader_keeps_its_verdict(tmp_path, redirection):
    assert _shell(tmp_path, redirection).returncode == 1


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_run_whose_output_is_full_says_so_and_where_the_record_is(tmp_path):
    done = _shell(tmp_path, "> /dev/full")
    assert done.returncode == 74
    assert done.stderr.splitlines()[-2:] == [
        "the run is over, its record is in r",
        "pcmstress: standard output: cannot be written: No space left on device",
    ]


def test_run_on_an_ascii_console_escapes_what_it_cannot_show(tmp_path):
    folder = tmp_path / "é"
    folder.mkdir()
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = _shell(folder, '--out "$PWD/r"', **env)
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert done.stdout.splitlines()[-1].startswith("record: ")


def test_run_that_cannot_write_on_says_what_is_left_and_how_to_go_on(tmp_path):
    (tmp_path / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--plan", "p.toml", "--out", "r"]
    done = subprocess.run(
        [sys.executable, "-m", "stress", *argv],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 74
    told, error = done.stderr.splitlines()[-2:]
    assert told == "what was recorded before is in r; continue with: pcmstress run --resume --out r"
    assert error.startswith("pcmstress: r/run.jsonl: ")
    goes_on = subprocess.run(
        [sys.executable, "-m", "stress", "run", "--resume", "--out", "r"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert goes_on.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
@pytest.mark.parametrize(("where", "status"), [("> /dev/full", 74), ("| true", 0)])
def test_versions_that_cannot_be_written_are_a_line_at_most(where, status):
    command = f"set -o pipefail; '{sys.executable}' -m stress --version {where}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == (status == 74)
    # A reader that is gone may end the command before it writes, or after.
    assert done.returncode == status
