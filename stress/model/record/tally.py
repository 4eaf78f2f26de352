# SPDX-License-Identifier: MIT
"""What the events so far add up to, as a resume takes it up: event "tally"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from stress.model import shape

_COUNTS = shape.keyed(shape.within(0))
_SUMS = shape.keyed(shape.within())
_MAYBE_TEXT = shape.or_none(shape.read_text)
_COUNT = shape.within(0)


def _row(*items: Any) -> tuple[Any, ...]:
    return items


def _rows(*readers: shape.Reader) -> Any:
    return shape.field(shape.listed(shape.row(_row, *readers)))


@dataclass(frozen=True)
class ArmTallyRecord:
    """The tally of one arm, field by field that of `stress.verdict.tally.Tally`.

    What is counted by several names at once is a list of rows, the number last.
    """

    arm: str = shape.text()
    bursts: int = shape.count()
    streamed_s: float = shape.number()
    checked_frames: int = shape.count()
    lines: int = shape.count()
    line_bytes: int = shape.count()
    wrong_frames: int = shape.count()
    episodes: int = shape.count()
    observed_s: float = shape.number()
    tiles: int = shape.count()
    tile_runs: int = shape.count()
    tile_squares: int = shape.count()
    samples: tuple[tuple[Any, ...], ...] = _rows(_COUNT, _COUNT)
    slips: tuple[tuple[Any, ...], ...] = _rows(shape.within(), shape.within())
    counts: Mapping[str, int] = shape.field(_COUNTS)
    sites: tuple[tuple[Any, ...], ...] = _rows(
        shape.read_text, _MAYBE_TEXT, shape.or_none(shape.within()), _COUNT
    )
    shapes: Mapping[str, int] = shape.field(_COUNTS)
    transport: int = shape.count()
    planted: int = shape.count()
    control_found: int = shape.count()
    control_covered: int = shape.count()
    xruns: int = shape.count()
    xrun_bursts: int = shape.count()
    unlocked: int = shape.count()
    silent: int = shape.count()
    behind: int = shape.count()
    lost: str | None = shape.nullable(shape.read_text)
    skipped: str | None = shape.nullable(shape.read_text)
    voluntary: int = shape.field(shape.within())
    involuntary: int = shape.field(shape.within())
    opportunities: Mapping[str, int] = shape.field(_COUNTS)
    refused: Mapping[str, int] = shape.field(_COUNTS)
    views: Mapping[str, int] = shape.field(_COUNTS)
    seen: tuple[tuple[Any, ...], ...] = _rows(
        shape.read_text, shape.read_text, _MAYBE_TEXT, shape.read_text, _COUNT
    )
    wire: Mapping[str, int] = shape.field(_SUMS)
    doubts: Mapping[str, int] = shape.field(_COUNTS)
    blind: Mapping[str, int] = shape.field(_COUNTS)
    inconsistent: Mapping[str, int] = shape.field(_COUNTS)
    detectors: Mapping[str, int] = shape.field(_COUNTS)
    draws: tuple[tuple[Any, ...], ...] = _rows(_COUNT, _COUNT, _COUNT)
    outcomes: tuple[tuple[Any, ...], ...] = _rows(shape.read_text, shape.read_text, _COUNT)
    oopses: Mapping[str, int] = shape.field(_COUNTS)
    usb_errors: Mapping[str, int] = shape.field(_COUNTS)
    alarm: float | None = shape.nullable(shape.read_number)
    weakest: float | None = shape.nullable(shape.read_number)
    least_queued: float | None = shape.nullable(shape.read_number)
    starved: int = shape.count(0)


@dataclass(frozen=True)
class TallyRecord:
    """What all bursts so far add up to: event "tally"; a report counts the bursts themselves.

    Attributes
    ----------
    program : version that added up; another one adds up by itself.
    bursts, number, end : how many, number of the last one, and the pattern position behind it.
    allocations, streamed_s : so far.
    evidence : names of files that bursts gave, all of them in `named`.
    """

    event: ClassVar[str] = "tally"

    program: str = shape.text()
    bursts: int = shape.count()
    number: int = shape.count()
    end: int = shape.count()
    allocations: int = shape.count()
    streamed_s: float = shape.number()
    evidence: int = shape.count()
    named: tuple[str, ...] = shape.texts()
    arms: tuple[ArmTallyRecord, ...] = shape.field(shape.listed(shape.of(ArmTallyRecord)))
