# SPDX-License-Identifier: MIT
"""CRC-32 per period: what is kept of a burst when its audio is not.

Source: zlib's crc32 (IEEE 802.3 polynomial); any burst of up to 32 wrong bits in
a period is seen, other damage is missed with probability 2^-32.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from stress.model.arrays import Bytes


@dataclass(frozen=True)
class Checksums:
    """CRC-32 of consecutive periods.

    Parameters
    ----------
    first_frame : of the first period, in the stream it belongs to.
    period_frames : frames per period; the last one may be shorter.
    frames : frames covered in all.
    crcs : one per period.
    """

    first_frame: int
    period_frames: int
    frames: int
    crcs: tuple[int, ...]

    def text(self) -> str:
        """Return the checksums as they are kept in the record: eight hexadecimal digits each."""
        return "".join(f"{crc:08x}" for crc in self.crcs)

    @classmethod
    def of_text(cls, text: str, first_frame: int, period_frames: int, frames: int) -> Checksums:
        """Return the checksums that `text` gave.

        Raises
        ------
        ValueError : they are no hexadecimal digits, or do not cover so many frames.
        """
        crcs = tuple(int(text[at : at + 8], 16) for at in range(0, len(text), 8))
        if period_frames < 1 or -(-frames // period_frames) != len(crcs):
            raise ValueError(f"{len(crcs)} checksums do not cover {frames} frames")
        return cls(first_frame, period_frames, frames, crcs)


def sums_of(frames: Bytes, frame_bytes: int, period_frames: int, first_frame: int = 0) -> Checksums:
    """Return the checksums of a buffer of whole frames, (n * frame_bytes,) uint8, C-contiguous."""
    step = period_frames * frame_bytes
    crcs = (zlib.crc32(frames[at : at + step].data) for at in range(0, frames.size, step))
    return Checksums(first_frame, period_frames, frames.size // frame_bytes, tuple(crcs))
