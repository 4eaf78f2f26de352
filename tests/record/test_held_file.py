# SPDX-License-Identifier: MIT
"""Where a file system has no locks, a file holds the directory; one that a kill left is named, not taken."""

from __future__ import annotations

import errno
import os
import platform
import subprocess
import sys

import pytest

from stress.errors import ConfigError, StorageError
from stress.record import folder_lock, held_file
from stress.record.clock import Clock
from stress.record.folder_lock import FolderLock
from stress.record.rundir import claim

WITHOUT = """
import errno, fcntl, os, pathlib, sys, time
def none(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.lockf = none
from stress.record.clock import Clock
from stress.record.rundir import claim
print("ready", flush=True)
sys.stdin.readline()
try:
    claim(sys.argv[1], Clock())
except Exception as error:
    print(error, flush=True)
else:
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def no_locks(request, monkeypatch):
    """A file system whose answer to a lock is that there are none."""

    def refuse(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(folder_lock.fcntl, "lockf", refuse)


def test_directory_without_locks_is_held_by_a_file_until_it_is_released(tmp_path, no_locks):
    lock = FolderLock(tmp_path)
    assert (tmp_path / held_file.NAME).read_text() == f"{os.getpid()} {platform.node()}\n"
    with pytest.raises(ConfigError, match=rf"is in use by process {os.getpid()} .*no locks"):
        FolderLock(tmp_path)
    lock.release()
    lock.release()
    assert not (tmp_path / held_file.NAME).exists()
    FolderLock(tmp_path).release()


def test_file_that_a_kill_left_is_named_and_stays(tmp_path, no_locks):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (tmp_path / held_file.NAME).write_text(f"{gone.pid} {platform.node()}\n")
    with pytest.raises(ConfigError, match=f"left by process {gone.pid}, which is gone.*remove this file"):
        FolderLock(tmp_path)
    assert (tmp_path / held_file.NAME).exists()


@pytest.mark.parametrize(
    ("content", "who"),
    [
        ("123 otherhost\n", "process 123 on otherhost"),
        (f"1 {platform.node()}\n", "process 1 "),
        ("", "process unknown"),
        ("\u00b2\u00b9 x y\n", "process unknown on x y"),
        ("99999999999999999999 h\n", "process unknown on h"),
    ],
)
def test_file_of_somebody_who_may_be_alive_says_who(tmp_path, no_locks, content, who):
    (tmp_path / held_file.NAME).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"is in use by {who}"):
        FolderLock(tmp_path)


def test_file_that_is_a_link_is_not_followed(tmp_path, no_locks):
    (tmp_path / held_file.NAME).symlink_to(tmp_path / "victim")
    with pytest.raises(ConfigError, match="is in use by process unknown"):
        FolderLock(tmp_path)
    assert not (tmp_path / "victim").exists()


def test_file_that_cannot_be_written_holds_nobody(tmp_path, no_locks, monkeypatch):
    monkeypatch.setattr(held_file.os, "write", _full)
    with pytest.raises(StorageError, match=r"lock\.held: cannot be written: No space left"):
        FolderLock(tmp_path)
    assert not (tmp_path / held_file.NAME).exists()


def _full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_claim_of_a_directory_with_a_record_gives_the_file_back(tmp_path, no_locks):
    (tmp_path / "run.jsonl").write_text('{"event":"start"}\n')
    with pytest.raises(ConfigError, match="holds a run already"):
        claim(str(tmp_path), Clock())
    assert not (tmp_path / held_file.NAME).exists()


def test_one_of_several_processes_at_once_gets_a_directory_without_locks(tmp_path):
    folder = str(tmp_path / "run")
    command = [sys.executable, "-c", WITHOUT, folder]
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    some = [subprocess.Popen(command, **pipe) for _ in range(4)]
    assert [one.stdout.readline() for one in some] == ["ready\n"] * 4
    for one in some:
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.stdout.readline() for one in some]
    for one in some:
        one.communicate("\n")
    assert said.count("held\n") == 1
    assert all("is in use by process" in line for line in said if line != "held\n")
