# SPDX-License-Identifier: MIT
"""The bytes of a capture read as other words: in another order, unsigned, out of step."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes, Floats, Ints
from stress.model.formats import SampleFormat


def readings(raw: Bytes, fmt: SampleFormat, channels: int) -> list[Floats]:
    """Return the bytes as other words would have them.

    Parameters
    ----------
    raw : (frames * channels * sample_bytes,) uint8 of the capture.

    Returns
    -------
    (frames, channels) float64 for each other kind of word.
    """
    size, width = fmt.sample_bytes, 8 * fmt.sample_bytes
    cells = np.ascontiguousarray(raw.reshape(-1, channels, size))
    out = [_words(cells[:, :, ::-1])]
    if size == 4:
        out.append(_words(np.concatenate([cells[:, :, 2:], cells[:, :, :2]], axis=2)))
        out.append(_words(cells[:, :, [1, 0, 3, 2]]))
    top = _words(cells)
    used = _top_bit(top, width)
    out.append(_signed(top, used))
    out.append(_signed(top.astype(np.int64) ^ (1 << used), used))
    for moved in range(1, size * (channels if channels < 3 else 1)):
        stream = np.roll(raw, -moved)
        out.append(_words(np.ascontiguousarray(stream.reshape(-1, channels, size))))
    bits = np.unpackbits(raw, bitorder="little")
    for moved in range(1, 8):
        for way in (moved, -moved):
            stream = np.packbits(np.roll(bits, way), bitorder="little")
            out.append(_words(stream.reshape(-1, channels, size)))
    turned = np.packbits(np.unpackbits(raw), bitorder="little").reshape(-1, channels, size)
    out += [_words(turned), _words(turned[:, :, ::-1])]
    return out


def _words(cells: Bytes) -> Floats:
    # Little-endian words of any size as signed numbers.
    size = cells.shape[2]
    value = sum(cells[:, :, n].astype(np.int64) << (8 * n) for n in range(size))
    return np.asarray(_signed(np.asarray(value), 8 * size - 1))


def _signed(words: Ints | Floats, top: int) -> Floats:
    value = words.astype(np.int64) & ((1 << (top + 1)) - 1)
    return np.asarray(np.where(value >> top & 1, value - (1 << (top + 1)), value), np.float64)


def _top_bit(words: Floats, width: int) -> int:
    # The highest bit that changes.
    value = words.astype(np.int64) & ((1 << width) - 1)
    for bit in range(width - 1, 0, -1):
        share = float((value >> bit & 1).mean())
        if 0.02 < share < 0.98:
            return bit
    return width - 1
