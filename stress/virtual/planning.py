# SPDX-License-Identifier: MIT
"""From board, stream parameters and handling to the plan of one burst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stress.model.pcm import Access, CaptureTouch, Handling, Lever, PlaybackTouch, StreamParams
from stress.virtual.card.capturing import CapturePlan
from stress.virtual.card.playing import PlayPlan
from stress.virtual.card.timeline import Events
from stress.virtual.card.urbs import MAX_QUEUE_MS, PacketClock, UrbShape, capture_urbs, playback_urbs
from stress.virtual.spec import BoardSpec, FaultSpec
from stress.virtual.steps import StepKind


@dataclass(frozen=True)
class Asked:
    """What is asked of one burst, whatever its length.

    Parameters
    ----------
    faults : that happen in it.
    lines : how many lines each working set has.
    """

    handling: Handling
    faults: tuple[FaultSpec, ...]
    lines: Mapping[StepKind, int]


def packet_clock(spec: BoardSpec, rate: int) -> PacketClock:
    """Return the clock of the card at this nominal rate."""
    return PacketClock(rate, spec.usb.packet_us, spec.usb.ratio_ppm)


def loops_in_playback(handling: Handling) -> bool:
    """Tell whether the writer is a loop over periods and not one call."""
    asks = handling.playback is not PlaybackTouch.STORE or handling.queue_periods > 0
    return asks or handling.lever is not Lever.NONE


def loops_in_capture(handling: Handling) -> bool:
    """Tell whether the reader is a loop over periods and not one call."""
    return handling.capture is not CaptureTouch.EXACT or handling.lever is not Lever.NONE


def play_plan(spec: BoardSpec, params: StreamParams, frames: int, asked: Asked) -> PlayPlan:
    """Return what the playback side does with a buffer of `frames`."""
    handling = asked.handling
    touched = params.access is Access.MMAP
    loop = touched and loops_in_playback(handling)
    # One queued period is written by halves: an empty queue would be an underrun.
    step = params.period_size // 2 if handling.queue_periods == 1 else params.period_size
    tick = spec.usb.tick_packets
    queue = min(handling.queue_periods * params.period_size or params.buffer_size, params.buffer_size)
    return PlayPlan(
        frames=frames,
        period_size=params.period_size,
        buffer_size=params.buffer_size,
        queue=queue if loop else params.buffer_size,
        urbs=UrbShape(tick, 1) if tick else _playback_urbs(spec, params),
        step=max(1, step) if loop else 0,
        polls=loop and handling.queue_periods == 1,
        rmw=touched and handling.playback is PlaybackTouch.RMW,
        prefill_rmw=params.rate * MAX_QUEUE_MS // 1000 if touched and handling.start_burst else 0,
        behind=tick > 0,
        flush=touched and handling.lever is Lever.CLEAN_INVALIDATE,
        clean=touched and handling.lever is Lever.CACHEFLUSH,
        lowlatency=spec.kernel.lowlatency,
        keeps_last_packet=spec.kernel.keeps_last_packet,
        stop_at=_first_frame(asked.faults, "playback-stop"),
        work=_work(spec, loop, asked.lines),
        start_work=_start_work(spec, asked.lines),
    )


def _start_work(spec: BoardSpec, lines: Mapping[StepKind, int]) -> tuple[tuple[StepKind, int], ...]:
    # START is a call that does for each URB what the interrupt does when one completes; a timer copies later.
    if not spec.kernel.in_order or spec.usb.tick_packets:
        return ()
    parts = (StepKind.CALL_WORK, StepKind.URB_WORK)
    return tuple((step, lines[step]) for step in parts if lines.get(step))


def _work(spec: BoardSpec, loop: bool, lines: Mapping[StepKind, int]) -> tuple[tuple[StepKind, int], ...]:
    # A loop in Python fills lines of its own; either way of waiting has its working set. Where a timer wakes
    # everybody, a loop's is what it loads beyond a call's.
    step = StepKind.LOOP_WORK if loop else StepKind.CALL_WORK
    calls = lines.get(StepKind.CALL_WORK, 0) if loop and spec.usb.tick_packets else 0
    parts = (
        (StepKind.NOISE, spec.user.loop_fills if loop else 0),
        (StepKind.CALL_WORK, calls),
        (step, lines.get(step, 0)),
    )
    return tuple(part for part in parts if part[1])


def _playback_urbs(spec: BoardSpec, params: StreamParams) -> UrbShape:
    clock, packets = packet_clock(spec, params.rate), spec.usb.playback_urb_packets
    return playback_urbs(clock, params.period_size, params.buffer_size, packets)


def capture_plan(spec: BoardSpec, params: StreamParams, frames: int, asked: Asked) -> CapturePlan:
    """Return what the capture side does to fill a buffer of `frames`; see `play_plan`."""
    handling = asked.handling
    touched = params.access is Access.MMAP
    loop = touched and loops_in_capture(handling)
    clock = packet_clock(spec, params.rate)
    return CapturePlan(
        frames=frames,
        period_size=params.period_size,
        buffer_size=params.buffer_size,
        line_bytes=spec.cache.shape().line_bytes,
        frame_bytes=params.frame_bytes,
        packets=spec.usb.tick_packets
        or capture_urbs(clock, params.period_size, spec.usb.capture_urb_packets).packets,
        absent=not spec.usb.captures,
        whole=touched and handling.capture is not CaptureTouch.EXACT,
        ahead=params.period_size if touched and handling.capture is CaptureTouch.AHEAD else 0,
        flush=touched and handling.lever is Lever.CLEAN_INVALIDATE,
        stop_at=_first_frame(asked.faults, "capture-stop"),
        loops=loop,
        work=_work(spec, loop, asked.lines),
    )


def events(
    spec: BoardSpec,
    clock: PacketClock,
    urbs: int,
    random: np.random.RandomState,
    faults: tuple[FaultSpec, ...],
) -> Events:
    """Return what happens to the streams from outside.

    Parameters
    ----------
    urbs : capture URBs of the burst at most.
    """
    race = spec.kernel.smp_race
    raced = np.flatnonzero(random.random_sample(urbs) < race).tolist() if race else []
    halts = [fault for fault in faults if fault.kind in ("freeze", "unplug")]
    play_tick = max(1, spec.user.start_us // spec.usb.packet_us)
    together = spec.usb.tick_packets if spec.kernel.in_order else 0
    if together:
        # The timers of both streams run out at the same tick of the kernel's clock.
        play_tick = -(-play_tick // together) * together
    return Events(
        wake_ticks=-(-spec.user.wake_us // spec.usb.packet_us),
        play_tick=play_tick,
        turns=together > 0,
        raced_urbs=frozenset(urb + 1 for urb in raced),
        halt_frame=halts[0].frame if halts else -1,
        halt=halts[0].kind if halts else "",
        cycle_ticks=clock.cycle_packets,
    )


def switch_ticks(
    spec: BoardSpec, handling: Handling, ticks: int, random: np.random.RandomState
) -> tuple[int, ...]:
    """Draw the address-space switches of a burst of `ticks`, Poisson."""
    rate_per_s = spec.kernel.switches_per_s + handling.switches_per_s
    seconds = ticks * spec.usb.packet_us / 1e6
    count = random.poisson(rate_per_s * seconds) if rate_per_s else 0
    return tuple(np.sort(random.random_sample(count) * ticks).astype(np.int64).tolist())


def flush_ticks(spec: BoardSpec, switches: tuple[int, ...], ticks: int) -> tuple[int, ...]:
    """Return when the whole cache is cleaned and invalidated.

    An address-space switch does that on VIVT only (arch/arm/mm/proc-arm926.S
    and its kin); mprotect, munmap and vmalloc do it wherever mappings alias.
    """
    tagging = spec.cache.shape().tagging
    accidents = (int(time_ms * 1000) // spec.usb.packet_us for time_ms in spec.kernel.whole_cache_at_ms)
    inside = [tick for tick in accidents if tick < ticks and tagging != "pipt"]
    return tuple(sorted([*inside, *(switches if tagging == "vivt" else ())]))


def _first_frame(faults: tuple[FaultSpec, ...], kind: str) -> int:
    return next((fault.frame for fault in faults if fault.kind == kind), -1)
