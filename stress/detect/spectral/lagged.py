# SPDX-License-Identifier: MIT
"""A stream against itself one period ago, two samples at a time.

A core without a vector unit pays per element, so channels are subtracted in
pairs: a pair of 16-bit samples is one 32-bit word, and a word plus a bias in
both halves shows in its high bits whether either half is larger than the bias.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Shorts

# Samples between those the mean is taken from: odd, so that it meets every channel.
_STRIDE = 31


class Lagged:
    """The last period of a stream and a block of what followed it.

    Parameters
    ----------
    channels : samples per frame.
    period, block : [frames]; the buffer holds both.

    Attributes
    ----------
    room : frames that fit before `drop` must be called.

    Threads: one feeder.
    """

    def __init__(self, channels: int, period: int, block: int) -> None:
        self._period, self._held = period, 0
        self.room = period + block
        self._frames = np.empty((period + block, channels), dtype=np.int16)
        self._flat = self._frames.ravel()
        # Pairs need an even number of channels: only then are all frames whole words.
        words = channels % 2 == 0
        self._words = self._flat.view(np.uint32) if words else np.empty(0, dtype=np.uint32)
        self._scratch = np.empty(block * channels // 2 if words else 0, dtype=np.uint32)

    @property
    def count(self) -> int:
        """Frames held that have a period before them."""
        return max(0, self._held - self._period)

    def put(self, frames: Shorts) -> None:
        """Copy the next frames, (n, channels) int16; at most `room` of them."""
        end = self._held + len(frames)
        self._frames[self._held : end] = frames
        self._held = end
        self.room = len(self._frames) - end

    def drop(self) -> None:
        """Forget all but the last period."""
        if self._held > self._period:
            self._frames[: self._period] = self._frames[self._held - self._period : self._held]
            self._held = self._period
            self.room = len(self._frames) - self._held

    def mean(self) -> int:
        """Return the mean magnitude of the differences, from one sample in 31, rounded up.

        Rounded down, noise of 1.5 LSB would count as 1 and alarm by itself.
        """
        now, old = self._parts(self._frames.shape[1])
        apart = self._flat[now][::_STRIDE] - self._flat[old][::_STRIDE]
        sampled = np.abs(apart, dtype=np.int32)
        total = int(np.add.reduce(sampled))
        return -(-total // int(sampled.size))

    def within(self, limit: int) -> bool:
        """Tell whether no difference is larger than `limit` either way."""
        bits = max(1, limit).bit_length() - 1
        if self._words.size and bits < len(_BIAS) and self._small(bits):
            return True
        difference = self.difference()
        return int(difference.max()) <= limit and int(difference.min()) >= -limit

    def difference(self) -> Shorts:
        """Return the differences of the frames that have a period before them, (n, channels) int16.

        Differences beyond 16 bits wrap; only opposite full-scale samples could
        wrap to quiet.
        """
        now, old = self._parts(1)
        return np.asarray(self._frames[now] - self._frames[old], dtype=np.int16)

    def _small(self, bits: int) -> bool:
        # All differences in -2^bits .. 2^bits - 1: with the bias added both halves are
        # below 2^(bits + 1), and the borrow of the low half is undone by its carry.
        now, old = self._parts(self._frames.shape[1] // 2)
        out = self._scratch[: old.stop]
        np.subtract(self._words[now], self._words[old], out)
        np.add(out, _BIAS[bits], out)
        return not int(np.bitwise_or.reduce(out)) & _OUTSIDE[bits]

    def _parts(self, size: int) -> tuple[slice, slice]:
        # The frames to judge and those a period earlier, of `size` elements each.
        return slice(self._period * size, self._held * size), slice(0, self.count * size)


# 0-d arrays: a scalar would be converted at every call.
_BIAS = tuple(np.array(0x10001 << bits, dtype=np.uint32) for bits in range(15))
_OUTSIDE = tuple(~(((2 << bits) - 1) * 0x10001) & 0xFFFFFFFF for bits in range(15))
