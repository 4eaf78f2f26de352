"""What the loads of one ring delivered, in the order of the stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stress.model.arrays import Ints
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import Trace


@dataclass(frozen=True)
class Delivered:
    """Granules that reached the wire or the application, in stream order.

    Parameters
    ----------
    position : (n,) int64: granule of the stream, counted from prepare.
    number : (n,) int64: number of what was delivered (see RingHistory).
    which, word : (n,) int64: delivery and word in its line, for the classes.
    base : number of the stream's granule 0, less 1.
    """

    position: Ints
    number: Ints
    which: Ints
    word: Ints
    base: int

    @property
    def truth(self) -> Ints:
        """Numbers that should have been delivered, (n,) int64."""
        return self.position + (self.base + 1)

    @property
    def wrong(self) -> Ints:
        """Indices of wrong granules, (m,) int64."""
        return np.flatnonzero(self.number != self.truth)


def joined(parts: Sequence[Delivered]) -> Delivered:
    """Return the deliveries of successive runs as one; `which` stays that of each run."""

    def column(name: str) -> Ints:
        whole: Ints = np.concatenate([getattr(part, name) for part in parts])
        return whole

    return Delivered(column("position"), column("number"), column("which"), column("word"), parts[0].base)


def delivered(trace: Trace, seen: Deliveries, first_pline: int, end_pline: int, base: int) -> Delivered:
    """Pick one ring's deliveries out of a run.

    Parameters
    ----------
    first_pline, end_pline : the ring's physical lines.
    base : the ring's base at that time.
    """
    pline = trace.pline[seen.row]
    mine = np.flatnonzero((pline >= first_pline) & (pline < end_pline))
    rows = seen.row[mine]
    lo = trace.lo[rows]
    # Counts are pointers' size: 32-bit machines refuse to repeat by 64-bit ones.
    length = (trace.hi[rows] - lo).astype(np.intp, copy=False)
    which = np.repeat(mine, length)
    start = np.cumsum(length) - length
    inside = np.arange(len(which), dtype=np.int64) - np.repeat(start, length)
    word = inside + np.repeat(lo, length)
    position = inside + np.repeat(trace.value[rows] - 1 - base, length)
    return Delivered(position, seen.values[which, word], which, word, base)
