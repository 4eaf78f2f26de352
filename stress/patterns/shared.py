# SPDX-License-Identifier: MIT
"""What two directions have in common: the frames that are sent, judged and compared.

Playback and capture may differ in format and number of channels. The pattern is
defined on the channels both carry, in the bits both carry ("shared frames");
each direction writes it into its own layout and reads it back from there. One
shared frame is one frame of either direction, so frames, laps and lags mean the
same everywhere; only bytes differ.

Samples of 8 bits: two channels together carry one 16-bit sample of the pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np

from stress.errors import ConfigError
from stress.model.arrays import Bytes
from stress.model.formats import FORMATS, SampleFormat
from stress.patterns.samples import pack, unpack

# Frames converted at a time. Source: 64 channels of 4 bytes are 4 MB of scratch.
# Higher: memory of small boards; lower: calls outweigh the work.
BLOCK = 16384


@dataclass(frozen=True)
class Side:
    """One direction of a card.

    Parameters
    ----------
    picks : channel of this direction that carries shared channel 0, 1, ...
    """

    fmt: SampleFormat
    channels: int
    picks: tuple[int, ...]


class Converter:
    """Writes shared frames into the layout of one direction, and reads them from it.

    Attributes
    ----------
    identity : both layouts are the same: bytes need no conversion.
    frame_bytes : of the direction.
    """

    def __init__(self, side: Side, fmt: SampleFormat, channels: int) -> None:
        self.side, self.fmt, self.channels = side, fmt, channels
        self.frame_bytes = side.fmt.frame_bytes(side.channels)
        self.shared_bytes = fmt.frame_bytes(channels)
        straight = side.picks == tuple(range(side.channels))
        self.identity = straight and side.fmt == fmt and side.channels == channels
        self._by_bytes = len(side.picks) != channels

    def spread(self, shared: Bytes, out: Bytes) -> None:
        """Write shared frames into `out`; channels that share nothing repeat the others.

        Parameters
        ----------
        shared : (n * shared_bytes,) uint8.
        out : (n * frame_bytes,) uint8.
        """
        for first in range(0, shared.size // self.shared_bytes, BLOCK):
            part = shared[first * self.shared_bytes : (first + BLOCK) * self.shared_bytes]
            place = out[first * self.frame_bytes : (first + BLOCK) * self.frame_bytes]
            if self._by_bytes:
                tops = part.reshape(-1, len(self.side.picks)).astype(np.uint32) << np.uint32(24)
            else:
                tops = unpack(part, self.fmt, self.channels)
            place[:] = pack(np.ascontiguousarray(tops[:, self._sources()]), self.side.fmt)

    def gather(self, raw: Bytes) -> Bytes:
        """Return the shared frames of `raw`, (n * frame_bytes,) uint8, whole frames."""
        if self.identity:
            return raw
        frames = raw.size // self.frame_bytes
        out = np.empty(frames * self.shared_bytes, np.uint8)
        for first in range(0, frames, BLOCK):
            part = raw[first * self.frame_bytes : min(frames, first + BLOCK) * self.frame_bytes]
            samples = unpack(part, self.side.fmt, self.side.channels)[:, list(self.side.picks)]
            place = out[first * self.shared_bytes : (first + BLOCK) * self.shared_bytes]
            if self._by_bytes:
                place[:] = (samples >> np.uint32(24)).astype(np.uint8).reshape(-1)
            else:
                place[:] = pack(np.ascontiguousarray(samples), self.fmt)
        return out

    def _sources(self) -> list[int]:
        # Shared channel for each own one; one that is not picked repeats its neighbours, so
        # that a card which mixes two channels into one still gives the pattern.
        picks = self.side.picks
        sources = [number % len(picks) for number in range(self.side.channels)]
        for shared, own in enumerate(picks):
            sources[own] = shared
        return sources

    def telling_share(self, line_bytes: int) -> float:
        """Return the share of cache lines in which a shared sample lies.

        Frames are packed without gaps, so lines and frames meet every way there is
        within their least common multiple.
        """
        size, width = self.side.fmt.sample_bytes, self.frame_bytes
        judged = np.zeros(width, np.bool_)
        for own in self.side.picks:
            judged[own * size : (own + 1) * size] = True
        turns = line_bytes // gcd(line_bytes, width)
        lines = np.tile(judged, turns).reshape(-1, line_bytes)
        return float(lines.any(axis=1).mean())


@dataclass(frozen=True)
class Shared:
    """The frames that playback and capture have in common.

    Parameters
    ----------
    fmt, channels : of a shared frame; always a format of the pattern's own.
    playback, capture : the converters of both directions.
    """

    fmt: SampleFormat
    channels: int
    playback: Converter
    capture: Converter

    @property
    def plain(self) -> bool:
        """True when neither direction needs a conversion."""
        return self.playback.identity and self.capture.identity

    def limits(self) -> tuple[str, ...]:
        """Return what these layouts cannot prove, one line each."""
        lines = []
        for name, one in (("playback", self.playback), ("capture", self.capture)):
            left = one.side.channels - len(one.side.picks)
            if left:
                lines.append(
                    f"{left} of {one.side.channels} {name} channels are not compared: "
                    f"the other direction does not carry them"
                )
        bits = min(self.playback.side.fmt.bits, self.capture.side.fmt.bits)
        most = max(self.playback.side.fmt.bits, self.capture.side.fmt.bits)
        if bits != most:
            lines.append(f"{bits} of {most} bits per sample are compared: one direction carries no more")
        return tuple(lines)


def share(
    playback: tuple[SampleFormat, int],
    capture: tuple[SampleFormat, int],
    pairs: Sequence[tuple[int, int]] = (),
    where: str = "",
) -> Shared:
    """Return what two directions have in common.

    Parameters
    ----------
    playback, capture : format and channels.
    pairs : channels that belong together, (played, captured) each, from 0 on; the
        same numbers as far as both have them when empty.

    Raises
    ------
    ConfigError : a channel that does not exist or is named twice, or samples of
        8 bits with a single channel in common.
    """
    both = tuple(pairs) or tuple((n, n) for n in range(min(playback[1], capture[1])))
    for name, side, channels in (("playback", 0, playback[1]), ("capture", 1, capture[1])):
        numbers = [pair[side] for pair in both]
        if len(set(numbers)) != len(numbers) or not all(0 <= n < channels for n in numbers):
            raise ConfigError(
                f"names a {name} channel that does not exist, or one twice",
                where=where,
                key="channel_map",
                allowed=f"1 to {channels} for {name}, each once",
            )
    bits = min(playback[0].bits, capture[0].bits)
    if bits == 8:
        both = both[: len(both) // 2 * 2]
        if not both:
            raise ConfigError(
                "one channel of 8 bits cannot name a position of the pattern",
                where=where,
                key="format",
                allowed="8 bits with two channels in common, or 16 bits and more",
            )
    fmt = _format_of(playback[0], capture[0], bits)
    channels = len(both) // 2 if bits == 8 else len(both)
    sides = (
        Side(playback[0], playback[1], tuple(pair[0] for pair in both)),
        Side(capture[0], capture[1], tuple(pair[1] for pair in both)),
    )
    return Shared(fmt, channels, *(Converter(side, fmt, channels) for side in sides))


def _format_of(playback: SampleFormat, capture: SampleFormat, bits: int) -> SampleFormat:
    if playback == capture and playback.native:
        return playback
    return FORMATS["S16_LE" if bits <= 16 else "S24_3LE" if bits <= 24 else "S32_LE"]
