"""A file is there whole, or as it was before."""

from __future__ import annotations

import os

import pytest

from stress.errors import CaptureFileError
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
    told = pytest.raises(CaptureFileError, match="a: cannot be written: No space left")
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
