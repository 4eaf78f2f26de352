# SPDX-License-Identifier: MIT
"""A run, summarised once: every report, farm format and verdict takes its numbers from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stress.errors import CaptureFileError
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
from stress.model.words import counted
from stress.record.journal import NAME
from stress.record.reader import Reading
from stress.record.tail import read_tail
from stress.verdict import checkpoint
from stress.verdict.audit import Audit, Auditor
from stress.verdict.beside import Neighbours
from stress.verdict.contrast import measure
from stress.verdict.diagnosis import Diagnosis, diagnose
from stress.verdict.judge import RULES, Judgement, judge, judge_run
from stress.verdict.lifecycle import EventRow
from stress.verdict.needs import NOT_BEGUN
from stress.verdict.places import Places
from stress.verdict.samples import Samples, Thinned
from stress.verdict.suspects import Context
from stress.verdict.symptoms import Gathering
from stress.verdict.tally import Tally, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from stress.model.record.analog import ChannelRecord
    from stress.model.record.events import Event
    from stress.model.record.proof import ConditionsRecord
    from stress.plan.plan import Plan

# Letters and number of recorded reasons that are told; chosen far above what the sentences of a run need.
# Higher: a record from anywhere makes a mail of 10 MB; lower: a reason of ours is cut.
LONGEST_REASON, MOST_REASONS = 2000, 200
UNENDED = "the run did not end, so arms and bursts are missing: continue it with run --resume"


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
    torn : the last line was cut off.
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
    """

    start: StartRecord | None = None
    number: int = 0
    end: int = 0
    bursts: int = 0
    allocations: int = 0
    streamed_s: float = 0.0
    verdict: VerdictRecord | None = None
    torn: bool = False
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
        parts = (*begun, *(Tally(name, skipped=NOT_BEGUN) for name in unbegun))
        whole = total(parts)
        judgement, contradicted = self._judged(parts, plan)
        if self.unnamed and judgement.verdict is not Verdict.FAIL:
            contradicted = contradicted or judgement.verdict in (Verdict.PASS, Verdict.SKIP)
            judgement = _beside_evidence(judgement, self.unnamed)
        if self.miscounted and judgement.verdict in (Verdict.PASS, Verdict.SKIP):
            judgement, contradicted = _miscounted(judgement, self.miscounted), True
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
            lifecycle=tuple(self.lifecycle.values()),
            beside=self.beside,
        )

    def _context(self, start: StartRecord) -> Context:
        return Context.of(start.transport, self.gathering.symptoms(), self.tap.source if self.tap else "")

    def _judged(self, parts: tuple[Tally, ...], plan: Plan) -> tuple[Judgement, bool]:
        indexing = self.start.transport.indexing if self.start else ""
        derived = judge_run(parts, plan, indexing)
        if self.verdict is None:
            return _unended(derived), False
        recorded = Judgement(Verdict(self.verdict.verdict), _told(self.verdict.reasons))
        judged = recorded.verdict in (Verdict.PASS, Verdict.FAIL)
        if recorded.verdict is derived.verdict or (derived.verdict is Verdict.SKIP and not judged):
            return recorded, False
        unbegun = any(part.skipped == NOT_BEGUN for part in parts)
        if self.verdict.rules < RULES and derived.verdict is not Verdict.FAIL and not unbegun:
            return _by_earlier_rules(recorded, derived), False
        return _contradicted(recorded, derived), True

    def _channel(self) -> AnalogPath | None:
        seen = self._channels.kept
        if not seen or self._worst is None:
            return None

        def middle(name: str) -> float:
            return float(sorted(getattr(one, name) for one in seen)[len(seen) // 2])

        return AnalogPath(middle("latency_frames"), middle("gain_db"), middle("drift_ppm"), *self._worst)


def _told(reasons: Sequence[str]) -> tuple[str, ...]:
    # A record may come from anywhere; what a verdict of ours rests on is never so long.
    cut = [text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..." for text in reasons]
    return (
        *cut[:MOST_REASONS],
        *((f"and {len(cut) - MOST_REASONS} more",) if len(cut) > MOST_REASONS else ()),
    )


def _unended(derived: Judgement) -> Judgement:
    """Return the judgement of a run without a verdict: corruption stays, and nothing passes."""
    verdict = derived.verdict
    if verdict in (Verdict.PASS, Verdict.SKIP):
        verdict = Verdict.INCONCLUSIVE
    first = () if verdict is Verdict.FAIL else (UNENDED,)
    last = (UNENDED,) if verdict is Verdict.FAIL else ()
    # What was clean so far is no reason for a PASS.
    reasons = () if derived.verdict is Verdict.PASS else derived.reasons
    return Judgement(verdict, (*first, *reasons, *last))


def _by_earlier_rules(recorded: Judgement, derived: Judgement) -> Judgement:
    # What was corruption then and now, or what never ran, is no question of rules.
    reason = f" ({derived.reasons[0]})" if derived.reasons else ""
    line = f"recorded by an earlier version; by the rules of this one it is {derived.verdict.value}{reason}"
    return Judgement(recorded.verdict, (*recorded.reasons, line))


def _beside_evidence(judged: Judgement, unnamed: tuple[str, ...]) -> Judgement:
    # Evidence is written behind the burst that it is of: that burst is missing from the record.
    reason = (
        f"evidence/ holds {counted(len(unnamed), 'sample')} of corruption that no burst of the record names "
        f"({unnamed[0]}): a part of the record is lost"
    )
    if judged.verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR):
        return Judgement(judged.verdict, (*judged.reasons[:1], reason, *judged.reasons[1:]))
    return Judgement(Verdict.INCONCLUSIVE, (reason, *(f"recorded: {text}" for text in judged.reasons)))


def _miscounted(judged: Judgement, number: int) -> Judgement:
    reason = f"the tally recorded behind burst {number} is not what the bursts before it add up to"
    return Judgement(Verdict.INCONCLUSIVE, (reason, *(f"recorded: {text}" for text in judged.reasons)))


def _contradicted(recorded: Judgement, derived: Judgement) -> Judgement:
    return Judgement(
        Verdict.INCONCLUSIVE,
        (
            f"the recorded verdict {recorded.verdict.value} and the recorded bursts contradict each other: "
            f"the bursts give {derived.verdict.value}",
            *(f"recorded: {reason}" for reason in recorded.reasons),
            *(f"from the bursts: {reason}" for reason in derived.reasons),
        ),
    )


def _diagnosis(parts: tuple[Tally, ...], plan: Plan, context: Context) -> Diagnosis | None:
    if not any(arm.group for arm in plan.arm) or not any(part.bursts for part in parts):
        return None
    return diagnose(measure(plan, parts), plan.bound, context)


def read(folder: Path, watch: Callable[[Summing, Event], None] | None = None) -> Summing:
    """Return the events of the run in `folder`, added up.

    Parameters
    ----------
    watch : called with each event once it is added, for what is counted beside.

    Raises
    ------
    CaptureFileError : no record, or one that is damaged; the message says where.
    """
    reading, summing = Reading(folder), Summing()
    for event in reading:
        _added(summing, event, folder)
        if watch is not None:
            watch(summing, event)
    summing.torn = reading.torn
    summing.unnamed = _unnamed(folder, summing)
    return summing


def read_to_resume(folder: Path) -> Summing:
    """Return what the run in `folder` adds up to as far as a resume needs it: tallies, position, loopback.

    The last tally of the record is taken at its word once the chain of digests is known to hold
    over every line; a report counts the bursts themselves. Without one the whole record is read.

    Raises
    ------
    CaptureFileError : no record, or one that is damaged; the message says where.
    """
    tail = read_tail(folder)
    if tail is None or not checkpoint.usable(tail.tally, tail.bursts):
        return read(folder)
    summing = Summing(start=tail.start, loopback=tail.loopback, torn=tail.torn)
    checkpoint.restore(tail.tally, summing)
    for event in tail.events:
        _added(summing, event, folder)
    summing.unnamed = _unnamed(folder, summing)
    return summing


def _added(summing: Summing, event: Event, folder: Path) -> None:
    try:
        summing.add(event)
    except (ValueError, IndexError) as error:
        raise CaptureFileError(str(folder / NAME), f"{event.event}: crc32: {error}") from None


def _unnamed(folder: Path, summing: Summing) -> tuple[str, ...]:
    kept = sorted(path.name for path in (folder / "evidence").glob("*.json"))
    return tuple(name for name in kept if name not in summing.named)


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
