"""The third view: whether the last lap is right in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.model.pcm import Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.pcm import Exchange
    from stress.model.ring import Rings
    from stress.model.wire import Wire

    Bytes = NDArray[np.uint8]


def last_lap(
    wire: Wire, written: Bytes, exchange: Exchange, rings: Rings, frame_bytes: int
) -> dict[str, dict[str, int]]:
    """Return per direction how many frames of the last lap memory holds, and how many differ.

    Playback is compared with what was written, capture with what came in.
    """
    found = {}
    written_end = exchange.playback.frames
    if Direction.PLAYBACK in wire.memory and rings.playback:
        memory = wire.memory[Direction.PLAYBACK]
        found["playback"] = _compare(
            memory, written, written_end - rings.playback, written_end, rings.playback, frame_bytes
        )
    taken = exchange.capture.hw_ptr
    if Direction.CAPTURE in wire.memory and rings.capture and taken is not None:
        # Packets that came after hw_ptr was read have overwritten the oldest frames.
        into = wire.into.data
        start = into.size // frame_bytes - rings.capture
        memory = wire.memory[Direction.CAPTURE]
        found["capture"] = _compare(memory, into, start, taken, rings.capture, frame_bytes)
    return found


def _compare(
    memory: Bytes, stream: Bytes, first: int, end: int, ring: int, frame_bytes: int
) -> dict[str, int]:
    first, end = max(0, first), min(end, stream.size // frame_bytes)
    if end <= first:
        return {"frames": 0, "differ": 0}
    held = memory.reshape(-1, frame_bytes)[np.arange(first, end) % ring]
    due = stream[first * frame_bytes : end * frame_bytes].reshape(-1, frame_bytes)
    return {"frames": end - first, "differ": int((held != due).any(axis=1).sum())}
