# SPDX-License-Identifier: MIT
"""--resume goes on with what was begun, and refuses to be asked for anything else."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys

import pytest

from stress.cli import main

PLAN = (
    '[[arm]]\nname = "a"\nperiod_size = 48\nplayback_buffer = 192\ncapture_buffer = 480\nburst_s = "100ms"\n'
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    (folder / "p.toml").write_text(PLAN)
    argv = [
        "run",
        "--backend",
        "virtual",
        "--plan",
        f"{folder}/p.toml",
        "--seed",
        "5",
        "--out",
        f"{folder}/r",
    ]
    assert main.main(argv) == 1
    return folder


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("--plan", "smoke"), "--plan: is not what this run was begun with"),
        (("--seed", "0"), "--seed: is not what this run was begun with (allowed: 5, or leave it out"),
        (("--backend", "pyalsaaudio"), "allowed: virtual, or leave it out"),
        (("--board", "xscale"), "--board"),
        (("--set", "cache.ways=2"), "--set"),
        (("--duration", "1h"), "--duration"),
        (("--loopback", "none"), "--loopback"),
        (("--access", "rw"), "--access"),
        (("--stop-early", "off"), "--stop-early"),
    ],
)
def test_resume_with_something_else_is_refused(begun, capsys, asked, words):
    before = (begun / "r" / "run.jsonl").read_bytes()
    assert main.main(["run", "--resume", "--out", f"{begun}/r", *asked]) == 64
    assert words in capsys.readouterr().err
    assert (begun / "r" / "run.jsonl").read_bytes() == before


@pytest.mark.parametrize("asked", [(), ("--backend", "virtual", "--seed", "5"), ("--plan", "p.toml")])
def test_resume_with_the_same_or_nothing_goes_on(begun, capsys, monkeypatch, asked):
    monkeypatch.chdir(begun)
    assert main.main(["run", "--resume", "--out", "r", *asked]) == 1
    assert capsys.readouterr().out.startswith("FAIL")


def _copied(begun, tmp_path):
    shutil.copytree(begun / "r", tmp_path / "r")
    return tmp_path / "r"


def _resume(folder):
    return main.main(["run", "--resume", "--out", str(folder)])


def _cut(folder, event):
    """Drop the events from the first of that name on, as a kill before it would have."""
    lines = (folder / "run.jsonl").read_bytes().splitlines(keepends=True)
    names = [json.loads(line)["event"] for line in lines]
    (folder / "run.jsonl").write_bytes(b"".join(lines[: names.index(event)]))


def test_resume_beside_the_living_run_is_refused_with_its_process(begun, tmp_path, capsys):
    folder = _copied(begun, tmp_path)
    code = "import pathlib,sys;from stress.record.folder_lock import FolderLock as L;"
    code += "held = L(pathlib.Path(sys.argv[1]));print(1, flush=True);sys.stdin.read()"
    argv = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        living.stdout.readline()
        assert _resume(folder) == 64
        assert f"is in use by process {living.pid} " in capsys.readouterr().err
    assert _resume(folder) == 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("config.json", '"seed": 5', '"seed": 6'), ("board.json", '"loop_fills": 43', '"loop_fills": 44')],
)
def test_resume_of_a_run_whose_config_or_board_was_edited_is_refused(begun, tmp_path, capsys, name, old, new):
    folder = _copied(begun, tmp_path)
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    assert _resume(folder) == 64
    assert f"{name}: is not the one this run was begun with" in capsys.readouterr().err


def test_resume_on_a_board_file_that_was_edited_is_refused(tmp_path, capsys):
    (tmp_path / "p.toml").write_text(PLAN)
    (tmp_path / "b.toml").write_text('name = "mine"\n')
    argv = ["run", "--backend", "virtual", "--board", f"{tmp_path}/b.toml", "--plan", f"{tmp_path}/p.toml"]
    assert main.main([*argv, "--seed", "5", "--out", f"{tmp_path}/r"]) == 1
    (tmp_path / "b.toml").write_text('name = "mine"\ntitle = "another"\n')
    capsys.readouterr()
    assert _resume(tmp_path / "r") == 64
    assert "virtual board: spec.title: is not the board this run was begun with" in capsys.readouterr().err


@pytest.mark.parametrize("event", ["start", "wire", "open", "burst", "verdict"])
def test_run_killed_at_any_event_is_continued_to_the_same_verdict(begun, tmp_path, capsys, event):
    folder = _copied(begun, tmp_path)
    _cut(folder, event)
    assert _resume(folder) == 1
    names = [json.loads(line)["event"] for line in (folder / "run.jsonl").read_text().splitlines()]
    assert (names.count("start"), names.count("burst"), names[-1]) == (1, 1, "end")


def test_killed_run_is_inconclusive_or_fail_in_every_format_never_pass(begun, tmp_path, capsys):
    folder = _copied(begun, tmp_path)
    _cut(folder, "burst")
    for form, words in (((), "INCONCLUSIVE"), (("--ktap",), "not ok 2"), (("--lava",), "RESULT=unknown")):
        assert main.main(["report", str(folder), *form]) == 0
        assert words in capsys.readouterr().out


def test_evidence_that_no_burst_names_is_neither_judged_nor_drawn(begun, tmp_path, capsys):
    folder = _copied(begun, tmp_path)
    _cut(folder, "burst")
    assert list((folder / "evidence").glob("*.json"))
    assert main.main(["replay", str(folder)]) == 5
    assert "no burst of the record names it" in capsys.readouterr().out
    assert main.main(["report", str(folder), "--html", str(tmp_path / "o.html")]) == 0
    assert "<summary>" not in (tmp_path / "o.html").read_text()


def test_disk_that_fills_is_one_line_with_its_file_system_and_74(begun, tmp_path, capsys, monkeypatch):
    folder = _copied(begun, tmp_path)
    _cut(folder, "burst")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert _resume(folder) == 74
    (line, *notes) = [text for text in capsys.readouterr().err.splitlines() if "pcmstress: " in text][-1:]
    assert "No space left on device (file system mounted at /" in line


def test_finding_is_durable_before_its_evidence(begun, tmp_path, capsys, monkeypatch):
    folder = _copied(begun, tmp_path)
    _cut(folder, "burst")
    monkeypatch.setattr(
        os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error"))
    )
    assert _resume(folder) == 74
    monkeypatch.undo()
    assert main.main(["report", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("FAIL")
    assert _resume(folder) == 1
