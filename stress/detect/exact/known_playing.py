# SPDX-License-Identifier: MIT
"""What the user says of what was played: from where on, how much of it, through which rings."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_POSITION = 1  #: of a file that `generate` writes without --position


@dataclass(frozen=True)
class Known:
    """What the user says of what was played.

    Parameters
    ----------
    position : of the first frame played, None where it is not known.
    frames : played in all, None where it is not known.
    rate : [Hz]
    laps : sizes of the rings [frames].
    """

    position: int | None = None
    frames: int | None = None
    rate: int = 48000
    laps: tuple[int, ...] = ()

    @property
    def end(self) -> int | None:
        """Position behind the last frame played, None where it is not known."""
        if self.frames is None:
            return None
        return (FIRST_POSITION if self.position is None else self.position) + self.frames

    def is_lap(self, frames: int) -> bool:
        """Tell whether so many frames are whole laps of one of the rings."""
        return any(size and frames % size == 0 for size in self.laps)
