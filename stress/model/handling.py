# SPDX-License-Identifier: MIT
"""What a PCM can do with its rings: the rules that hold for every backend, in one place."""

from __future__ import annotations

from math import gcd

from stress.model.pcm import Access, CaptureTouch, Handling, Lever, PlaybackTouch, StreamParams


def reason_against(
    handling: Handling, playback: StreamParams | None, capture: StreamParams | None, line_bytes: int
) -> str | None:
    """Return why streams cannot be handled like this, None when they can.

    A backend adds what its own machine cannot do.

    Parameters
    ----------
    playback, capture : as granted; None for a direction that is not open.
    line_bytes : cache line of the board [bytes].
    """
    reason = _start_burst(handling) or _middle(handling)
    if reason is None and playback is not None:
        reason = _playback(handling, playback)
    if reason is None and capture is not None:
        reason = _capture(handling, capture, line_bytes)
    return reason or _lever(handling, playback, capture)


def whole_frames(line_bytes: int, frame_bytes: int) -> int:
    """Return the fewest frames that end on a line boundary [frames]."""
    return line_bytes // gcd(line_bytes, frame_bytes)


def _start_burst(handling: Handling) -> str | None:
    if not handling.start_burst:
        return None
    if handling.queue_periods or handling.playback is PlaybackTouch.RMW:
        return "a start burst goes on as one ordinary call; its RMW is the prefill, queue nothing beside it"
    if handling.lever is not Lever.NONE:
        return "a lever acts before each commit, and a start burst has only one"
    return None


def _middle(handling: Handling) -> str | None:
    if handling.middle is None or not (handling.per_period or handling.start_burst):
        return None
    return (
        f"{handling.middle.event.value} in the middle of a burst needs one call per direction: no RMW, "
        "queue, lever, whole-line or ahead reads, and no start burst"
    )


def _playback(handling: Handling, granted: StreamParams) -> str | None:
    per_line = handling.playback is PlaybackTouch.RMW or handling.queue_periods or handling.start_burst
    if per_line and granted.access is not Access.MMAP:
        return "rw access has no ring to read before it is written; RMW, queue and start burst need mmap"
    if handling.queue_periods * granted.period_size > granted.buffer_size:
        periods = granted.buffer_size // granted.period_size
        return f"{handling.queue_periods} periods cannot be queued in a ring of {periods}"
    return None


def _capture(handling: Handling, granted: StreamParams, line_bytes: int) -> str | None:
    if handling.capture is CaptureTouch.EXACT:
        return None
    if granted.access is not Access.MMAP:
        return f"rw access has no ring lines to touch; capture {handling.capture.value} needs mmap"
    if whole_frames(line_bytes, granted.frame_bytes) > granted.period_size:
        return f"a period of {granted.period_size} frames holds no whole {line_bytes}-byte line"
    return None


def _lever(handling: Handling, playback: StreamParams | None, capture: StreamParams | None) -> str | None:
    streams = [stream for stream in (playback, capture) if stream is not None]
    if handling.lever is Lever.NONE or not streams:
        return None
    if any(stream.access is Access.MMAP for stream in streams):
        return None
    return "rw access goes through the kernel's mapping only: there is nothing for a lever to act on"
