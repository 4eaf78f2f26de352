# SPDX-License-Identifier: MIT
"""The bit-exact pattern, version 1: every frame names its own position.

The word of position q is ``mix(q) ^ pair * 0x85EBCA6B``; its low half is the
left sample, its high half the right one. An odd last channel, and mono, carry
the word of ``q >> 1``: the low half in even positions, the high half in odd
ones. Nothing but the position is needed to make or to check a frame.
"""

from __future__ import annotations

import numpy as np

from stress.errors import ConfigError, one_of
from stress.model.arrays import Bytes, Halves, Indices, Words
from stress.model.formats import MAX_CHANNELS, SampleFormat, check_channels
from stress.model.stimulus import POSITIONS
from stress.patterns.layout import Layout
from stress.patterns.mix import (
    MASK,
    MIX1_MUL,
    low_word,
    mix1,
    mix1_of_product,
    mix2,
    pair_key,
    unmix1,
    unmix2,
    word32,
)

PATTERNS = ("mix1", "mix2")
_WORD = np.dtype("<u4")

# Words made at a time. Source: measured on x86-64, where calls cost 0.3 us each and
# 64 KiB stay in the second-level cache. Higher: the scratch leaves it, and boards
# with little memory pay; lower: the calls outweigh the words.
BLOCK = 16384


class Pattern:
    """The pattern in one format; stateless but for its scratch memory.

    Parameters
    ----------
    name : "mix1" or "mix2".
    fmt : sample format.
    channels : samples per frame, 1 to 8.
    block : frames made at a time; the scratch is about 28 bytes per frame.

    Raises
    ------
    ConfigError : unknown name or channel count.

    Threads: one at a time per object, because of the scratch.

    Attributes
    ----------
    positional : whether each frame shows its position by itself, as noise does.
    """

    positional = True

    def __init__(self, name: str, fmt: SampleFormat, channels: int, block: int = BLOCK) -> None:
        if name not in PATTERNS:
            raise ConfigError(f"unknown pattern {name!r}", key="pattern", allowed=one_of(PATTERNS))
        check_channels(channels)
        self.name, self.fmt, self.channels = name, fmt, channels
        self.layout = Layout(fmt, channels)
        self.frame_bytes = self.layout.frame_bytes
        self.pairs = channels // 2
        self.odd = channels % 2 == 1
        self.block = block
        ramp = np.arange(block + 1, dtype=np.uint32)
        self._ramp = ramp * word32(MIX1_MUL) if name == "mix1" else ramp
        self._low_ramp = ramp
        self._words_only = fmt.bits == 16 and not self.odd
        self._w, self._tmp = (np.empty(block + 1, np.uint32) for _ in range(2))
        self._v = np.empty(block + 1 if self.layout.has_low else 0, np.uint32)
        spare = 0 if self._words_only else block
        self._top = np.empty(spare, np.uint32)
        self._low = np.empty(spare if self.layout.has_low else 0, np.uint32)
        self._offset = np.zeros((), np.uint32)
        self._keys = [word32(pair_key(pair)) for pair in range(MAX_CHANNELS // 2)]

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; allocates nothing.

        Where samples are stored in the other byte order numpy takes a buffer of its own for a moment.

        Parameters
        ----------
        position : of the first frame, taken modulo 2^32.
        out : (n * frame_bytes,) uint8, C-contiguous; whole frames.
        """
        frames = self._whole_frames(out)
        done = 0
        while done < frames:
            q = (position + done) % POSITIONS
            n = min(self.block, frames - done, POSITIONS - q)
            self._fill_block(q, n, out[done * self.frame_bytes : (done + n) * self.frame_bytes])
            done += n

    def bytes_at(self, position: int, frames: int) -> Bytes:
        """Return `frames` frames from `position` on, a new (frames * frame_bytes,) uint8."""
        out = np.empty(frames * self.frame_bytes, np.uint8)
        self.fill(position, out)
        return out

    def image(self, positions: Words) -> Bytes:
        """Return the frames of any `positions`, (n, frame_bytes) uint8."""
        n = len(positions)
        out = np.empty(n * self.frame_bytes, np.uint8)
        w, v, tmp = np.empty(n, np.uint32), np.empty(n, np.uint32), np.empty(n, np.uint32)
        self._mix(positions, w, tmp)
        if self.layout.has_low:
            low_word(positions, v, tmp)
        for pair in range(self.pairs):
            self._write_pair(out, pair, w, v)
        if self.odd:
            self._mix(positions >> word32(1), w, tmp)
            if self.layout.has_low:
                low_word(positions >> word32(1), v, tmp)
            halves = 2 * np.arange(n) + (positions & word32(1))
            self._write_odd(out, w, v, halves.astype(np.intp))
        return out.reshape(n, self.frame_bytes)

    def positions(self, frames: Bytes) -> Words:
        """Return the position every pair of every frame claims to have.

        Parameters
        ----------
        frames : (n * frame_bytes,) uint8.

        Returns
        -------
        (n, pairs) uint32; for mono (n - 1, 1): row f decodes the samples of
        frames f and f + 1, right where frame f has an even position.
        """
        top = self.layout.top(frames)
        if not self.pairs:
            top = np.concatenate([top[:-1], top[1:]], axis=1)
        pairs = max(self.pairs, 1)
        words: Words = (
            np.array(top[:, : 2 * pairs], dtype="<u2", order="C").view("<u4").astype(np.uint32, copy=False)
        )
        for pair in range(1, pairs):
            np.bitwise_xor(words[:, pair], self._keys[pair], words[:, pair])
        positions = unmix1(words) if self.name == "mix1" else unmix2(words)
        if not self.pairs:
            np.left_shift(positions, word32(1), positions)
        return positions

    def _whole_frames(self, out: Bytes) -> int:
        frames, rest = divmod(out.size, self.frame_bytes)
        if rest:
            raise ValueError(f"{out.size} bytes are not whole frames of {self.frame_bytes} bytes")
        return frames

    def _mix(self, j: Words, out: Words, tmp: Words) -> None:
        (mix1 if self.name == "mix1" else mix2)(j, out, tmp)

    def _words(self, j: int, n: int, w: Words | None = None) -> Words:
        # Words of consecutive positions; for mix1 the product is linear: one addition.
        w, tmp = self._w[:n] if w is None else w, self._tmp[:n]
        if self.name == "mix1":
            self._offset[()] = j * MIX1_MUL & MASK
            np.add(self._ramp[:n], self._offset, w)
            mix1_of_product(w, w, tmp)
        else:
            self._offset[()] = j & MASK
            np.add(self._ramp[:n], self._offset, w)
            mix2(w, w, tmp)
        return w

    def _low_words(self, j: int, n: int) -> Words:
        v = self._v[:n]
        if self.layout.has_low:
            np.add(self._low_ramp[:n], word32(j), v)
            low_word(v, v, self._tmp[:n])
        return v

    def _fill_block(self, q: int, n: int, out: Bytes) -> None:
        if self._words_only and self.pairs == 1:
            self._words(q, n, out.view(_WORD))  # the first pair's key is 0
            return
        if self.pairs:
            w = self._words(q, n)
            if self._words_only:
                columns = out.view("<u4").reshape(n, self.pairs)
                for pair in range(self.pairs):
                    np.bitwise_xor(w, self._keys[pair], columns[:, pair])
                return
            v = self._low_words(q, n)
            for pair in range(self.pairs):
                self._write_pair(out, pair, w, v)
        if self.odd:
            side = q & 1
            words = (n + side + 1) // 2
            w, v = self._words(q >> 1, words), self._low_words(q >> 1, words)
            self._write_odd(out, w, v, slice(side, side + n))

    def _write_pair(self, out: Bytes, pair: int, w: Words, v: Words) -> None:
        n, key = len(w), self._keys[pair]
        top, low = self._scratch(n)
        np.bitwise_xor(w, key, top)
        if not self.layout.has_low:
            self.layout.write(out, 2 * pair, _halves(top).reshape(n, 2), None)
            return
        np.bitwise_xor(v, key, low)
        self.layout.write(out, 2 * pair, _halves(top).reshape(n, 2), _halves(low).reshape(n, 2))

    def _write_odd(self, out: Bytes, w: Words, v: Words, which: slice | Indices) -> None:
        # The last channel takes halves `which` of the words; w and v are spoilt.
        key = self._keys[self.channels // 2]
        np.bitwise_xor(w, key, w)
        top = _halves(w)[which].reshape(-1, 1)
        if not self.layout.has_low:
            self.layout.write(out, self.channels - 1, top, None)
            return
        np.bitwise_xor(v, key, v)
        self.layout.write(out, self.channels - 1, top, _halves(v)[which].reshape(-1, 1))

    def _scratch(self, n: int) -> tuple[Words, Words]:
        if n <= len(self._top):
            return self._top[:n], self._low[:n]
        return np.empty(n, np.uint32), np.empty(n, np.uint32)


def _halves(words: Words) -> Halves:
    # Low and high half of each word, in turn; a copy on a big-endian machine only.
    return words.astype("<u4", copy=False).view("<u2")
