# SPDX-License-Identifier: MIT
"""What a run of the cache model delivered to the wire and the application, and why some of it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stress.model.arrays import Ints
from stress.virtual.cache.mechanism import capture_classes, playback_classes
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import Trace
from stress.virtual.layout import RingPlace

_PLAYBACK, _CAPTURE = 0, 1
_NOTHING = np.zeros(0, dtype=np.int64)


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


@dataclass(frozen=True)
class Wrong:
    """Wrong granules of one ring in one run.

    Parameters
    ----------
    at : (n,) int64: indices into the run's deliveries.
    cause : (n,) int64: indices into stress.virtual.cache.mechanism.CLASSES.
    """

    at: Ints
    cause: Ints


@dataclass(frozen=True)
class RunDelivered:
    """What one run delivered of the playback ring and of the capture ring.

    Parameters
    ----------
    seen : the run itself, None once the causes are settled.
    rings : deliveries of both rings, playback first.
    ring_granules : length of both rings.
    settled : the wrong granules, where they were settled already.
    """

    seen: Deliveries | None
    rings: tuple[Delivered, Delivered]
    ring_granules: tuple[int, int]
    accesses: int
    settled: tuple[Wrong, Wrong] | None = None

    def wrong(self, which: int) -> Wrong:
        """Return the wrong granules of ring `which` (0 playback, 1 capture)."""
        if self.settled is not None:
            return self.settled[which]
        got, classes = self.rings[which], (playback_classes, capture_classes)[which]
        at = got.wrong
        if self.seen is None or not len(at):
            return Wrong(_NOTHING, _NOTHING)
        ring = self.ring_granules[which]
        return Wrong(at, classes(self.seen, got.which[at], got.word[at], got.truth[at], ring))

    def settle(self) -> RunDelivered:
        """Return the same with the causes found and the run itself let go.

        A run takes about 20 MB per second of streaming, its causes next to nothing.
        """
        wrong = (self.wrong(_PLAYBACK), self.wrong(_CAPTURE))
        light = tuple(replace(got, which=_NOTHING, word=_NOTHING) for got in self.rings)
        return replace(self, seen=None, rings=(light[0], light[1]), settled=wrong)


def run_delivered(
    trace: Trace, seen: Deliveries, places: tuple[RingPlace, RingPlace], bases: tuple[int, int]
) -> RunDelivered:
    """Sort the deliveries of a run by ring."""
    playback, capture = (
        delivered(trace, seen, place.pline, place.pline + -(-place.ring_bytes // place.line_bytes), base)
        for place, base in zip(places, bases)
    )
    sizes = (places[0].ring_granules, places[1].ring_granules)
    return RunDelivered(seen, (playback, capture), sizes, len(trace))
