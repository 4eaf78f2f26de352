# SPDX-License-Identifier: MIT
"""The virtual board: two rings, one cache, one card, virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd
from typing import Protocol

import numpy as np

from stress.errors import StreamStateError
from stress.model.arrays import Bytes, Ints
from stress.model.pcm import Access, Handling, Lever, StreamParams
from stress.virtual.accesses import AccessMaker
from stress.virtual.cache.engine import CacheEngine
from stress.virtual.cache.geometry import CacheGeometry
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import Trace
from stress.virtual.card.cable import through_cable, through_path
from stress.virtual.card.timeline import Timeline
from stress.virtual.card.usbcard import Around, apply_faults, in_layout, loop_back
from stress.virtual.delivered import Delivered, RunDelivered, joined, run_delivered
from stress.virtual.footprint import WorkingSet, spread
from stress.virtual.footprint import load as load_footprint
from stress.virtual.history import RingHistory
from stress.virtual.layout import KERNEL, USER, granule_bytes, place_rings
from stress.virtual.planning import (
    Asked,
    capture_plan,
    events,
    flush_ticks,
    packet_clock,
    play_plan,
    switch_ticks,
)
from stress.virtual.spec import BoardSpec, FaultSpec
from stress.virtual.steps import BACKGROUND_STEPS, END, FIRST, KIND, StepKind, StepList, with_background

# Virtual time a burst may take beyond the frames it was asked for [s].
GRACE_S = 2.0
# Accesses simulated at once. Higher: the arrays leave the second-level cache
# (measured: 640k at once take 1.45 times as long); lower: the cost of the calls.
PIECE_ACCESSES = 120000
# Pieces whose runs are kept until the truth is asked for. Higher: a minute of
# streaming takes 1 GB; lower: ordinary bursts find causes that nobody asks for.
KEPT_PIECES = 8


class CacheModel(Protocol):
    """What runs a trace and keeps its state."""

    memory: Ints

    def run(self, trace: Trace) -> Deliveries:
        """Run a trace and return its delivered loads."""


# Frames of a burst that a stale fault may bring back in the next one.
_KEPT_FRAMES = 1 << 16
# Odd, so that no two parts of a run share a seed.
_NEXT_PART = 0x9E3779B1


def make_cache(geometry: CacheGeometry, physical_lines: int, seed: int) -> CacheModel:
    """Return an empty cache before empty memory."""
    return CacheEngine(geometry, physical_lines, seed)


@dataclass(frozen=True)
class BoardBurst:
    """One burst as it went.

    Parameters
    ----------
    timeline : pointers, states and times at the end.
    captured : (frames, frame_bytes) uint8, what the reader got.
    wire : (frames, frame_bytes) uint8, what the driver handed to the bus.
    incoming : (frames, frame_bytes) uint8, what the card sent back.
    lead : captured frames before the first played one.
    played, read : what the loads of each ring delivered.
    parts : the same in the runs it was simulated in, for the causes.
    accesses : cache accesses simulated.
    faults : card and stream faults of this burst.
    edges : frames carried by 0, 1, ... packets.
    """

    timeline: Timeline
    captured: Bytes
    wire: Bytes
    incoming: Bytes
    lead: int
    played: Delivered
    read: Delivered
    parts: tuple[RunDelivered, ...]
    accesses: int
    faults: tuple[FaultSpec, ...]
    edges: Ints


class Board:
    """A board with one card; `configure` is hw_params, `burst` one stream.

    Parameters
    ----------
    spec : what it is made of.
    seed : of replacement, background and context switches.
    before : bursts of an earlier part of the same run; the burst numbers of faults go on behind them.

    Threads: none; one caller.
    """

    def __init__(self, spec: BoardSpec, seed: int = 0, before: int = 0) -> None:
        self.spec = spec
        self.geometry = spec.cache.shape()
        self.bursts = self.switches = 0
        self.after = ""  # the life-cycle event that the next burst comes behind
        self._lasting: tuple[FaultSpec, ...] = ()  # faults that wait for the event that ends them
        self._last_wire: Bytes | None = None  # the end of what the burst before handed to the bus
        self._bursts_before = before
        # A part that goes on must not repeat the accidents of the first one.
        self._random = np.random.RandomState((seed + before * _NEXT_PART) % 2**32)
        footprint = load_footprint(spec.kernel.footprint)
        if spec.usb.tick_packets and not spec.kernel.in_order:
            # One timer wakes the threads of both streams.
            footprint = spread(footprint, 2000 / (spec.usb.tick_packets * spec.usb.packet_us))
        self._work = {
            step: WorkingSet(rows, step, self.geometry.line_bytes)
            for step, rows in (
                (StepKind.KERNEL_WORK, footprint.ms),
                (StepKind.URB_WORK, footprint.urb),
                (StepKind.CALL_WORK, footprint.call),
                (StepKind.LOOP_WORK, footprint.loop),
            )
        }
        self.timeline: Timeline | None = None
        self._streams: tuple[StreamParams, StreamParams] | None = None

    def configure(self, playback: StreamParams, capture: StreamParams) -> None:
        """Allocate both rings and clear them, as hw_params does.

        The cache starts empty: vmalloc cleans and invalidates all of it.
        """
        line = self.geometry.line_bytes
        granule = granule_bytes(gcd(playback.frame_bytes, capture.frame_bytes))
        served = (self._serves(playback), self._serves(capture))
        sizes = (playback.buffer_bytes, capture.buffer_bytes)
        self.places = place_rings(self.spec, sizes, granule, served, self._colours())
        lines = self.places[1].pline + -(-capture.buffer_bytes // line)
        seed = int(self._random.randint(2**31 - 1))
        self._cache = make_cache(replace(self.geometry, word_bytes=granule), lines, seed)
        self._accesses = AccessMaker(
            self.places,
            (playback.frame_bytes, capture.frame_bytes),
            self._random,
            self.geometry.write_allocate,
            self._work,
        )
        self.histories = tuple(RingHistory(place.ring_granules, granule) for place in self.places)
        self._streams = (playback, capture)
        clear = StepList()
        clear.add(StepKind.ZERO_PLAYBACK, 0, playback.buffer_size)
        clear.add(StepKind.ZERO_CAPTURE, 0, capture.buffer_size)
        self._run(clear.table())

    def burst(self, play: Bytes, frames: int, handling: Handling) -> BoardBurst:
        """Stream one burst from PREPARED.

        Parameters
        ----------
        play : (n, frame_bytes) uint8.
        frames : frames to capture.

        Raises
        ------
        StreamStateError : `configure` was not called.
        """
        self._params()
        number = self._bursts_before + self.bursts
        faults = self._due(number)
        timeline = self._timeline(len(play), frames, handling, faults)
        steps = np.concatenate([self._before(handling), self._with_background(timeline, handling)])
        for history in self.histories:
            history.advance()
        parts = self._parts(self._pieces(steps))
        outcome = self._deliver(timeline, parts, play, faults)
        self.bursts += 1
        return outcome

    def _due(self, number: int) -> tuple[FaultSpec, ...]:
        event, self.after = self.after, ""
        mine = [fault for fault in self.spec.fault if fault.burst in (-1, number)]
        begun = {fault for fault in mine if fault.until and fault.after == event}
        on = {fault for fault in {*self._lasting, *begun} if not event or fault.until != event}
        self._lasting = tuple(on)
        return tuple(fault for fault in self.spec.fault if fault in on) + tuple(
            fault for fault in mine if not fault.until and fault.after in ("", event)
        )

    def memory(self, which: int, fills: int) -> Bytes:
        """Return ring `which` (0 playback, 1 capture) as a third mapping shows it, (ring_bytes,) uint8.

        With virtual tags, or with page colours, that is what memory holds.

        Parameters
        ----------
        fills : lines that others fill until memory is looked at; what is dirty in
            their way is written back.
        """
        steps = StepList()
        steps.add(StepKind.NOISE, 0, fills)
        if self.geometry.tagging == "pipt" or (
            self.geometry.tagging == "vipt" and self.geometry.colours == 1
        ):
            # Every mapping finds the one copy, dirty or not.
            steps.add(StepKind.FLUSH, 0, 1)
        self._run(steps.table())
        place = self.places[which]
        lines = -(-place.ring_bytes // place.line_bytes)
        numbers = self._cache.memory[place.pline : place.pline + lines].reshape(-1)
        return self.histories[which].get(numbers[: place.ring_granules]).view(np.uint8)

    def _timeline(
        self, played: int, wanted: int, handling: Handling, faults: tuple[FaultSpec, ...]
    ) -> Timeline:
        playback, capture = self._params()
        spec = self.spec
        longest_s = max(played, wanted) / min(playback.rate, capture.rate) * 1.2 + GRACE_S
        clock = packet_clock(spec, playback.rate)
        carried = clock.table(int(longest_s * 1e6 / spec.usb.packet_us))
        lines = {step: work.lines for step, work in self._work.items()}
        asked = Asked(handling, faults, lines)
        capture_side = capture_plan(spec, capture, wanted, asked)
        around = events(spec, clock, len(carried) // capture_side.packets, self._random, faults)
        around = replace(around, urb_lines=lines[StepKind.URB_WORK])
        play_side = play_plan(spec, playback, played, asked)
        self.timeline = Timeline(play_side, capture_side, carried, around)
        self.timeline.run()
        return self.timeline

    def _before(self, handling: Handling) -> Ints:
        steps = StepList()
        if self.bursts:
            steps.add(StepKind.NOISE, 0, self.spec.user.between_fills)
        if handling.lever is Lever.CLEAN_INVALIDATE:
            # Between hw_params and the first store: what hw_params left dirty
            # must not be written back over the data.
            steps.add(StepKind.FLUSH, 0, 1)
        return steps.table()

    def _with_background(self, timeline: Timeline, handling: Handling) -> Ints:
        ticks_per_ms = 1000 / self.spec.usb.packet_us
        steady = {
            StepKind.NOISE: self.spec.kernel.noise_lines_per_ms / ticks_per_ms,
            StepKind.KERNEL_WORK: self._work[StepKind.KERNEL_WORK].lines / ticks_per_ms,
        }
        ticks = timeline.tick + 1
        switches = switch_ticks(self.spec, handling, ticks, self._random)
        self.switches = len(switches)
        flushes = flush_ticks(self.spec, switches, ticks)
        return with_background(timeline.steps.table(), steady, flushes, timeline.tick)

    def _run(self, steps: Ints) -> tuple[Trace, Deliveries]:
        bases = (self.histories[0].base, self.histories[1].base)
        trace = self._accesses.trace(steps, bases)
        return trace, self._cache.run(trace)

    def _pieces(self, steps: Ints) -> list[Ints]:
        lines = steps[:, END] - steps[:, FIRST]
        width = np.array([stream.frame_bytes for stream in self._params()]).max()
        size = np.where(
            np.isin(steps[:, KIND], BACKGROUND_STEPS), lines, 2 + lines * width // self.geometry.line_bytes
        )
        number = np.cumsum(size) // PIECE_ACCESSES
        return np.split(steps, np.flatnonzero(np.diff(number)) + 1)

    def _parts(self, pieces: Sequence[Ints]) -> list[RunDelivered]:
        bases = (self.histories[0].base, self.histories[1].base)
        parts = []
        for piece in pieces:
            part = run_delivered(*self._run(piece), self.places, bases)
            parts.append(part.settle() if len(pieces) > KEPT_PIECES else part)
        return parts

    def _deliver(
        self, timeline: Timeline, parts: Sequence[RunDelivered], play: Bytes, faults: tuple[FaultSpec, ...]
    ) -> BoardBurst:
        playback, capture = self._params()
        out, back = self.histories
        out.put(play[: timeline.playing.appl].reshape(-1))
        played = joined([part.rings[0] for part in parts])
        wire = _bytes(out, played, timeline.playing.hw, playback.frame_bytes)
        lead = timeline.carried[timeline.playing.started_tick] + self.spec.usb.loopback_frames
        urbs = timeline.playing.plan.urbs
        lag = urbs.urbs * urbs.packets * packet_clock(self.spec, playback.rate).nominal_frames
        edges = np.array(timeline.carried, dtype=np.int64)
        heard = apply_faults(wire, faults, playback.format, Around(lag, edges, self._last_wire))
        self._last_wire = wire[-_KEPT_FRAMES:].copy()
        incoming = loop_back(heard, lead, timeline.capturing.hw)
        path = self.spec.path
        # Boards without dither draw the same numbers as ever.
        noise = int(self._random.randint(2**31 - 1)) if path.dither else 0
        incoming = through_path(incoming, path, playback.format, noise)
        if self.spec.analog.enabled:
            seed = int(self._random.randint(2**31 - 1))
            incoming = through_cable(incoming, self.spec.analog, playback.format, playback.rate, seed)
        incoming = in_layout(incoming, playback, capture)
        back.put(incoming.reshape(-1))
        read = joined([part.rings[1] for part in parts])
        captured = _bytes(back, read, timeline.capturing.appl, capture.frame_bytes)
        accesses = sum(part.accesses for part in parts)
        return BoardBurst(
            timeline, captured, wire, incoming, lead, played, read, tuple(parts), accesses, faults, edges
        )

    def _colours(self) -> tuple[int, int] | None:
        # vmalloc takes any page; each ring has its own, until it is allocated anew.
        if self.spec.cache.colour >= 0:
            return None
        first, second = self._random.randint(0, self.geometry.colours, 2).tolist()
        return first, second

    def _params(self) -> tuple[StreamParams, StreamParams]:
        if self._streams is None:
            raise StreamStateError("the virtual board has no hw_params yet")
        return self._streams

    def _serves(self, params: StreamParams) -> int:
        return USER if params.access is Access.MMAP else KERNEL


def _bytes(history: RingHistory, got: Delivered, frames: int, frame_bytes: int) -> Bytes:
    data = history.get(got.number)
    size = data.dtype.itemsize
    if len(data) and len(data) == got.position[-1] + 1 and len(data) * size == frames * frame_bytes:
        return data.view(np.uint8).reshape(frames, frame_bytes)
    # Rounded words come twice where a boundary lies inside them.
    stream = np.zeros(-(-frames * frame_bytes // size), dtype=data.dtype)
    inside = got.position < len(stream)
    stream[got.position[inside]] = data[inside]
    return stream.view(np.uint8)[: frames * frame_bytes].reshape(frames, frame_bytes)
