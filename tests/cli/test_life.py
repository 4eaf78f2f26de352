# SPDX-License-Identifier: MIT
"""The line of life: what it says at each moment, and that it moves."""

from __future__ import annotations

import io
import time

import pytest

from stress.cli import life
from stress.cli.life import Life, Standing, line
from stress.report.console import Console

HERE = Standing(
    phase="streaming",
    arm="player",
    number=3,
    planned=4,
    burst_s=2.0,
    streamed_s=4.0,
    total_s=8.0,
    began_s=100.0,
    burst_began_s=104.0,
)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_line_before_the_first_burst_names_what_is_done():
    assert line(Standing(phase="opening the PCM"), 0.0, True) == "opening the PCM ..."


def test_line_within_a_burst_has_bar_share_time_and_findings():
    said = line(HERE, 105.0, True)
    assert said == "burst 3 of 4  player  [######......]  62 %, 3s left  clean"


def test_line_behind_a_burst_says_that_it_is_judged():
    assert "judging" in line(HERE, 106.5, True)


def test_line_of_a_virtual_board_goes_by_the_pace_so_far():
    # 4 s of audio took 1 s: the burst of 2 s is half done after 250 ms.
    slow = Standing(**{**HERE.__dict__, "began_s": 103.0})
    assert "[######......]  62 %, 1s left" in line(slow, 104.25, False)


def test_line_of_the_first_burst_of_a_virtual_board_moves():
    first = Standing(**{**HERE.__dict__, "streamed_s": 0.0, "number": 1})
    marks = {line(first, 104.0 + k * life.REDRAW_S, False) for k in range(4)}
    assert len(marks) == 4


def test_line_after_a_resume_counts_no_time_for_what_was_streamed_before():
    resumed = Standing(**{**HERE.__dict__, "before_s": 4.0, "findings": 1200})
    said = line(resumed, 105.0, True)
    assert "62 %, 3s left" in said and said.endswith("1 200 corrupted")


@pytest.mark.parametrize("streamed_s", [3.0, 6.0])
def test_line_of_a_run_by_duration_never_counts_below_zero(streamed_s):
    said = line(
        Standing(**{**HERE.__dict__, "planned": 0, "total_s": 3.0, "streamed_s": streamed_s}), 104.0, True
    )
    assert said.startswith("burst 3  player") and "to the end of the plan" in said


def test_life_redraws_on_a_terminal_while_a_burst_streams(monkeypatch):
    monkeypatch.setattr(life, "REDRAW_S", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    out = _Terminal()
    with Life(Console(out, out), time.monotonic, real_time=True) as shown:
        shown.streaming(quiet=False, arm="a", number=1, burst_s=1.0)
        until = time.monotonic() + 5
        while out.getvalue().count("\r") < 4 and time.monotonic() < until:
            time.sleep(0.01)
    assert out.getvalue().count("\r") >= 4


def test_life_starts_no_thread_beside_a_burst_that_runs_python(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    out = _Terminal()
    with Life(Console(out, out), time.monotonic, real_time=True) as shown:
        shown.streaming(quiet=False, arm="a", number=1, burst_s=1.0)
        assert shown._thread is not None
        shown.streaming(quiet=True, arm="b", number=2, burst_s=1.0)
        assert shown._thread is None


def test_life_elsewhere_is_a_line_each_ten_seconds():
    out, now = io.StringIO(), [0.0]
    shown = Life(Console(out, out), lambda: now[0], real_time=True)
    for number in range(1, 31):
        now[0] = float(number)
        shown.streaming(quiet=False, arm="a", number=number, burst_s=1.0)
    assert len(out.getvalue().splitlines()) == 3
