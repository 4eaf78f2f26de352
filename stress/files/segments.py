# SPDX-License-Identifier: MIT
"""Read the frames of a file that lie in one or more pieces."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from stress.errors import CaptureFileError
from stress.model.arrays import Bytes


class _File(Protocol):
    # A file, or a stretch of one.
    def tell(self) -> int: ...

    def seek(self, place: int, /) -> int: ...

    def readinto(self, out: Any, /) -> int: ...

    def close(self) -> None: ...


class SegmentReader:
    """Frames as they are stored.

    Parameters
    ----------
    segments : (offset, length) of the pieces, read as if they were one [bytes].
    frame_bytes : of a stored frame.

    Attributes
    ----------
    frames : whole frames in all pieces.

    Threads: one at a time.
    """

    def __init__(
        self, file: _File, path: str, segments: tuple[tuple[int, int], ...], frame_bytes: int
    ) -> None:
        self._file, self._path, self._segments, self._size = file, path, segments, frame_bytes
        self.frames = sum(length for _, length in segments) // frame_bytes

    def of_frames(self, frame_bytes: int) -> SegmentReader:
        """Return a reader of the same pieces of the same file, in frames of another size."""
        return SegmentReader(self._file, self._path, self._segments, frame_bytes)

    def read(self, first: int, frames: int) -> Bytes:
        """Return `frames` stored frames from `first` on, (n * frame_bytes,) uint8.

        Raises
        ------
        CaptureFileError : the file became shorter or cannot be read.
        """
        out = np.empty(frames * self._size, np.uint8)
        at, done = first * self._size, 0
        for offset, length in self._segments:
            if at < length and done < out.size:
                n = min(length - at, out.size - done)
                self._fill(offset + at, out[done : done + n])
                at, done = at + n, done + n
            at -= length
        return out

    def _fill(self, offset: int, out: Bytes) -> None:
        try:
            if self._file.tell() != offset:
                self._file.seek(offset)
            got = self._file.readinto(out.data)
        except OSError as error:
            raise CaptureFileError(self._path, f"cannot be read: {error.strerror}") from error
        if got != out.size:
            raise CaptureFileError(self._path, f"ended {out.size - got} bytes early while it was read")

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()
