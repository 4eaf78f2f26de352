# SPDX-License-Identifier: MIT
"""What is asked of a PCM, what it grants, and what one burst gave back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from stress.model.formats import SampleFormat
from stress.model.middle import Middle, Stood


class Direction(str, Enum):
    """Direction of a stream, and the ring that belongs to it."""

    PLAYBACK = "playback"
    CAPTURE = "capture"


class Access(str, Enum):
    """How userspace reaches the samples."""

    MMAP = "mmap"  #: MMAP_INTERLEAVED: through a user alias of the ring
    RW = "rw"  #: RW_INTERLEAVED: the kernel copies through its own alias


class PlaybackTouch(str, Enum):
    """How playback lines are written."""

    STORE = "store"  #: stores only, an ordinary player (P1)
    RMW = "rmw"  #: each line is read before it is stored, a mixer (P2)


class CaptureTouch(str, Enum):
    """How capture lines are read."""

    WHOLE = "whole"  #: up to the last whole line before hw_ptr (C1)
    EXACT = "exact"  #: up to hw_ptr itself, also inside a line (C2)
    AHEAD = "ahead"  #: the next period's lines are touched before they arrive (CT)


class Lever(str, Enum):
    """Cache maintenance forced before each commit or read."""

    NONE = "none"
    CLEAN_INVALIDATE = "clean+invalidate"  #: the whole D-cache
    CACHEFLUSH = "cacheflush"  #: sys_cacheflush: cleans user lines of the range only


class Load(str, Enum):
    """What another process does beside a burst."""

    NONE = "none"
    MEMORY = "memory"  #: copies a megabyte again and again
    USB = "usb"  #: control reads on the card's own bus
    SYSCALLS = "syscalls"  #: system calls, one after the other


@dataclass(frozen=True)
class StreamParams:
    """Parameters of one direction, requested or granted.

    Parameters
    ----------
    rate : [Hz]
    period_size, buffer_size : [frames]; buffer_size is the ring.
    fifo_frames : of the FIFO that the driver states [frames], 0 where it states none.
    """

    rate: int
    channels: int
    format: SampleFormat
    access: Access
    period_size: int
    buffer_size: int
    # A property of the card, which nobody asks for.
    fifo_frames: int = field(default=0, compare=False)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return self.format.frame_bytes(self.channels)

    @property
    def buffer_bytes(self) -> int:
        """Bytes of the ring."""
        return self.buffer_size * self.frame_bytes

    @property
    def period_bytes(self) -> int:
        """Bytes of one period."""
        return self.period_size * self.frame_bytes

    def granted_otherwise(self, granted: StreamParams, direction: Direction) -> tuple[str, ...]:
        """Return one line for each size that was granted otherwise than asked here."""
        return tuple(
            f"{direction.value} {name}: {getattr(self, name)} frames asked, {getattr(granted, name)} granted"
            for name in ("period_size", "buffer_size")
            if getattr(self, name) != getattr(granted, name)
        )


@dataclass(frozen=True)
class PcmRequest:
    """Both directions as requested."""

    playback: StreamParams
    capture: StreamParams


@dataclass(frozen=True)
class Mapping:
    """One mapping of a ring, as /proc/self/smaps shows it.

    Parameters
    ----------
    path : what is mapped, e.g. ``/dev/snd/pcmC1D0p``.
    size_bytes : size of the VMA.
    vm_flags : the VmFlags line; ``pf io`` only with use_vmalloc=0.
    is_ring : True when the area libasound hands out lies inside this VMA.
    address : where this process has it, 0 where unknown.
    kernel_addresses : where the kernel may have it: rings of this size; empty where it does not say.
    """

    direction: Direction
    path: str
    size_bytes: int
    vm_flags: str
    is_ring: bool
    address: int = 0
    kernel_addresses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Granted:
    """What the driver gave.

    Parameters
    ----------
    device : names for people, e.g. ``hw:Loopback,0 -> hw:Loopback,1``.
    refused : one line per condition that was asked for and not granted.
    line_bytes : cache line size where it is known [bytes], else None.
    """

    device: str
    playback: StreamParams
    capture: StreamParams
    mappings: tuple[Mapping, ...] = ()
    refused: tuple[str, ...] = ()
    line_bytes: int | None = None


@dataclass(frozen=True)
class Handling:
    """How the rings are touched during one burst.

    Parameters
    ----------
    queue_periods : most periods kept queued for playback; 0 fills the ring.
    switches_per_s : dose of forced address-space switches [1/s].
    start_burst : prefill by RMW, then START: only the prefill is at risk.
    load : what another process does meanwhile.
    middle : a life-cycle event in the middle of the burst, None where there is none.
    """

    playback: PlaybackTouch = PlaybackTouch.STORE
    queue_periods: int = 0
    capture: CaptureTouch = CaptureTouch.EXACT
    lever: Lever = Lever.NONE
    switches_per_s: float = 0.0
    start_burst: bool = False
    load: Load = Load.NONE
    middle: Middle | None = None

    @property
    def per_period(self) -> bool:
        """True when the burst cannot be one libasound call per direction."""
        return (
            self.playback is not PlaybackTouch.STORE
            or self.queue_periods > 0
            or self.capture is not CaptureTouch.EXACT
            or self.lever is not Lever.NONE
        )


@dataclass(frozen=True)
class StreamResult:
    """One direction of one burst.

    Parameters
    ----------
    frames : frames the calls returned [frames]. Only these may be judged.
    hw_ptr, appl_ptr : positions at the end of the burst [frames since prepare].
    state : the PCM state right after the call, ALSA's name.
    xruns : underruns or overruns seen in this burst.
    started_ns, ended_ns : monotonic (or virtual) time around the call [ns].
    voluntary, involuntary : context switches of the thread inside the call.
    minor_faults : page faults of the thread inside the call.
    waits : times the kernel gave up waiting for the device, and the transfer went on.
    least_queued : playback: fewest frames that were queued whenever the device moved while
        the call wrote, below 0 where it had passed them; None where nobody tells.
    """

    frames: int
    state: str
    xruns: int = 0
    hw_ptr: int | None = None
    appl_ptr: int | None = None
    started_ns: int = 0
    ended_ns: int = 0
    voluntary: int | None = None
    involuntary: int | None = None
    minor_faults: int | None = None
    waits: int = 0
    least_queued: int | None = None


class Lost(str, Enum):
    """Why a burst ended before its time."""

    GONE = "gone"  #: the device was disconnected
    FROZEN = "frozen"  #: the device stopped moving; the watchdog freed the calls


@dataclass(frozen=True)
class Exchange:
    """What one burst gave back besides the captured bytes.

    Parameters
    ----------
    played_limit : frames of the play buffer known to have left the playback
        ring; frames from there on were never due and must not be judged.
    lost : None when the burst ended by itself.
    notes : one line each for whatever a reader of the record should know.
    stood : how the directions stood still in the middle of the burst, None where nothing was asked.
    """

    playback: StreamResult
    capture: StreamResult
    played_limit: int
    lost: Lost | None = None
    notes: tuple[str, ...] = field(default=())
    stood: Stood | None = None

    @property
    def xruns(self) -> int:
        """Xruns of both directions."""
        return self.playback.xruns + self.capture.xruns
