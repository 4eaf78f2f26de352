# SPDX-License-Identifier: MIT
"""What was ever stored into one ring, found again by the number of its word."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Array, Bytes, Ints

# Bytes kept of bursts gone by, minutes of stereo. Higher: a soak fills the memory; lower: data of
# an old burst, still in the cache or the ring, would come out as zeros.
KEPT_BYTES = 64 << 20


class RingHistory:
    """Keep the streams of all bursts since hw_params, as granules.

    The model's words hold numbers, not data: 0 for zeros, base + position + 1
    for the granule at that position of the burst that began at `base`. Bases
    are whole laps, so numbers that differ by a lap belong to one ring offset.

    Parameters
    ----------
    ring_granules : length of the ring [granules].
    granule_bytes : 1, 2 or 4.
    """

    def __init__(self, ring_granules: int, granule_bytes: int) -> None:
        self.base = 0
        self._ring = ring_granules
        self._dtype = np.dtype(f"<u{granule_bytes}")
        self._bursts: list[tuple[int, Array]] = []

    def put(self, stream: Bytes) -> None:
        """Make `stream`, (n,) uint8, the data of the burst at `base`."""
        size = self._dtype.itemsize
        padded = np.zeros(-(-len(stream) // size) * size, dtype=np.uint8)
        padded[: len(stream)] = stream
        self._bursts.append((self.base, padded.view(self._dtype)))

    def advance(self) -> None:
        """End the burst: the next one's numbers begin at a lap of its own."""
        used = len(self._bursts[-1][1]) if self._bursts else 0
        self.base += (used // self._ring + 1) * self._ring
        kept = 0
        for place in range(len(self._bursts) - 1, -1, -1):
            kept += self._bursts[place][1].nbytes
            if kept > KEPT_BYTES:
                del self._bursts[:place]
                break

    def get(self, numbers: Ints) -> Array:
        """Return the granules with these `numbers`, (n,) int64; unknown ones are zero.

        Returns
        -------
        (n,) unsigned integers of the size of a granule.
        """
        out = np.zeros(len(numbers), dtype=self._dtype)
        rest = np.arange(len(numbers), dtype=np.int64)
        for base, data in reversed(self._bursts):
            if not len(rest) or not len(data):
                continue
            index = numbers[rest] - (1 + base)
            # Nearly all are of the last burst: take every one, then mend the others.
            out[rest] = data.take(index.astype(np.intp, copy=False), mode="clip")
            rest = rest[(index < 0) | (index >= len(data))]
        out[rest] = 0
        return out
