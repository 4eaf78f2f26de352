# SPDX-License-Identifier: MIT
"""The virtual USB card: what comes in is what went out, later, and its faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np

from stress.model.arrays import Bytes, Floats, Ints
from stress.model.formats import SampleFormat
from stress.model.pcm import StreamParams
from stress.patterns.samples import pack, unpack
from stress.virtual.spec import CARD_FAULTS, PACKET_FAULTS, FaultSpec

# What a controller fetches of a USB transfer in one go; a stale one is this long.
DMA_LINE_BYTES = 32
# Faults after which everything comes earlier or later.
SLIPPING = ("drop", "repeat", *PACKET_FAULTS)
# What a host controller without unaligned DMA can address [bytes].
WORD_BYTES = 4


def loop_back(wire: Bytes, lead: int, frames: int) -> Bytes:
    """Return what the card sends: zeros, then the played frames, then zeros.

    Parameters
    ----------
    wire : (n, frame_bytes) uint8, played frames.
    lead : captured frames before the first played one.
    frames : captured frames wanted.

    Returns
    -------
    (frames, frame_bytes) uint8.
    """
    incoming = np.zeros((frames, wire.shape[1]), dtype=np.uint8)
    count = max(0, min(len(wire), frames - lead))
    incoming[lead : lead + count] = wire[:count]
    return incoming


def in_layout(frames: Bytes, played: StreamParams, captured: StreamParams) -> Bytes:
    """Return played frames as the card captures them: channel by channel, zeros where none was played.

    Parameters
    ----------
    frames : (n, frame_bytes) uint8 in the layout of `played`.

    Returns
    -------
    (n, frame_bytes) uint8 in the layout of `captured`.
    """
    if (played.format, played.channels) == (captured.format, captured.channels):
        return frames
    samples = unpack(frames.reshape(-1), played.format, played.channels)
    wanted = np.zeros((len(samples), captured.channels), dtype=np.uint32)
    both = min(played.channels, captured.channels)
    wanted[:, :both] = samples[:, :both]
    return pack(wanted, captured.format).reshape(len(samples), captured.frame_bytes)


def hits(fault: FaultSpec, frames: int) -> range:
    """Return the first frame of each time the fault strikes within `frames`."""
    return range(fault.frame, frames, fault.every or max(1, frames))


def packets_of(fault: FaultSpec, first: int, edges: Ints) -> tuple[int, int]:
    """Return the frames of the packets that `fault` takes when it strikes at frame `first`.

    Parameters
    ----------
    edges : (packets + 1,) int64: first frame of each packet, and the end of the last.
    """
    begin = int(edges[max(0, int(np.searchsorted(edges, first, side="right")) - 1)])
    end = int(edges[min(len(edges) - 1, int(np.searchsorted(edges, first + fault.frames)))])
    return begin, end


@dataclass(frozen=True)
class Around:
    """What lies around the frames that are played.

    Parameters
    ----------
    dma_lag : age of the data in a stale DMA line [frames].
    edges : (packets + 1,) int64, frames carried by 0, 1, ... packets; None: each frame is one.
    before : (m, frame_bytes) uint8, the end of the burst before, for stale faults.
    """

    dma_lag: int
    edges: Ints | None = None
    before: Bytes | None = None


def apply_faults(wire: Bytes, faults: Sequence[FaultSpec], fmt: SampleFormat, around: Around) -> Bytes:
    """Return the played frames with the card's faults in them.

    Parameters
    ----------
    wire : (n, frame_bytes) uint8; not changed.
    faults : faults that change bytes act first, at the frames they name; drops
        and repeats then move what follows.

    Returns
    -------
    (k, frame_bytes) uint8, `wire` itself where no fault acts.
    """
    edges = np.arange(len(wire) + 1, dtype=np.int64) if around.edges is None else around.edges
    mine = [fault for fault in faults if fault.kind in CARD_FAULTS and fault.frame < len(wire)]
    if not mine:
        return wire
    out = wire.copy()
    for fault in mine:
        if fault.kind == "packet-shift":
            _shift_packets(out, fault, edges)
        elif fault.kind == "stale":
            for first in hits(fault, len(out)):
                _bring_back(out[first : first + fault.frames], around.before)
        elif fault.kind == "stale-dma":
            for first in hits(fault, len(out)):
                _stale_dma(out, wire, first, around.dma_lag)
        elif fault.kind not in SLIPPING:
            for first in hits(fault, len(out)):
                _spoil(out, fault, first, fmt)
    slipping = [fault for fault in mine if fault.kind in SLIPPING]
    slips = [(first, fault) for fault in slipping for first in hits(fault, len(wire))]
    for first, fault in sorted(slips, key=lambda slip: -slip[0]):
        if fault.kind in PACKET_FAULTS:
            begin, end = packets_of(fault, first, edges)
            out = np.concatenate([out[:begin], out[end:]])
            continue
        end = min(first + fault.frames, len(wire))
        middle = out[first:first] if fault.kind == "drop" else out[max(0, first - fault.frames) : first]
        out = np.concatenate([out[:first], middle, out[end if fault.kind == "drop" else first :]])
    return out


def _spoil(out: Bytes, fault: FaultSpec, first: int, fmt: SampleFormat) -> None:
    end = min(first + fault.frames, len(out))
    change: dict[str, Callable[[Bytes], None]] = {
        "zero": lambda part: part.fill(0),
        "bitflip": lambda part: _flip(part, fault.bit),
        "byteshift": lambda part: _shift(part, fault.bit),
        "gain": lambda part: _scale(part, fault.gain_db, fmt),
        "swap": lambda part: _swap(part, fmt.sample_bytes),
        "resample": lambda part: _resample(part, fault.ppm, fmt),
        "rotate": lambda part: _shift(part, fault.bit * fmt.sample_bytes),
        "slip-bytes": lambda part: _shift(part, fault.bit),
    }
    lasts = fault.kind in ("rotate", "slip-bytes")
    change[fault.kind](out[first:] if lasts else out[first:end])


def _shift_packets(out: Bytes, fault: FaultSpec, edges: Ints) -> None:
    # The controller rounds the address of an unaligned packet down: its bytes lie beside their place.
    width = out.shape[1]
    bounds = edges[(edges >= fault.frame) & (edges <= len(out))]
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist()):
        if first * width % WORD_BYTES or end * width % WORD_BYTES:
            _shift(out[first:end], fault.bit)


def _bring_back(part: Bytes, before: Bytes | None) -> None:
    # Silence where the burst before was shorter, of another layout, or not there.
    part.fill(0)
    if before is not None and before.shape[1] == part.shape[1]:
        count = min(len(part), len(before))
        part[:count] = before[len(before) - count :]


def _stale_dma(out: Bytes, wire: Bytes, first: int, lag: int) -> None:
    count = max(1, DMA_LINE_BYTES // wire.shape[1])
    if first >= lag:
        length = len(out[first : first + count])
        out[first : first + length] = wire[first - lag : first - lag + length]


def _flip(part: Bytes, bit: int) -> None:
    place, shift = divmod(bit, 8)
    part[:, place % part.shape[1]] ^= np.uint8(1 << shift)


def _shift(part: Bytes, count: int) -> None:
    flat = part.reshape(-1)
    flat[:] = np.roll(flat, count)


def _swap(part: Bytes, sample_bytes: int) -> None:
    samples = part.reshape(len(part), -1, sample_bytes)
    if samples.shape[1] > 1:
        samples[:, [0, 1]] = samples[:, [1, 0]]


def _scale(part: Bytes, gain_db: float, fmt: SampleFormat) -> None:
    _put(part, np.rint(_samples(part, fmt) * 10 ** (gain_db / 20)), fmt)


def _resample(part: Bytes, ppm: float, fmt: SampleFormat) -> None:
    # Straight lines between the frames; past the end the last one is held.
    frames = len(part)
    samples = _samples(part, fmt).reshape(frames, -1)
    instants = np.arange(frames) * (1 + ppm / 1e6)
    columns = [np.interp(instants, np.arange(frames), column) for column in samples.T]
    _put(part, np.rint(np.stack(columns, axis=1)).reshape(-1), fmt)


def _samples(part: Bytes, fmt: SampleFormat) -> Floats:
    raw = part.reshape(-1, fmt.sample_bytes)
    wide = np.zeros((len(raw), 4), dtype=np.uint8)
    carried = _carried(fmt)
    wide[:, 4 - carried :] = raw[:, :carried]
    return wide.view("<i4")[:, 0] / 2.0 ** (32 - 8 * carried)


def _put(part: Bytes, values: Floats, fmt: SampleFormat) -> None:
    most = 2 ** (8 * _carried(fmt) - 1)
    limited = np.clip(values, -most, most - 1).astype("<i4")
    part.reshape(-1, fmt.sample_bytes)[:] = limited.view(np.uint8).reshape(-1, 4)[:, : fmt.sample_bytes]


def _carried(fmt: SampleFormat) -> int:
    # Bytes that hold the sample; a container may be larger.
    return min(fmt.sample_bytes, fmt.bits // 8)
