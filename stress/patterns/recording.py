# SPDX-License-Identifier: MIT
"""Any recording as a stimulus: played round and round, by position."""

from __future__ import annotations

import zlib

from stress.errors import ConfigError
from stress.model.arrays import Bytes
from stress.model.formats import SampleFormat
from stress.patterns.table import repeat

# Shortest recording that is played [frames]. Source: the lock correlates 4096 frames.
# Higher: short jingles are refused; lower: the lock has no stretch of its own.
SHORTEST = 4096


class Recording:
    """A recording, frame `position` mod its length.

    Parameters
    ----------
    frames : (n * frame_bytes,) uint8, whole frames of `channels` in `fmt`.
    rate : [Hz].
    name : for messages.

    Attributes
    ----------
    period : its length; stale data whole periods old looks right [frames].
    crc32 : of all its frames.

    Raises
    ------
    ConfigError : too short, or silent throughout.

    Threads: immutable, any number of readers.
    """

    def __init__(self, frames: Bytes, fmt: SampleFormat, channels: int, rate: int, name: str) -> None:
        self.fmt, self.channels, self.rate, self.name = fmt, channels, rate, name
        self.frame_bytes = fmt.frame_bytes(channels)
        self.period = frames.size // self.frame_bytes
        if self.period < SHORTEST:
            raise ConfigError(
                f"holds {self.period} frames", where=name, allowed=f"recordings of {SHORTEST} frames or more"
            )
        if not frames.any():
            raise ConfigError("is silent: nothing in it could be told apart", where=name)
        self._frames = frames
        self.crc32 = zlib.crc32(frames.data)

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; `out` is whole frames, (n,) uint8.

        The place in the recording jumps where positions wrap at 2^32.
        """
        repeat(self._frames, position % self.period * self.frame_bytes, out)
