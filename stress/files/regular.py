# SPDX-License-Identifier: MIT
"""Open what has to be a regular file, and read it within bounds: no pipe, no device, no endless line."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

# A JSON document of a run directory [bytes]. Source: the facts of a board are some 10 KB, evidence 10 KB.
# Higher: parsing takes ten times as much memory; lower: none known.
MOST_DOCUMENT = 8 << 20
# A line of a record [bytes]. Source: a burst with 1000 findings has 500 KB, a tally with all that it may
# keep 600 KB. Higher: as above; lower: bursts with findings of many details are refused.
MOST_LINE = 16 << 20


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file to be read.

    Raises
    ------
    OSError : it cannot be opened, or is something else; `strerror` says what is wrong.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: str | os.PathLike[str], most: int = MOST_DOCUMENT) -> bytes:
    """Return the content of a regular file of at most so many bytes.

    Raises
    ------
    OSError : as above, or it is larger.
    """
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB")
    return data


def is_plain(path: str | os.PathLike[str]) -> bool:
    """Return whether `path` is a regular file itself, and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the lines of a file with their ends, none of them longer than a line of a record.

    Raises
    ------
    OSError : one is longer.
    """
    number = 0
    while True:
        line = file.readline(MOST_LINE + 1)
        if not line:
            return
        number += 1
        if len(line) > MOST_LINE:
            raise OSError(errno.EFBIG, f"line {number} is longer than {MOST_LINE >> 20} MB")
        yield line
