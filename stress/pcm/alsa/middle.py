# SPDX-License-Identifier: MIT
"""A pause in the middle of a burst: two transfers, and Python between them.

This is the one place of a plain burst where Python runs while it streams, and
`Exchange.notes` says so. What was written before it lies in the ring meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

from stress.model.middle import Middle, Stood
from stress.pcm.alsa import naming

if TYPE_CHECKING:
    from stress.pcm.alsa.stream import Stream
    from stress.pcm.loops import Call

# What is on its way when playback pauses has come back by then [s]. Source: at most 24 ms of URBs
# (MAX_QUEUE, sound/usb/card.h) and 25 ms through a card (lead of real captures, up to 1200 frames).
# Higher: longer bursts; lower: capture pauses before the last frames come, and they count as lost.
SETTLE_S = 0.1
_LOOK_S = 0.005


class MiddleCall:
    """The transfer of a playback stream with an event in the middle of it.

    Parameters
    ----------
    first, rest : transfer the frames before the event and those behind it.
    capture : the other direction, None where there is none.

    Threads: called by the thread of playback; `stood` belongs to the caller of the burst behind it.
    """

    def __init__(
        self, middle: Middle, playback: Stream, capture: Stream | None, first: Call, rest: Call
    ) -> None:
        self._middle, self._playback, self._capture = middle, playback, capture
        self._first, self._rest = first, rest
        self.stood = Stood(refused="the stream ended before it")

    def __call__(self) -> int:
        """Transfer, do the event, transfer the rest; return the frames, or a negative errno."""
        done = self._first()
        if done < self._middle.frames:
            return done
        self.stood = self._pause()
        more = 0 if self.stood.refused else self._rest()
        return done + max(0, more)

    def note(self) -> str:
        """Return a line for the record."""
        what = f"{self._middle.event.value} after {self._middle.frames} frames"
        if self.stood.refused:
            return f"{what}: not done, {self.stood.refused}"
        return f"Python ran once in the middle: {what}, for {1e-9 * self.stood.playback_ns:.3f} s"

    def _pause(self) -> Stood:
        refused = _asked(self._playback, "pause", 1)
        if refused:
            return Stood(refused=refused)
        began = time.monotonic_ns()
        self._wait(SETTLE_S, self._playback)
        capture_ns = 0
        if self._capture is not None:
            refused = _asked(self._capture, "pause", 1)
            stopped = time.monotonic_ns()
            self._wait(self._middle.still_s, self._playback)
            refused = refused or _asked(self._capture, "pause", 0)
            capture_ns = time.monotonic_ns() - stopped
            self._wait(self._playback.granted.period_size / self._playback.granted.rate, self._playback)
        else:
            self._wait(self._middle.still_s, self._playback)
        refused = _asked(self._playback, "pause", 0) or refused
        return Stood(time.monotonic_ns() - began, capture_ns, refused)

    def _wait(self, seconds: float, stream: Stream) -> None:
        # A burst that is stopped meanwhile has nothing to wait for.
        until = time.monotonic() + seconds
        while time.monotonic() < until and _state(stream) == "PAUSED":
            time.sleep(min(_LOOK_S, max(0.0, until - time.monotonic())))


def in_the_middle(
    middle: Middle, playback: Stream, capture: Stream | None, part: Callable[[int, int], Call], frames: int
) -> MiddleCall:
    """Return the call for a burst with an event in the middle.

    Parameters
    ----------
    part : returns the call for (first frame, number of frames) of the buffer.
    frames : of the whole buffer.
    """
    first, rest = part(0, middle.frames), part(middle.frames, frames - middle.frames)
    return MiddleCall(middle, playback, capture, first, rest)


def _state(stream: Stream) -> str:
    status = stream.status()
    return status.state if status else "DISCONNECTED"


def _asked(stream: Stream, call: str, *arguments: int) -> str:
    error = stream.asked(call, *arguments)
    return str(naming.call_error(stream.device, f"snd_pcm_{call}", error)) if error < 0 else ""
