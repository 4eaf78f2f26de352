# SPDX-License-Identifier: MIT
"""From usbmon events to the two byte streams of a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stress.board.usbmon.format import COMPLETE, ERROR, ISO_TRANSFER, STOPPED, SUBMIT, UNTOUCHED, UsbEvent
from stress.model.wire import WireStream

if TYPE_CHECKING:
    from stress.board.usbmon.format import Packet

# Slots kept free at the end of a full ring when it dropped events: the size of
# what was dropped is unknown. Source: custom, twice the largest event seen.
# Higher: good payload is thrown away; lower: payload behind the first lost
# event is believed, and a hole looks like a slip.
DROP_MARGIN = 2
# What stands before each OUT packet of a device that wants its length there [bytes].
LENGTH_BYTES = 4


@dataclass(frozen=True)
class BusStream:
    """One direction of a card on the bus.

    Parameters
    ----------
    device : number on the bus.
    endpoints : addresses of its data endpoints; a feedback endpoint is none.
    frame_bytes : the driver takes only whole frames of an IN packet.
    """

    device: int
    endpoints: frozenset[int]
    frame_bytes: int

    def owns(self, event: UsbEvent) -> bool:
        """Tell whether the event belongs to this lane."""
        return event.device == self.device and event.endpoint in self.endpoints


def trusted(events: Sequence[UsbEvent], dropped: int, ring_bytes: int) -> int:
    """Return how many of the first events are certainly without a hole before them.

    Nothing was read while events came in, so the ring filled up once: before it
    was nearly full, none can have been dropped.
    """
    if not dropped:
        return len(events)
    most = ring_bytes - DROP_MARGIN * max((event.slot_bytes for event in events), default=0)
    used = 0
    for number, event in enumerate(events):
        used += event.slot_bytes
        if used > most:
            return number
    return len(events)


def out_stream(events: Sequence[UsbEvent], lane: BusStream) -> WireStream:
    """Return what the host handed over: OUT data at submission, statuses at completion.

    A packet that was still queued when the stream stopped keeps status 0: its
    data had left the ring, and its fate says nothing about the bus.
    """
    joined = _Joined()
    first: dict[int, int] = {}
    for event in events:
        if not lane.owns(event) or event.is_in:
            continue
        if event.kind == SUBMIT:
            if event.truncated:
                break
            first[event.urb] = joined.count
            for packet in event.packets:
                joined.add(event.data[packet.offset : packet.offset + packet.length], 0)
        elif event.urb in first:
            joined.mark(first.pop(event.urb), _statuses(event))
    return joined.without_lengths().stream()


def _statuses(event: UsbEvent) -> list[int]:
    if event.kind == ERROR:
        # Never submitted: none of it went out.
        return [event.status] * len(event.packets)
    if event.status in STOPPED:
        idle = (*STOPPED, UNTOUCHED)
        return [0 if part.status in idle else part.status for part in event.packets]
    return [part.status for part in event.packets]


def in_stream(events: Sequence[UsbEvent], lane: BusStream) -> WireStream:
    """Return what came in, before the driver copied it: IN data at completion.

    Only whole frames of a packet count, as the driver takes them (Linux
    sound/usb/pcm.c, retire_capture_urb). Between packets the buffer has gaps.
    Packets of an unlinked URB are empty and are left out.
    """
    joined = _Joined()
    for data, packet in _came_in(events, lane):
        joined.add(data[: packet.length // lane.frame_bytes * lane.frame_bytes], packet.status)
    return joined.stream()


def joined_in_stream(events: Sequence[UsbEvent], lane: BusStream) -> WireStream | None:
    """Return what came in with the parts of frames at the ends of packets, None where there are none.

    For some devices the driver joins packets by bytes and goes on with a frame in
    the next one (Linux sound/usb/usbaudio.h, QUIRK_FLAG_ALIGN_TRANSFER).
    """
    joined = _Joined()
    partial = False
    for data, packet in _came_in(events, lane):
        partial |= packet.length % lane.frame_bytes != 0
        joined.add(data, packet.status)
    return joined.stream() if partial else None


def _came_in(events: Sequence[UsbEvent], lane: BusStream) -> Iterator[tuple[bytes, Packet]]:
    for event in events:
        if not lane.owns(event) or not event.is_in or event.kind != COMPLETE:
            continue
        if event.truncated:
            break
        for packet in event.packets:
            if packet.length or not _unlinked(event, packet):
                yield event.data[packet.offset : packet.offset + packet.length], packet


def other_endpoints(events: Sequence[UsbEvent], lane: BusStream, incoming: bool) -> frozenset[int]:
    """Return the isochronous endpoints of the device, of that direction, that are not of the lane."""
    return frozenset(
        event.endpoint
        for event in events
        if event.transfer == ISO_TRANSFER
        and event.device == lane.device
        and event.is_in == incoming
        and event.endpoint not in lane.endpoints
    )


def _unlinked(event: UsbEvent, packet: Packet) -> bool:
    return event.status in STOPPED or packet.status in STOPPED


class _Joined:
    # Packets in order, with the place and the status of each.
    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._statuses: list[int] = []

    @property
    def count(self) -> int:
        return len(self._parts)

    def add(self, payload: bytes, status: int) -> None:
        self._parts.append(payload)
        self._statuses.append(status)

    def mark(self, first: int, statuses: Sequence[int]) -> None:
        self._statuses[first : first + len(statuses)] = statuses

    def without_lengths(self) -> _Joined:
        # For some devices the driver puts the length of a packet before it, in four bytes, and all packets
        # have it (Linux sound/usb/pcm.c, copy_to_urb_quirk). Audio does not count its own bytes.
        says = [int.from_bytes(part[:LENGTH_BYTES], "little") for part in self._parts]
        sizes = [len(part) - LENGTH_BYTES for part in self._parts]
        if says == sizes and max(sizes, default=0) > 0:
            self._parts = [part[LENGTH_BYTES:] for part in self._parts]
        return self

    def stream(self) -> WireStream:
        lengths = np.array([len(part) for part in self._parts], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        data = np.frombuffer(b"".join(self._parts), dtype=np.uint8)
        return WireStream(data, starts.astype(np.int64), np.array(self._statuses, dtype=np.int64))
