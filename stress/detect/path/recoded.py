# SPDX-License-Identifier: MIT
"""Orders of bytes and unsigned words beneath a volume: undone sample by sample, each by itself."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes
from stress.model.formats import SampleFormat

BYTES = "bytes of each sample exchanged"
HALVES = "16-bit halves exchanged"
WITHIN = "bytes of each 16-bit half exchanged"


def unsigned(fmt: SampleFormat) -> str:
    """Return the encoding of unsigned words of a format."""
    return f"unsigned samples (bit {fmt.bits - 1} of every sample inverted)"


def encodings(fmt: SampleFormat) -> tuple[str, ...]:
    """Return the encodings that samples of a format may have."""
    return (BYTES, unsigned(fmt), *((HALVES, WITHIN) if fmt.sample_bytes == 4 else ()))


def recoded(raw: Bytes, fmt: SampleFormat, encoding: str) -> Bytes:
    """Return samples without an encoding; doing it twice gives them back.

    Parameters
    ----------
    raw : (n * sample_bytes,) uint8.
    encoding : one of `encodings`, or "" for none.

    Returns
    -------
    (n * sample_bytes,) uint8.
    """
    cells = raw.reshape(-1, fmt.sample_bytes)
    if encoding == BYTES:
        out = cells[:, ::-1]
    elif encoding == HALVES:
        out = cells[:, [2, 3, 0, 1]]
    elif encoding == WITHIN:
        out = cells[:, [1, 0, 3, 2]]
    elif encoding:
        out = cells.copy()
        out[:, fmt.bits // 8 - 1] ^= 0x80
    else:
        out = cells
    return np.ascontiguousarray(out).reshape(-1)
