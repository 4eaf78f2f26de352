# SPDX-License-Identifier: MIT
"""Claim a directory where the file system has no locks: a file that only one process can make.

A network file system without a lock service answers ENOLCK, others that locks are not
supported. Unlike a lock the file stays when its process is killed; a stranger's is
never removed, as two that did so at once would both take the directory.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
from typing import TYPE_CHECKING

from stress.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "lock.held"
#: What file systems without locks answer.
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_LONGEST = 300


def take(folder: Path) -> None:
    """Make the file that holds `folder` for this process.

    Raises
    ------
    ConfigError : it is there; the message names the process that made it.
    StorageError : it cannot be made.
    """
    path = folder / NAME
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        raise _refused(folder) from None
    except OSError as error:
        raise StorageError.of(str(path), error) from None
    try:
        os.write(file, f"{os.getpid()} {platform.node()}\n".encode("utf-8", "replace"))
    except OSError as error:
        drop(folder)
        raise StorageError.of(str(path), error) from None
    finally:
        os.close(file)


def drop(folder: Path) -> None:
    """Give `folder` free."""
    with contextlib.suppress(OSError):
        os.unlink(folder / NAME)


def _refused(folder: Path) -> ConfigError:
    pid, host = _maker(folder / NAME)
    here = host == platform.node()
    if here and pid and not _alive(pid):
        what = f"was left by process {pid}, which is gone (this file system has no locks)"
        return ConfigError(what, where=str(folder / NAME), allowed="another --out, or remove this file")
    who = f"process {pid or 'unknown'}{'' if here or not host else f' on {host}'}"
    allowed = f"another --out, or wait for its end; {NAME} in it says so, as this file system has no locks"
    return ConfigError(f"is in use by {who}", where=str(folder), allowed=allowed)


def _maker(path: Path) -> tuple[int, str]:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0, ""
    try:
        pid, _, host = os.read(file, _LONGEST).decode("utf-8", "replace").strip().partition(" ")
    except OSError:
        return 0, ""
    finally:
        os.close(file)
    return int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 10 else 0, host


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # Somebody else's.
        return True
    return True
