# SPDX-License-Identifier: MIT
"""Captured frames: those that wait to be judged, and the stretch of them under examination."""

from __future__ import annotations

from typing import Any

import numpy as np

from stress.detect.exact.track import TrackEvent
from stress.model.arrays import Bytes
from stress.model.stimulus import POSITIONS

# Room that a buffer is given, of what it has to hold, and the least of it [bytes]: fewer copies.
GROWTH, LEAST_BYTES = 2, 1 << 16
_NONE = np.empty(0, np.uint8)


class Window:
    """Captured frames not yet judged, in one growing buffer.

    Attributes
    ----------
    frame : capture frame of the first that waits.
    """

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._buffer = _NONE
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
        """Take whole frames, (n * frame_bytes,) uint8; other arrays are read as their bytes.

        Raises
        ------
        ValueError : a part of a frame is left over.
        """
        raw = np.ascontiguousarray(block).ravel().view(np.uint8)
        if raw.size % self._frame_bytes:
            raise ValueError(f"{raw.size} bytes are not whole frames of {self._frame_bytes} bytes")
        if self._end == self._start:
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
            self._grow()
        else:
            self._buffer, self._start, self._end, self._borrowed = _NONE, 0, 0, False

    def _grow(self, extra: int = 0) -> None:
        held = self._buffer[self._start : self._end]
        size = max(GROWTH * (held.size + extra), LEAST_BYTES)
        buffer = np.empty(size, np.uint8)
        buffer[: held.size] = held
        self._buffer, self._start, self._end, self._borrowed = buffer, 0, held.size, False

    def view(self, frames: int, skip: int = 0) -> Bytes:
        """Return the next `frames` frames behind `skip`, (frames * frame_bytes,) uint8, not copied."""
        start = self._start + skip * self._frame_bytes
        return self._buffer[start : start + frames * self._frame_bytes]

    def drop(self, frames: int) -> None:
        """Forget the next `frames` frames."""
        self._start += frames * self._frame_bytes
        self.frame += frames


# Right frames between wrong ones that may belong to one stretch of dither or
# gain [frames]. Source: dither of 1 LSB leaves 1 of 3 samples as they were.
# Higher: separate flips are fitted together; lower: dither falls to pieces.
DENSE_GAP = 24


class Stretch:
    """Masked frames and where they lie in capture and pattern.

    Parameters
    ----------
    rows : (n, frame_bytes) uint8, masked.
    frame : capture frame of the first row.
    position : due in the first row.
    before : (frame_bytes,) uint8, the frame before the first row, where there is one.
    """

    def __init__(self, rows: Bytes, frame: int, position: int, before: Bytes | None) -> None:
        self.rows, self.frame, self.position, self.before = rows, frame, position, before

    def due(self, start: int, shift: int) -> int:
        """Return the position due at frame `start` of the stretch."""
        return (self.position + start - shift) % POSITIONS

    def last(self, start: int) -> Bytes | None:
        """Return the frame before frame `start` of the stretch, (frame_bytes,) uint8."""
        return self.rows[start - 1] if start else self.before


def groups(events: list[TrackEvent]) -> list[list[TrackEvent]]:
    """Put noise close to noise together, and a slip right behind noise with it."""
    groups: list[list[TrackEvent]] = []
    for event in events:
        last = groups[-1][-1] if groups else None
        if last is not None and last.what == "noise":
            near = event.what == "noise" and event.start - last.end <= DENSE_GAP
            if near or (event.what == "slip" and event.start == last.end):
                groups[-1].append(event)
                continue
        groups.append([event])
    return groups


def run_edges(offset: int, size: int, line: int | None, board_line: int) -> dict[str, Any]:
    """Count whole lines or parts of them; else say which edge of the run is one of a line."""
    out: dict[str, Any] = {}
    if line is not None:
        if size != line:
            out["lines"] = size // line
        if line < board_line:
            out["part_of_line"] = board_line
        return out
    if offset % board_line == 0:
        out["starts_on_line"] = board_line
    if (offset + size) % board_line == 0:
        out["ends_on_line"] = board_line
    return out
