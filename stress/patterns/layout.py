# SPDX-License-Identifier: MIT
"""Where the halves of the pattern's words lie in a frame of each format.

A sample carries one 16-bit half of the word in its top 16 bits. Formats wider
than 16 bits carry the matching half of a second word below it. Channels 2p and
2p+1 hold the low and the high half of pair p.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes, Halves, Samples
from stress.model.formats import SampleFormat

_15 = np.array(15, np.int16)


class Layout:
    """Reads and writes halves of words in frames of one format.

    Parameters
    ----------
    fmt : sample format.
    channels : samples per frame, 1 to 8.
    """

    def __init__(self, fmt: SampleFormat, channels: int) -> None:
        self.fmt = fmt
        self.channels = channels
        self.frame_bytes = fmt.frame_bytes(channels)
        self.has_low = fmt.bits > 16

    def write(self, out: Bytes, channel: int, top: Halves, low: Halves | None) -> None:
        """Write neighbouring channels of every frame; allocates nothing.

        Parameters
        ----------
        out : (frames * frame_bytes,) uint8.
        channel : first channel to write.
        top, low : (frames, k) little-endian uint16 halves of k channels; `low` is None for
            formats of 16 bits. `top` is spoilt.
        """
        frames, width = top.shape
        if low is None:
            samples = out.view("<u2").reshape(frames, self.channels)
            samples[:, channel : channel + width] = top
            return
        size = self.fmt.sample_bytes
        cells = out.reshape(frames, self.channels, size)[:, channel : channel + width]
        low_bytes, top_bytes = _bytes_of(low), _bytes_of(top)
        # S32 keeps both bytes below the top 16 bits, the 24-bit formats the upper one.
        at = 2 if self.fmt.bits == 32 else 1
        cells[:, :, :at] = low_bytes[:, :, 2 - at :]
        cells[:, :, at : at + 2] = top_bytes
        if size > at + 2:
            sign = top.view("<i2")
            np.right_shift(sign, _15, sign)
            cells[:, :, 3] = _bytes_of(top)[:, :, 0]

    def top(self, frames: Bytes) -> Halves:
        """Return the top 16 bits of every sample, (n, channels) uint16.

        Parameters
        ----------
        frames : (n * frame_bytes,) uint8.
        """
        cells = frames.reshape(-1, self.channels, self.fmt.sample_bytes)
        at = self.fmt.bits // 8 - 2
        return np.ascontiguousarray(cells[:, :, at : at + 2]).view("<u2")[:, :, 0]

    def samples(self, frames: Bytes) -> Samples:
        """Return every sample left-justified to 32 bits, (n, channels) int32.

        Parameters
        ----------
        frames : (n * frame_bytes,) uint8.
        """
        cells = frames.reshape(-1, self.channels, self.fmt.sample_bytes)
        used = self.fmt.bits // 8
        wide = np.zeros((*cells.shape[:2], 4), np.uint8)
        wide[:, :, 4 - used :] = cells[:, :, :used]
        samples: Samples = wide.view("<i4")[:, :, 0]
        return samples


def _bytes_of(halves: Halves) -> Bytes:
    # (frames, k) uint16 as (frames, k, 2) bytes, low one first; a copy on a big-endian machine only.
    return halves.astype("<u2", copy=False).view(np.uint8).reshape(*halves.shape, 2)
