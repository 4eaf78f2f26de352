# SPDX-License-Identifier: MIT
"""The third view: whether the last lap is right in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Bytes, Flags, Ints
from stress.model.pcm import Direction
from stress.model.wire import RIGHT, UNKNOWN, WRONG

if TYPE_CHECKING:
    from stress.model.pcm import Exchange
    from stress.model.ring import Rings
    from stress.model.wire import Wire


@dataclass(frozen=True)
class Held:
    """The last lap of one ring in memory, against what was stored there.

    Parameters
    ----------
    first : frame of the stream that is the oldest one held.
    wrong : (frames,) bool.
    """

    first: int
    wrong: Flags

    def says(self, first: int, frames: int) -> str:
        """Return RIGHT or WRONG for these frames of the stream, UNKNOWN outside the last lap."""
        begin, end = max(0, first - self.first), max(0, first + frames - self.first)
        part = self.wrong[begin:end]
        return UNKNOWN if not part.size else WRONG if part.any() else RIGHT

    def to_json(self) -> dict[str, int]:
        """Return the first frame looked at, how many were, and how many differ."""
        return {"first": self.first, "frames": self.wrong.size, "differ": int(self.wrong.sum())}


def last_lap(
    wire: Wire,
    written: Bytes,
    exchange: Exchange,
    rings: Rings,
    frame_bytes: int,
    capture_bytes: int = 0,
) -> dict[Direction, Held]:
    """Compare the rings in memory, as far as they could be read.

    Playback is compared with what was written, frames counted from the first
    one written; capture with what came in, from the first one that did.

    Parameters
    ----------
    written : (n * frame_bytes,) uint8.
    frame_bytes : of a played frame.
    capture_bytes : of a captured frame, 0 for the same.
    """
    step = capture_bytes or frame_bytes
    found = {}
    written_end = exchange.playback.frames
    if Direction.PLAYBACK in wire.memory and rings.playback:
        memory = wire.memory[Direction.PLAYBACK]
        first = written_end - rings.playback
        found[Direction.PLAYBACK] = _compare(memory, written, first, written_end, frame_bytes)
    taken = exchange.capture.hw_ptr
    if Direction.CAPTURE in wire.memory and rings.capture and taken is not None:
        # Packets that came after hw_ptr was read have overwritten the oldest frames.
        into = wire.into.data
        start = into.size // step - rings.capture
        memory = wire.memory[Direction.CAPTURE]
        found[Direction.CAPTURE] = _compare(memory, into, start, taken, step)
    return found


def _compare(memory: Bytes, stream: Bytes, first: int, end: int, frame_bytes: int) -> Held:
    rows = memory.reshape(-1, frame_bytes)
    first, end = max(0, first), min(end, stream.size // frame_bytes)
    at = np.arange(first, max(first, end), dtype=np.int64)
    held = rows[at % len(rows)]
    wrong = _unlike(held, stream, at, frame_bytes)
    # A call that is ended in the middle has stored more than it tells: a lap newer is not wrong.
    newer = at + len(rows)
    inside = newer < stream.size // frame_bytes
    wrong[inside] &= _unlike(held[inside], stream, newer[inside], frame_bytes)
    return Held(first, wrong)


def _unlike(held: Bytes, stream: Bytes, frames: Ints, frame_bytes: int) -> Flags:
    whole = stream[: stream.size // frame_bytes * frame_bytes].reshape(-1, frame_bytes)
    unlike: Flags = (held != whole[frames]).any(axis=1)
    return unlike
