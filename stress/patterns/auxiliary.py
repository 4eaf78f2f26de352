# SPDX-License-Identifier: MIT
"""Stimuli for single questions: bit width, byte order, slew, clipping, mute, latency.

None of them can show a stale line by itself: all are short periods. Alternate
them with a pattern that knows its position (`Interleaved`).
"""

from __future__ import annotations

import numpy as np

from stress.errors import ConfigError, one_of
from stress.model.arrays import Bytes, Ints
from stress.model.formats import MOST_CHANNELS, SampleFormat, check_channels
from stress.model.stimulus import AUXILIARY, ONE_SIDED, Source
from stress.patterns.noise import NoisePattern
from stress.patterns.table import repeat

#: Frames between impulses; prime, so that it lands on every ring offset.
IMPULSE_FRAMES = 1009
_BLOCK = 64  # frames at each end of full scale


class AuxiliaryPattern:
    """A short period of fixed sample values, the same in every channel.

    Parameters
    ----------
    name : one of `AUXILIARY`: walking-ones and -zeros (one bit after the other,
        stuck and missing bits), toggle (all bits), checker (0x55, 0xAA),
        byte-order (0x00FF, 0xFF00), full-scale (blocks of both ends),
        extremes (both ends in turn), silence, impulse (half scale).
    channels : 1..8.

    Attributes
    ----------
    period : [frames].

    Raises
    ------
    ConfigError : unknown name or channel count.

    Threads: immutable, any number of readers.
    """

    def __init__(self, name: str, channels: int, fmt: SampleFormat) -> None:
        if name not in AUXILIARY:
            raise ConfigError(f"unknown stimulus {name!r}", key="stimulus", allowed=one_of(AUXILIARY))
        check_channels(channels, MOST_CHANNELS)
        self.name, self.channels, self.fmt = name, channels, fmt
        self.frame_bytes = fmt.frame_bytes(channels)
        values = np.repeat(_values(name, fmt.bits), channels)
        wide = values.astype("<i8").view(np.uint8).reshape(-1, 8)
        self._table = np.ascontiguousarray(wide[:, : fmt.sample_bytes]).reshape(-1)
        self.period = self._table.size // self.frame_bytes

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; `out` is whole frames, (n,) uint8."""
        repeat(self._table, position % self.period * self.frame_bytes, out)


def _values(name: str, bits: int) -> Ints:
    # One period of samples as signed integers of `bits` bits.
    ones = (1 << bits) - 1
    top = 1 << (bits - 1)
    fives = 0x55555555 & ones
    low = 0x00FF00FF & ones if bits != 24 else 0x0000FF
    tables: dict[str, list[int]] = {
        "walking-ones": [1 << bit for bit in range(bits)],
        "walking-zeros": [ones ^ (1 << bit) for bit in range(bits)],
        "toggle": [0, ones],
        "checker": [fives, ones ^ fives],
        "byte-order": [low, ones ^ low],
        "full-scale": [top - 1] * _BLOCK + [top + 1] * _BLOCK,
        "extremes": [top - 1, top],
        "silence": [0],
        "impulse": [top >> 1] + [0] * (IMPULSE_FRAMES - 1),
    }
    unsigned = np.array(tables[name], dtype=np.int64)
    return np.asarray(np.where(unsigned >= top, unsigned - (1 << bits), unsigned), dtype=np.int64)


class OneSided:
    """Band-limited noise on one channel, silence on the others: swap and crosstalk.

    Parameters
    ----------
    channel : the one that sounds, 0 for the left.

    Raises
    ------
    ConfigError : no such channel.
    """

    period: int | None = None

    def __init__(self, channel: int, rate: int, channels: int, fmt: SampleFormat) -> None:
        if not 0 <= channel < channels:
            raise ConfigError(f"channel {channel}", key="channel", allowed=f"0..{channels - 1}")
        self._noise = NoisePattern(rate, channels, fmt)
        self.name = f"noise on channel {channel + 1} only"
        self.channel, self.channels, self.fmt = channel, channels, fmt
        self.frame_bytes = fmt.frame_bytes(channels)

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; `out` is whole frames, (n,) uint8."""
        whole = np.empty_like(out)
        self._noise.fill(position, whole)
        view = out.reshape(-1, self.channels, self.fmt.sample_bytes)
        view[:] = 0
        view[:, self.channel] = whole.reshape(view.shape)[:, self.channel]


class Interleaved:
    """Two sources in turn, so that a stimulus without position gains lag evidence.

    Parameters
    ----------
    first, second : sources of the same frames; `first` has the even turns.
    turn : frames of one turn, e.g. one second.

    Raises
    ------
    ConfigError : a turn below one frame, or sources of different frames.
    """

    period: int | None = None

    def __init__(self, first: Source, second: Source, turn: int) -> None:
        if turn < 1:
            raise ConfigError(f"turn of {turn} frames", key="turn", allowed="1 or more")
        if (first.fmt, first.channels) != (second.fmt, second.channels):
            raise ConfigError(f"{first.name} and {second.name} have different frames", key="stimulus")
        self._sources, self._turn = (first, second), turn
        self.name = f"{first.name} and {second.name} in turn"
        self.fmt, self.channels, self.frame_bytes = first.fmt, first.channels, first.frame_bytes

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; `out` is whole frames, (n,) uint8."""
        frames, done = out.size // self.frame_bytes, 0
        while done < frames:
            now = position + done
            count = min(frames - done, self._turn - now % self._turn)
            part = out[done * self.frame_bytes : (done + count) * self.frame_bytes]
            self._sources[now // self._turn % 2].fill(now, part)
            done += count


def auxiliary(name: str, rate: int, channels: int, fmt: SampleFormat) -> Source:
    """Return the auxiliary stimulus of that name, one of `AUXILIARY` or `ONE_SIDED`.

    Raises
    ------
    ConfigError : unknown name, or a side the channels do not have.
    """
    if name in ONE_SIDED:
        return OneSided(ONE_SIDED.index(name), rate, channels, fmt)
    return AuxiliaryPattern(name, channels, fmt)
