# SPDX-License-Identifier: MIT
"""The PCM contract: what a backend must do, may do, and must never do.

A PCM is one loopback: a playback stream and a capture stream, opened together.

Must
    * `open` asks for the request and returns what was granted; it never
      resamples, converts or routes ("hw:" devices, or a model of one). On an
      open PCM it closes first: every arm opens anew.
    * `exchange` runs one burst from PREPARED: capture starts first, playback
      second, both from ring offset 0. It returns when the capture buffer is
      full or no more frames can come. Short counts, xruns, a frozen and a
      vanished device are data in `Exchange`, not exceptions.
    * Nothing is ever drained; at the end of a burst both streams are dropped.
    * While a burst streams, no Python bytecode runs unless
      `Handling.per_period` asks for a loop, and then `Exchange.notes` says so.
    * `played_limit` tells how many frames of the play buffer left the ring.
    * hw_ptr of both streams belong to one moment; where they cannot, playback's
      is the earlier one.
May
    * grant other sizes than asked; the caller compares.
    * refuse a `Handling` it cannot do (see `supports`).
Must never
    * know what is right: no pattern and no detector is imported here.
    * fall back to another backend, device or access.

Units: frames unless a name says bytes or ns.

Threads: one caller. `exchange` may use two threads of its own, of the same
process, made before the burst; they have ended when it returns. `stop` is the
one method that may be called from another thread or a signal handler's caller.

Errors: `open` raises BackendUnavailable, DeviceBusy, ParamsRefused, or
DeviceError with the errno; `exchange` raises StreamStateError when the PCM is
not open and DeviceError for what is no stream event. `close` never raises.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType

from stress.model.arrays import Bytes
from stress.model.pcm import Exchange, Granted, Handling, PcmRequest


class Pcm(ABC):
    """A loopback pair of PCM streams behind one backend.

    Attributes
    ----------
    backend : name for verdict lines, e.g. "alsa mmap", "virtual arm926".
    is_virtual : True when time and card are modelled.
    """

    backend: str = ""
    is_virtual: bool = False

    @abstractmethod
    def open(self, request: PcmRequest) -> Granted:
        """Open and configure both streams and return what was granted.

        A PCM that is open is closed first.

        Raises
        ------
        BackendUnavailable, DeviceError, DeviceBusy, ParamsRefused
        """

    @abstractmethod
    def supports(self, handling: Handling) -> str | None:
        """Return None when `exchange` can do this, else the reason in one line."""

    @abstractmethod
    def exchange(self, play: Bytes, captured: Bytes, handling: Handling) -> Exchange:
        """Play `play` while filling `captured`; return what happened.

        Parameters
        ----------
        play : (frames * frame_bytes,) uint8, C-contiguous, read only here.
        captured : (frames * frame_bytes,) uint8, C-contiguous, writable; bytes
            past the returned count keep what they held.
        """

    @abstractmethod
    def stop(self) -> None:
        """Free a running `exchange` as soon as the device allows."""

    @abstractmethod
    def close(self) -> None:
        """Drop both streams and release the device; idempotent, never raises."""

    def __enter__(self) -> Pcm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
