"""One burst on two open streams: lanes, window, pointers at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from stress.pcm.alsa.lane import Call, Lane, LaneResult
from stress.pcm.alsa.outcome import Ended
from stress.pcm.alsa.window import Window, WindowResult

if TYPE_CHECKING:
    from stress.pcm.alsa.stream import Stream

# How often the playback thread asks whether capture has started [us]. This is
# before the hot window; capture records silence meanwhile.
START_POLL_US = 200


class Burst:
    """Streams that are in PREPARED, and the one call each of them will make.

    Parameters
    ----------
    playback, capture : with their calls and the frames these were given;
        capture is None in a burst that only plays.
    pause : a C-level sleep of `START_POLL_US`.

    Threads: made and run by one caller.
    """

    def __init__(
        self,
        playback: tuple[Stream, Call, int],
        capture: tuple[Stream, Call, int] | None,
        pause: Callable[[], object],
    ) -> None:
        self._playback, self._capture = playback, capture
        stream, call, frames = playback
        ready = _started(capture[0]) if capture else None
        player = Lane("playback", call, _state(stream), ready, pause)
        recorder = Lane("capture", capture[1], _state(capture[0])) if capture else None
        self._window = Window(recorder, player, self._finish, self._progress)
        stream, _, frames = capture or playback
        self._due_s = frames / stream.granted.rate

    def run(self) -> WindowResult:
        """Stream; StreamTimeout when the driver keeps a dropped transfer."""
        return self._window.run(self._due_s)

    def ended(self, window: WindowResult) -> tuple[Ended, Ended]:
        """Return playback and capture as they stand after the burst."""
        stream, _, frames = self._playback
        played = _ended(stream, window.playback, frames)
        if self._capture is None:
            return played, Ended("", None, 0, None, 0)
        stream, _, frames = self._capture
        return played, _ended(stream, window.capture, frames)

    def _finish(self) -> None:
        # A STATUS ioctl on a running stream brings hw_ptr up to date; drop
        # leaves the pointers as they are until the next prepare.
        for stream in self._streams():
            stream.status()
        for stream in self._streams():
            stream.drop()

    def _progress(self) -> object:
        return tuple(stream.status() for stream in self._streams())

    def _streams(self) -> tuple[Stream, ...]:
        playback = self._playback[0]
        return (self._capture[0], playback) if self._capture else (playback,)


def _ended(stream: Stream, lane: LaneResult | None, asked: int) -> Ended:
    done = max(lane.returned, 0) if lane else 0
    return Ended(stream.device, lane, asked, stream.hw_ptr(done), stream.granted.buffer_size)


def _state(stream: Stream) -> Callable[[], str]:
    def ask() -> str:
        status = stream.status()
        return status.state if status else "DISCONNECTED"

    return ask


def _started(capture: Stream) -> Callable[[], bool]:
    def ask() -> bool:
        status = capture.status()
        return status is None or status.state != "PREPARED"

    return ask
