"""Where the rings are, for whoever turns a frame into a ring offset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rings:
    """Sizes of both rings and where a capture starts in them [frames].

    Parameters
    ----------
    playback, capture : ring sizes, None where unknown.
    playback_start : playback ring offset of the first pattern frame.
    capture_start : capture ring offset of the first captured frame.
    """

    playback: int | None = None
    capture: int | None = None
    playback_start: int = 0
    capture_start: int = 0

    @property
    def largest(self) -> int:
        """The larger ring, 0 when none is known."""
        return max(self.playback or 0, self.capture or 0)
