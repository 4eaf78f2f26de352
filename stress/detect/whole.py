"""A burst that is right, checked by one search and one memcmp."""

from __future__ import annotations

from ctypes import addressof
from typing import TYPE_CHECKING

from stress.detect.same import address, from_buffer, memory
from stress.model.finding import Analysis
from stress.patterns.word import Pattern

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

# Bytes of the pattern searched for by the fast path. Source: 2^-512 by chance.
# Higher: shorter bursts take the slow path; lower: chance hits cost a comparison.
KEY_BYTES = 64

_LIBC = memory()


class Kept:
    """A played burst that is still in memory, ready to be compared with.

    Made before the burst. After it the caches hold samples, and each thing looked
    up then is cold: all that is known beforehand is looked up here.

    Parameters
    ----------
    played : (n * frame_bytes,) uint8, C-contiguous: the clean pattern from
        `first_position` on, without the faults of a positive control. ValueError
        where it lies in pieces.
    limit : frames of it that are due, None for all [frames].

    Threads: any, it is never written to.
    """

    def __init__(
        self, pattern: Pattern, first_position: int, played: Bytes, limit: int | None = None
    ) -> None:
        self.first_position, self.limit = first_position, limit
        # Kept alive: its address is used.
        self.played = played
        self._address = address(played)
        self._frame_bytes, self._bits = pattern.frame_bytes, pattern.fmt.bits
        self._due = played.nbytes if limit is None else min(played.nbytes, limit * self._frame_bytes)

    def right(self, captured: Bytes) -> Analysis | None:
        """Return the analysis of a burst that is right, None when it needs a closer look.

        Parameters
        ----------
        captured : (m,) uint8, C-contiguous; ValueError where it is not.
        """
        due = self._due
        if due < KEY_BYTES:
            return None
        try:
            begin = addressof(from_buffer(captured))
        except (TypeError, ValueError):
            begin = address(captured)
        wanted, total = self._address, captured.nbytes
        at = _LIBC.memmem(begin, total, wanted, KEY_BYTES)
        if at is None:
            return None
        lead = at - begin
        if due > total - lead:
            due = total - lead
        size = self._frame_bytes
        if lead % size or _LIBC.memcmp(at, wanted, due):
            return None
        return Analysis.clean(
            "exact", total // size, due // size, lead // size, self.first_position, self._bits
        )
