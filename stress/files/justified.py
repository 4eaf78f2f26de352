# SPDX-License-Identifier: MIT
"""Tell from the data where samples stand in their container: in its low bits or its high ones.

Headers do not say it well: arecord 1.2.14 writes 32 bits for S24_LE, some writers
24 for samples in the high bytes, and 20 bits come both ways.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import numpy as np

from stress.files.encoding import Encoding, StoredAudio, widened
from stress.model.arrays import Bytes

# Samples that decide. Source: 2^-8 each that a full-scale sample looks sign-extended
# by chance. Higher: time; lower: nothing known.
PROBE_SAMPLES = 1 << 16
LEAST_SAMPLES = 256
# Share of full scale that the loudest of them reaches. Source: the pattern is uniform,
# its loudest of 256 samples is above 0.97 but once in 2000. Higher: a recording of 24
# bits is taken for one of 32; lower: a path at -48 dB in 32 bits is taken for 24 bits.
LEAST_PEAK = 0.97
_WIDTHS = {4: (18, 20, 24), 3: (18, 20)}


def placed(stored: StoredAudio, read: Callable[[int, int], Bytes], frames: int) -> StoredAudio:
    """Return `stored` with the place of its samples as the data shows it, and a note where it is another.

    Parameters
    ----------
    read : read(first, frames) gives stored frames as they are.
    frames : in the file.
    """
    encoding = stored.encoding
    if encoding.floating or encoding.sample_bytes not in _WIDTHS:
        return stored
    cells = _sounding(stored, read, frames)
    if cells is None or len(cells) < LEAST_SAMPLES:
        return stored
    found = _low_bits(cells, encoding)
    if found == encoding.low_bits:
        return stored
    size = 8 * encoding.sample_bytes
    if found is None:
        where = f"in the high bits of {size}, not in the low ones as its header says"
    else:
        name = replace(encoding, low_bits=found).name
        where = (
            f"of {found} bits in the low bits of {size} ({name}), though the header says {stored.bits_said}"
        )
    note = f"samples {where}: seen from the data (--format overrules it)"
    return replace(stored, encoding=replace(encoding, low_bits=found), notes=(*stored.notes, note))


def _low_bits(cells: Bytes, encoding: Encoding) -> int | None:
    size = 8 * encoding.sample_bytes
    wide = widened(cells) >> np.int32(32 - size)
    if size == 32 and (cells[:, 3] == cells[0, 3]).all():
        # What lies above 24 bits may be anything that stands still: zeros, most often.
        wide = wide << np.int32(8) >> np.int32(8)
    peak = int(np.abs(wide.astype(np.int64)).max())
    for width in _WIDTHS[encoding.sample_bytes]:
        if LEAST_PEAK * (1 << (width - 1)) <= peak <= 1 << (width - 1):
            return width
    high = size == 32 and encoding.low_bits is not None and not (wide & np.int32(0xFF)).any()
    return None if high and peak > 1 << (encoding.low_bits or 0) else encoding.low_bits


def _sounding(stored: StoredAudio, read: Callable[[int, int], Bytes], frames: int) -> Bytes | None:
    # Little-endian samples from the first that is not zero on.
    step = max(1, PROBE_SAMPLES // stored.channels)
    for first in range(0, frames, step):
        raw = read(first, min(step, frames - first))
        if not raw.any():
            continue
        at = int(np.argmax(raw != 0)) // stored.frame_bytes
        raw = read(first + at, min(step, frames - first - at))
        cells = raw.reshape(-1, stored.encoding.sample_bytes)
        return np.ascontiguousarray(cells[:, ::-1]) if stored.encoding.big_endian else cells
    return None
