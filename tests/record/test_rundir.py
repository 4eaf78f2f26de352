# SPDX-License-Identifier: MIT
"""Names that runs without one of their own get, also several in one second."""

from __future__ import annotations

import os

import pytest

from stress.errors import CaptureFileError
from stress.record import rundir

STAMP = "20130201-120000"


class _Clock:
    def wall_text(self):
        return "2013-02-01T12:00:00.000+00:00"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_runs_of_one_second_get_a_directory_each():
    locks = [rundir.claim("", _Clock()) for _ in range(3)]
    assert [str(folder) for folder, _ in locks] == [f"runs/{STAMP}", f"runs/{STAMP}-2", f"runs/{STAMP}-3"]
    for _, lock in locks:
        lock.release()


def test_name_that_another_run_takes_in_between_is_left_to_it(monkeypatch):
    made = rundir.Path.mkdir
    taken = []

    def mkdir(path, *args, **more):
        if path.name == STAMP and not taken:
            taken.append(path)
            made(path, parents=True)
        made(path, *args, **more)

    monkeypatch.setattr(rundir.Path, "mkdir", mkdir)
    assert str(rundir.create("", _Clock())) == f"runs/{STAMP}-2"


@pytest.mark.parametrize("in_the_way", ["file", "link"])
def test_runs_that_is_no_directory_is_said_in_one_line(in_the_way):
    if in_the_way == "file":
        open("runs", "w").close()
    else:
        os.symlink("nowhere", "runs")
    with pytest.raises(CaptureFileError, match="^runs: cannot be made: (File exists|Not a directory)$"):
        rundir.create("", _Clock())


@pytest.mark.parametrize(
    "content", ["{}\n{}\n".encode("utf-16"), b'{"v":2}\r{"v":2}\r', b"\0\0\n{}\n", b"\0\n\0"]
)
def test_record_that_is_damaged_from_its_first_line_on_is_not_taken_for_none(tmp_path, content):
    (tmp_path / "run.jsonl").write_bytes(content)
    with pytest.raises(CaptureFileError, match=r"run\.jsonl: line 1 is damaged, and more follows"):
        rundir.begun(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"v":2,"ev', b"\0" * 600, b"\0\n"])
def test_record_of_which_a_kill_left_no_first_event_has_not_begun(tmp_path, content):
    (tmp_path / "run.jsonl").write_bytes(content)
    assert not rundir.begun(tmp_path)
