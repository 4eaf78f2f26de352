# SPDX-License-Identifier: MIT
"""A run, summarised once: every report, farm format and verdict takes its numbers from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stress.model.record.burst import BurstRecord
from stress.model.record.events import (
    LifecycleRecord,
    LoopbackRecord,
    OpenRecord,
    SkipRecord,
    StartRecord,
    StopRecord,
    TapRecord,
    VerdictRecord,
)
from stress.model.record.tally import TallyRecord
from stress.model.verdict import Verdict
from stress.verdict import checkpoint, recorded_verdict
from stress.verdict.audit import Audit, Auditor
from stress.verdict.beside import Neighbours
from stress.verdict.contrast import measure
from stress.verdict.diagnosis import Diagnosis, diagnose
from stress.verdict.judge import Judgement, judge, judge_run
from stress.verdict.lifecycle import EventRow
from stress.verdict.needs import NOT_BEGUN, TORN
from stress.verdict.places import Places
from stress.verdict.samples import Samples, Thinned
from stress.verdict.suspects import Context
from stress.verdict.symptoms import Gathering
from stress.verdict.tally import Tally, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stress.model.record.analog import ChannelRecord
    from stress.model.record.events import Event
    from stress.model.record.proof import ConditionsRecord
    from stress.plan.plan import Plan


@dataclass(frozen=True)
class AnalogPath:
    """The analog path over all bursts: medians, SNR and THD+N at their worst."""

    latency_frames: float
    gain_db: float
    drift_ppm: float
    snr_db: float
    thd_n_db: float


@dataclass(frozen=True)
class Summary:
    """What the record of a run adds up to.

    Attributes
    ----------
    parts : one tally per arm, in the order the arms first ran; `whole` is their sum.
    verdicts : judgement of each arm, in the same order.
    judgement : of the run as a whole; `contradicted` when the recorded verdict is not that of the bursts.
    diagnosis : the named cause, None for a plan without contrasts.
    detectors : that judged the bursts, in the order they first did.
    opened : the last open event of each arm.
    conditions : of the last burst.
    evidence : files that bursts of the record name.
    places : where the wrong frames of each arm lie.
    torn : the last line was cut off; `torn_arm` is the arm whose burst it was to tell of, "" for none.
    lifecycle : life-cycle events by kind and arm, in the order they first happened.
    beside : who ran beside the bursts.
    """

    plan: Plan
    start: StartRecord
    backend: str
    parts: tuple[Tally, ...]
    whole: Tally
    verdicts: tuple[Judgement, ...]
    judgement: Judgement
    contradicted: bool
    diagnosis: Diagnosis | None
    audit: Audit
    channel: AnalogPath | None
    detectors: tuple[str, ...]
    loopback: LoopbackRecord | None
    tap: TapRecord | None
    stopped: StopRecord | None
    opened: dict[str, OpenRecord]
    conditions: ConditionsRecord | None
    evidence: int
    samples: Samples
    places: dict[str, Places]
    torn: bool
    torn_arm: str = ""
    lifecycle: tuple[EventRow, ...] = ()
    beside: Neighbours = field(default_factory=Neighbours)

    @property
    def device(self) -> str:
        """The PCM that the first arm was opened on, "" where none was."""
        return next((event.device for event in self.opened.values()), "")

    @property
    def failed(self) -> bool:
        """True when the verdict is FAIL."""
        return self.judgement.verdict is Verdict.FAIL


@dataclass
class Summing:
    """Adds up the events of a record, one by one, in memory that does not grow with their number.

    Attributes
    ----------
    number, end : number of the last burst, and the pattern position behind it.
    bursts, allocations, streamed_s : so far.
    named : evidence files that bursts name; `unnamed` those in the folder that none does.
    miscounted : the burst before the first tally of the record that the bursts contradict, 0 without one.
    missing : the first number that no burst has and that later ones pass over, 0 without one.
    """

    start: StartRecord | None = None
    number: int = 0
    end: int = 0
    bursts: int = 0
    allocations: int = 0
    streamed_s: float = 0.0
    verdict: VerdictRecord | None = None
    torn: bool = False
    torn_arm: str = ""
    tallies: dict[str, Tally] = field(default_factory=dict)
    auditor: Auditor = field(default_factory=Auditor)
    samples: Samples = field(default_factory=Samples)
    places: dict[str, Places] = field(default_factory=dict)
    loopback: LoopbackRecord | None = None
    tap: TapRecord | None = None
    stopped: StopRecord | None = None
    opened: dict[str, OpenRecord] = field(default_factory=dict)
    conditions: ConditionsRecord | None = None
    detectors: dict[str, None] = field(default_factory=dict)
    evidence: int = 0
    named: set[str] = field(default_factory=set)
    unnamed: tuple[str, ...] = ()
    miscounted: int = 0
    missing: int = 0
    lifecycle: dict[tuple[str, str], EventRow] = field(default_factory=dict)
    beside: Neighbours = field(default_factory=Neighbours)
    gathering: Gathering = field(default_factory=Gathering)
    _channels: Thinned[ChannelRecord] = field(default_factory=Thinned)
    _worst: tuple[float, float] | None = None

    def add(self, event: Event) -> None:
        """Add one event."""
        self.gathering.add(event)
        if isinstance(event, BurstRecord):
            self._add_burst(event)
        elif isinstance(event, SkipRecord):
            self._tally(event.arm).skipped = event.reason
        elif isinstance(event, OpenRecord):
            self.opened[event.arm] = event
        elif isinstance(event, StartRecord):
            self.start = self.start or event
        elif isinstance(event, TallyRecord):
            self._check(event)
        else:
            self._add_note(event)

    def _add_note(self, event: Event) -> None:
        if isinstance(event, LoopbackRecord):
            self.loopback = event
        elif isinstance(event, TapRecord):
            self.tap = event
        elif isinstance(event, StopRecord):
            self.stopped = event
        elif isinstance(event, LifecycleRecord):
            self._tally(event.arm).outcomes.update([(event.shown, event.outcome)])
            row = self.lifecycle.setdefault((event.shown, event.arm), EventRow(event.shown, event.arm))
            row.add(event)
            self.verdict = None
        elif isinstance(event, VerdictRecord):
            self.verdict = event

    def _check(self, recorded: TallyRecord) -> None:
        # A resume goes on from it: where it is wrong, so is the verdict recorded behind it.
        if not self.miscounted and not checkpoint.holds(recorded, self):
            self.miscounted = recorded.number

    def _tally(self, arm: str) -> Tally:
        if arm not in self.tallies:
            self.tallies[arm] = Tally(arm)
        return self.tallies[arm]

    def _add_burst(self, burst: BurstRecord) -> None:
        # A verdict says nothing of bursts that follow it.
        self.verdict = None
        if burst.number > self.number + 1 and not self.missing:
            self.missing = self.number + 1
        self.number, self.end = burst.number, burst.end
        self.bursts += 1
        self.allocations = max(self.allocations, burst.exposure.allocation)
        self.streamed_s += burst.streamed_s
        tally, opened = self._tally(burst.arm), self.opened.get(burst.arm)
        before = tally.wrong_frames
        tally.add(burst)
        self.places.setdefault(burst.arm, Places()).add(burst, tally.wrong_frames - before, opened)
        self.auditor.add(burst)
        self.samples.add(burst, opened)
        self.conditions = burst.conditions
        self.beside.add(burst.beside, burst.streamed_s)
        self.detectors[burst.analysis.detector] = None
        self.evidence += len(burst.evidence)
        self.named.update(burst.evidence)
        if burst.channel is not None:
            self._channels.add(burst.channel)
            snr, thd = self._worst or (burst.channel.snr_db, burst.channel.thd_n_db)
            self._worst = min(snr, burst.channel.snr_db), max(thd, burst.channel.thd_n_db)

    def result(self, plan: Plan) -> Summary:
        """Return what was added so far, of a run of `plan`.

        Raises
        ------
        ValueError : no start event was added.
        """
        if self.start is None:
            raise ValueError("the record does not begin with a start event")
        begun = list(self.tallies.values())
        unbegun = (arm.name for arm in plan.arm if arm.name not in self.tallies)
        absent = (Tally(name, skipped=TORN if name == self.torn_arm else NOT_BEGUN) for name in unbegun)
        parts = (*begun, *absent)
        whole = total(parts)
        judgement, contradicted = recorded_verdict.concluded(
            self.verdict,
            judge_run(parts, plan, self.start.transport.indexing),
            unbegun=any(part.skipped in (NOT_BEGUN, TORN) for part in parts),
            unnamed=self.unnamed,
            miscounted=self.miscounted,
            # The bursts of an arm that was refused have their numbers, and no line.
            missing=0 if any(part.skipped for part in begun) else self.missing,
        )
        return Summary(
            plan=plan,
            start=self.start,
            backend=(self.verdict.backend if self.verdict else "") or self.start.backend,
            parts=parts,
            whole=whole,
            verdicts=tuple(judge(part) for part in parts),
            judgement=judgement,
            contradicted=contradicted,
            diagnosis=_diagnosis(parts, plan, self._context(self.start)),
            audit=self.auditor.result,
            channel=self._channel(),
            detectors=tuple(self.detectors),
            loopback=self.loopback,
            tap=self.tap,
            stopped=self.stopped,
            opened=self.opened,
            conditions=self.conditions,
            evidence=self.evidence,
            samples=self.samples,
            places=self.places,
            torn=self.torn,
            torn_arm=self.torn_arm,
            lifecycle=tuple(self.lifecycle.values()),
            beside=self.beside,
        )

    def _context(self, start: StartRecord) -> Context:
        return Context.of(start.transport, self.gathering.symptoms(), self.tap.source if self.tap else "")

    def _channel(self) -> AnalogPath | None:
        seen = self._channels.kept
        if not seen or self._worst is None:
            return None

        def middle(name: str) -> float:
            return float(sorted(getattr(one, name) for one in seen)[len(seen) // 2])

        return AnalogPath(middle("latency_frames"), middle("gain_db"), middle("drift_ppm"), *self._worst)


def _diagnosis(parts: tuple[Tally, ...], plan: Plan, context: Context) -> Diagnosis | None:
    if not any(arm.group for arm in plan.arm) or not any(part.bursts for part in parts):
        return None
    return diagnose(measure(plan, parts), plan.bound, context)


def summarise(events: Iterable[Event], plan: Plan, torn: bool = False) -> Summary:
    """Return what the events of a run add up to.

    Raises
    ------
    ValueError : the events do not begin with a start event, or checksums are none.
    """
    summing = Summing(torn=torn)
    for event in events:
        summing.add(event)
    return summing.result(plan)
