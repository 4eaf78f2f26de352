"""CRC-32 per period: what is kept of a burst when its audio is not.

Source: zlib's crc32 (IEEE 802.3 polynomial); any burst of up to 32 wrong bits in
a period is seen, other damage is missed with probability 2^-32.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]


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

    def to_json(self) -> dict[str, Any]:
        """Return the form kept in the record of a burst."""
        return {
            "crcs": "".join(f"{crc:08x}" for crc in self.crcs),
            "first_frame": self.first_frame,
            "period_frames": self.period_frames,
            "frames": self.frames,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Checksums:
        """Return what `to_json` wrote; KeyError or ValueError when it is not."""
        text = str(value["crcs"])
        crcs = tuple(int(text[at : at + 8], 16) for at in range(0, len(text), 8))
        out = cls(int(value["first_frame"]), int(value["period_frames"]), int(value["frames"]), crcs)
        if out.period_frames < 1 or -(-out.frames // out.period_frames) != len(crcs):
            raise ValueError(f"{len(crcs)} checksums do not cover {out.frames} frames")
        return out


def sums_of(frames: Bytes, frame_bytes: int, period_frames: int, first_frame: int = 0) -> Checksums:
    """Return the checksums of a buffer of whole frames, (n * frame_bytes,) uint8, C-contiguous."""
    step = period_frames * frame_bytes
    crcs = (zlib.crc32(frames[at : at + step].data) for at in range(0, frames.size, step))
    return Checksums(first_frame, period_frames, frames.size // frame_bytes, tuple(crcs))
