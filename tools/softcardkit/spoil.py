# SPDX-License-Identifier: MIT
"""How each byte-addressed fault changes the frames it covers (pure)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stress.model.fault import FaultKind
from tools.softcardkit.faultspec import Fault
from tools.softcardkit.history import History


class Layout(NamedTuple):
    """How a frame lies in memory; sizes in bytes."""

    frame_bytes: int
    sample_bytes: int
    channels: int


class Region(NamedTuple):
    """The part of a packet to be changed.

    ``data`` is the packet; ``start`` and ``stop`` are byte offsets in it; ``position``
    is the absolute byte position of ``start`` in the stream.
    """

    data: bytearray
    start: int
    stop: int
    position: int


def _stale(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    size = region.stop - region.start
    place = region.position - fault.lag * layout.frame_bytes
    region.data[region.start : region.stop] = sent.read(place, size, earlier=bool(fault.after))


def _zero(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    region.data[region.start : region.stop] = bytes(region.stop - region.start)


def _hold(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    size = layout.frame_bytes
    first = max(fault.frame, 0) * size
    frame = sent.read(first - size, size)
    region.data[region.start : region.stop] = frame * ((region.stop - region.start) // size)


def _bitflip(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    channel = fault.channel % layout.channels
    byte, bit = divmod(fault.bit % (8 * layout.sample_bytes), 8)
    first = region.start + channel * layout.sample_bytes + byte
    for at in range(first, region.stop, layout.frame_bytes):
        region.data[at] ^= 1 << bit


def _byteshift(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    size = region.stop - region.start
    region.data[region.start : region.stop] = sent.read(region.position - fault.shift, size)


def _swap(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    size, data = layout.sample_bytes, region.data
    one, two = fault.channel % layout.channels, fault.other % layout.channels
    for frame in range(region.start, region.stop, layout.frame_bytes):
        a, b = frame + one * size, frame + two * size
        data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]


def _rotate(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    size, by = layout.frame_bytes, fault.channel % layout.channels * layout.sample_bytes
    for at in range(region.start, region.stop, size):
        frame = bytes(region.data[at : at + size])
        region.data[at : at + size] = frame[size - by :] + frame[: size - by]


def _gain(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    size, data = layout.sample_bytes, region.data
    factor = 10.0 ** (fault.db / 20.0)
    top = (1 << (8 * size - 1)) - 1
    for at in range(region.start, region.stop, size):
        sample = int.from_bytes(data[at : at + size], "little", signed=True)
        scaled = min(max(round(sample * factor), -top - 1), top)
        data[at : at + size] = scaled.to_bytes(size, "little", signed=True)


_SPOILERS: dict[FaultKind, Callable[[Fault, Region, Layout, History], None]] = {
    FaultKind.STALE: _stale,
    FaultKind.ZERO: _zero,
    FaultKind.HOLD: _hold,
    FaultKind.BITFLIP: _bitflip,
    FaultKind.BYTESHIFT: _byteshift,
    FaultKind.SWAP: _swap,
    FaultKind.ROTATE: _rotate,
    FaultKind.GAIN: _gain,
}


def spoil(fault: Fault, region: Region, layout: Layout, sent: History) -> None:
    """Change `region` in place as `fault` says.

    Parameters
    ----------
    fault : with its real first frame in ``frame``.
    sent : what the host sent, up to the end of this packet.
    """
    _SPOILERS[fault.kind](fault, region, layout, sent)
