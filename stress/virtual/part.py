"""One run of the cache model within a burst: deliveries, and why some are wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stress.model.arrays import Ints
from stress.virtual.cache.mechanism import capture_classes, playback_classes
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import Trace
from stress.virtual.delivered import Delivered, delivered
from stress.virtual.layout import RingPlace

_PLAYBACK, _CAPTURE = 0, 1
_NOTHING = np.zeros(0, dtype=np.int64)


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
class Part:
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

    def settle(self) -> Part:
        """Return the same with the causes found and the run itself let go.

        A run takes about 20 MB per second of streaming, its causes next to nothing.
        """
        wrong = (self.wrong(_PLAYBACK), self.wrong(_CAPTURE))
        light = tuple(replace(got, which=_NOTHING, word=_NOTHING) for got in self.rings)
        return replace(self, seen=None, rings=(light[0], light[1]), settled=wrong)


def part_of(
    trace: Trace, seen: Deliveries, places: tuple[RingPlace, RingPlace], bases: tuple[int, int]
) -> Part:
    """Sort the deliveries of a run by ring."""
    playback, capture = (
        delivered(trace, seen, place.pline, place.pline + -(-place.ring_bytes // place.line_bytes), base)
        for place, base in zip(places, bases)
    )
    sizes = (places[0].ring_granules, places[1].ring_granules)
    return Part(seen, (playback, capture), sizes, len(trace))
