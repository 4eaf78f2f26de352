# SPDX-License-Identifier: MIT
"""A file is there whole, or as it was before."""

from __future__ import annotations

import os

import pytest

from stress.errors import CaptureFileError, StorageError
from stress.files.whole import whole


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_whole_appears_only_when_the_block_has_ended(tmp_path):
    path = tmp_path / "a"
    with whole(str(path)) as place:
        (tmp_path / place).write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert _names(tmp_path) == ["a"]


@pytest.mark.parametrize("before", [None, "old"])
def test_whole_on_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path, before):
    path = tmp_path / "a"
    if before:
        path.write_text(before)
    told = pytest.raises(StorageError, match="a: cannot be written: No space left.*mounted at")
    with told, whole(str(path)) as place:
        (tmp_path / place).write_text("half")
        raise OSError(28, "No space left on device")
    assert _names(tmp_path) == (["a"] if before else [])
    assert not before or path.read_text() == before


def test_whole_in_no_directory_says_so(tmp_path):
    told = pytest.raises(CaptureFileError, match="No such file or directory")
    with told, whole(str(tmp_path / "no" / "a")) as place, open(place, "w") as file:
        file.write("x")


def test_whole_writes_into_a_pipe_and_does_not_replace_it(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with whole(str(path)) as place:
        assert place == str(path)
    assert path.is_fifo()


def test_whole_follows_no_link_that_waits_under_the_old_name_of_its_part(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "a.html"
    victim.write_text("kept")
    (tmp_path / "a.html.part").symlink_to(victim)
    with whole(str(path)) as place:
        (tmp_path / place).write_text("new")
    assert (path.read_text(), victim.read_text()) == ("new", "kept")
    assert _names(tmp_path) == ["a.html", "a.html.part", "victim"]


def test_whole_replaces_a_link_and_not_what_it_points_to(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "a.html"
    victim.write_text("kept")
    path.symlink_to(victim)
    with whole(str(path)) as place:
        (tmp_path / place).write_text("new")
    assert (path.read_text(), victim.read_text(), path.is_symlink()) == ("new", "kept", False)


def test_whole_has_the_rights_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        with whole(str(tmp_path / "a")):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "name", ["run.jsonl", "config.json", "board.json", "evidence/burst-00001-000-zero.json"]
)
def test_whole_never_replaces_a_file_of_a_record(tmp_path, name):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "run.jsonl").write_text("kept")
    told = pytest.raises(CaptureFileError, match="a file of a run's record")
    with told, whole(str(tmp_path / name)) as place:
        (tmp_path / place).write_text("page")
    assert (tmp_path / "run.jsonl").read_text() == "kept"
