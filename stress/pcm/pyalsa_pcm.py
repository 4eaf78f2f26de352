# SPDX-License-Identifier: MIT
"""An independent read/write path through pyalsaaudio, for cross-checks.

It shares no line with the ctypes binding above the system call. Python runs
once per captured period, so it is no reference for the cache's behaviour, only
for what the card and driver deliver.
"""

from __future__ import annotations

import errno
from typing import Any, Callable

from stress.errors import BackendUnavailable, DeviceBusy, DeviceError, ParamsRefused, StreamStateError
from stress.model.arrays import Bytes
from stress.model.pcm import Access, Direction, Exchange, Granted, Handling, PcmRequest, StreamParams
from stress.pcm.alsa import memory, naming, outcome
from stress.pcm.alsa._proto import STATES
from stress.pcm.alsa.transfer_thread import TransferThread
from stress.pcm.alsa.window import HotWindow
from stress.pcm.contract import Pcm
from stress.pcm.pyalsa import PyAlsa


class PyAlsaPcm(Pcm):
    """A loopback pair through pyalsaaudio, read/write access only.

    Threads: as the contract says.
    """

    backend = "pyalsaaudio rw"

    def __init__(self, playback: str, capture: str, door: PyAlsa | None = None) -> None:
        for name, where in ((playback, "playback"), (capture, "capture")):
            naming.card_of(name, where)
        self._names = {Direction.PLAYBACK: playback, Direction.CAPTURE: capture}
        self._door = door
        self._pcms: dict[Direction, Any] = {}
        self._granted: Granted | None = None
        self._used = False

    def open(self, request: PcmRequest) -> Granted:
        """Open both streams, anew if they are open already.

        Raises
        ------
        BackendUnavailable : pyalsaaudio is missing, or hides xruns.
        ParamsRefused : it asked "near" and got something else.
        """
        self.close()
        door = self._door = self._door or PyAlsa()
        refusal = door.verdict_refusal()
        if refusal is not None:
            raise BackendUnavailable(refusal)
        try:
            played = self._open(door, Direction.PLAYBACK, request.playback)
            captured = self._open(door, Direction.CAPTURE, request.capture)
        except BaseException:
            self.close()
            raise
        names = " -> ".join(f"{name} {direction.value}" for direction, name in self._names.items())
        self._granted = Granted(names, played, captured)
        return self._granted

    def _open(self, door: PyAlsa, direction: Direction, asked: StreamParams) -> StreamParams:
        name, module = self._names[direction], door.module
        device = f"{name} {direction.value}"
        if asked.access is not Access.RW:
            raise DeviceError("pyalsaaudio has no mmap access", device=device)
        kind = module.PCM_PLAYBACK if direction is Direction.PLAYBACK else module.PCM_CAPTURE
        try:
            pcm = self._pcms[direction] = module.PCM(
                kind,
                module.PCM_NORMAL,
                device=name,
                rate=asked.rate,
                channels=asked.channels,
                format=getattr(module, f"PCM_FORMAT_{asked.format.name}"),
                periodsize=asked.period_size,
                periods=max(2, asked.buffer_size // asked.period_size),
            )
        except module.ALSAAudioError as error:
            kind_of = DeviceBusy if "busy" in str(error).lower() else DeviceError
            raise kind_of(str(error), device=device) from None
        # Its constructor ignores every error of hw_params but the last: compare.
        info = pcm.info()
        got = (info["rate"], info["channels"], info["format_name"])
        want = (asked.rate, asked.channels, asked.format.name)
        if got != want:
            raise ParamsRefused(f"{want} asked, {got} granted", device=device, call="alsaaudio.PCM")
        return StreamParams(
            asked.rate, asked.channels, asked.format, Access.RW, info["period_size"], info["buffer_size"]
        )

    def supports(self, handling: Handling) -> str | None:
        """Return None for plain handling; this path touches no ring."""
        if handling != Handling():
            return "pyalsaaudio reads and writes whole periods only; use the alsa backend"
        return None

    def exchange(self, play: Bytes, captured: Bytes, handling: Handling) -> Exchange:
        """Play `play` while filling `captured`; see the contract.

        Raises
        ------
        StreamStateError : not open, or a handling that it cannot do.
        """
        granted = self._granted
        if granted is None:
            raise StreamStateError(f"{self.backend} is not open")
        reason = self.supports(handling)
        if reason is not None:
            raise StreamStateError(f"{self.backend}: {reason}")
        memory.frames_of("play", play, granted.playback.frame_bytes)
        frames = memory.frames_of("captured", captured, granted.capture.frame_bytes)
        if self._used:
            # A dropped stream needs a prepare, which pyalsaaudio does not offer.
            self.open(PcmRequest(granted.playback, granted.capture))
        self._used = True
        player = _Player(self._pcms[Direction.PLAYBACK], play)
        recorder = _Recorder(self._pcms[Direction.CAPTURE], captured, granted.capture)
        lanes = [
            TransferThread("playback", player.run, self._state(player), self._running),
            TransferThread("capture", recorder.run, self._state(recorder)),
        ]
        result = HotWindow(lanes[1], lanes[0], self.stop, self._progress).run(frames / granted.capture.rate)
        played = outcome.Ended("playback", result.playback, None, granted.playback.buffer_size)
        recorded = outcome.Ended("capture", result.capture, None, granted.capture.buffer_size)
        return outcome.exchange(result, played, recorded, ("Python ran per period: pyalsaaudio reads",))

    def stop(self) -> None:
        """Free a running `exchange`."""
        for pcm in tuple(self._pcms.values()):
            pcm.drop()

    def close(self) -> None:
        """Release both devices; idempotent."""
        pcms, self._pcms, self._granted, self._used = self._pcms, {}, None, False
        for pcm in pcms.values():
            pcm.close()

    def _progress(self) -> object:
        return tuple(pcm.avail() for pcm in self._pcms.values())

    def _running(self) -> bool:
        pcm = self._pcms[Direction.CAPTURE]
        return bool(pcm.state() != pcm_state(self._door, "PREPARED"))

    def _state(self, end: _Player | _Recorder) -> Callable[[int], str]:
        def ask(_: int) -> str:
            # 0.11 prepares silently after an xrun, so the end remembers it.
            if end.xrun:
                return "XRUN"
            state = end.pcm.state()
            names = (name for name in STATES if pcm_state(self._door, name) == state)
            return next(names, "OPEN")

        return ask


def pcm_state(door: PyAlsa | None, name: str) -> int:
    """Return pyalsaaudio's number of a PCM state, -1 without a module."""
    return int(getattr(door.module, f"PCM_STATE_{name}")) if door else -1


class _Player:
    """Writes the whole buffer in one call."""

    def __init__(self, pcm: Any, buffer: Bytes) -> None:
        self.pcm, self.xrun, self._buffer = pcm, False, buffer

    def run(self) -> int:
        written = int(self.pcm.write(self._buffer.data))
        self.xrun = written == -errno.EPIPE
        return written


class _Recorder:
    """Reads a period at a time, as pyalsaaudio does it."""

    def __init__(self, pcm: Any, buffer: Bytes, params: StreamParams) -> None:
        self.pcm, self.xrun = pcm, False
        self._buffer, self._width = buffer.data, params.frame_bytes

    def run(self) -> int:
        done, size = 0, len(self._buffer)
        while done < size:
            frames, data = self.pcm.read()
            if frames <= 0:
                self.xrun = frames == -errno.EPIPE
                return done // self._width or int(frames)
            piece = data[: size - done]
            self._buffer[done : done + len(piece)] = piece
            done += len(piece)
        return done // self._width
