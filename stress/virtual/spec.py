# SPDX-License-Identifier: MIT
"""What a virtual board is made of, as configs/boards/*.toml says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stress.errors import ConfigError
from stress.model.fault import FaultKind
from stress.model.formats import MAX_CHANNELS
from stress.model.lifecycle import LifecycleEvent
from stress.model.transport import KINDS, USB
from stress.settings import inherit
from stress.settings.schema import flag, integer, listing, number, override, read, table, text
from stress.virtual.cache.geometry import CacheGeometry, geometry_names, named_geometry
from stress.virtual.card.analog import Wiring
from stress.virtual.card.path_spec import PathSpec

ARCHITECTURES = ("armv4", "armv5", "armv6", "armv7", "arm64", "mips", "sh", "riscv64", "x86")
MAPPINGS = ("cached", "user-noncached", "kernel-noncached", "writecombine")
CARD_FAULTS = tuple(
    kind.value
    for kind in (
        FaultKind.DROP,
        FaultKind.REPEAT,
        FaultKind.ZERO,
        FaultKind.STALE,
        FaultKind.STALE_DMA,
        FaultKind.BITFLIP,
        FaultKind.BYTESHIFT,
        FaultKind.GAIN,
        FaultKind.SWAP,
        FaultKind.RESAMPLE,
        FaultKind.ROTATE,
        FaultKind.SLIP_BYTES,
        FaultKind.PACKET_SHIFT,
        FaultKind.MISSED,
        FaultKind.LOST_PACKET,
    )
)
# Those that act on whole packets; the error that each packet ends with, as usbmon shows it.
PACKET_FAULTS = {"missed": -18, "lost-packet": -71}
STREAM_FAULTS = tuple(
    kind.value
    for kind in (FaultKind.PLAYBACK_STOP, FaultKind.CAPTURE_STOP, FaultKind.FREEZE, FaultKind.UNPLUG)
)
PACKET_US = (125, 250, 500, 1000)
OFF_DBFS = -200.0


@dataclass(frozen=True)
class CacheSpec:
    """The L1 D-cache: a named geometry, and what differs from it.

    Parameters
    ----------
    geometry : a name of stress.virtual.cache.geometry.
    size_bytes, ways, line_bytes : 0 keeps the named value.
    replacement, tagging, allocate, write : "" keeps the named value.
    colour : page colour of the user mappings against the kernel's [pages];
        matters on VIPT caches with ways above a page, 0 is the same colour.
        -1 draws it anew for each allocation of a ring, as vmalloc does.
    """

    geometry: str = text("arm926", tuple(geometry_names()))
    size_bytes: int = integer(0, 0, 1 << 20)
    ways: int = integer(0, 0, 255)
    line_bytes: int = integer(0, 0, 64)
    replacement: str = text("", ("", "rr", "rrg", "random"))
    tagging: str = text("", ("", "vivt", "vipt", "pipt"))
    allocate: str = text("", ("", "read", "write"))
    write: str = text("", ("", "back", "through"))
    colour: int = integer(1, -1, 63)

    def shape(self) -> CacheGeometry:
        """Return the geometry with the differences applied.

        Raises
        ------
        ConfigError : no such cache can exist.
        """
        changes: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("size_bytes", "ways", "line_bytes", "replacement", "tagging")
            if getattr(self, name)
        }
        if self.allocate:
            changes["write_allocate"] = self.allocate == "write"
        if self.write:
            changes["write_through"] = self.write == "through"
        return replace(named_geometry(self.geometry), **changes)


@dataclass(frozen=True)
class KernelSpec:
    """The kernel around the ring.

    Parameters
    ----------
    use_vmalloc : snd-usb-audio's parameter; false is coherent memory.
    mapping : which of the two mappings of a vmalloc ring are cached.
    footprint : name of the measured working set of everybody but the streams
        (configs/footprints); "" is none.
    in_order : what the footprint loads for a call stands where the call makes it:
        between the prefill and the first copy of START, and, with
        `usb.tick_packets`, where both rings are copied at one tick, between that
        copy and the threads, which take turns at running first. Where a store
        that misses allocates, what lies between a store and the other side's load
        decides; elsewhere a line has to last a lap, and the order does not matter.
    noise_lines_per_ms : lines, evenly over the sets and never the same again,
        that are filled on top of it or in its place [lines/ms].
    switches_per_s : address-space switches nobody asked for, Poisson [1/s].
    whole_cache_at_ms : times after the start of each burst of accidental
        whole-cache clean+invalidate (mprotect, munmap, vmalloc) [ms].
    smp_race : share of capture URBs whose hw_ptr userspace sees before the
        last packet is copied; needs more than one processor.
    lowlatency : snd-usb-audio's parameter: copy up to appl_ptr only.
    keeps_last_packet : the driver sends a packet only while more than that is
        queued. Source: sound/usb/endpoint.c:next_packet_size (since 5.16).
    """

    use_vmalloc: bool = flag(True)
    mapping: str = text("cached", MAPPINGS)
    footprint: str = text("")
    in_order: bool = flag(False)
    noise_lines_per_ms: int = integer(32, 0, 4096)
    switches_per_s: float = number(0.0, 0.0, 10000.0)
    whole_cache_at_ms: tuple[float, ...] = listing(number(0.0, 0.0, 1e9))
    smp_race: float = number(0.0, 0.0, 1.0)
    lowlatency: bool = flag(True)
    keeps_last_packet: bool = flag(True)


@dataclass(frozen=True)
class UserSpec:
    """The tester's own process on this board.

    Parameters
    ----------
    loop_fills : lines a per-period loop in Python fills per wake-up besides
        the audio and the footprint's own; evenly, never the same again.
    between_fills : lines the analysis fills between two bursts.
    wake_us : from the period interrupt until the thread runs [us].
    start_us : from capture START to playback START [us].
    """

    loop_fills: int = integer(43, 0, 4096)
    between_fills: int = integer(4096, 0, 1 << 20)
    wake_us: int = integer(0, 0, 1000000)
    start_us: int = integer(2000, 0, 1000000)


@dataclass(frozen=True)
class UsbSpec:
    """The bus and the card's clock.

    Parameters
    ----------
    packet_us : interval of isochronous packets [us]: 1000 on full speed,
        125 << datainterval on high speed.
    ratio_ppm : card clock against nominal [ppm].
    loopback_frames : from the OUT packet to the IN packet [frames].
    playback_urb_packets, capture_urb_packets : 0 = as the driver chooses.
    tick_packets : a timer copies behind the wire, each time so many packets, as
        snd-aloop does at every tick or two of 10 ms; 0 = URBs.
    captures : false is a card that only plays.
    host : driver of the host controller, for the record.
    """

    packet_us: int = integer(1000, 125, 1000)
    ratio_ppm: int = integer(0, -100000, 100000)
    loopback_frames: int = integer(96, 0, 192000)
    playback_urb_packets: int = integer(0, 0, 48)
    capture_urb_packets: int = integer(0, 0, 48)
    tick_packets: int = integer(0, 0, 800)
    captures: bool = flag(True)
    host: str = text("", longest=40)


@dataclass(frozen=True)
class LimitsSpec:
    """What the driver grants at least and at most."""

    rate_min: int = integer(8000, 1000, 768000)
    rate_max: int = integer(192000, 1000, 768000)
    channels_max: int = integer(MAX_CHANNELS, 1, MAX_CHANNELS)
    period_min_us: int = integer(125, 125, 1000000)
    period_min_bytes: int = integer(64, 1, 65536)
    periods_max: int = integer(1024, 2, 1024)
    buffer_max_ms: int = integer(2000, 1, 10000)
    fifo_frames: int = integer(0, 0, 65536)
    mmap: bool = flag(True)
    rw: bool = flag(True)


# Life-cycle events that a fault of a virtual card may wait for.
AFTER = ("", *(event.value for event in LifecycleEvent if event is not LifecycleEvent.NONE))


@dataclass(frozen=True)
class FaultSpec:
    """One fault of the card or of a stream, placed by frame on the wire.

    Parameters
    ----------
    kind : what happens.
    frame : first frame hit, counted from the first frame played in the burst.
    frames : how many frames are hit (dropped, repeated, zeroed, ...).
    every : the fault comes again each so many frames; 0 = once.
        rotate and slip-bytes last from there to the end of the stream;
        stale brings back the last so many frames of the burst before;
        missed and lost-packet take the packets that these frames lie in;
        packet-shift hits every packet from there on that does not begin or end
        on a word of four bytes.
    bit : bit of the frame to flip; byteshift, slip-bytes, packet-shift: bytes to
        shift by; rotate: channels to move by.
    gain_db : of a gain fault [dB].
    ppm : of a resample fault: how much faster than nominal it plays [ppm].
    burst : number of the burst it happens in, from 0; -1 = all.
    after : only in the burst behind this life-cycle event; "" = any burst.
    until : with `after`: in every burst from there on, until this life-cycle event.
    """

    kind: str = text("zero", CARD_FAULTS + STREAM_FAULTS)
    frame: int = integer(4800, 0, 1 << 40)
    frames: int = integer(48, 1, 1 << 30)
    every: int = integer(0, 0, 1 << 40)
    bit: int = integer(3, 0, 255)
    gain_db: float = number(-6.0, -120.0, 20.0)
    ppm: float = number(100.0, -500000.0, 500000.0)
    burst: int = integer(-1, -1, 1 << 30)
    after: str = text("", AFTER)
    until: str = text("", AFTER)


@dataclass(frozen=True)
class AnalogSpec:
    """The analog cable between output and input; off is a digital loopback.

    The values are those of stress.virtual.card.analog.AnalogChannel; 0 [Hz] is no
    filter, and levels of OFF_DBFS or below are nothing.
    """

    enabled: bool = flag(False)
    gain_db: float = number(-3.0, -60.0, 20.0)
    delay_frames: float = number(40.0, 0.0, 100000.0)
    lowpass_hz: float = number(0.0, 0.0, 400000.0)
    highpass_hz: float = number(0.0, 0.0, 1000.0)
    noise_dbfs: float = number(-90.0, OFF_DBFS, 0.0)
    hum_dbfs: float = number(OFF_DBFS, OFF_DBFS, 0.0)
    drift_ppm: float = number(0.0, -1000.0, 1000.0)
    dc: float = number(0.0, -0.5, 0.5)
    clip: float = number(1.0, 0.01, 1.0)
    third: float = number(0.0, -1.0, 1.0)
    impulses_per_s: float = number(0.0, 0.0, 1000.0)
    wiring: str = text("straight", tuple(way.value for way in Wiring))
    suppressor: bool = flag(False)


@dataclass(frozen=True)
class BoardSpec:
    """A virtual board; every part has a default, the default is an ARM926.

    Parameters
    ----------
    transport : what carries the sound. Only the packets of `usb` are modelled; the
        other kinds name what the faults of the board stand for.
    """

    title: str = text("virtual board")
    name: str = text("custom", longest=64)
    architecture: str = text("armv5", ARCHITECTURES)
    transport: str = text(USB, KINDS)
    cache: CacheSpec = table(CacheSpec, CacheSpec())
    kernel: KernelSpec = table(KernelSpec, KernelSpec())
    user: UserSpec = table(UserSpec, UserSpec())
    usb: UsbSpec = table(UsbSpec, UsbSpec())
    limits: LimitsSpec = table(LimitsSpec, LimitsSpec())
    analog: AnalogSpec = table(AnalogSpec, AnalogSpec())
    path: PathSpec = table(PathSpec, PathSpec())
    fault: tuple[FaultSpec, ...] = listing(table(FaultSpec))

    @classmethod
    def read(cls, values: Mapping[str, Any], where: str) -> BoardSpec:
        """Return the board that the table `values` describes.

        Raises
        ------
        ConfigError : a wrong key or value, or a board that cannot exist.
        """
        spec = read(cls, dict(values), where)
        spec.cache.shape()
        if spec.usb.packet_us not in PACKET_US:
            raise ConfigError(
                f"{spec.usb.packet_us} is no packet interval",
                where=where,
                key="usb.packet_us",
                allowed="125, 250, 500 or 1000",
            )
        for place, fault in enumerate(spec.fault, 1):
            if fault.until and not fault.after:
                key = f"fault {place}: until"
                raise ConfigError(
                    "needs the event that it begins behind", where=where, key=key, allowed="after"
                )
        if spec.kernel.smp_race and spec.architecture in ("armv4", "armv5"):
            raise ConfigError("VIVT kernels are UP", where=where, key="kernel.smp_race", allowed="0")
        return spec

    @classmethod
    def load(cls, name: str, assignments: Mapping[str, Any] | None = None) -> BoardSpec:
        """Return the board of that name or path, with dotted keys set anew.

        Raises
        ------
        ConfigError : no such board, or see `read`.
        """
        values, where = inherit.load("boards", name)
        short = where.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
        found = cls.read({"name": short, **values}, where)
        if not assignments:
            return found
        # The file alone is right: what is wrong now was assigned.
        return cls.read(override({"name": short, **values}, assignments), "--set")
