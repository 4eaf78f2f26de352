# SPDX-License-Identifier: MIT
"""report --follow: a run as it goes on, from its first line to its end, without touching it."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys

import pytest

from stress.cli import following, main
from stress.cli.following import LINE_S, Follower
from stress.model.verdict import Verdict
from stress.record.folder_lock import holder
from stress.record.journal import NAME
from stress.report.console import Console

PLAN = """
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "50ms"
bursts = 3
[[arm]]
name = "b"
access = "rw"
burst_s = "50ms"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("following")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--plan", f"{folder}/p.toml", "--out", f"{folder}/run", "-q"]
    assert main.main([*argv, "--seed", "1"]) == 1
    return folder / "run"


class _Screen(io.StringIO):
    def isatty(self):
        return True


class _Writer:
    """Writes a recorded run into another folder, some lines each time that the follower waits."""

    def __init__(self, source, folder, stops=None):
        self.folder, self.clock = folder, 0.0
        self._lines = (source / NAME).read_bytes().splitlines(keepends=True)[:stops]
        for name in ("config.json", "board.json"):
            (folder / name).write_bytes((source / name).read_bytes())

    def wait(self, seconds):
        self.clock += seconds
        assert self.clock < 1000, "the follower does not see the end"
        if self._lines:
            with open(self.folder / NAME, "ab") as file:
                file.write(self._lines.pop(0))


def _followed(run, folder, out, monkeypatch, page="", stops=None, left=0):
    writer = _Writer(run, folder, stops)
    # The lock of a run is another process's: here it is held as long as there are lines.
    monkeypatch.setattr(following.folder_lock, "holder", lambda _: 4711 if writer._lines else left)
    writer.wait(1.0)
    console = Console(out, io.StringIO())
    return Follower(folder, console, page, now_s=lambda: writer.clock, wait=writer.wait).follow()


def test_pipe_gets_a_line_a_minute_and_the_report_at_the_end(run, tmp_path, monkeypatch):
    out = io.StringIO()
    done = _followed(run, tmp_path, out, monkeypatch)
    told = out.getvalue().splitlines()
    assert done.judgement.verdict is Verdict.FAIL
    assert [line for line in told if line.startswith("the run goes on")] == told[:1]
    assert told[1].startswith("FAIL  virtual board arm926")
    assert LINE_S >= 60


def test_terminal_is_redrawn_with_each_burst(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    out = _Screen()
    _followed(run, tmp_path, out, monkeypatch)
    screens = out.getvalue().split("\x1b[H\x1b[J")
    counts = [
        int(found[1]) for screen in screens for found in [re.search(r"goes on: (\d) of 4", screen)] if found
    ]
    assert counts == sorted(counts)
    assert {1, 2, 3} <= set(counts)
    assert all(len(screen.splitlines()) < 24 for screen in screens[1:-1])
    assert "not begun" in screens[1]
    assert "goes on" not in screens[-1]


def test_dumb_terminal_is_not_redrawn(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    out = _Screen()
    _followed(run, tmp_path, out, monkeypatch)
    assert "\x1b[" not in out.getvalue()


def test_page_reloads_while_the_run_goes_on_and_no_longer_at_its_end(run, tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    seen = []
    real = following.outputs.written
    monkeypatch.setattr(
        following.outputs, "written", lambda path, data: (seen.append(data), real(path, data))[1]
    )
    _followed(run, tmp_path / "run", io.StringIO(), monkeypatch, page=str(tmp_path / "p.html"))
    assert len(seen) >= 2
    assert b'http-equiv="refresh"' in seen[0]
    assert b'http-equiv="refresh"' not in seen[-1]
    assert (tmp_path / "p.html").read_bytes() == seen[-1]


def test_run_that_begins_later_is_waited_for_with_one_line(run, tmp_path, monkeypatch):
    folder, clock, err = tmp_path / "a" / "run", [0.0], io.StringIO()

    def wait(seconds):
        clock[0] += seconds
        if clock[0] == 5:
            shutil.copytree(run, folder)

    monkeypatch.setattr(following.folder_lock, "holder", lambda _: 0 if folder.exists() else None)
    console = Console(io.StringIO(), err)
    done = Follower(folder, console, now_s=lambda: clock[0], wait=wait).follow()
    assert done.judgement.verdict is Verdict.FAIL
    assert 5 <= clock[0] < 10
    assert err.getvalue() == f"{folder} holds no run yet: it may begin within 2m (Ctrl-C ends)\n"


def test_run_whose_process_is_at_it_is_waited_for_however_long_it_takes(run, tmp_path, monkeypatch):
    folder, clock = tmp_path / "run", [0.0]

    def wait(seconds):
        clock[0] += seconds
        if clock[0] == 3 * following.BEGIN_S:
            shutil.copytree(run, folder)

    monkeypatch.setattr(following.folder_lock, "holder", lambda _: 0 if folder.exists() else 4711)
    console = Console(io.StringIO(), io.StringIO())
    done = Follower(folder, console, now_s=lambda: clock[0], wait=wait).follow()
    assert done.judgement.verdict is Verdict.FAIL
    assert clock[0] >= 3 * following.BEGIN_S


@pytest.mark.parametrize("left", ["", "directory", "torn start"])
def test_run_that_never_begins_is_given_up_in_one_line(run, tmp_path, monkeypatch, capsys, left):
    folder = tmp_path / "run"
    if left:
        folder.mkdir()
    if left == "torn start":
        (folder / NAME).write_bytes((run / NAME).read_bytes()[:100])
    monkeypatch.setattr(following, "BEGIN_S", 0.3)
    monkeypatch.setattr(following, "LOOK_S", 0.1)
    assert main.main(["report", "--follow", str(folder)]) == 64
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.splitlines()[-1].endswith("holds no run, and none began here within 300ms")
    assert len(out.err.splitlines()) == 2


def test_run_that_was_killed_ends_the_following(run, tmp_path, monkeypatch):
    done = _followed(run, tmp_path, io.StringIO(), monkeypatch, stops=6)
    assert "did not end" in " ".join(done.judgement.reasons)


def test_lock_that_cannot_be_asked_leaves_the_end_to_the_record(run, tmp_path, monkeypatch):
    done = _followed(run, tmp_path, io.StringIO(), monkeypatch, left=None)
    assert done.judgement.verdict is Verdict.FAIL


def test_following_changes_nothing_in_the_run(run, tmp_path, capsys):
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert main.main(["report", "--follow", str(run), "--html", str(tmp_path / "p.html")]) == 0
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    assert capsys.readouterr().out.startswith("FAIL")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("{run}/run.jsonl",), "is a bundle: nothing goes on in it"),
        (("{run}", "--html", "{run}/page.html"), "would change the run directory"),
        (("{run}", "--json"), "shows one run as it goes on"),
        (("{run}", "--junit", "x"), "with --junit"),
        (("{run}/..",), "is a directory of runs, not a run"),
    ],
)
def test_following_what_cannot_be_followed_is_one_line(run, capsys, argv, words):
    assert main.main(["report", "--follow", *(part.format(run=run) for part in argv)]) == 64
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_holder_is_asked_without_taking_the_lock(tmp_path):
    assert holder(tmp_path) is None
    script = (
        "import sys, pathlib; from stress.record.folder_lock import FolderLock;"
        "lock = FolderLock(pathlib.Path(sys.argv[1])); print(flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", script, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as held:
        held.stdout.readline()
        assert holder(tmp_path) == held.pid
        assert holder(tmp_path) == held.pid
        held.communicate()
    assert holder(tmp_path) == 0


def test_record_that_takes_several_reads_is_shown_whole(run, monkeypatch, capsys):
    lines = (run / NAME).read_bytes().splitlines(keepends=True)
    monkeypatch.setattr("stress.record.living.MOST_BYTES", max(map(len, lines)))
    monkeypatch.setattr(following.folder_lock, "holder", lambda _: 0)
    monkeypatch.setattr(following, "LOOK_S", 0.0)
    # The run is over and nobody holds its lock: what is left is read all the same.
    assert main.main(["report", "--follow", str(run), "-v"]) == 0
    assert "4 bursts" in capsys.readouterr().out
