# SPDX-License-Identifier: MIT
"""The channels of the pattern as streams of numbers, each by its own index.

Channels 0 to 7 are those of pairs; `ODD` and more are the odd last channels,
which carry a word in two frames. A captured channel may hold any of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stress.model.arrays import Bytes, Ints
from stress.model.formats import SampleFormat
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

PAIRED = 8  #: channels that pairs carry
ODD = 64  #: first index of the odd last channels, one per pair
ALL = (*range(PAIRED), *range(ODD, ODD + 4))  #: sources that are looked for


def index_of(source: int) -> int:
    """Return the channel of the pattern that a source is: 0 for mono."""
    return source if source < ODD else 2 * (source - ODD)


class Sources:
    """Streams of one pattern in one format.

    Parameters
    ----------
    name : of the pattern, "mix1" or "mix2".
    fmt : sample format; its bits are the unit of the samples.
    kept : bits of each sample that were played, 0 for all: a file of 16 bits in a stream of 24 has 16.

    Threads: one at a time per object.
    """

    def __init__(self, name: str, fmt: SampleFormat, kept: int = 0) -> None:
        self.name, self.fmt = name, fmt
        self.below = (1 << (fmt.bits - kept if kept else 0)) - 1
        self._patterns: dict[int, Pattern] = {}

    def block(self, position: int, frames: int, sources: Sequence[int]) -> Ints:
        """Return the samples of some sources from `position` on.

        Returns
        -------
        int64 of shape (frames, number of sources), LSB of the format.
        """
        out = np.empty((frames, len(sources)), np.int64)
        made: dict[int, Ints] = {}
        for column, source in enumerate(sources):
            channels = self._channels(source)
            if channels not in made:
                made[channels] = self._samples(channels, position, frames)
            out[:, column] = made[channels][:, index_of(source)]
        return out

    def _channels(self, source: int) -> int:
        return 2 * (source // 2) + 2 if source < ODD else index_of(source) + 1

    def pattern(self, channels: int) -> Pattern:
        """Return the pattern of so many channels."""
        if channels not in self._patterns:
            self._patterns[channels] = Pattern(self.name, self.fmt, channels)
        return self._patterns[channels]

    def _samples(self, channels: int, position: int, frames: int) -> Ints:
        pattern = self.pattern(channels)
        raw = pattern.bytes_at(position % POSITIONS, frames)
        return numbers(raw, pattern.fmt, channels) & ~self.below


def numbers(raw: Bytes, fmt: SampleFormat, channels: int) -> Ints:
    """Return captured samples as integers.

    Parameters
    ----------
    raw : (frames * channels * sample_bytes,) uint8.

    Returns
    -------
    (frames, channels) int64, LSB of the format.
    """
    cells = raw.reshape(-1, channels, fmt.sample_bytes)
    if fmt.bits == 16:
        return np.ascontiguousarray(cells).view("<i2")[:, :, 0].astype(np.int64)
    used = fmt.bits // 8
    wide = np.zeros((*cells.shape[:2], 4), np.uint8)
    wide[:, :, 4 - used :] = cells[:, :, :used]
    return wide.view("<i4")[:, :, 0].astype(np.int64) >> (32 - fmt.bits)
