# SPDX-License-Identifier: MIT
"""Compare captured bytes with what was due, at the speed of the C library, block by block.

ctypes calls memcmp without a temporary and without the interpreter lock;
numpy's own comparison writes a byte of result per element first.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof
from functools import lru_cache
from typing import Any

import numpy as np

from stress.model.arrays import Bytes
from stress.model.stimulus import POSITIONS
from stress.patterns.mix import MASK, MIX1_MUL, word32
from stress.patterns.word import Pattern

from_buffer: Any = ctypes.c_char.from_buffer


class Memory:
    """The two functions of the C library that the fast path needs."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None)
        self.memcmp: Any = libc.memcmp
        self.memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
        self.memcmp.restype = ctypes.c_int
        self.memmem: Any = libc.memmem
        self.memmem.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t)
        self.memmem.restype = ctypes.c_void_p

    def same(self, a: Bytes, b: Bytes) -> bool:
        """Tell whether two C-contiguous arrays of one size are equal.

        Parameters
        ----------
        a, b : (n,) uint8.

        Raises
        ------
        ValueError : the sizes differ; nothing is ever compared in part.
        """
        if a.nbytes != b.nbytes:
            raise ValueError(f"{a.nbytes} bytes cannot equal {b.nbytes} bytes")
        return not self.memcmp(address(a), address(b), a.nbytes)


@lru_cache(maxsize=1)
def memory() -> Memory:
    """Return the functions, looked up once per process."""
    return Memory()


def address(array: Bytes) -> int:
    """Return the address of the first byte; the caller keeps the array alive.

    Parameters
    ----------
    array : (n,) uint8, C-contiguous.

    Raises
    ------
    ValueError : the array lies in pieces.
    """
    try:
        # A fifth of the time of `array.ctypes.data`, which builds an object first.
        return addressof(from_buffer(array))
    except (TypeError, ValueError):  # read-only or empty
        if not array.flags.c_contiguous:
            raise ValueError("frames must lie in one piece") from None
        return int(array.ctypes.data)


_15 = word32(15)

# Words of a block of mix1 in stereo. Source: on x86-64 the calls of numpy outweigh
# the words below 16384, and four arrays of 128 KiB stay in a second-level cache of
# 1 MiB. Higher: they leave it, and boards with little memory pay; lower: the calls.
STEREO_BLOCK = 32768


class Regenerator:
    """Makes the frames due in memory of its own and compares them there.

    Parameters
    ----------
    pattern : what was played.

    Attributes
    ----------
    due : (block * frame_bytes,) uint8; after a comparison that failed, the
        frames of that block.
    block : frames made and compared at a time.

    Threads: one at a time per object.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern, self._size = pattern, pattern.frame_bytes
        self._memcmp = memory().memcmp
        self._lean = pattern.name == "mix1" and pattern.channels == 2 and pattern.fmt.bits == 16
        self.block = STEREO_BLOCK if self._lean else pattern.block
        self.due = np.empty(self.block * self._size, np.uint8)
        self._at = address(self.due)
        if self._lean:
            self._ramp = np.arange(self.block, dtype=np.uint32) * word32(MIX1_MUL)
            # The stream is little endian: on a big-endian machine numpy swaps as it writes.
            self._x, self._w = np.empty(self.block, np.uint32), self.due.view("<u4")
            # Slices of the last short block: callers that stream come with the same size again.
            self._cut = (self._ramp[:0], self._x[:0], self._w[:0])
            self._step, self._first = word32(self.block * MIX1_MUL), word32(0)

    def right(self, at: int, position: int, frames: int) -> int:
        """Return how many frames lie in blocks that are right, from the first on.

        Parameters
        ----------
        at : address of the first captured frame.
        position : due there.
        frames : to compare; fewer come back where a block is wrong.
        """
        if self._lean:
            return self._right_words(at, position, frames)
        done = 0
        while done < frames:
            n = min(self.block, frames - done)
            self._pattern.fill((position + done) % POSITIONS, self.due[: n * self._size])
            if self._memcmp(at + done * self._size, self._at, n * self._size):
                break
            done += n
        return done

    def _right_words(self, at: int, position: int, frames: int) -> int:
        # Three passes over a block in cache; the products of a block are those of the last plus a step.
        block, x, w, done = self.block, self._x, self._w, 0
        self._first[()] = position * MIX1_MUL & MASK
        last, offset = self._ramp, self._first
        while done < frames:
            n = frames - done
            if n < block:
                if n != self._cut[0].size:
                    self._cut = (self._ramp[:n], self._x[:n], self._w[:n])
                ramp, x, w = self._cut
                last = x if done else ramp
            else:
                n = block
            np.add(last, offset, x)
            np.right_shift(x, _15, w)
            np.bitwise_xor(x, w, w)
            if self._memcmp(at + 4 * done, self._at, 4 * n):
                break
            done += n
            last, offset = x, self._step
        return done
