# SPDX-License-Identifier: MIT
"""One stretch of an open file, read as if it were a file of its own."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Protocol


class Readable(Protocol):
    """What headers are read from: a file, or a stretch of one."""

    def tell(self) -> int:
        """Return the place of the next read [bytes]."""

    def seek(self, place: int, whence: int = ..., /) -> int:
        """Move to `place` [bytes]."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes."""


class FileStretch:
    """Bytes `offset` to `offset + size` of an open file; reading never leaves them.

    Parameters
    ----------
    file : stays open until `close`; stretches of one file may be read in turn.
    offset, size : [bytes].

    Threads: one at a time for all stretches of a file.
    """

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file, self._offset, self.size = file, offset, size
        self._at = 0

    def tell(self) -> int:
        """Return the place of the next read [bytes]."""
        return self._at

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Move to `place` [bytes] as files do; return the new place."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, start + place)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that are left where it is negative."""
        left = max(0, self.size - self._at)
        self._file.seek(self._offset + self._at)
        got = self._file.read(left if size < 0 else min(size, left))
        self._at += len(got)
        return got

    def readinto(self, out: Any) -> int:
        """Fill `out`, a buffer of bytes; return how many came."""
        view = memoryview(out).cast("B")
        got = self.read(len(view))
        view[: len(got)] = got
        return len(got)

    def close(self) -> None:
        """Close the file below; idempotent."""
        self._file.close()
