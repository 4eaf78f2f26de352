# SPDX-License-Identifier: MIT
"""The virtual PCM: a modelled board and card behind the PCM contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stress.errors import DeviceGone, ParamsRefused, StreamStateError
from stress.model.arrays import Bytes
from stress.model.pcm import (
    Access,
    Direction,
    Exchange,
    Granted,
    Handling,
    Lever,
    Load,
    Lost,
    Mapping,
    PcmRequest,
    StreamParams,
    StreamResult,
)
from stress.pcm.contract import Pcm
from stress.virtual.board import Board, BoardBurst
from stress.virtual.cache.geometry import PAGE_BYTES
from stress.virtual.grant import grant, reason_against
from stress.virtual.loads import disturbed, shares_the_cpu
from stress.virtual.spec import BoardSpec

# What /proc/self/smaps shows; coherent memory is mapped by page frame number.
_VM_FLAGS, _VM_FLAGS_COHERENT = "rd wr sh mr mw me ms de dd", "rd wr sh mr mw me ms pf io de dd"


class VirtualPcm(Pcm):
    """A loopback on a virtual board, in virtual time.

    Parameters
    ----------
    spec : the board.
    seed : of everything random in it; equal seeds give equal bursts.

    Modelled: one D-cache shared by both streams and everybody else, user and
    kernel mapping of either ring, hw_params and prepare, snd-usb-audio's URBs
    and copies (it keeps a packet back, so the last frames never leave), short
    counts, xruns, a frozen and a vanished card, card faults, an analog cable.
    After a burst `outcome` and stress.virtual.truth.truth_of tell what happened.

    Not modelled
    ------------
    * Time that code takes: copies, wake-ups (but for `user.wake_us`) and cache
      misses take none, so no xrun comes from load.
    * The instruction cache, the TLB, outer caches, the write buffer, PLD, and
      DMA: URB buffers are coherent.
    * Where the kernel's own lines lie: its footprint is a number of random
      lines per millisecond.
    * What a load does to memory and bus: it costs the switches of one CPU, no more.
    * Feedback endpoints: packets follow the nominal rate; both directions run
      on one clock, and a refilled URB follows the last one without a gap.
    * alsa-lib's silence, draining, pause, rewind, linked streams, suspend.
    * Boundaries inside a word, where frames have an odd number of bytes: there
      an access is rounded to words of 4 bytes.
    * Drivers before Linux 5.16, which stream silence from prepare on, and the
      wrap of pointers at `boundary`: pointers count from prepare.

    Threads: as the contract says; `exchange` makes none.
    """

    is_virtual = True

    def __init__(self, spec: BoardSpec, seed: int = 0, before: int = 0) -> None:
        self.backend = f"virtual {spec.name}"
        self.spec = spec
        self.board = Board(spec, seed, before)
        self.outcome: BoardBurst | None = None
        self._granted: Granted | None = None
        self._gone = False
        self._now_ns = 0

    def open(self, request: PcmRequest) -> Granted:
        """Allocate the rings and clear them, as hw_params does; again, if open.

        Raises
        ------
        DeviceGone : the modelled card left.
        ParamsRefused : the modelled driver does not take the request.
        """
        self._granted = None
        if self._gone:
            raise DeviceGone("the card was unplugged", errno_=19, device=self.backend, call="open")
        playback = grant(self.spec, request.playback, self.backend)
        capture = grant(self.spec, request.capture, self.backend)
        if playback.rate != capture.rate:
            raise ParamsRefused(
                "rate of playback and capture differ; the virtual card has one clock",
                errno_=22,
                device=self.backend,
                call="hw_params",
            )
        self.board.configure(playback, capture)
        self._granted = Granted(
            device=f"{self.backend}: {self.spec.title}",
            playback=playback,
            capture=capture,
            mappings=self._mappings(playback, capture),
            refused=request.playback.granted_otherwise(playback, Direction.PLAYBACK)
            + request.capture.granted_otherwise(capture, Direction.CAPTURE),
            line_bytes=self.board.geometry.line_bytes,
        )
        return self._granted

    def supports(self, handling: Handling) -> str | None:
        """Return None when `exchange` can do this, else the reason in one line."""
        if self._granted is None:
            return None
        return reason_against(self.spec, handling, self._granted.playback, self._granted.capture)

    def exchange(self, play: Bytes, captured: Bytes, handling: Handling) -> Exchange:
        """Stream one burst; see the contract.

        Raises
        ------
        DeviceGone : the modelled card left.
        StreamStateError : not open, or a handling that it cannot do.
        """
        granted = self._granted
        if granted is None:
            raise StreamStateError(f"{self.backend} is not open")
        if self._gone:
            raise DeviceGone("the card was unplugged", errno_=19, device=self.backend, call="prepare")
        reason = self.supports(handling)
        if reason is not None:
            raise StreamStateError(f"{self.backend}: {reason}")
        out = _as_frames(play, granted.playback, "play")
        into = _as_frames(captured, granted.capture, "captured")
        self.outcome = None  # the last burst's runs make room for this one's
        outcome = self.outcome = self.board.burst(
            out, len(into), disturbed(self.spec, handling, granted.playback, granted.capture)
        )
        into[: len(outcome.captured)] = outcome.captured
        return self._report(outcome, handling)

    def stop(self) -> None:
        """End the burst that another thread runs; between bursts do nothing."""
        timeline = self.board.timeline
        if timeline is not None:
            timeline.stopping = True

    def load_driver(self, vmalloc: bool) -> None:
        """Take the other kind of memory for the rings that are opened from now on."""
        kernel = replace(self.spec.kernel, use_vmalloc=vmalloc)
        self.spec = self.board.spec = replace(self.spec, kernel=kernel)

    def close(self) -> None:
        """Release the rings; what they held is gone."""
        self._granted = None
        self.outcome = None

    def _report(self, outcome: BoardBurst, handling: Handling) -> Exchange:
        timeline = outcome.timeline
        playing, capturing = timeline.playing, timeline.capturing
        began = self._now_ns
        self._now_ns = ended = began + timeline.tick * self.spec.usb.packet_us * 1000
        lost = {"freeze": Lost.FROZEN, "unplug": Lost.GONE}.get(timeline.halted)
        state = {"freeze": "SETUP", "unplug": "DISCONNECTED"}.get(timeline.halted)
        self._gone = lost is Lost.GONE
        notes = self._notes(outcome, handling)
        if playing.writing and playing.stuck and lost is None:
            lost, state = Lost.FROZEN, "SETUP"
        common = {"started_ns": began, "ended_ns": ended, "minor_faults": 0}
        common["involuntary"] = self.board.switches
        playback = StreamResult(
            frames=playing.appl,
            state=state or ("XRUN" if playing.cut_short else "RUNNING"),
            xruns=int(playing.cut_short),
            hw_ptr=playing.hw,
            appl_ptr=playing.appl,
            voluntary=playing.wakes,
            least_queued=playing.least,
            **common,
        )
        capture = StreamResult(
            frames=capturing.appl,
            state=state or capturing.state,
            xruns=int(capturing.state == "XRUN"),
            hw_ptr=capturing.hw,
            appl_ptr=capturing.appl,
            voluntary=capturing.wakes,
            **common,
        )
        return Exchange(playback, capture, min(playing.hw, playing.appl), lost, notes)

    def _notes(self, outcome: BoardBurst, handling: Handling) -> tuple[str, ...]:
        notes = []
        timeline = outcome.timeline
        loops = [
            direction.value
            for direction, looped in (
                (Direction.PLAYBACK, timeline.playing.plan.step),
                (Direction.CAPTURE, timeline.capturing.plan.loops),
            )
            if looped
        ]
        if loops:
            lines = self.spec.user.loop_fills
            notes.append(f"a loop per period in {' and '.join(loops)}: {lines} more lines filled per wake-up")
        if handling.lever is not Lever.NONE:
            notes.append(f"cache lever: {handling.lever.value}")
        if handling.load is not Load.NONE:
            shared = shares_the_cpu(self.spec)
            price = "one CPU: two switches of address space a wake-up" if shared else "on another CPU"
            notes.append(f"load {handling.load.value} beside it, {price}")
        if timeline.halted:
            notes.append(f"the card was made to {timeline.halted}")
        return tuple(notes)

    def _mappings(self, playback: StreamParams, capture: StreamParams) -> tuple[Mapping, ...]:
        flags = _VM_FLAGS if self.spec.kernel.use_vmalloc else _VM_FLAGS_COHERENT

        def mapping(direction: Direction, params: StreamParams) -> Mapping:
            size = -(-params.buffer_bytes // PAGE_BYTES) * PAGE_BYTES
            path = f"/dev/snd/pcmC0D0{direction.value[0]}"
            return Mapping(direction, path, size, flags, True)

        both = ((Direction.PLAYBACK, playback), (Direction.CAPTURE, capture))
        return tuple(mapping(direction, params) for direction, params in both if params.access is Access.MMAP)


def _as_frames(buffer: Bytes, params: StreamParams, name: str) -> Bytes:
    if buffer.dtype != np.uint8 or buffer.ndim != 1 or len(buffer) % params.frame_bytes:
        raise StreamStateError(f"{name} is no row of bytes of whole frames of {params.frame_bytes}")
    return buffer.reshape(len(buffer) // params.frame_bytes, params.frame_bytes)
