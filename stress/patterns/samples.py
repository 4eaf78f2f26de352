# SPDX-License-Identifier: MIT
"""Samples of every linear format, as 32-bit integers and back.

A sample is left-justified in 32 bits, whatever its width, byte order or sign
convention, so that any two formats can be compared in the bits both carry. A
float carries 24 bits (a double 32): every integer of that width is exact in it,
and a value that is none of them was changed by somebody.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Array, Bytes, Words
from stress.model.formats import SampleFormat

_SIGN = np.uint32(0x80000000)


def unpack(frames: Bytes, fmt: SampleFormat, channels: int) -> Words:
    """Return the samples of `frames`, left-justified two's complement.

    Bits above a sample that is narrower than its container are not looked at.

    Parameters
    ----------
    frames : (n * frame_bytes,) uint8.

    Returns
    -------
    (n, channels) uint32.
    """
    cells = frames.reshape(-1, channels, fmt.sample_bytes)
    if fmt.big_endian:
        cells = cells[:, :, ::-1]
    if fmt.floating:
        return _of_floats(cells, fmt)
    wide = np.zeros((len(cells), channels, 4), np.uint8)
    wide[:, :, : fmt.sample_bytes] = cells
    samples: Words = wide.view("<u4")[:, :, 0].astype(np.uint32, copy=False)
    samples <<= np.uint32(32 - fmt.bits)
    if fmt.unsigned:
        samples ^= _SIGN
    return samples


def pack(samples: Words, fmt: SampleFormat) -> Bytes:
    """Return `samples` in `fmt`, bits below its width cut off; the inverse of `unpack`.

    A narrower sample is sign-extended in its container, an unsigned one padded with zeros.

    Parameters
    ----------
    samples : (n, channels) uint32, left-justified two's complement.

    Returns
    -------
    (n * frame_bytes,) uint8.
    """
    if fmt.floating:
        cells = _to_floats(samples, fmt)
    else:
        down = 32 - fmt.bits
        if fmt.unsigned:
            narrow = (samples ^ _SIGN) >> np.uint32(down)
        else:
            narrow = (samples.view(np.int32) >> np.int32(down)).view(np.uint32)
        cells = _cells(narrow.astype("<u4"), samples.shape[1], 4)[:, :, : fmt.sample_bytes]
    if fmt.big_endian:
        cells = cells[:, :, ::-1]
    return np.ascontiguousarray(cells).reshape(-1)


def _cells(values: Array, channels: int, size: int) -> Bytes:
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, channels, size)


def _of_floats(cells: Bytes, fmt: SampleFormat) -> Words:
    kind = "<f4" if fmt.sample_bytes == 4 else "<f8"
    values = np.ascontiguousarray(cells).view(kind)[:, :, 0].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = values * 2.0 ** (fmt.bits - 1)
        whole = np.rint(scaled)
        most = 2.0 ** (fmt.bits - 1)
        exact = (whole == scaled) & (scaled >= -most) & (scaled < most)
        kept = np.where(np.isfinite(scaled), np.clip(whole, -most, most - 1), 0)
    samples = kept.astype(np.int64).astype(np.uint32) << np.uint32(32 - fmt.bits)
    # What is no integer of that width is wrong in its last bit at least, and in no other needlessly.
    last = np.uint32(1 << (32 - fmt.bits))
    samples[~exact] ^= last
    return np.ascontiguousarray(samples)


def _to_floats(samples: Words, fmt: SampleFormat) -> Bytes:
    whole = samples.view(np.int32) >> np.int32(32 - fmt.bits)
    kind = "<f4" if fmt.sample_bytes == 4 else "<f8"
    values = (whole.astype(np.float64) / 2.0 ** (fmt.bits - 1)).astype(kind)
    return _cells(values, samples.shape[1], fmt.sample_bytes)
