# SPDX-License-Identifier: MIT
"""What a report shows of single bursts and findings: a bounded choice, made while a record is read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from stress.model.record.burst import BurstRecord
from stress.model.record.events import OpenRecord

if TYPE_CHECKING:
    from stress.model.record.findings import FindingRecord

T = TypeVar("T")
# Messages of the kernel that a bundle and a mail are written from. Source: 2000 lines are 200 KB.
MOST_KERNEL = 2000
# Kept of each sort. Source: what a page can show and a browser draw at once. Higher: memory that
# grows with the run; lower: emptier pictures, which the captions say.
MOST_EXAMPLES, MOST_MARKS, MOST_STRIPS, MOST_POINTS, MOST_NOTES, MOST_FILES = 30, 2000, 12, 4096, 20, 12


class Thinned(Generic[T]):
    """At most `MOST_POINTS` of the values added, evenly spread over all of them."""

    def __init__(self) -> None:
        self.kept: list[T] = []
        self._added, self._every = 0, 1

    def add(self, value: T) -> None:
        """Keep a value, or pass it over."""
        if self._added % self._every == 0:
            self.kept.append(value)
        self._added += 1
        if len(self.kept) > MOST_POINTS:
            del self.kept[1::2]
            self._every *= 2


class Example(NamedTuple):
    """A finding and the burst it is from."""

    number: int
    arm: str
    finding: FindingRecord


@dataclass
class Examples:
    """Findings of one sort: the first few, and how many there were."""

    first: list[Example] = field(default_factory=list)
    number: int = 0

    def add(self, example: Example, most: int) -> None:
        """Count a finding, and keep it while there is room."""
        self.number += 1
        if len(self.first) < most:
            self.first.append(example)


class SampleLevel(NamedTuple):
    """The analog path at one moment of the run: time [s], SNR and THD+N [dB]."""

    at_s: float
    snr_db: float
    thd_n_db: float


@dataclass
class Samples:
    """Single findings and bursts of a run.

    Attributes
    ----------
    sorts : examples with a sentence, by kind and ring.
    rings : findings with a place in a ring, by arm and ring.
    strips : the first bursts whose findings have lanes.
    levels, marks : of the analog path over all bursts end to end, which last `length_s` [s].
    notes : distinct notes of the tap.
    files : the first evidence files that bursts name.
    kernel : the last messages of the kernel.
    """

    sorts: dict[tuple[str, str | None], Examples] = field(default_factory=dict)
    rings: dict[tuple[str, str], Examples] = field(default_factory=dict)
    strips: list[BurstRecord] = field(default_factory=list)
    levels: Thinned[SampleLevel] = field(default_factory=Thinned)
    marks: Thinned[tuple[float, Example]] = field(default_factory=Thinned)
    notes: dict[str, None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    kernel: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_KERNEL))
    length_s: float = 0.0

    def add(self, burst: BurstRecord, opened: OpenRecord | None) -> None:
        """Take what is worth showing of a burst, and of the PCM it ran on."""
        shown = False
        self.kernel.extend(burst.kernel)
        self.files += burst.evidence[: MOST_FILES - len(self.files)]
        for finding in burst.analysis.findings:
            if not finding.injected:
                self._add_finding(Example(burst.number, burst.arm, finding))
                shown = shown or finding.lanes is not None
        if shown and len(self.strips) < MOST_STRIPS:
            self.strips.append(burst)
        for note in burst.seen.notes if burst.seen else ():
            if len(self.notes) < MOST_NOTES:
                self.notes[note] = None
        params = opened.granted.capture if opened else None
        if params is not None:
            self._add_levels(burst, params.rate)

    def _add_finding(self, example: Example) -> None:
        finding = example.finding
        if finding.text:
            self.sorts.setdefault((finding.kind, finding.ring), Examples()).add(example, MOST_EXAMPLES)
        if finding.ring is not None and finding.ring_offset is not None:
            self.rings.setdefault((example.arm, finding.ring), Examples()).add(example, MOST_MARKS)

    def _add_levels(self, burst: BurstRecord, rate: int) -> None:
        for frame, snr, thd in burst.channel.seconds if burst.channel else ():
            self.levels.add(SampleLevel(self.length_s + frame / rate + 0.5, snr, thd))
        for finding in burst.analysis.findings if burst.channel else ():
            if not finding.injected:
                example = Example(burst.number, burst.arm, finding)
                self.marks.add((self.length_s + finding.frame / rate, example))
        self.length_s += burst.analysis.frames / rate
