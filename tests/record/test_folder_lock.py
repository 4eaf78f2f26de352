# SPDX-License-Identifier: MIT
"""One process at a time writes to a run directory, and a lock that a kill left behind holds nobody."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from stress.errors import ConfigError, StorageError
from stress.record import folder_lock
from stress.record.folder_lock import NAME, FolderLock

HOLD = """
import pathlib, sys, time
from stress.record.folder_lock import FolderLock
lock = FolderLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_lock_that_another_process_holds_is_refused_with_the_process(tmp_path, holder):
    with pytest.raises(ConfigError, match=f"is in use by process {holder.pid} "):
        FolderLock(tmp_path)


def test_lock_of_a_stopped_process_is_still_held_and_of_a_killed_one_free(tmp_path, holder):
    os.kill(holder.pid, signal.SIGSTOP)
    with pytest.raises(ConfigError, match="in use"):
        FolderLock(tmp_path)
    holder.kill()
    holder.wait()
    lock = FolderLock(tmp_path)
    lock.release()
    lock.release()
    assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"


def test_lock_file_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / NAME).symlink_to(tmp_path / "victim")
    with pytest.raises(StorageError, match="lock"):
        FolderLock(tmp_path)
    assert (tmp_path / "victim").read_text() == "mine"


def test_lock_is_free_though_its_close_is_refused(tmp_path, monkeypatch):
    lock = folder_lock.FolderLock(tmp_path)
    close = os.close

    def full(file):
        close(file)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder_lock.os, "close", full)
    lock.release()
    monkeypatch.undo()
    folder_lock.FolderLock(tmp_path).release()


def test_directory_that_was_removed_and_made_anew_is_not_the_one_that_was_locked(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    lock = FolderLock(folder)
    lock.check()
    for again in (False, True):
        (folder / NAME).unlink(missing_ok=True)
        folder.rmdir()
        if again:
            folder.mkdir()
            (folder / NAME).write_text("")
        else:
            with pytest.raises(ConfigError, match="was removed while the run began"):
                lock.check()
            folder.mkdir()
    with pytest.raises(ConfigError, match="was removed while the run began"):
        lock.check()
    lock.release()


def test_lock_file_that_is_replaced_before_it_is_locked_is_refused(tmp_path, monkeypatch):
    taken = folder_lock.fcntl.lockf

    def replaced(file, command):
        taken(file, command)
        (tmp_path / NAME).unlink()
        (tmp_path / NAME).write_text("")

    monkeypatch.setattr(folder_lock.fcntl, "lockf", replaced)
    with pytest.raises(ConfigError, match="was removed"):
        FolderLock(tmp_path)


def test_process_that_writes_a_record_is_told_without_taking_its_lock(tmp_path, holder):
    assert folder_lock.holder(tmp_path) == holder.pid
    holder.kill()
    holder.wait()
    assert folder_lock.holder(tmp_path) == 0


def test_process_that_writes_is_not_known_where_the_lock_cannot_be_read(tmp_path):
    assert folder_lock.holder(tmp_path) is None
    (tmp_path / "other").write_text("")
    (tmp_path / NAME).symlink_to(tmp_path / "other")
    assert folder_lock.holder(tmp_path) is None


def test_lock_file_can_be_read_by_others_and_run_by_nobody_and_holds_the_process_alone(tmp_path):
    (tmp_path / NAME).write_text("123456789012\n")
    (tmp_path / "new").mkdir()
    before = os.umask(0)
    try:
        locks = [FolderLock(tmp_path), FolderLock(tmp_path / "new")]
    finally:
        os.umask(before)
    assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"
    assert stat.S_IMODE((tmp_path / "new" / NAME).stat().st_mode) == 0o644
    for lock in locks:
        lock.release()


def test_release_closes_the_file(tmp_path):
    lock = FolderLock(tmp_path)
    file = lock._file
    os.fstat(file)
    lock.release()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(file)


def test_link_to_the_file_that_was_locked_is_not_the_file(tmp_path):
    lock = FolderLock(tmp_path)
    (tmp_path / NAME).rename(tmp_path / "elsewhere")
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="was removed"):
        lock.check()
    lock.release()
