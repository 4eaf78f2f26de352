# SPDX-License-Identifier: MIT
"""Which bits of a sample the path really carries, probed from the data.

A card of 16 or 20 bits behind a 24 or 32-bit format is not corruption. The
width is taken from frames whose top 16 bits are right.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes, Flags
from stress.patterns.word import Pattern

WIDTHS = (32, 24, 20, 18, 16)

# Share of right frames that must carry a width. Source: at most half of the
# frames of a stressed capture are wrong in the low bits only. Higher: a faulty
# capture is called narrow; lower: a narrow path is called faulty.
SHARE = 0.9
# Frames in a row with every bit right, and the share of all in such rows, that refute a narrow path. Source:
# what cuts or dithers low bits does so all through, and leaves a row of 16 in fewer than half of the frames
# where it changes one in nine. Higher: a burst whose first frames have flipped low bits is called narrow, and
# what is wrong is not judged; lower: a dithered path is damage.
ROW, IN_ROWS = 16, 0.5


def probe_mask(raw: Bytes, position: int, pattern: Pattern) -> tuple[Bytes | None, int, list[str]]:
    """Return the mask of carried bits, the valid bits per sample, and notes.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8, locked frames.
    position : due at the first.

    Returns
    -------
    (frame_bytes,) uint8 or None when every bit is carried.
    """
    fmt = pattern.fmt
    if fmt.bits == 16:
        return None, 16, []
    size = fmt.sample_bytes
    due = pattern.bytes_at(position, raw.size // pattern.frame_bytes).reshape(-1, pattern.frame_bytes)
    seen = raw.reshape(-1, pattern.frame_bytes)
    wrong = (seen ^ due).reshape(len(due), pattern.channels, size)
    full = _mask_of(fmt.bits, fmt.bits, size)
    right = ~(wrong & _mask_of(16, fmt.bits, size)).any(axis=(1, 2))
    wrong = wrong[right]
    if not len(wrong):
        return None, fmt.bits, []
    bits = next((w for w in WIDTHS if w <= fmt.bits and _carried(wrong, w, fmt.bits)), 16)
    whole: Flags = np.asarray(~(wrong & full).any(axis=(1, 2)))
    if bits < fmt.bits and _in_rows(whole) >= IN_ROWS:
        bits = fmt.bits
    notes = []
    if bits < fmt.bits:
        notes.append(f"the path carries {bits} of {fmt.bits} bits per sample; the rest is not judged")
    padded = size * 8 > fmt.bits and (wrong & ~full).any(axis=(1, 2)).mean() > 1 - SHARE
    if padded:
        notes.append("the padding byte is not the sign of the sample; it is not judged")
    if bits == fmt.bits and not padded:
        return None, bits, notes
    mask = _mask_of(bits, fmt.bits, size)
    if not padded:
        mask = mask | (~full if size * 8 > fmt.bits else np.uint8(0))
    return np.tile(mask.astype(np.uint8), pattern.channels), bits, notes


def top_mask(pattern: Pattern) -> Bytes | None:
    """Return the mask of the top 16 bits of every sample, (frame_bytes,) uint8.

    None when a sample has no others.
    """
    fmt = pattern.fmt
    if fmt.bits == 16:
        return None
    return np.tile(_mask_of(16, fmt.bits, fmt.sample_bytes), pattern.channels)


def _carried(wrong: Bytes, width: int, bits: int) -> bool:
    mask = _mask_of(width, bits, wrong.shape[2])
    return bool((~(wrong & mask).any(axis=(1, 2))).mean() >= SHARE)


def _in_rows(whole: Flags) -> float:
    # Share of frames that stand in rows of ROW and more whole ones.
    ends = np.flatnonzero(np.diff(np.concatenate(([0], whole.astype(np.int8), [0]))))
    lengths = ends[1::2] - ends[::2]
    return float(lengths[lengths >= ROW].sum() / len(whole))


def _mask_of(width: int, bits: int, size: int) -> Bytes:
    # Top `width` of `bits` bits of a little-endian sample of `size` bytes.
    value = ((1 << width) - 1) << (bits - width)
    return np.frombuffer(value.to_bytes(size, "little"), np.uint8)
