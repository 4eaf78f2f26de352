# SPDX-License-Identifier: MIT
"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stress.errors import CaptureFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The file that makes a directory the record of a run, and what else belongs to one.
RUN_FILE, RUN_FILES = "run.jsonl", ("run.jsonl", "config.json", "board.json")

# What a file system says of itself; anything else is about the name.
_OF_A_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG)


@contextmanager
def whole(path: str) -> Iterator[str]:
    """Give the path to write to; what is there appears as `path` when the block ends well.

    The place has a name that nobody can know before, and is made anew: no link
    is followed and no file of another is lost. A device or a pipe is written to
    as it is.

    Raises
    ------
    StorageError : the file system is full, broken or read-only; nothing of it is left behind.
    CaptureFileError : it cannot be written for another reason, nothing of it is left behind; or it
        would replace a file of a run's record.
    """
    _refuse_record(path)
    plain = os.path.isfile(path) or not os.path.lexists(path)
    part = path
    try:
        if plain:
            part = _made(path)
        yield part
        if plain:
            os.replace(part, path)
    except BaseException as error:
        if plain and part != path:
            with contextlib.suppress(OSError):
                os.unlink(part)
        if isinstance(error, OSError) and error.errno in _OF_A_DISK:
            raise StorageError.of(path, error) from None
        if isinstance(error, OSError):
            raise CaptureFileError(path, f"cannot be written: {error.strerror}") from None
        raise


def _made(path: str) -> str:
    # mkstemp opens with O_EXCL and O_NOFOLLOW, and gives nobody else a right to it.
    handle, part = tempfile.mkstemp(".part", f".{os.path.basename(path)[:64]}.", os.path.dirname(path) or ".")
    try:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
    finally:
        os.close(handle)
    return part


def _refuse_record(path: str) -> None:
    folder, name = os.path.split(os.path.realpath(path))
    evidence = os.path.basename(folder) == "evidence"
    run = os.path.dirname(folder) if evidence else folder
    if (evidence or name in RUN_FILES) and os.path.exists(os.path.join(run, RUN_FILE)):
        raise CaptureFileError(path, "is a file of a run's record and is not replaced (choose another name)")
