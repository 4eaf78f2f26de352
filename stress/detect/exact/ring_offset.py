# SPDX-License-Identifier: MIT
"""Places: from a captured frame and a pattern position to ring offsets and lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from stress.model.arrays import Flags, Ints
from stress.model.histogram import Axes
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS

Position = TypeVar("Position", int, Ints)

# Part of a line that may be old by itself [bytes]. Source: two dirty bits per line of
# 32 bytes (ARM DDI0198D 4.1). Higher: half lines are not named; lower: chance is.
SMALLEST_PART = 16
LARGEST_LINE = 64  #: of the boards in question [bytes]

# Laps a single frame may be old and still be believed. Source: a frame that is
# damaged decodes to a random position; 4096 laps of two rings are 2^13 of 2^32
# places, 2e-6 per damaged frame. Higher: damage is called stale; lower: a line
# that survives longer in a quiet machine is not recognised on its own.
MAX_LAPS = 4096


def signed(value: Position) -> Position:
    """Return `value` modulo 2^32 as a number in [-2^31, 2^31); of an int64 array of any shape, each."""
    return (value + (POSITIONS >> 1)) % POSITIONS - (POSITIONS >> 1)


def lines_within(line_bytes: int) -> tuple[int, ...]:
    """Return a board's line and its parts of halves down to 16 [bytes], largest first."""
    halvings = range(max(1, line_bytes // SMALLEST_PART).bit_length())
    return tuple(line_bytes >> n for n in halvings)


def line_of(start_bytes: int, length_bytes: int, line_bytes: int = LARGEST_LINE) -> int | None:
    """Return the largest part of a line that start and length sit on, None without one.

    Parameters
    ----------
    line_bytes : cache line of the board: nothing larger is meant [bytes].
    """
    for size in lines_within(line_bytes):
        if length_bytes and start_bytes % size == 0 and length_bytes % size == 0:
            return size
    return None


@dataclass(frozen=True)
class RingGeometry:
    """Rings and frame size as one burst sees them.

    Parameters
    ----------
    first_position : position of the first pattern frame; it lies at playback
        ring offset 0.
    line_bytes : cache line the board is known to have [bytes].
    """

    rings: Rings
    frame_bytes: int
    first_position: int
    line_bytes: int = 32

    @property
    def axes(self) -> Axes:
        """The rings as a histogram counts in them."""
        return Axes(self.rings, self.frame_bytes, self.first_position, self.line_bytes)

    def bytes_of(self, ring: str | None) -> int:
        """Return the bytes of one frame in `ring`."""
        known = {"playback": self.rings.playback_bytes, "capture": self.rings.capture_bytes}
        return known.get(ring or "") or self.frame_bytes

    def playback_frame(self, position: int) -> int | None:
        """Return the playback ring offset of `position` [frames]."""
        size = self.rings.playback
        if not size:
            return None
        return signed(position - self.first_position) % size

    def capture_frame(self, frame: int) -> int | None:
        """Return the capture ring offset of captured frame `frame` [frames]."""
        size = self.rings.capture
        return (frame + self.rings.capture_start) % size if size else None

    def offset(self, ring: str, frame: int, position: int) -> int | None:
        """Return the offset in `ring` [frames]."""
        return self.playback_frame(position) if ring == "playback" else self.capture_frame(frame)

    def laps(self, lag: int) -> list[tuple[str, int]]:
        """Return the rings whose whole laps `lag` is, with the laps."""
        sizes = (("playback", self.rings.playback), ("capture", self.rings.capture))
        return [(ring, lag // size) for ring, size in sizes if size and lag > 0 and lag % size == 0]

    def whole_laps(self, lag: int) -> bool:
        """Tell whether `lag` is a believable number of whole laps of a ring."""
        return any(laps <= MAX_LAPS for _, laps in self.laps(lag))


def are_whole_laps(lags: Ints, rings: Rings) -> Flags:
    """Tell which lags are whole laps of a ring, at most `MAX_LAPS`.

    Parameters
    ----------
    lags : (n,) int64 [frames].

    Returns
    -------
    (n,) bool.
    """
    out = np.zeros(lags.shape, bool)
    for size in (rings.playback, rings.capture):
        if size:
            out |= (lags % size == 0) & (lags > 0) & (lags <= MAX_LAPS * size)
    return out
