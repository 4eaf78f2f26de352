# SPDX-License-Identifier: MIT
"""A signal ends a run with its record closed, and the documented status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PLAN = """
repeats = 1000
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "100ms"
"""
ROOT = Path(__file__).resolve().parents[2]


def _started(folder, **options):
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", "p.toml", "--out", "r"]
    process = subprocess.Popen(
        [sys.executable, "-m", "stress", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    # The first status line: a burst runs.
    assert process.stderr.readline().startswith("burst 1 of 1000")
    return process


def _usual():
    # Whatever started the tests may ignore them: a shell in the background SIGINT, nohup SIGHUP.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_run_that_is_stopped_closes_its_record_and_says_where_it_is(tmp_path, number):
    process = _started(tmp_path, preexec_fn=_usual)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == 128 + number
    assert err.splitlines()[-1] == "interrupted; continue with: pcmstress run --resume --out r"
    last = (tmp_path / "r/run.jsonl").read_text().splitlines()[-1]
    assert '"event":"end"' in last
    assert f'"exit":{128 + number}' in last


def test_run_under_nohup_goes_on(tmp_path):
    process = _started(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    process.terminate()
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
