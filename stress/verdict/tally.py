# SPDX-License-Identifier: MIT
"""Tallies: what the bursts of one arm, or of a whole run, add up to."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, NamedTuple, Optional

from stress.model.finding import SILENT
from stress.model.kernel_messages import oopses, usb_errors
from stress.model.record.burst import BurstRecord
from stress.model.record.events import LifecycleRecord, SkipRecord
from stress.model.record.wire import BlindRecord
from stress.stats.counts import dispersion
from stress.verdict.invariants import broken
from stress.verdict.two_clocks import Slip, slips

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.model.record.analysis import AnalysisRecord
    from stress.model.record.events import Event
    from stress.model.record.findings import FindingRecord
    from stress.model.record.wire import WireRecord


# Name of the sum of all arms.
WHOLE = "all"
# Kept of one arm. Source: the fits have converged long before. Higher: memory that grows with the
# run; lower: a dose-response, or a clock that drifts, is measured on too little.
MOST_SAMPLES, MOST_SLIPS = 4095, 10000
# Messages of the kernel kept of one arm; the rest is counted under `MORE`.
MOST_MESSAGES, MORE = 20, "more messages of the kernel"
_NUMBERS = re.compile(r"[\d.+-]+")


class Seen(NamedTuple):
    """A finding as a tap saw it: first wrong view, kind, ring by its age, lane of memory."""

    view: str
    kind: str
    ring: Optional[str]  # noqa: UP045 - evaluated by Python 3.9
    memory: str


@dataclass
class Tally:
    """Sums over the bursts of a record.

    Attributes
    ----------
    counts : findings per kind, the planted ones left out.
    sites : findings per (kind, ring, laps), the planted ones left out.
    wrong_frames : frames covered by findings, the planted ones left out.
    episodes, observed_s : see `stress.verdict.episodes`; these are compared.
    control_covered : planted faults that lie under a real wrong run.
    opportunities : accidental clean+invalidates, see `stress.board.cache_clean_counters`.
    tiles, tile_runs, tile_squares : tiles observed, wrong runs in them, and the
        squares of their number per tile; see `dispersion`.
    samples : per burst wrong and checked frames, for the dose-response.
    slips : lost and repeated frames that were kept, see `stress.verdict.two_clocks`.
    shapes : forms of the findings kept, by `shape`.
    transport : findings that lost time explains, left out as well.
    behind : bursts in which the device passed what was queued and no xrun was reported.
    least_queued : fewest frames that were queued for playback, None where nobody tells.
    xruns, xrun_bursts : xruns of both directions, and the bursts that had one.
    unlocked, starved : bursts in which the stimulus was not recognised, and those of them whose playback
        had an xrun: what ran dry cannot come back.
    silent : bursts that captured zeros alone, though playback did not run dry.
    views : real findings per view they first appear in; `seen` says more of them.
    wire : bursts a tap looked at, and what it counted (events, dropped, failed, lost_frames, ...).
    doubts : why the path (or the wire alone) cannot vouch; `blind` why the wire was not seen.
    detectors : bursts per detector that judged them.
    inconsistent : numbers of a burst that do not go together, see `stress.verdict.invariants`.
    outcomes : life-cycle events as (event, outcome), see `stress.model.lifecycle`.
    draws : bursts per allocation of the rings, as (page colours, number of the allocation).
    oopses, usb_errors : messages of the kernel that came while bursts ran, see
        `stress.model.kernel_messages`.
    alarm, weakest : statistic at which the spectral detector alarms, and that of
        the weakest planted fault it found [noise sigmas].
    """

    arm: str
    bursts: int = 0
    streamed_s: float = 0.0
    checked_frames: int = 0
    lines: int = 0
    line_bytes: int = 32
    wrong_frames: int = 0
    episodes: int = 0
    observed_s: float = 0.0
    tiles: int = 0
    tile_runs: int = 0
    tile_squares: int = 0
    samples: list[tuple[int, int]] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    sites: Counter[tuple[str, str | None, int | None]] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    transport: int = 0
    planted: int = 0
    control_found: int = 0
    control_covered: int = 0
    xruns: int = 0
    xrun_bursts: int = 0
    unlocked: int = 0
    silent: int = 0
    behind: int = 0
    lost: str | None = None
    skipped: str | None = None
    voluntary: int = 0
    involuntary: int = 0
    opportunities: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    views: Counter[str] = field(default_factory=Counter)
    seen: Counter[Seen] = field(default_factory=Counter)
    wire: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    blind: Counter[str] = field(default_factory=Counter)
    inconsistent: Counter[str] = field(default_factory=Counter)
    detectors: Counter[str] = field(default_factory=Counter)
    draws: Counter[tuple[int, int]] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    oopses: Counter[str] = field(default_factory=Counter)
    usb_errors: Counter[str] = field(default_factory=Counter)
    alarm: float | None = None
    weakest: float | None = None
    least_queued: float | None = None
    starved: int = 0

    def add(self, burst: BurstRecord) -> None:
        """Add one burst."""
        analysis, exchange, control = burst.analysis, burst.exchange, burst.control
        self.bursts += 1
        # An arm that was refused in an earlier part of the run, and now was not.
        self.skipped = None
        self.episodes += burst.episodes
        self.observed_s += burst.observed_s
        self.streamed_s += burst.streamed_s
        self.checked_frames += analysis.checked_frames
        self.lines += burst.exposure.lines
        self.line_bytes = burst.exposure.line_bytes
        if burst.exposure.colours:
            self.draws[(burst.exposure.colours, burst.exposure.allocation)] += 1
        self.unlocked += not analysis.locked
        ran_dry = bool(exchange.playback.xruns)
        self.starved += ran_dry and not analysis.locked
        self.silent += SILENT in analysis.notes and not ran_dry
        self.planted += control.planted
        self.control_found += control.found
        self.control_covered += control.covered
        self.lost = exchange.lost or self.lost
        queued = exchange.playback.least_queued
        self.least_queued = _least(self.least_queued, queued)
        self.behind += queued is not None and queued <= 0 and not exchange.playback.xruns
        self.xrun_bursts += bool(exchange.playback.xruns or exchange.capture.xruns)
        for side in (exchange.playback, exchange.capture):
            self.xruns += side.xruns
            self.voluntary += side.voluntary or 0
            self.involuntary += side.involuntary or 0
        for name, number in burst.opportunities.items():
            if number is not None:
                self.opportunities[name] += abs(number)
        for line in burst.conditions.refused:
            self.refused[line] += 1
        self.tiles += burst.tiles.number
        self.tile_runs += burst.tiles.runs
        self.tile_squares += burst.tiles.squares
        text = broken(burst)
        if text:
            self.inconsistent[f"burst {burst.number}: {text}"] += 1
        before = self.wrong_frames
        self.detectors[analysis.detector] += 1
        self._add_doubts(burst.advice)
        if burst.channel is not None and burst.channel.alarm_sigmas is not None:
            self.alarm = burst.channel.alarm_sigmas
        self._add_findings(analysis)
        self._add_sample(self.wrong_frames - before, analysis.checked_frames)
        self._add_wire(burst.wire)
        if burst.kernel:
            self._add_kernel(burst.kernel)

    def _add_kernel(self, lines: Iterable[str]) -> None:
        for counts, found in ((self.oopses, oopses(lines)), (self.usb_errors, usb_errors(lines))):
            # The first ones are told; of the others only how many there were.
            for line in found:
                counts[line if line in counts or len(counts) < MOST_MESSAGES else MORE] += 1

    def _add_doubts(self, texts: Iterable[str]) -> None:
        # The same advice carries other numbers in every burst: the first text stands for all of its kind.
        for text in texts:
            kind = _NUMBERS.sub("#", text)
            known = next((had for had in self.doubts if _NUMBERS.sub("#", had) == kind), text)
            self.doubts[known] += 1

    def _add_sample(self, wrong: int, checked: int) -> None:
        self.samples.append((wrong, checked))
        if len(self.samples) > MOST_SAMPLES:
            # Two bursts in a row become one sample: their spread stays what is measured.
            pairs = zip(self.samples[::2], self.samples[1::2])
            self.samples = [(a[0] + b[0], a[1] + b[1]) for a, b in pairs]

    def _add_wire(self, wire: WireRecord | BlindRecord) -> None:
        if isinstance(wire, BlindRecord):
            if wire.blind:
                self.blind[wire.blind] += 1
            return
        self._add_doubts(wire.doubts)
        seen = self.wire
        seen["bursts"] += 1
        seen["judged"] += wire.judged
        seen["events"] += wire.events
        seen["dropped"] += wire.dropped
        seen["truncated"] += wire.truncated
        seen["lost_frames"] += wire.lost_frames
        for name, side in (("out", wire.out), ("in", wire.into)):
            seen[f"{name}_frames"] += side.frames
            seen[f"{name}_wrong"] += side.wrong
            seen[f"{name}_failed"] += side.failed
            if wire.judged:
                seen[f"{name}_planted"] += side.planted
                seen[f"{name}_found"] += side.found
        seen["in_lines"] += wire.into.lines
        seen["in_telling_lines"] += wire.into.telling_lines
        seen["in_judged"] += "capture" in wire.judged_sides
        for name, held in wire.memory.items():
            seen[f"memory_{name}_frames"] += held.frames
            seen[f"memory_{name}_differ"] += held.differ

    def _add_findings(self, analysis: AnalysisRecord) -> None:
        # A clean burst is nearly all of a long record, and the rest counts for one that is not.
        if not analysis.findings and not analysis.counts:
            self.wrong_frames += analysis.wrong_frames
            return
        self.counts.update(analysis.counts)
        for site in analysis.sites:
            self.sites[(site.kind, site.ring, site.laps)] += site.number
        self.slips += slips(analysis.findings)[: MOST_SLIPS - len(self.slips)]
        real = others = 0
        for finding in analysis.findings:
            if finding.real:
                real += finding.frames
                self.shapes[shape(finding, self.line_bytes)] += 1
                self._add_view(finding)
                continue
            self.weakest = _least(self.weakest, finding.score)
            self.counts[finding.kind] -= 1
            self.sites[(finding.kind, finding.ring, finding.laps)] -= 1
            others += finding.frames
            self.transport += finding.transport
        self.counts, self.sites = +self.counts, +self.sites
        # A frame may lie in several findings: what is left is no less than those that count.
        self.wrong_frames += max(analysis.wrong_frames - others, min(real, analysis.wrong_frames))

    def _add_view(self, finding: FindingRecord) -> None:
        if finding.view:
            self.views[finding.view] += 1
            memory = finding.lanes.memory if finding.lanes else ""
            self.seen[Seen(finding.view, finding.kind, finding.ring, memory)] += 1

    @property
    def found(self) -> int:
        """Findings that were not planted."""
        return sum(self.counts.values())

    @property
    def dispersion(self) -> float:
        """Index of dispersion of wrong runs per tile: 1 if independent, more in clumps, nan without any."""
        return dispersion(self.tiles, self.tile_runs, self.tile_squares)

    @property
    def control_missed(self) -> int:
        """Planted faults that were due and not found."""
        return self.planted - self.control_found

    def merged(self, other: Tally) -> Tally:
        """Return the sum of two tallies under this one's name."""
        total = Tally(self.arm, line_bytes=other.line_bytes)
        for part in (self, other):
            for name in _SUMS:
                setattr(total, name, getattr(total, name) + getattr(part, name))
            total.lost = part.lost or total.lost
            total.alarm = total.alarm if part.alarm is None else part.alarm
            total.weakest = _least(total.weakest, part.weakest)
            total.least_queued = _least(total.least_queued, part.least_queued)
        return total


def _least(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


# All fields but the name and those of which a sum takes one, see `merged`.
_SUMS = tuple(
    part.name
    for part in fields(Tally)
    if part.name not in ("arm", "line_bytes", "lost", "skipped", "alarm", "weakest", "least_queued")
)


def shape(finding: FindingRecord, line_bytes: int) -> str:
    """Return the form of a recorded finding on a cache with lines of `line_bytes`.

    "lines": whole cache lines of a ring; "tail": less than a line, from or to
    the middle of one; "run": anything else that is stale. Other kinds are their
    own shape.
    """
    if finding.kind != "stale":
        return finding.kind
    if (finding.line_bytes or 0) >= line_bytes:
        return "lines"
    edges = finding.says("starts_on_line") or finding.says("ends_on_line")
    return "tail" if edges or finding.line_bytes else "run"


def tallies(events: Iterable[Event]) -> list[Tally]:
    """Return one tally per arm, in the order the arms first ran."""
    found: dict[str, Tally] = {}
    for event in events:
        if isinstance(event, BurstRecord):
            found.setdefault(event.arm, Tally(event.arm)).add(event)
        elif isinstance(event, LifecycleRecord):
            found.setdefault(event.arm, Tally(event.arm)).outcomes.update([(event.shown, event.outcome)])
        elif isinstance(event, SkipRecord):
            found.setdefault(event.arm, Tally(event.arm)).skipped = event.reason
    return list(found.values())


def total(parts: Iterable[Tally]) -> Tally:
    """Return the sum of all arms."""
    whole = Tally(WHOLE)
    for part in parts:
        whole = whole.merged(part)
    return whole
