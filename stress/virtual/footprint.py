# SPDX-License-Identifier: MIT
"""The working set of everybody else: which lines they load, and how often.

A kernel loads the same lines again and again, and they lie unevenly over the
sets of the cache. What it fills is decided by the cache, not here: a line that
is still resident costs nothing, so sets in which the kernel has little to do
keep the lines of a ring for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stress.errors import ConfigError
from stress.model.arrays import Ints
from stress.settings import find
from stress.settings.schema import integer, listing, read, text
from stress.virtual.layout import WORK, WORK_SPAN_BYTES
from stress.virtual.steps import StepKind

_PER_MILLE = 1000
# A wake-up of a loop in Python lasts several milliseconds; no line is loaded from in more than these.
_MOST_PER_MILLE = 20 * _PER_MILLE
# Places are lines of 32 bytes in as much as the largest way that a board has: enough to know a line's set.
PLACE_BYTES, PLACES = 32, 1024
# Two rounds of the working set take different lines among those loaded less than once a round.
_GOLDEN = (5**0.5 - 1) / 2


def _rows() -> tuple[tuple[int, ...], ...]:
    rows: tuple[tuple[int, ...], ...] = listing(listing(integer(0, 0, _MOST_PER_MILLE)), most=PLACES)
    return rows


@dataclass(frozen=True)
class Footprint:
    """A measured footprint, as configs/footprints/*.toml says it.

    Parameters
    ----------
    title : of which kernel, on which path.
    ms : what timers load in a millisecond. Each row is a place, the number of a
        line of 32 bytes in 32 KB, and for every line there in how many of 1000
        milliseconds it is loaded from.
    urb : the same for an interrupt that completes URBs.
    call : the same, beyond that, for 1000 wake-ups of one blocking call; more
        than 1000 is a line of several milliseconds of each.
    loop : the same for a loop in Python.
    """

    title: str = text("")
    ms: tuple[tuple[int, ...], ...] = _rows()
    urb: tuple[tuple[int, ...], ...] = _rows()
    call: tuple[tuple[int, ...], ...] = _rows()
    loop: tuple[tuple[int, ...], ...] = _rows()


def load(name: str) -> Footprint:
    """Return the footprint of that name; the empty one for "".

    Raises
    ------
    ConfigError : no such footprint, or a row that cannot be.
    """
    if not name:
        return Footprint()
    values, where = find.load("footprints", name)
    footprint = read(Footprint, values, where)
    for key in ("ms", "urb", "call", "loop"):
        for number, row in enumerate(getattr(footprint, key)):
            if len(row) < 2 or row[0] >= PLACES or not all(row[1:]):
                allowed = f"a place below {PLACES}, then 1 or more for each line there"
                raise ConfigError("is no row", where=where, key=f"{key}[{number}]", allowed=allowed)
    return footprint


def spread(footprint: Footprint, wakes_per_ms: float) -> Footprint:
    """Return the footprint with what a call loads spread evenly over time.

    Parameters
    ----------
    wakes_per_ms : wake-ups of all calls [1/ms].
    """
    rows = {place: list(rates) for place, *rates in footprint.ms}
    for place, *rates in footprint.call:
        rows.setdefault(place, []).extend(max(1, round(rate * wakes_per_ms)) for rate in rates)
    ms = tuple((place, *sorted(rates, reverse=True)) for place, rates in sorted(rows.items()))
    return replace(footprint, ms=ms, call=())


class WorkingSet:
    """Give the lines of one part of a footprint, round after round.

    A round is a systematic sample: every line that is loaded each time comes
    once, one that is loaded in a tenth of the rounds in a tenth of them. What
    loads some lines more often than once takes several rounds.

    Parameters
    ----------
    rows : as in Footprint.
    step : whose work it is; keeps the addresses apart.
    line_bytes : of the cache [bytes].
    """

    def __init__(self, rows: tuple[tuple[int, ...], ...], step: StepKind, line_bytes: int) -> None:
        base = WORK + (step - StepKind.KERNEL_WORK) * WORK_SPAN_BYTES
        pairs = [(PLACES * n + row[0], n, often) for row in rows for n, often in enumerate(row[1:])]
        places, number, often = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
        # A place holds several short lines: those that share it take one each, and places one after another
        # begin at different ones, or every other set would be idle.
        within = (places + number) * line_bytes % PLACE_BYTES
        self._lines = (base + places * PLACE_BYTES + within) // line_bytes
        rounds = -(-int(often.max(initial=0)) // _PER_MILLE)
        self._until = np.cumsum(often) / (_PER_MILLE * max(1, rounds))
        self._taken = 0
        self._round = max(1, round(float(self._until[-1]))) if len(pairs) else 0
        self.lines = rounds * self._round

    def take(self, count: int) -> Ints:
        """Return the next `count` line numbers, (count,) int64."""
        number = self._taken + np.arange(count, dtype=np.int64)
        self._taken += count
        begin = number // self._round * _GOLDEN % 1.0
        where = (number % self._round + begin) * (self._until[-1] / self._round)
        index = np.searchsorted(self._until, where, side="right")
        out: Ints = self._lines[np.minimum(index, len(self._lines) - 1)]
        return out
