# SPDX-License-Identifier: MIT
"""From a `Handling` to the one call each direction makes in a burst."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Bytes
from stress.model.pcm import Access, CaptureTouch, Direction, Handling, Lever, PlaybackTouch
from stress.pcm import cache_maintenance, loops
from stress.pcm.alsa import memory, params
from stress.pcm.alsa.burst import Rest
from stress.pcm.alsa.middle import MiddleCall, in_the_middle

if TYPE_CHECKING:
    from stress.model.middle import Middle
    from stress.pcm.alsa._lib import Libc
    from stress.pcm.alsa.stream import Stream

# What START copies at once: snd-usb-audio keeps at most this much in flight
# (MAX_QUEUE, sound/usb/card.h). Higher: lines wait in the cache for no copy.
# Lower: fewer lines at risk in each start.
PREFILL_MS = 18
#: Largest cache line among VIVT cores whose lines are 16 or 32 bytes [bytes].
DEFAULT_LINE_BYTES = 32


@dataclass
class Way:
    """One direction of one burst, bound and ready.

    Parameters
    ----------
    call : blocks until the direction has ended; returns frames or -errno.
    puller : the lever to close and to report, if one is pulled.
    rest : the call for what a kernel left undone, rw access only.
    python : what runs in Python, empty for one libasound call.
    middle : what happens in the middle of it.
    scratch : memory the call reads into, kept alive with it.
    """

    stream: Stream
    call: loops.Call
    frames: int
    puller: cache_maintenance.Puller | None = None
    rest: Rest | None = None
    python: str = ""
    middle: MiddleCall | None = None
    scratch: Bytes = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))

    def notes(self) -> list[str]:
        """Return lines for the record."""
        lines = [f"Python ran per period: {self.python}"] if self.python else []
        if self.middle is not None:
            lines.append(self.middle.note())
        if self.puller is not None:
            lines.append(self.puller.note(self.stream.direction.value))
        return lines

    def close(self) -> None:
        """Release what the burst no longer needs."""
        if self.puller is not None:
            self.puller.close()


def loops_in(stream: Stream, handling: Handling) -> bool:
    """Tell whether this direction needs Python per period."""
    if stream.granted.access is not Access.MMAP:
        return False
    if handling.lever is not Lever.NONE:
        return True
    if stream.direction is Direction.PLAYBACK:
        return handling.playback is not PlaybackTouch.STORE or handling.queue_periods > 0
    return handling.capture is not CaptureTouch.EXACT


def playback_way(
    stream: Stream, play: Bytes, handling: Handling, libc: Libc, capture: Stream | None = None
) -> Way:
    """Prepare the stream and return how `play`, (n * frame_bytes,) uint8, goes out.

    Parameters
    ----------
    capture : the other direction, for what concerns both in the middle of a burst.
    """
    granted = stream.granted
    frames = memory.frames_of("play", play, granted.frame_bytes)
    address = int(play.ctypes.data)
    if handling.start_burst:
        return _start_burst(stream, address, frames, libc)
    if not loops_in(stream, handling):
        stream.prepare(1, granted.period_size)
        plain = _one_call(stream, address, frames)
        return plain if handling.middle is None else _with_middle(plain, handling.middle, address, capture)
    scratch = _scratch(granted.period_bytes)
    rmw = handling.playback is PlaybackTouch.RMW
    way = loops.playback_way(
        granted.period_size, granted.buffer_size, handling.queue_periods, rmw, granted.rate,
        int(scratch.ctypes.data),
    )  # fmt: skip
    stream.prepare(params.BOUNDARY, granted.buffer_size - way.limit + way.step)
    puller = _puller(handling, libc)
    call = loops.playback_loop(
        stream.ring(libc), address, frames, way, puller.pull if puller is not None else None
    )
    queue = f"at most {way.limit} frames queued, {way.step} at a time"
    python = f"playback {handling.playback.value}, {queue}"
    return Way(stream, call, frames, puller, python=python, scratch=scratch)


def capture_way(stream: Stream, captured: Bytes, handling: Handling, libc: Libc, line_bytes: int) -> Way:
    """Prepare the stream and return how `captured`, (n * frame_bytes,) uint8, is filled."""
    granted = stream.granted
    frames = memory.frames_of("capture", captured, granted.frame_bytes)
    address = int(captured.ctypes.data)
    stream.prepare(1, granted.period_size)
    if not loops_in(stream, handling):
        return _one_call(stream, address, frames)
    scratch = _scratch(granted.buffer_bytes)
    exact = handling.capture is CaptureTouch.EXACT
    way = loops.CaptureWay(
        wake=granted.period_size,
        line_bytes=1 if exact else line_bytes,
        ahead=granted.period_size if handling.capture is CaptureTouch.AHEAD else 0,
        scratch=int(scratch.ctypes.data),
    )
    puller = _puller(handling, libc)
    call = loops.capture_loop(
        stream.ring(libc), address, frames, way, puller.pull if puller is not None else None
    )
    lines = "up to hw_ptr" if exact else f"whole {line_bytes}-byte lines"
    python = f"capture {handling.capture.value}, {lines}"
    return Way(stream, call, frames, puller, python=python, scratch=scratch)


def _one_call(stream: Stream, address: int, frames: int) -> Way:
    def rest(done: int) -> loops.Call:
        return stream.transfer(address + done * stream.granted.frame_bytes, frames - done)

    way = Way(stream, rest(0), frames)
    if stream.granted.access is Access.RW:
        way.rest = rest
    return way


def _with_middle(way: Way, middle: Middle, address: int, capture: Stream | None) -> Way:
    stream = way.stream

    def part(first: int, frames: int) -> loops.Call:
        return stream.transfer(address + first * stream.granted.frame_bytes, frames)

    way.call = way.middle = in_the_middle(middle, stream, capture, part, way.frames)
    return way


def _start_burst(stream: Stream, address: int, frames: int, libc: Libc) -> Way:
    granted = stream.granted
    stream.prepare(params.BOUNDARY, granted.period_size)
    prefill = min(granted.buffer_size, granted.rate * PREFILL_MS // 1000, frames)
    rest = stream.transfer(address + prefill * granted.frame_bytes, frames - prefill)
    scratch = _scratch(prefill * granted.frame_bytes)
    call = loops.start_burst(stream.ring(libc), address, prefill, int(scratch.ctypes.data), rest)
    way = Way(stream, call, frames, scratch=scratch)
    way.python = f"once, at the start: {prefill} frames prefilled by RMW, then START"
    return way


def _scratch(size_bytes: int) -> Bytes:
    scratch = np.zeros(max(1, size_bytes), dtype=np.uint8)
    scratch[:: memory.PAGE_BYTES] = 1
    return scratch


def _puller(handling: Handling, libc: Libc) -> cache_maintenance.Puller | None:
    return None if handling.lever is Lever.NONE else cache_maintenance.Puller(handling.lever, libc)
