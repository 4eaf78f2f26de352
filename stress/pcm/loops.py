# SPDX-License-Identifier: MIT
"""Per-period loops: the arms that cannot be one libasound call.

Everything is bound and allocated before the burst; a period costs a handful of
C calls and no new object but small integers. That Python runs at all evicts
cache lines, so such a burst is never compared with one-call bursts.

Source: alsa-lib src/pcm/pcm_mmap.c and pcm.c (snd_pcm_mmap_begin, _commit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Protocol

from stress.model.handling import whole_frames

Call = Callable[[], int]
#: A lever gets the address and the length of what is committed or read [bytes].
LeverCall = Callable[[int, int], object]


class Cell(Protocol):
    """A number that C reads and writes in place."""

    value: int


@dataclass(frozen=True)
class Ring:
    """One mmapped ring and its calls, each bound to the stream.

    Parameters
    ----------
    base : address of the first byte; size : buffer_size [frames].
    offset, frames : out-parameters of `begin` [frames].
    begin, wait, avail, start : negative errno on failure; `wait` returns when
        avail_min is reached, or 0 after a bounded time.
    commit : commit(offset, frames) returns the frames committed.
    copy : copy(destination, source, bytes) on addresses.
    sleep : sleep(microseconds), at most a second; 0.
    """

    base: int
    size: int
    frame_bytes: int
    offset: Cell
    frames: Cell
    begin: Call
    wait: Call
    avail: Call
    start: Call
    commit: Callable[[int, int], int]
    copy: Callable[[int, int, int], object]
    sleep: Callable[[int], int]


@dataclass(frozen=True)
class PlaybackWay:
    """How a playback loop fills the ring.

    Parameters
    ----------
    step : frames written at once.
    limit : most frames queued, counting those being written.
    rmw : read each line before it is stored.
    poll_hz : 0 waits for the period interrupt; else the rate by which the time
        until there is room is reckoned and slept [Hz].
    scratch : address of `step` frames that take what `rmw` reads.
    """

    step: int
    limit: int
    rmw: bool
    poll_hz: int
    scratch: int


def playback_way(
    period: int, ring: int, queue_periods: int, rmw: bool, rate: int, scratch: int
) -> PlaybackWay:
    """Return how to keep at most `queue_periods` periods queued; 0 fills the ring.

    With one period an empty queue would be the only moment to write a whole
    one, and ALSA calls an empty queue an xrun. So half periods are written, and
    the time until there is room is slept, since no period interrupt comes then.
    """
    if queue_periods == 1:
        step = max(1, period // 2)
        return PlaybackWay(step, period, rmw, rate, scratch)
    limit = min(ring, queue_periods * period) if queue_periods else ring
    return PlaybackWay(period, limit, rmw, 0, scratch)


def playback_loop(ring: Ring, source: int, frames: int, way: PlaybackWay, lever: LeverCall | None) -> Call:
    """Return a call that plays `frames` from address `source`, a step at a time."""
    base, size, width = ring.base, ring.size, ring.frame_bytes
    begin, avail, commit, copy, wait, start = (
        ring.begin, ring.avail, ring.commit, ring.copy, ring.wait, ring.start,
    )  # fmt: skip
    offset, room_cell, sleep = ring.offset, ring.frames, ring.sleep
    step, limit, rmw, poll_hz, scratch = way.step, way.limit, way.rmw, way.poll_hz, way.scratch

    def play() -> int:
        done, running = 0, False
        while done < frames:
            room = avail()
            if room < 0:
                return done or room
            take = min(step, frames - done)
            over = size - room + take - limit
            if over > 0:
                if not running:
                    code, running = start(), True
                elif poll_hz:
                    code = sleep(over * 1_000_000 // poll_hz + 1)
                else:
                    code = wait()
                if code < 0:
                    return done or code
                continue
            room_cell.value = take
            code = begin()
            if code < 0:
                return done or code
            at = offset.value
            take = room_cell.value
            here, length = base + at * width, take * width
            if rmw:
                copy(scratch, here, length)
            copy(here, source + done * width, length)
            if lever is not None:
                lever(here, length)
            code = commit(at, take)
            if code < 0:
                return done or code
            done += code
        if not running:
            start()
        return done

    return play


@dataclass(frozen=True)
class CaptureWay:
    """How a capture loop empties the ring.

    Parameters
    ----------
    wake : read when at least this many frames are there.
    line_bytes : stop at the last whole line of this size; 1 reads up to hw_ptr.
    ahead : frames beyond hw_ptr whose lines are touched after each read.
    scratch : address of a ring-full of bytes that take what is touched.
    """

    wake: int
    line_bytes: int
    ahead: int
    scratch: int


def capture_loop(ring: Ring, target: int, frames: int, way: CaptureWay, lever: LeverCall | None) -> Call:
    """Return a call that records `frames` to address `target`."""
    base, size, width = ring.base, ring.size, ring.frame_bytes
    begin, avail, commit, copy, wait, start = (
        ring.begin, ring.avail, ring.commit, ring.copy, ring.wait, ring.start,
    )  # fmt: skip
    offset, ready_cell = ring.offset, ring.frames
    unit, ahead = whole_frames(way.line_bytes, width), way.ahead
    wake, scratch = way.wake, way.scratch

    def record() -> int:
        done = 0
        code = start()
        while done < frames and code >= 0:
            code = ready = avail()
            if ready < min(wake, frames - done):
                code = wait() if ready >= 0 else ready
                continue
            ready_cell.value = ready
            code = begin()
            if code < 0:
                break
            at, take = offset.value, ready_cell.value
            if at + take < size:
                take -= (at + take) % unit
            take = min(take, frames - done)
            if take <= 0:
                code = wait()
                continue
            here, length = base + at * width, take * width
            if lever is not None:
                lever(here, length)
            copy(target + done * width, here, length)
            code = commit(at, take)
            if code < 0:
                break
            done += code
            if ahead:
                first = (at + take) % size
                touch = min(ready - take + ahead, size)
                straight = min(touch, size - first)
                copy(scratch, base + first * width, straight * width)
                copy(scratch, base, (touch - straight) * width)
        return done if done or code >= 0 else code

    return record


def start_burst(ring: Ring, source: int, prefill: int, scratch: int, rest: Call) -> Call:
    """Return a call that prefills by RMW, starts, and plays the `rest` in one call.

    START copies the prefilled lines to the USB packets inside the ioctl, right
    behind the stores, which is what makes this arm immune to context switches.

    Parameters
    ----------
    prefill : at most the ring [frames].
    scratch : address of a prefill of bytes that takes what is read.
    """
    length = prefill * ring.frame_bytes

    def play() -> int:
        ring.frames.value = prefill
        code = ring.begin()
        if code >= 0:
            ring.copy(scratch, ring.base, length)
            ring.copy(ring.base, source, length)
            code = ring.commit(0, prefill)
        if code >= 0:
            code = ring.start()
        if code < 0:
            return code
        return prefill + max(0, rest())

    return play
