# SPDX-License-Identifier: MIT
"""AlsaPcm: the PCM contract on libasound, mmap or read/write access."""

from __future__ import annotations

import os
from contextlib import ExitStack

from stress.errors import StreamStateError
from stress.model.arrays import Bytes
from stress.model.pcm import Access, Direction, Exchange, Granted, Handling, Load, Mapping, PcmRequest
from stress.pcm.alsa import mapping, memory, naming, outcome, params, plugins
from stress.pcm.alsa._lib import Asound, Libc
from stress.pcm.alsa.burst import Burst
from stress.pcm.alsa.middle import SETTLE_S
from stress.pcm.alsa.stream import Stream
from stress.pcm.alsa.support import reason_against
from stress.pcm.alsa.transfer_plan import DEFAULT_LINE_BYTES, Way, capture_way, playback_way
from stress.pcm.alsa.witness import Witness
from stress.pcm.context_switch_load import Dose
from stress.pcm.contract import Pcm
from stress.pcm.load_process import Beside

# What calls use that never returned.
_KEPT: list[tuple[object, ...]] = []


class AlsaPcm(Pcm):
    """A playback and a capture stream of real cards through libasound.

    Parameters
    ----------
    playback : ``hw:CARD,DEVICE[,SUBDEVICE]``, or ``pcm:NAME`` for a PCM of alsa-lib:
        then the path an application uses is tested, and no ring.
    capture : the same, or None to play only; `Exchange.capture` is empty then.
    line_bytes : cache line of this board, for whole-line and ahead reads; None
        where it is unknown, 32 is used then [bytes].
    witness : count the Python bytecodes that run while both directions stream
        and put the figure into `Exchange.notes`; may be set between bursts.
    lib, libc : stand-ins for libasound and libc; None loads the real ones.

    Threads: as the contract says; `stop` may come from any thread or a signal
    handler.
    """

    backend = "alsa"

    def __init__(
        self,
        playback: str,
        capture: str | None,
        *,
        line_bytes: int | None = None,
        witness: bool = False,
        lib: Asound | None = None,
        libc: Libc | None = None,
    ) -> None:
        naming.checked(playback, "playback")
        if capture is not None:
            naming.checked(capture, "capture")
        self._names = (playback, capture)
        self._known_line, self._line_bytes = line_bytes, line_bytes or DEFAULT_LINE_BYTES
        self.witness = witness
        self._dose: Dose | None = None
        self._beside: Beside | None = None
        # Before a burst pins this process.
        self._cpus = os.sched_getaffinity(0)
        self._lib, self._libc = lib, libc
        self._playback: Stream | None = None
        self._capture: Stream | None = None

    def open(self, request: PcmRequest) -> Granted:
        """Open and configure both streams, anew if they are open already."""
        self.close()
        lib = self._lib = self._lib or Asound()
        self._libc = self._libc or Libc()
        try:
            return self._open(lib, request)
        except BaseException:
            self.close()
            raise

    def _open(self, lib: Asound, request: PcmRequest) -> Granted:
        name, capture_name = self._names
        self._playback = Stream(lib, name, Direction.PLAYBACK)
        played = self._playback.configure(request.playback)
        captured = request.capture
        if capture_name is not None:
            self._capture = Stream(lib, capture_name, Direction.CAPTURE)
            captured = self._capture.configure(request.capture)
        streams = self._streams()
        accesses = [stream.granted.access.value for stream in streams]
        self.backend = "alsa " + "+".join(dict.fromkeys(accesses))
        return Granted(
            device=" -> ".join(_place(lib, stream) for stream in streams),
            playback=played,
            capture=captured,
            mappings=tuple(found for stream in streams for found in self._mappings(lib, stream)),
            refused=request.playback.granted_otherwise(played, Direction.PLAYBACK)
            + request.capture.granted_otherwise(captured, Direction.CAPTURE),
            line_bytes=self._known_line,
        )

    def _mappings(self, lib: Asound, stream: Stream) -> tuple[Mapping, ...]:
        # A named PCM has a buffer of its own: what is mapped there is no ring of a card.
        if stream.granted.access is not Access.MMAP or stream.named:
            return ()
        stream.prepare(params.BOUNDARY, stream.granted.period_size)
        error, area, _, _ = lib.area(stream.handle, 1)
        if error < 0:
            raise naming.call_error(stream.device, "snd_pcm_mmap_begin", error)
        return mapping.ring_mappings(stream.direction, stream.node, area)

    def supports(self, handling: Handling) -> str | None:
        """Return None when `exchange` can do this, else the reason in one line."""
        return reason_against(handling, self._streams(), self._line_bytes)

    def exchange(self, play: Bytes, captured: Bytes, handling: Handling) -> Exchange:
        """Play `play` while filling `captured`; return what happened (see the contract).

        Raises
        ------
        StreamStateError : not open, a handling that `supports` refuses, or
            buffers that are not whole frames.
        DeviceError : a failure that is no stream event.
        StreamTimeout : the driver did not give a dropped transfer back.
        """
        libc = self._libc
        if self._playback is None or libc is None:
            raise StreamStateError(f"{self.backend} is not open")
        reason = self.supports(handling)
        if reason is not None:
            raise StreamStateError(f"{self.backend}: {reason}")
        notes: list[str] = []
        with ExitStack() as stack:
            notes.append(stack.enter_context(memory.resident(libc, play, captured)))
            planned = self._ways(stack, self._playback, libc, play, captured, handling)
            if handling.switches_per_s > 0:
                self._dose = self._dose or Dose()
                stack.enter_context(self._dose.at(handling.switches_per_s, notes))
            if handling.load is not Load.NONE:
                stack.enter_context(self._loaded(handling.load).running(notes))
            witness = stack.enter_context(Witness()) if self.witness and not handling.per_period else None
            calls = [(way.stream, way.call, way.frames, way.rest) for way in planned]
            # Each direction stands still for no longer than this, and the transfer goes on as long again.
            still_s = 2 * (handling.middle.still_s + SETTLE_S) if handling.middle else 0.0
            burst = Burst(calls, libc.bind("usleep"), still_s)
            try:
                window = burst.run()
            finally:
                if not burst.freed:
                    self._leave(stack.pop_all(), burst, play, captured)
        if witness is not None:
            notes.append(str(witness.testify(window)))
        notes += burst.notes + [line for way in planned for line in way.notes()]
        played, recorded = burst.ended(window)
        middle = planned[0].middle
        stood = middle.stood if middle is not None else None
        return outcome.exchange(window, played, recorded, tuple(note for note in notes if note), stood)

    def _leave(self, *used: object) -> None:
        # A thread is still in a call that should have returned: closing the handle, or freeing the
        # buffers, under it ends the process by SIGSEGV. They are kept until the process ends.
        _KEPT.append((*used, self._streams()))
        self._playback = self._capture = None

    def _loaded(self, load: Load) -> Beside:
        card = self._streams()[0].where[0]
        self._beside = self._beside or Beside(load, card, self._cpus)
        if self._beside.load is not load:
            self._beside.close()
            self._beside = Beside(load, card, self._cpus)
        return self._beside

    def _ways(
        self,
        stack: ExitStack,
        playback: Stream,
        libc: Libc,
        play: Bytes,
        captured: Bytes,
        handling: Handling,
    ) -> list[Way]:
        planned = [playback_way(playback, play, handling, libc, self._capture)]
        stack.callback(planned[0].close)
        if self._capture is not None:
            planned.append(capture_way(self._capture, captured, handling, libc, self._line_bytes))
            stack.callback(planned[1].close)
        return planned

    def starve(self) -> None:
        """Let both streams run dry until they stop by themselves, and leave them in XRUN.

        Raises
        ------
        StreamStateError : not open.
        StreamTimeout : a stream did not stop within its ring and ten seconds.
        """
        for stream in self._opened():
            stream.starve()

    def starve_one(self, direction: Direction) -> None:
        """Let the stream of one direction run dry while the other goes on with silence, then stop the other.

        Raises
        ------
        StreamStateError : not open, or the PCM has one direction only.
        StreamTimeout : the stream did not stop within its ring and ten seconds.
        DeviceError : the driver refused a step.
        """
        streams = {stream.direction: stream for stream in self._opened()}
        if len(streams) < 2:
            raise StreamStateError(f"{self.backend} has one direction only")
        (other,) = (stream for way, stream in streams.items() if way is not direction)
        other.run_on_silence()
        try:
            streams[direction].starve(other.feed)
        finally:
            other.drop()

    def pause(self) -> None:
        """Pause both streams on silence and release them again, one after the other, and stop them.

        Raises
        ------
        StreamStateError : not open.
        DeviceError : the driver refused a step.
        """
        for stream in self._opened():
            stream.pause()

    def drain(self) -> None:
        """Drain playback of a ring of silence, run capture for as long, and stop both.

        Raises
        ------
        StreamStateError : not open.
        DeviceError : the driver refused a step.
        """
        for stream in self._opened():
            stream.drain()

    def can_pause(self) -> bool:
        """Tell whether both directions can pause, as the drivers say; opens the PCM where it is closed.

        Raises
        ------
        DeviceError : it cannot be opened.
        """
        lib = self._lib = self._lib or Asound()
        if self._streams():
            return all(lib.can_pause(stream.handle) for stream in self._streams())
        ways = [(self._names[0], Direction.PLAYBACK), (self._names[1], Direction.CAPTURE)]
        found = []
        for name, direction in ways:
            if name is not None:
                stream = Stream(lib, name, direction)
                found.append(lib.can_pause(stream.handle))
                stream.close()
        return all(found)

    def _opened(self) -> tuple[Stream, ...]:
        if not self._streams():
            raise StreamStateError(f"{self.backend} is not open")
        return self._streams()

    def card_moved(self, before: int, after: int) -> None:
        """Open card `after` from now on where card `before` was named by its number; closed streams only."""
        playback, capture = self._names
        moved = None if capture is None else naming.renumbered(capture, before, after)
        self._names = (naming.renumbered(playback, before, after), moved)

    def stop(self) -> None:
        """Free a running `exchange` as soon as the device allows."""
        for stream in reversed(self._streams()):
            stream.drop()

    def close(self) -> None:
        """Drop both streams and release the device; idempotent, never raises."""
        for stream in self._streams():
            stream.close()
        self._playback = self._capture = None
        if self._dose is not None:
            self._dose.close()
            self._dose = None
        if self._beside is not None:
            self._beside.close()
            self._beside = None

    def _streams(self) -> tuple[Stream, ...]:
        return tuple(stream for stream in (self._playback, self._capture) if stream is not None)


def _place(lib: Asound, stream: Stream) -> str:
    if stream.named:
        return f"{stream.device} ({plugins.described(lib.dump(stream.handle))})"
    return f"{stream.device} ({stream.node} sub{stream.where[2]})"
