# SPDX-License-Identifier: MIT
"""What may be sent: anything that is a function of position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stress.model.arrays import Bytes
    from stress.model.formats import SampleFormat

#: Positions there are; each has its own frame in the pattern, and the last is followed by 0.
POSITIONS = 1 << 32
#: Stimuli that show one thing each, and no stale line.
AUXILIARY = (
    "walking-ones",
    "walking-zeros",
    "toggle",
    "checker",
    "byte-order",
    "full-scale",
    "extremes",
    "silence",
    "impulse",
)
#: Noise on one side of the first pair, silence elsewhere.
ONE_SIDED = ("left-only", "right-only")


class Stimulus(Protocol):
    """A stream that can be made from any position on.

    Attributes
    ----------
    frame_bytes : bytes of one frame.
    """

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""

    def fill(self, position: int, out: Bytes) -> None:
        """Write whole frames from `position` (mod `POSITIONS`) on.

        Parameters
        ----------
        position : of the first frame.
        out : (n * frame_bytes,) uint8, C-contiguous.
        """


class Source(Stimulus, Protocol):
    """A stimulus that has a name and says what its frames are."""

    name: str
    fmt: SampleFormat
    channels: int


def first_position(wall_s: float, rate: int) -> int:
    """Return the start of the pattern: wall clock x rate (mod 2^32), never 0.

    Frames left in a ring by an earlier run then decode to other positions.
    """
    return int(wall_s * rate) % POSITIONS or 1
