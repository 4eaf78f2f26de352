# SPDX-License-Identifier: MIT
"""What the detector said of a burst: its tallies, its findings, its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

from stress.model import shape
from stress.model.path import Path
from stress.model.record.findings import FindingRecord
from stress.model.record.histogram import HistogramRecord, read_histogram
from stress.model.record.limits import LARGEST


class SiteRecord(NamedTuple):
    """Findings of one kind, ring and age."""

    kind: str
    ring: Optional[str]  # noqa: UP045 - evaluated by Python 3.9
    laps: Optional[int]  # noqa: UP045
    number: int


_SITE = shape.row(
    SiteRecord, shape.read_text, shape.or_none(shape.read_text), shape.or_none(shape.within()), shape.within()
)


_INT = shape.within(-LARGEST, LARGEST)


def _source(value: Any) -> int | tuple[int, ...]:
    # A channel of the pattern, or those of a sum.
    made: int | tuple[int, ...] = shape.listed(_INT)(value) if type(value) is list else _INT(value)
    return made


@dataclass(frozen=True)
class PathRecord:
    """What stood between the two ends of a burst; see `stress.model.path.Path`."""

    exact: bool = shape.flag()
    channels: tuple[int | tuple[int, ...] | None, ...] = shape.field(shape.listed(shape.or_none(_source)))
    polarity: tuple[int, ...] = shape.field(shape.listed(_INT))
    gain_db: tuple[float | None, ...] = shape.field(shape.listed(shape.or_none(shape.read_number)))
    offset: tuple[int, ...] = shape.field(shape.listed(_INT))
    bits: tuple[int, ...] = shape.field(shape.listed(_INT))
    delay_frames: tuple[int, ...] = shape.field(shape.listed(_INT))
    rate_ratio: float = shape.number()
    encoding: str = shape.text()
    from_frame: int = shape.count()

    @staticmethod
    def of(path: Path) -> PathRecord:
        """Return the record of a path."""
        return PathRecord(
            exact=path.exact,
            channels=path.channels,
            polarity=path.polarity,
            gain_db=path.gain_db,
            offset=path.offset,
            bits=path.bits,
            delay_frames=path.delay_frames,
            rate_ratio=path.rate_ratio,
            encoding=path.encoding,
            from_frame=path.from_frame,
        )


@dataclass(frozen=True)
class AnalysisRecord:
    """What the detector said of a burst; see `stress.model.finding.Analysis`.

    Attributes
    ----------
    counts, sites, wrong_frames : of all findings, the injected ones among them.
    findings : those kept, in order of frame.
    findings_left_out : found and not kept.
    findings_first : of the real ones, so many from the first on are all there.
    path : see `stress.model.path.Path.to_json`.
    histogram : where the wrong frames lie that count; not written where none does.
    """

    locked: bool = shape.flag()
    checked_frames: int = shape.count()
    wrong_frames: int = shape.count()
    counts: Mapping[str, int] = shape.field(shape.keyed(shape.within(0)))
    sites: tuple[SiteRecord, ...] = shape.field(shape.listed(_SITE))
    notes: tuple[str, ...] = shape.texts()
    findings: tuple[FindingRecord, ...] = shape.field(shape.listed(shape.of(FindingRecord)))
    detector: str = shape.text("exact")
    frames: int = shape.count(0)
    first_frame: int | None = shape.whole(None)
    first_position: int | None = shape.whole(None)
    findings_left_out: int = shape.count(0)
    findings_first: int = shape.count(shape.MOST)
    episodes: int = shape.count(0)
    valid_bits: int | None = shape.whole(None)
    path: PathRecord | None = shape.part(PathRecord, None)
    histogram: HistogramRecord | None = shape.field(read_histogram, None, omit=True)
