# SPDX-License-Identifier: MIT
"""What the virtual driver grants of a request."""

from __future__ import annotations

from dataclasses import replace

from stress.errors import ParamsRefused
from stress.model import handling as rules
from stress.model.pcm import Access, Handling, StreamParams
from stress.virtual.spec import BoardSpec

_EINVAL = 22


def grant(spec: BoardSpec, asked: StreamParams, device: str) -> StreamParams:
    """Return the parameters nearest to `asked` that the driver takes.

    Rate, channels, format and access are taken as they are or refused; period
    and buffer move to the nearest sizes allowed, the buffer first.

    Raises
    ------
    ParamsRefused
    """
    limits = spec.limits

    def refuse(what: str, allowed: str) -> ParamsRefused:
        return ParamsRefused(f"{what} (allowed: {allowed})", errno_=_EINVAL, device=device, call="hw_params")

    if not limits.rate_min <= asked.rate <= limits.rate_max:
        raise refuse(f"rate {asked.rate} Hz", f"{limits.rate_min} to {limits.rate_max}")
    if not 1 <= asked.channels <= limits.channels_max:
        raise refuse(f"{asked.channels} channels", f"1 to {limits.channels_max}")
    if not (limits.mmap if asked.access is Access.MMAP else limits.rw):
        raise refuse(f"access {asked.access.value}", "rw" if asked.access is Access.MMAP else "mmap")
    if asked.period_size < 1 or asked.buffer_size < 1:
        raise refuse(f"period {asked.period_size}, buffer {asked.buffer_size} frames", "1 and more")
    return _sizes(spec, asked)


def reason_against(
    spec: BoardSpec, handling: Handling, playback: StreamParams, capture: StreamParams
) -> str | None:
    """Return why the streams cannot be handled like this, None when they can."""
    reason = rules.reason_against(handling, playback, capture, spec.cache.shape().line_bytes)
    if reason is not None:
        return reason
    if handling.middle is not None:
        event = handling.middle.event.value
        return f"{event} in the middle of a burst is not modelled; between two bursts it is"
    queue = handling.queue_periods * playback.period_size
    kept = -(-playback.rate * spec.usb.packet_us // 1000000)
    if queue and spec.kernel.lowlatency and spec.kernel.keeps_last_packet and queue <= kept:
        return (
            f"{queue} frames queued never start: the driver sends a packet of {kept} frames only while "
            "more than that is queued (sound/usb/endpoint.c, since Linux 5.16); queue more"
        )
    return None


def _sizes(spec: BoardSpec, asked: StreamParams) -> StreamParams:
    limits = spec.limits
    shortest_us = max(limits.period_min_us, spec.usb.packet_us)
    by_time = -(-asked.rate * shortest_us // 1000000)
    by_bytes = -(-limits.period_min_bytes // asked.frame_bytes)
    smallest = max(1, by_time, by_bytes)
    largest = max(2 * smallest, asked.rate * limits.buffer_max_ms // 1000)
    buffer_size = min(max(asked.buffer_size, 2 * smallest), largest)
    smallest = max(smallest, -(-buffer_size // limits.periods_max))
    period_size = min(max(asked.period_size, smallest), buffer_size // 2)
    # The cache model counts in words of four bytes; rings of odd length round up.
    while buffer_size * asked.frame_bytes % 4:
        buffer_size += 1
    return replace(asked, period_size=period_size, buffer_size=buffer_size, fifo_frames=limits.fifo_frames)
