# SPDX-License-Identifier: MIT
"""What a burst can prove: its positive control, its exposure, the conditions it ran under."""

from __future__ import annotations

from dataclasses import dataclass

from stress.model import shape
from stress.model.record.limits import SIZE


@dataclass(frozen=True)
class FaultRecord:
    """A fault of the positive control that was not found."""

    kind: str = shape.text()
    frame: int = shape.count()
    frames: int = shape.count()


@dataclass(frozen=True)
class ControlRecord:
    """The positive control of a burst.

    Attributes
    ----------
    planted, found : injected faults that were due, and those the detector found.
    covered : of the missed ones, those that lie under real corruption.
    """

    planted: int = shape.count()
    found: int = shape.count()
    covered: int = shape.count(0)
    missed: tuple[FaultRecord, ...] = shape.field(shape.listed(shape.of(FaultRecord)), ())


@dataclass(frozen=True)
class ExposureRecord:
    """Ring lines in which stale data would have shown.

    Attributes
    ----------
    allocation : number of the ring's allocation in this run, from 1; 0 where none is counted.
    colours : of which its page colour was drawn, 0 where the cache has none.
    """

    lines: int = shape.count()
    line_bytes: int = shape.field(SIZE)
    allocation: int = shape.count(0)
    colours: int = shape.count(0)


@dataclass(frozen=True)
class TilesRecord:
    """Tiles of a burst; see `stress.verdict.episodes.Episodes`."""

    number: int = shape.count()
    runs: int = shape.count()
    squares: int = shape.count()


@dataclass(frozen=True)
class ConditionsRecord:
    """What a burst asked of the machine, one line each."""

    granted: tuple[str, ...] = shape.texts()
    refused: tuple[str, ...] = shape.texts()
    facts: tuple[str, ...] = shape.texts()


@dataclass(frozen=True)
class OpportunitiesRecord:
    """Accidental cache cleans around a burst; see `stress.board.cache_clean_counters`."""

    switches: int | None = shape.whole(None)
    forks: int | None = shape.whole(None)
    vmalloc_kb: int | None = shape.whole(None)
    mappings: int | None = shape.whole(None)

    def items(self) -> tuple[tuple[str, int | None], ...]:
        """Return name and number of each."""
        names = ("switches", "forks", "vmalloc_kb", "mappings")
        return tuple((name, getattr(self, name)) for name in names)
