# SPDX-License-Identifier: MIT
"""One open PCM stream: a handle, its granted parameters, its status."""

from __future__ import annotations

import errno
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from stress.board.pcm_name import named_pcm
from stress.errors import DeviceError, StreamStateError, StreamTimeout
from stress.model.pcm import Access, Direction, StreamParams
from stress.pcm.alsa import _proto, naming, params
from stress.pcm.alsa._lib import Libc
from stress.pcm.loops import Ring

if TYPE_CHECKING:
    from stress.pcm.alsa._lib import Asound

#: A loop's wait comes back this often, so that a dropped stream is noticed [ms].
WAIT_MS = 1000
# A starved stream stops at its next interrupt. Source: an emulator that shares two cores with ten other
# processes was late by 2.1 s. Higher: a wedged driver is told later; lower: a slow machine is an ERROR [s].
_STARVE_S = 10.0
# A ring of silence is over before it is paused where the machine stalls for as long as it lasts. Source: one
# of seven on an emulator that shared its cores. Higher: a driver that cannot pause is told later.
_PAUSE_TRIES = 3
_LOOK_S = 0.005


@dataclass(frozen=True)
class Status:
    """What a STATUS ioctl says; `state` is ALSA's name, `avail` in frames."""

    state: str
    avail: int


def _pause() -> None:
    time.sleep(_LOOK_S)


class Stream:
    """One direction of one card.

    Threads: `status` and `drop` may be called while another thread is inside
    a transfer of this stream; everything else belongs to one thread at a time.
    """

    def __init__(self, lib: Asound, name: str, direction: Direction) -> None:
        self.named = named_pcm(name) is not None
        card = -1 if self.named else lib.card_index(naming.card_of(name))
        error, handle = lib.open(named_pcm(name) or name, _proto.STREAM[direction.value])
        if error < 0:
            raise naming.open_error(name, direction.value, error, card)
        self._lib = lib
        self.handle = handle
        self.direction = direction
        self.where = lib.info(handle)
        self.device = f"{name} {direction.value}"
        self._granted: StreamParams | None = None
        self._most_avail = 0

    @property
    def granted(self) -> StreamParams:
        """The parameters in force; StreamStateError before `configure`."""
        if self._granted is None:
            raise StreamStateError(f"{self.device}: not configured")
        return self._granted

    def configure(self, asked: StreamParams) -> StreamParams:
        """Install `asked` as near as the driver has it; return what was granted."""
        self._granted = params.negotiate(self._lib, self.handle, self.device, asked)
        return self._granted

    def prepare(self, start: int, wake: int) -> None:
        """Set start threshold and wake-up point [frames] and go to PREPARED."""
        params.install_sw(self._lib, self.handle, self.device, self.granted.buffer_size, start, wake)
        error = self._lib.call(self.handle, "prepare")
        if error < 0:
            raise naming.call_error(self.device, "snd_pcm_prepare", error)
        # The kernel counts its maximum anew from each status call on (pcm_native.c, snd_pcm_status64).
        self.status()
        self._most_avail = 0

    @property
    def least_queued(self) -> int | None:
        """Fewest frames queued whenever the device moved since `prepare`; None for capture, or unknown."""
        if self.direction is not Direction.PLAYBACK or not self._most_avail:
            return None
        return self.granted.buffer_size - self._most_avail

    def transfer(self, address: int, frames: int) -> Callable[[], int]:
        """Return the one libasound call that streams a whole buffer."""
        verb = "writei" if self.direction is Direction.PLAYBACK else "readi"
        prefix = "mmap_" if self.granted.access is Access.MMAP else ""
        return self._lib.bind(self.handle, prefix + verb, address, frames)

    def ring(self, libc: Libc) -> Ring:
        """Return the mmapped ring with its calls bound, for per-period loops."""
        begin = self._lib.begin(self.handle)
        error = begin.call()
        if error < 0:
            raise naming.call_error(self.device, "snd_pcm_mmap_begin", error)
        return Ring(
            base=begin.address(),
            size=self.granted.buffer_size,
            frame_bytes=self.granted.frame_bytes,
            offset=begin.offset,
            frames=begin.frames,
            begin=begin.call,
            wait=self._lib.bind(self.handle, "wait", WAIT_MS),
            avail=self._lib.bind(self.handle, "avail_update"),
            start=self._lib.bind(self.handle, "start"),
            commit=self._lib.bind(self.handle, "mmap_commit"),
            copy=self._lib.copy,
            sleep=libc.bind("usleep"),
        )

    def status(self) -> Status | None:
        """Return state and avail, None when the device is gone."""
        error, state, avail, most = self._lib.status(self.handle)
        self._most_avail = max(self._most_avail, most)
        if error == -errno.ENODEV:
            return Status("DISCONNECTED", 0)
        known = error >= 0 and 0 <= state < len(_proto.STATES)
        return Status(_proto.STATES[state], avail) if known else None

    def hw_ptr(self, appl_ptr: int) -> int | None:
        """Return hw_ptr from avail, given appl_ptr; None when gone [frames]."""
        status = self.status()
        if status is None or status.state in ("DISCONNECTED", "OPEN"):
            return None
        queued = self.granted.buffer_size if self.direction is Direction.PLAYBACK else 0
        return appl_ptr + status.avail - queued

    def drop(self) -> None:
        """Stop at once; frees whoever waits inside a transfer."""
        self._lib.call(self.handle, "drop")

    def pause(self) -> None:
        """Run on silence, pause, release, run on, and stop; once more where the silence ran out before.

        Raises
        ------
        DeviceError : the driver refused a step.
        """
        for left in reversed(range(_PAUSE_TRIES)):
            self._run_silence(self.granted.buffer_size)
            try:
                self._pause_and_release()
                break
            except DeviceError:
                status = self.status()
                if not left or status is None or status.state != "XRUN":
                    raise
        self.drop()

    def _pause_and_release(self) -> None:
        period_s = self.granted.period_size / self.granted.rate
        for on in (1, 0):
            time.sleep(period_s)
            self._must("pause", on)
        time.sleep(period_s)

    def drain(self) -> None:
        """Play a ring of silence to its end; a capture stream is stopped instead.

        Raises
        ------
        DeviceError : the driver refused it, or the device stood still.
        """
        self._run_silence(self.granted.buffer_size)
        if self.direction is Direction.PLAYBACK:
            self._must("drain")
        else:
            self.drop()

    def _run_silence(self, frames: int) -> None:
        self.prepare(params.BOUNDARY, self.granted.period_size)
        silence = bytearray(frames * self.granted.frame_bytes)
        if self.direction is Direction.PLAYBACK:
            self.transfer(Libc.address_of(silence), frames)()
        self._must("start")

    def asked(self, call: str, *arguments: int) -> int:
        """Make one call of libasound on this stream and return what it returned."""
        return self._lib.call(self.handle, call, *arguments)

    def _must(self, call: str, *arguments: int) -> None:
        error = self.asked(call, *arguments)
        if error < 0:
            raise naming.call_error(self.device, f"snd_pcm_{call}", error)

    def feed(self) -> None:
        """Write a period of silence, or read one and forget it; the stream runs.

        Raises
        ------
        DeviceError : the transfer failed.
        """
        period = self.granted.period_size
        block = bytearray(period * self.granted.frame_bytes)
        moved = self.transfer(Libc.address_of(block), period)()
        if moved < 0:
            raise naming.call_error(self.device, "transfer", moved)

    def run_on_silence(self) -> None:
        """Start with a ring of silence; `feed` keeps it going.

        Raises
        ------
        DeviceError : the driver refused a step.
        """
        self._run_silence(self.granted.buffer_size)

    def starve(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Start with one period of zeros, touch nothing more, and wait for the xrun.

        Parameters
        ----------
        meanwhile : called again and again until the xrun is there; None waits.

        Raises
        ------
        StreamTimeout : no xrun came.
        """
        self._run_silence(self.granted.period_size)
        longest_s = self.granted.buffer_size / self.granted.rate + _STARVE_S
        until = time.monotonic() + longest_s
        while time.monotonic() < until:
            status = self.status()
            if status is None or status.state in ("XRUN", "DISCONNECTED"):
                return
            (meanwhile or _pause)()
        raise StreamTimeout(f"{self.device}: still running {longest_s:.1f} s after the last frame was given")

    def close(self) -> None:
        """Release the device; idempotent."""
        handle, self.handle = self.handle, 0
        if handle:
            self._lib.call(handle, "drop")
            self._lib.call(handle, "close")

    @property
    def node(self) -> str:
        """The device node, e.g. ``/dev/snd/pcmC1D0p``."""
        card, device, _ = self.where
        return f"/dev/snd/pcmC{card}D{device}{self.direction.value[0]}"
