# SPDX-License-Identifier: MIT
"""One burst on two open streams: lanes, window, pointers at the end."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Callable

from stress.pcm.alsa.outcome import Ended
from stress.pcm.alsa.transfer_thread import Call, LaneResult, TransferThread
from stress.pcm.alsa.window import LOOK_S, LOOKS, HotWindow, WindowResult

if TYPE_CHECKING:
    from stress.pcm.alsa.stream import Stream

# How often the playback thread asks whether capture has started [us]. This is
# before the hot window; capture records silence meanwhile.
START_POLL_US = 200


#: Makes the call for what is left after so many frames.
Rest = Callable[[int], Call]


class Burst:
    """Streams that are in PREPARED, and the one call each of them will make.

    Parameters
    ----------
    directions : playback and, unless the burst only plays, capture: each with
        its call, the frames the call was given, and the call for what a
        kernel left undone, if that can be.
    sleep : usleep(microseconds).
    still_s : how long the streams stand still in the middle of it [s].

    Threads: made and run by one caller.
    """

    def __init__(
        self,
        directions: Sequence[tuple[Stream, Call, int, Rest | None]],
        sleep: Callable[[int], object],
        still_s: float = 0.0,
    ) -> None:
        self._playback = directions[0]
        self._capture = directions[1] if len(directions) > 1 else None
        self.notes: list[str] = []
        self._resumed: dict[str, int] = {}
        self._stuck = False
        self._look = partial(sleep, round(LOOK_S * 1e6))
        stream, call, frames, rest = self._playback
        ready = _started(self._capture[0]) if self._capture else None
        pause = partial(sleep, START_POLL_US)
        resume = self._resume(stream, frames, rest)
        player = TransferThread("playback", call, _asks(stream), ready, pause, resume, _queued(stream))
        recorder = None
        if self._capture is not None:
            stream, call, frames, rest = self._capture
            resume = self._resume(stream, frames, rest)
            recorder = TransferThread("capture", call, _asks(stream), resume=resume)
        self._window = HotWindow(recorder, player, self._finish, self._progress)
        self._due_s = frames / stream.granted.rate + still_s

    def run(self) -> WindowResult:
        """Stream; StreamTimeout when the driver keeps a dropped transfer."""
        result = self._window.run(self._due_s)
        self.notes += [
            f"{device}: the kernel gave up waiting {count} times, the transfer went on after each"
            for device, count in self._resumed.items()
        ]
        return replace(result, frozen=True) if self._stuck else result

    @property
    def freed(self) -> bool:
        """See `HotWindow.freed`."""
        return self._window.freed

    def ended(self, window: WindowResult) -> tuple[Ended, Ended]:
        """Return playback and capture as they stand after the burst."""
        played = self._ended(self._playback[0], window.playback)
        if self._capture is None:
            return played, Ended("", None, None, 0)
        return played, self._ended(self._capture[0], window.capture)

    def _ended(self, stream: Stream, lane: LaneResult | None) -> Ended:
        done, waits = max(lane.returned, 0) if lane else 0, self._resumed.get(stream.device, 0)
        return Ended(stream.device, lane, stream.hw_ptr(done), stream.granted.buffer_size, waits)

    def _resume(self, stream: Stream, asked: int, rest: Rest | None) -> Callable[[int], int | None]:
        # In rw access the kernel itself ends a wait with -EIO when no interrupt came
        # for a while: 10 s, or since "ALSA: pcm: fix wait_time calculations" only
        # max(100 ms, 1.1 rings). A stall is not a frozen device until it lasts.
        def go_on(returned: int) -> int | None:
            done = 0 if returned == -errno.EIO else returned
            if rest is None or not 0 <= done < asked or _state(stream) != "RUNNING":
                return None
            more = rest(done)()
            if more == -errno.EIO and not self._moves(stream):
                self._stuck = True
                self.notes.append(f"{stream.device}: stands still after {done} frames")
                return None
            self._resumed[stream.device] = self._resumed.get(stream.device, 0) + 1
            return done + max(0, more)

        return go_on

    def _moves(self, stream: Stream) -> bool:
        before = stream.status()
        for _ in range(LOOKS):
            self._look()
            if stream.status() != before:
                return True
        return False

    def _finish(self) -> None:
        # A STATUS ioctl on a running stream brings hw_ptr up to date; drop
        # leaves the pointers as they are until the next prepare. Playback goes
        # first: a stall in between can then only make the way from one ring to
        # the other look shorter, never as if the data were a lap late.
        for stream in reversed(self._streams()):
            stream.status()
        for stream in reversed(self._streams()):
            stream.drop()

    def _progress(self) -> object:
        return tuple(stream.status() for stream in self._streams())

    def _streams(self) -> tuple[Stream, ...]:
        playback = self._playback[0]
        return (self._capture[0], playback) if self._capture else (playback,)


def _state(stream: Stream) -> str:
    status = stream.status()
    return status.state if status else "DISCONNECTED"


def _asks(stream: Stream) -> Callable[[int], str]:
    return lambda returned: _state(stream)


def _queued(stream: Stream) -> Callable[[], int | None]:
    return lambda: stream.least_queued


def _started(capture: Stream) -> Callable[[], bool]:
    def ask() -> bool:
        return _state(capture) != "PREPARED"

    return ask
