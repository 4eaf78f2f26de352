# SPDX-License-Identifier: MIT
"""A run directory in which something is no regular file, or far too large: one line, at once."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from stress.cli import main

PLAN = '[[arm]]\nname = "a"\nburst_s = "20ms"\n'
READERS = (["report"], ["replay"], ["run", "--resume", "--out"], ["report", "--json"])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "p.toml").write_text(PLAN)
    words = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", f"{folder}/p.toml"]
    main.main([*words, "--seed", "1", "--quiet", "--out", f"{folder}/r"])
    return folder / "r"


def _fifo(path):
    os.mkfifo(path)


def _folder(path):
    path.mkdir()


def _loop(path):
    path.symlink_to(path.name)


def _zeros(path):
    path.symlink_to("/dev/zero")


def _huge(path):
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("make", [_fifo, _folder, _loop, _zeros, _huge])
@pytest.mark.parametrize("name", ["run.jsonl", "config.json", "board.json"])
def test_file_that_is_none_is_refused_in_one_line(recorded, tmp_path, capsys, name, make):
    folder = shutil.copytree(recorded, tmp_path / "r")
    (folder / name).unlink()
    make(folder / name)
    # A pipe that is opened waits for another end for ever.
    signal.alarm(60)
    try:
        for words in READERS:
            code = main.main([*words, str(folder)])
            said = capsys.readouterr().err
            # Facts of the board are left out of a report where they cannot be read.
            assert code == 64 or (name == "board.json" and words[0] != "run"), (words, said)
            assert "internal error" not in said
    finally:
        signal.alarm(0)


def test_lock_that_is_a_pipe_holds_nobody_up(recorded, tmp_path, capsys):
    folder = shutil.copytree(recorded, tmp_path / "r")
    (folder / "lock").unlink()
    os.mkfifo(folder / "lock")
    signal.alarm(60)
    try:
        assert main.main(["run", "--resume", "--out", str(folder)]) in (5, 64, 74)
    finally:
        signal.alarm(0)
    assert "internal error" not in capsys.readouterr().err
