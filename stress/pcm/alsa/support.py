"""What an AlsaPcm can do with the streams it has, in one line when it cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stress.board.cards import cards
from stress.model.pcm import Access, CaptureTouch, Direction, Handling, Lever, Load, PlaybackTouch
from stress.pcm import cache_maintenance, load_process, loops
from stress.pcm.alsa import naming

if TYPE_CHECKING:
    from stress.pcm.alsa.stream import Stream

# Shortest ring that snd-aloop carries [ms]. Source: it moves its pointers from a
# kernel timer, one or two ticks of 10 ms at HZ=100; measured there: at 10.7 ms whole
# laps vanish with rw access too and pass for stale ones, at 21.3 ms none does.
# Higher: rings that work are refused; lower: the driver's laps pass for aliasing.
SHORTEST_ALOOP_MS = 20.5


def reason_against(handling: Handling, streams: Sequence[Stream], line_bytes: int) -> str | None:
    """Return None when the handling is possible, else why not."""
    missing = cache_maintenance.supports(handling.lever)
    if missing is not None:
        return missing
    if handling.load is not Load.NONE and streams:
        unloaded = load_process.reason_against(handling.load, streams[0].where[0])
        if unloaded:
            return unloaded
    if handling.start_burst and (handling.queue_periods or handling.playback is PlaybackTouch.RMW):
        return "a start burst goes on as one ordinary call; its RMW is the prefill, queue nothing beside it"
    if handling.start_burst and handling.lever is not Lever.NONE:
        return "a lever acts before each commit, and a start burst has only one"
    for stream in streams:
        reason = _too_short(stream) or _against(handling, stream, line_bytes)
        if reason is not None:
            return reason
    if handling.lever is not Lever.NONE and streams and not any(_is_mmap(stream) for stream in streams):
        return "rw access goes through the kernel's mapping only: there is nothing for a lever to act on"
    return None


def _against(handling: Handling, stream: Stream, line_bytes: int) -> str | None:
    granted = stream.granted
    if stream.direction is Direction.PLAYBACK:
        asks = handling.playback is PlaybackTouch.RMW or handling.queue_periods or handling.start_burst
        if asks and not _is_mmap(stream):
            return "rw access has no ring to read before it is written; RMW, queue and start burst need mmap"
        if handling.queue_periods * granted.period_size > granted.buffer_size:
            periods = granted.buffer_size // granted.period_size
            return f"{handling.queue_periods} periods cannot be queued in a ring of {periods}"
        return None
    if handling.capture is CaptureTouch.EXACT:
        return None
    if not _is_mmap(stream):
        return f"rw access has no ring lines to touch; capture {handling.capture.value} needs mmap"
    if loops.whole_frames(line_bytes, granted.frame_bytes) > granted.period_size:
        return f"a period of {granted.period_size} frames holds no whole {line_bytes}-byte line"
    return None


def _too_short(stream: Stream) -> str | None:
    granted = stream.granted
    ring_ms = 1000 * granted.buffer_size / granted.rate
    if ring_ms >= SHORTEST_ALOOP_MS or _driver(stream.where[0]) != "Loopback":
        return None
    least = math.ceil(SHORTEST_ALOOP_MS * granted.rate / 1000)
    return (
        f"snd-aloop moves up to 20 ms at a time: a {stream.direction.value} ring of "
        f"{granted.buffer_size} frames ({ring_ms:.3g} ms) comes back a lap late without any cache; "
        f"it needs {least} frames"
    )


def _driver(number: int) -> str | None:
    return next((card.driver for card in cards(naming.PROC) if card.number == number), None)


def _is_mmap(stream: Stream) -> bool:
    return stream.granted.access is Access.MMAP
