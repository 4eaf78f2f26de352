# SPDX-License-Identifier: MIT
"""The bijections of 32-bit words that make the pattern, and their inverses.

All arithmetic is modulo 2^32. ``mix1`` costs three passes over the words and
is the default; ``mix2`` (the "lowbias32" hash) toggles every bus line evenly.
Both are compositions of odd multiplications and xor-shifts, so no two
positions share a word: old data can never pass for right data.

Source: Knuth, TAOCP volume 3, 6.4 (multiplicative hashing, the constant of
mix1); Chris Wellons, "Prospecting for hash functions" (the constants of mix2).
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Words

MASK = 0xFFFFFFFF
MIX1_MUL = 0x9E3779B1
MIX1_INV = 0x0E8B2F51
MIX2_MUL = (0x7FEB352D, 0x846CA68B)
MIX2_INV = (0x1D69E2A5, 0x43021123)
PAIR_MUL = 0x85EBCA6B  #: times the pair number: what tells the channel pairs apart
LOW_KEY = 0x5EED5EED  #: xored to the position for the bits below the top 16


def word32(value: int) -> Words:
    """Return `value` modulo 2^32 as a uint32 array of shape (), free of scalar promotion."""
    return np.array(value & MASK, dtype=np.uint32)


_15, _16, _30 = word32(15), word32(16), word32(30)
_MIX1_MUL, _MIX1_INV, _LOW_KEY = word32(MIX1_MUL), word32(MIX1_INV), word32(LOW_KEY)
_MIX2_A, _MIX2_B = (word32(value) for value in MIX2_MUL)
_MIX2_INV_A, _MIX2_INV_B = (word32(value) for value in MIX2_INV)


def pair_key(pair: int) -> int:
    """Return the constant xored to every word of channel pair `pair`."""
    return pair * PAIR_MUL & MASK


def xorshift(x: Words, shift: Words, out: Words, tmp: Words) -> None:
    """Write ``x ^ (x >> shift)`` to `out`; `out` may be `x`, `tmp` may not.

    Parameters
    ----------
    x, out, tmp : uint32 of one shape.
    shift : uint32 of shape ().
    """
    np.right_shift(x, shift, tmp)
    np.bitwise_xor(x, tmp, out)


def mix1(j: Words, out: Words, tmp: Words) -> None:
    """Write mix1 of the positions `j` to `out`; `j`, `out` and the scratch are all (n,) uint32."""
    np.multiply(j, _MIX1_MUL, out)
    xorshift(out, _15, out, tmp)


def mix1_of_product(x: Words, out: Words, tmp: Words) -> None:
    """Finish mix1 of ``x = j * MIX1_MUL`` in `out`; `x`, `out` and the scratch are all (n,) uint32."""
    xorshift(x, _15, out, tmp)


def mix2(j: Words, out: Words, tmp: Words) -> None:
    """Write mix2 of the positions `j` to `out`; `j`, `out` and the scratch are all (n,) uint32."""
    xorshift(j, _16, out, tmp)
    np.multiply(out, _MIX2_A, out)
    xorshift(out, _15, out, tmp)
    np.multiply(out, _MIX2_B, out)
    xorshift(out, _16, out, tmp)


def low_word(j: Words, out: Words, tmp: Words) -> None:
    """Write the word of the bits below the top 16 of the positions `j`; all (n,) uint32."""
    np.bitwise_xor(j, _LOW_KEY, out)
    mix2(out, out, tmp)


def unmix1(w: Words) -> Words:
    """Return the positions whose mix1 is `w`; a new array of its shape."""
    x = w ^ (w >> _15) ^ (w >> _30)
    np.multiply(x, _MIX1_INV, x)
    out: Words = x
    return out


def unmix2(w: Words) -> Words:
    """Return the positions whose mix2 is `w`; a new array of its shape."""
    x = w ^ (w >> _16)
    np.multiply(x, _MIX2_INV_B, x)
    x = x ^ (x >> _15) ^ (x >> _30)
    np.multiply(x, _MIX2_INV_A, x)
    out: Words = x ^ (x >> _16)
    return out
