"""Tallies: what the bursts of one arm, or of a whole run, add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Optional

from stress.model.finding import SILENT
from stress.stats.counts import dispersion
from stress.verdict.two_clocks import Slip, slips


class Seen(NamedTuple):
    """A finding as a tap saw it: first wrong view, kind, ring by its age, lane of memory."""

    view: str
    kind: str
    ring: Optional[str]  # noqa: UP045 - evaluated by Python 3.9
    memory: str


@dataclass
class Tally:
    """Sums over burst events (the records' JSON objects).

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
    views : real findings per view they first appear in; `seen` says more of them.
    wire : bursts a tap looked at, and what it counted (events, dropped, failed, lost_frames, ...).
    doubts : why the path (or the wire alone) cannot vouch; `blind` why the wire was not seen.
    detectors : bursts per detector that judged them.
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
    unlocked: int = 0
    silent: int = 0
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
    detectors: Counter[str] = field(default_factory=Counter)
    alarm: float | None = None
    weakest: float | None = None

    def add(self, burst: dict[str, Any]) -> None:
        """Add one burst event."""
        analysis, exchange, control = burst["analysis"], burst["exchange"], burst["control"]
        self.bursts += 1
        self.episodes += burst["episodes"]
        self.observed_s += burst["observed_s"]
        self.streamed_s += burst["streamed_s"]
        self.checked_frames += analysis["checked_frames"]
        self.lines += burst["exposure"]["lines"]
        self.line_bytes = burst["exposure"]["line_bytes"]
        self.unlocked += not analysis["locked"]
        self.silent += SILENT in analysis["notes"]
        self.planted += control["planted"]
        self.control_found += control["found"]
        self.control_covered += control.get("covered", 0)
        self.xruns += exchange["playback"]["xruns"] + exchange["capture"]["xruns"]
        self.lost = exchange["lost"] or self.lost
        for side in ("playback", "capture"):
            self.voluntary += exchange[side]["voluntary"] or 0
            self.involuntary += exchange[side]["involuntary"] or 0
        for name, number in burst.get("opportunities", {}).items():
            self.opportunities.update({} if number is None else {name: abs(number)})
        self.refused.update(str(text) for text in burst["conditions"]["refused"])
        # Records made before tiles were counted have none.
        seen = burst.get("tiles") or dict.fromkeys(("number", "runs", "squares"), 0)
        self.tiles += seen["number"]
        self.tile_runs += seen["runs"]
        self.tile_squares += seen["squares"]
        before = self.wrong_frames
        self.detectors.update([str(analysis.get("detector", "exact"))])
        self.doubts.update(burst.get("advice", ()))
        self.alarm = (burst.get("channel") or {}).get("alarm_sigmas", self.alarm)
        self._add_findings(analysis)
        self.samples.append((self.wrong_frames - before, analysis["checked_frames"]))
        self._add_wire(burst.get("wire") or {})

    def _add_wire(self, wire: dict[str, Any]) -> None:
        if "source" not in wire:
            self.blind.update([wire["blind"]] if wire.get("blind") else [])
            return
        self.doubts.update(wire["doubts"])
        self.wire.update({name: wire[name] for name in ("events", "dropped", "truncated", "lost_frames")})
        self.wire.update(bursts=1, judged=int(wire["judged"]))
        for side in ("out", "in"):
            parts = {f"{side}_{name}": wire[side][name] for name in ("frames", "wrong", "failed")}
            self.wire.update(parts)
            if wire["judged"]:
                planted = {f"{side}_{name}": wire[side].get(name, 0) for name in ("planted", "found")}
                self.wire.update(planted)
        self.wire.update({f"in_{name}": wire["in"].get(name, 0) for name in ("lines", "telling_lines")})
        self.wire.update(in_judged="capture" in wire.get("judged_sides", ()))
        for side, held in wire.get("memory", {}).items():
            self.wire.update({f"memory_{side}_{name}": held[name] for name in ("frames", "differ")})

    def _add_findings(self, analysis: dict[str, Any]) -> None:
        self.counts.update(analysis["counts"])
        for kind, ring, laps, number in analysis["sites"]:
            self.sites[(kind, ring, laps)] += number
        self.wrong_frames += analysis["wrong_frames"]
        self.slips += slips(analysis["findings"])
        for finding in analysis["findings"]:
            beside = "transport" in finding.get("details", {})
            if finding["injected"] or beside:
                self.weakest = _least(self.weakest, finding["details"].get("score"))
                self.counts[finding["kind"]] -= 1
                self.sites[(finding["kind"], finding["ring"], finding["laps"])] -= 1
                self.wrong_frames -= finding["frames"]
                self.transport += beside
            else:
                self.shapes[shape(finding, self.line_bytes)] += 1
                self._add_view(finding)
        self.counts, self.sites = +self.counts, +self.sites

    def _add_view(self, finding: dict[str, Any]) -> None:
        details = finding["details"]
        if "view" in details:
            self.views[details["view"]] += 1
            memory = details.get("lanes", {}).get("memory", "")
            self.seen[Seen(details["view"], finding["kind"], finding["ring"], memory)] += 1

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
        return total


def _least(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


# All fields but the name and those of which a sum takes one, see `merged`.
_SUMS = tuple(
    part.name
    for part in fields(Tally)
    if part.name not in ("arm", "line_bytes", "lost", "skipped", "alarm", "weakest")
)


def shape(finding: dict[str, Any], line_bytes: int) -> str:
    """Return the form of a recorded finding on a cache with lines of `line_bytes`.

    "lines": whole cache lines of a ring; "tail": less than a line, from or to
    the middle of one; "run": anything else that is stale. Other kinds are their
    own shape.
    """
    if finding["kind"] != "stale":
        return str(finding["kind"])
    if (finding["line_bytes"] or 0) >= line_bytes:
        return "lines"
    edges = {"starts_on_line", "ends_on_line"} & set(finding["details"])
    return "tail" if edges or finding["line_bytes"] else "run"


def tallies(events: list[dict[str, Any]]) -> list[Tally]:
    """Return one tally per arm, in the order the arms first ran."""
    found: dict[str, Tally] = {}
    for event in events:
        if event["event"] == "burst":
            found.setdefault(event["arm"], Tally(event["arm"])).add(event)
        elif event["event"] == "skip":
            found.setdefault(event["arm"], Tally(event["arm"])).skipped = event["reason"]
    return list(found.values())


def total(parts: list[Tally]) -> Tally:
    """Return the sum of all arms."""
    whole = Tally("all")
    for part in parts:
        whole = whole.merged(part)
    return whole
