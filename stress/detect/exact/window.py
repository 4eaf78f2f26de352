"""Captured frames that wait to be judged, without copies where it can."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes

_NONE = np.empty(0, np.uint8)


class Window:
    """Captured frames not yet judged, in one growing buffer.

    Attributes
    ----------
    frame : capture frame of the first that waits.
    """

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._buffer = np.empty(0, np.uint8)
        self._borrowed = False
        self._start = self._end = 0
        self.frame = 0

    @property
    def frames(self) -> int:
        """Frames that wait."""
        return (self._end - self._start) // self._frame_bytes

    @property
    def total(self) -> int:
        """Frames taken in all."""
        return self.frame + self.frames

    def append(self, block: Bytes) -> None:
        """Take whole frames; ValueError when a part of one is left over."""
        raw = block
        if block.ndim != 1 or block.dtype != np.uint8 or not block.flags.c_contiguous:
            raw = np.ascontiguousarray(block).reshape(-1).view(np.uint8)
        if raw.size % self._frame_bytes:
            raise ValueError(f"{raw.size} bytes are not whole frames of {self._frame_bytes} bytes")
        if not self._end - self._start:
            # Nothing is waiting: look at the caller's memory, `keep` copies what is left.
            self._buffer, self._start, self._end, self._borrowed = raw, 0, raw.size, True
            return
        if self._end + raw.size > self._buffer.size:
            self._grow(raw.size)
        self._buffer[self._end : self._end + raw.size] = raw
        self._end += raw.size

    def keep(self) -> None:
        """Copy what is left; the caller may reuse its memory after this."""
        if not self._borrowed:
            return
        if self._start < self._end:
            self._grow(0)
        else:
            self._buffer, self._start, self._end, self._borrowed = _NONE, 0, 0, False

    def _grow(self, extra: int) -> None:
        held = self._buffer[self._start : self._end]
        size = max(2 * (held.size + extra), 1 << 16)
        buffer = np.empty(size, np.uint8)
        buffer[: held.size] = held
        self._buffer, self._start, self._end, self._borrowed = buffer, 0, held.size, False

    def view(self, frames: int, skip: int = 0) -> Bytes:
        """Return the next `frames` frames behind `skip`, not copied."""
        start = self._start + skip * self._frame_bytes
        return self._buffer[start : start + frames * self._frame_bytes]

    def drop(self, frames: int) -> None:
        """Forget the next `frames` frames."""
        self._start += frames * self._frame_bytes
        self.frame += frames
