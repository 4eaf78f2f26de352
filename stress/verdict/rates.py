# SPDX-License-Identifier: MIT
"""The rate of corruption of one arm in one run, and what sets two of them apart.

Episodes are compared by the exact test of `stress.stats.counts`. What it takes for
granted, that episodes come independently, is measured: the spread from burst to burst
(from ring to ring, where the page colours of a ring are drawn with its memory) divides
the counts before they are tested, and never multiplies them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from stress.stats.counts import Comparison, compare, exposure_factor

if TYPE_CHECKING:
    from stress.model.record.burst import BurstRecord

# Level of a difference after Holm's correction. Source: custom. Higher: more differences by chance;
# lower: longer runs before one is named.
LEVEL = 0.05
# Rates within this factor of one another are the same to a user. Source: nights of one board differ by
# less. Higher: half the corruption gone is called the same; lower: "same" takes days of exposure.
FACTOR = 2.0
# Share of tiles with an episode from which their number says nothing more. Source: at 80 % the rate
# behind it is 1.6 per tile and its count off by half. Higher: saturated counts are called the same;
# lower: the weaker comparison of frames is taken where episodes would do.
SATURATED = 0.8
# Spread measured on fewer units than these is none. Source: its own error is 70 % with 4 degrees of
# freedom. Higher: more bursts are asked of a user; lower: one odd burst is no spread.
LEAST_FREEDOM = 4
# RateUnits kept of one arm; beyond, two in a row become one. Higher: memory that grows with the run;
# lower: the spread is measured on too little.
MOST_UNITS = 4096


class Word(str, Enum):
    """What a comparison says of the second run."""

    BETTER = "better"  #: fewer episodes, significantly
    WORSE = "worse"  #: more episodes, significantly
    SAME = "same"  #: clean in both, or within a factor of two, significantly
    CANNOT_TELL = "cannot tell"  #: too little was observed


class RateUnit(NamedTuple):
    """What bursts of one allocation, or one burst, add to a rate."""

    episodes: int
    observed_s: float
    wrong: int
    checked: int

    def plus(self, other: RateUnit) -> RateUnit:
        """Return the sum of two units."""
        return RateUnit(*(one + two for one, two in zip(self, other)))  # type: ignore[arg-type]


@dataclass
class RateUnits:
    """The units of one arm, in the order they were recorded.

    Attributes
    ----------
    drawn : the rings of this board have page colours that are drawn with their memory.
    """

    drawn: bool = False
    kept: list[RateUnit] = field(default_factory=list)
    _allocation: int = -1

    def add(self, burst: BurstRecord, wrong: int) -> None:
        """Add a burst with so many wrong frames, those of injected faults left out."""
        one = RateUnit(burst.episodes, burst.observed_s, wrong, burst.analysis.checked_frames)
        allocation = burst.exposure.allocation
        if self.drawn and self.kept and allocation == self._allocation:
            self.kept[-1] = self.kept[-1].plus(one)
        else:
            self.kept.append(one)
        self._allocation = allocation
        if len(self.kept) > MOST_UNITS:
            pairs = zip(self.kept[::2], self.kept[1::2])
            self.kept = [*(one.plus(two) for one, two in pairs), *self.kept[len(self.kept) & ~1 :]]

    @property
    def total(self) -> RateUnit:
        """The sum of all units."""
        found = RateUnit(0, 0.0, 0, 0)
        for one in self.kept:
            found = found.plus(one)
        return found


@dataclass(frozen=True)
class Difference:
    """The rates of one arm in two runs.

    Attributes
    ----------
    comparison : of the second over the first; its `ratio` and `interval` say how many times more.
    spread : index of dispersion that the counts were divided by, 1 where episodes are independent.
    by : "episodes" or, where every tile has one, "frames".
    doubt : why the numbers do not tell, "" where they may.
    short : with a doubt: how many times the exposure would end it; inf where none would.
    """

    comparison: Comparison = Comparison()
    spread: float = 1.0
    by: str = "episodes"
    doubt: str = ""
    short: float = math.inf

    def word(self, p: float) -> Word:
        """Return what the difference says; `p` is adjusted for the number of comparisons."""
        both = self.comparison.first + self.comparison.second
        if self.doubt or not both:
            return Word.CANNOT_TELL
        if p < LEVEL:
            return Word.WORSE if self.comparison.ratio > 1.0 else Word.BETTER
        interval = self.comparison.interval
        near = interval.low > 1.0 / FACTOR and interval.high < FACTOR
        return Word.SAME if near else Word.CANNOT_TELL

    @property
    def factor(self) -> float:
        """How many times the exposure of both runs would tell, at the rates seen; inf where none would."""
        one = self.comparison
        if self.doubt:
            return self.short
        return exposure_factor(one.first, one.second, one.ratio, FACTOR)


def difference(first: RateUnits, second: RateUnits, saturated: bool) -> Difference:
    """Compare the rates of one arm in two runs, the second over the first.

    Parameters
    ----------
    saturated : in both runs nearly every tile has an episode: the wrong frames are compared.
    """
    index = 2 if saturated else 0
    sides = [[(unit[index], unit[index + 1]) for unit in units.kept] for units in (second, first)]
    freedom = sum(max(0, len([1 for _, size in side if size > 0]) - 1) for side in sides)
    clumps = spread(sides, freedom)
    by = "frames" if saturated else "episodes"
    sums = [(sum(hits for hits, _ in side), float(sum(size for _, size in side))) for side in sides]
    (many, size), (few, other) = sums
    found = compare(int(many / clumps), size, int(few / clumps), other)
    if not first.total.observed_s or not second.total.observed_s:
        return Difference(found, clumps, by, "nothing was judged in one of them")
    doubt = _doubt(first, second, saturated, freedom) if many + few else ""
    # Half the degrees of freedom in each run, and one unit for its own rate.
    least = LEAST_FREEDOM // 2 + 1
    short = max(1.0, least / min(len(first.kept), len(second.kept))) if doubt else math.inf
    return Difference(found, clumps, by, doubt, short)


def _doubt(first: RateUnits, second: RateUnits, saturated: bool, freedom: int) -> str:
    if saturated and freedom < LEAST_FREEDOM:
        return "corrupted all the time in both runs: to compare how much takes 3 bursts in each"
    if (first.drawn or second.drawn) and freedom < LEAST_FREEDOM:
        return "the page colours of a ring are drawn with its memory: to compare takes 3 rings in each"
    return ""


def spread(sides: Sequence[Sequence[tuple[float, float]]], freedom: int) -> float:
    """Return the index of dispersion of counts over exposures, each side around its own rate; 1 at least.

    Parameters
    ----------
    sides : (count, exposure) of each unit of each side.
    freedom : degrees of freedom, units less sides; none gives 1.

    Source: Pearson's statistic over its degrees of freedom (quasi-Poisson).
    """
    if freedom < 1:
        return 1.0
    total = 0.0
    for side in sides:
        size = sum(part for _, part in side)
        rate = sum(hits for hits, _ in side) / size if size else 0.0
        total += sum((hits - rate * part) ** 2 / (rate * part) for hits, part in side if rate * part > 0)
    return max(1.0, total / freedom) if math.isfinite(total) else 1.0
