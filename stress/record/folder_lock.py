# SPDX-License-Identifier: MIT
"""Claim a run directory for one process, so that no two write one record."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from typing import TYPE_CHECKING

from stress.errors import ConfigError, StorageError, StressError
from stress.record import held_file

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lock"
# struct flock of fcntl(2), as far as F_GETLK answers in it: type, whence, start, length, pid.
# Where Python is built for large files on 32 bits, F_GETLK is F_GETLK64 and its offsets have 64 bits.
_WIDE = struct.calcsize("l") == 8 or getattr(fcntl, "F_GETLK64", None) == fcntl.F_GETLK
_FLOCK = "hhqqi" if _WIDE else "hhlli"
# Asks for a lock of the whole file: from its begin, without an end.
_WHOLE = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class FolderLock:
    """The lock of one run directory, held until `release` or the end of the process.

    A POSIX record lock: the kernel frees it when its process ends, however it ends,
    so a lock file that is left behind is never taken for a living run; helper
    processes do not inherit it. Where the file system has no locks, see
    `stress.record.held_file`.

    Raises
    ------
    ConfigError : another process holds it; the message names the process.
    StorageError : the lock file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = path = folder / NAME
        self._held: Path | None = None
        try:
            self._file = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644
            )
        except OSError as error:
            raise StorageError.of(str(path), error) from None
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._without_a_lock(folder, error)
        self._write(path)
        try:
            self.check()
        except ConfigError:
            self.release()
            raise

    def _without_a_lock(self, folder: Path, error: OSError) -> None:
        holder = self._holder()
        try:
            if error.errno in held_file.NO_LOCKS:
                held_file.take(folder)
                self._held = folder
                return
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise StorageError.of(str(self._path), error) from None
            allowed = "another --out, or wait for its end"
            raise ConfigError(f"is in use by process {holder}", where=str(folder), allowed=allowed) from None
        except StressError:
            os.close(self._file)
            raise

    def _write(self, path: Path) -> None:
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            self.release()
            raise StorageError.of(str(path), error) from None

    def check(self) -> None:
        """Refuse a directory that is another than the one that was locked.

        Somebody may remove it, and another run make it anew under the same name.

        Raises
        ------
        ConfigError : it was removed or replaced.
        """
        try:
            there = os.stat(self._path, follow_symlinks=False)
        except OSError:
            there = None
        mine = os.fstat(self._file)
        if there is None or (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            raise ConfigError(
                "was removed while the run began", where=str(self._path.parent), allowed="another --out"
            )

    def _holder(self) -> int | str:
        return _asked(self._file) or "unknown"

    def release(self) -> None:
        """Give the directory free; idempotent."""
        if self._held is not None:
            held_file.drop(self._held)
            self._held = None
        if self._file >= 0:
            # The kernel frees it however the close ends, and nothing that counts is in this file.
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1


def holder(folder: Path) -> int | None:
    """Return the process that writes the record in `folder`: 0 for none, None where that cannot be known.

    Asks without taking the lock. Not for the process that holds it: closing any handle of
    a file gives its POSIX locks free.
    """
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return _asked(file)
    finally:
        os.close(file)


def _asked(file: int) -> int | None:
    try:
        found = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, _WHOLE))
    except OSError:
        return None
    # Another machine's process has a pid that says nothing here, or -1.
    return 0 if found[0] == fcntl.F_UNLCK else int(found[4])
