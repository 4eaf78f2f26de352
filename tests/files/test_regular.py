# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import socket

import pytest

from stress.files import regular


def _read(path):
    return regular.read_regular(path)


@pytest.mark.parametrize("make", ["fifo", "folder", "loop", "device", "endless", "absent", "large", "socket"])
def test_what_is_no_bounded_regular_file_is_refused_at_once(tmp_path, make, monkeypatch):
    path = tmp_path / "a"
    monkeypatch.chdir(tmp_path)
    if make == "fifo":
        os.mkfifo(path)
    elif make == "folder":
        path.mkdir()
    elif make == "loop":
        path.symlink_to("a")
    elif make == "device":
        path.symlink_to("/dev/zero")
    elif make == "endless":
        path.symlink_to("/dev/tty")
    elif make == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("a")
    elif make == "large":
        os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 40)
    with pytest.raises(OSError) as refused:
        _read(path)
    assert refused.value.strerror


def test_regular_file_is_read_through_a_link(tmp_path):
    (tmp_path / "b").write_bytes(b"text")
    (tmp_path / "a").symlink_to("b")
    assert _read(tmp_path / "a") == b"text"


def test_only_a_file_itself_is_plain(tmp_path):
    (tmp_path / "b").write_bytes(b"text")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "c").symlink_to("c")
    assert [regular.is_plain(tmp_path / name) for name in "abcd"] == [False, True, False, False]


def test_lines_are_given_with_their_ends_and_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(regular, "MOST_LINE", 8)
    (tmp_path / "a").write_bytes(b"1234567\n\n12\n12345678\nx")
    with regular.open_regular(tmp_path / "a") as file:
        found = regular.lines(file)
        assert [next(found) for _ in range(3)] == [b"1234567\n", b"\n", b"12\n"]
        with pytest.raises(OSError, match="line 4 is longer than"):
            next(found)
