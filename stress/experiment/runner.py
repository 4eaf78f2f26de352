# SPDX-License-Identifier: MIT
"""Walk a plan: open, burst after burst, record, judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

from stress.errors import DeviceError, DeviceGone
from stress.experiment import events, positive_control
from stress.experiment.arm_events import ArmEvents, gone
from stress.experiment.burst import BurstRunner
from stress.experiment.conclusion import conclude
from stress.experiment.loopback_detection import Trials, choose, maybe_cable, repeat_with_larger_rings
from stress.experiment.path_watch import PathWatch
from stress.experiment.schedule import Progress, Schedule, Step
from stress.experiment.wire.evidence import sources
from stress.model.pcm import Lost
from stress.model.record.events import LoopbackRecord, SkipRecord
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.model.transport import NO_TRANSPORT, TransportRecord
from stress.verdict import checkpoint
from stress.verdict.episodes import episodes
from stress.verdict.judge import Judgement, judge_run
from stress.verdict.summary import Summing

if TYPE_CHECKING:
    from stress.board.kernel_log import KernelLog
    from stress.board.processes import Processes
    from stress.experiment.burst import BurstResult
    from stress.experiment.disturber import Disturber
    from stress.experiment.method.detector import Detector
    from stress.model.wire import Tap
    from stress.pcm.contract import Pcm
    from stress.plan.plan import Arm, Plan
    from stress.record.evidence import EvidenceStore, Pending
    from stress.record.journal import Journal

# Bursts with xruns and without a lock that are passed over before the loopback is decided.
# Higher: a card that never runs clean is judged by nothing; lower: an overloaded start makes a
# digital loopback an analog one.
MOST_TRIES = 3


@dataclass
class Run:
    """One run of a plan on one PCM, writing to one journal.

    Parameters
    ----------
    name : of the backend, for the verdict.
    line_bytes : ring line of exposure and control [bytes].
    method : detector and stimulus.
    others : tried where the first burst of `method` does not come back, for
        `loopback` "auto"; the one that is recognised takes its place.
    seed : of the positive control.
    position : first pattern position.
    duration_s : streamed time to reach, the plan being walked again and again;
        0 walks it as often as it says itself [s].
    done : what an earlier part of this run added up to (resume).
    progress : called after every burst.
    starting : called before every burst; nothing of it may go on while the burst streams.
    tap : looks at bus and memory beside each burst, None where it may not.
    loopback, transport : see `BurstRunner`; pages of which colours and how the D-cache finds a line too.
    disturber : does the life-cycle events of the arms, None where none can be done.
    processes : see `BurstRunner`.
    suspects : see `PathWatch`.
    kernel_log : what the kernel says meanwhile, None where it is not that of the board.
    """

    plan: Plan
    pcm: Pcm
    name: str
    line_bytes: int
    method: Detector
    journal: Journal
    evidence: EvidenceStore
    seed: int
    position: int
    duration_s: float = 0.0
    done: Summing | None = None
    progress: Callable[[Progress], None] = lambda _: None
    starting: Callable[[Step], None] = lambda _: None
    tap: Tap | None = None
    loopback: str = "auto"
    others: tuple[Callable[[], Detector], ...] = ()
    transport: TransportRecord = NO_TRANSPORT
    disturber: Disturber | None = None
    processes: Processes | None = None
    suspects: Callable[[], list[str]] = list
    kernel_log: KernelLog | None = None

    def __post_init__(self) -> None:
        self._undecided = self.loopback == "auto" and bool(self.others)
        self._path = PathWatch(self.journal, self.suspects)
        self._tries = 0
        self._opened: tuple[Arm, BurstRunner] | None = None
        self._sum = self.done or Summing()
        self._schedule = Schedule(
            self.plan, self._sum, self.journal, self.duration_s, self.transport.indexing
        )
        self._events = ArmEvents(self.plan, self.disturber, self.seed, self._sum.streamed_s)
        self._returned = False  # the stimulus was recognised in the loopback at least once
        self._skipped: dict[str, str] = {}
        self._findings = sum(part.found for part in self._sum.tallies.values())
        # A resumed run goes on counting: its rings are others than those of before.
        self._allocations = self._sum.allocations
        self._lost: Lost | None = None

    def walk(self) -> tuple[Judgement, int]:
        """Run the plan and return the judgement and the exit status.

        Raises
        ------
        DeviceError : the device could not be opened at all (nothing was run).
        """
        self._refuse_events()
        for step in self._schedule.steps(self._skipped):
            if step.arm.name in self._skipped:
                continue
            happened = self._disturb(step)
            if self._lost:
                break
            if step.arm.name in self._skipped:
                continue
            if self._opened is None or self._opened[0] != step.arm:
                self._opened = self._open(step.arm) if self._with_driver(step.arm) else None
            if self._opened is not None:
                self._burst(step, self._opened[1], happened)
            if self._lost:
                break
            if step.last and self.tap is not None:
                self._opened = None
        return self._conclude()

    def _refuse_events(self) -> None:
        # Before anything streams: an arm whose event cannot be done is no arm of that event.
        for arm in self.plan.arm:
            reason = self._events.refusal(arm)
            if reason:
                self._skip(arm, reason)

    def _disturb(self, step: Step) -> list[tuple[str, float]]:
        """Do the events before a burst; return the name of each and how long it took [s]."""
        happened: list[tuple[str, float]] = []
        for rule in self._events.due(step.arm, step.number, self._sum.streamed_s):
            if self.disturber is None or self._lost or step.arm.name in self._skipped:
                break
            if self._opened is None and not rule.event.closes:
                # An event before it closed the PCM: the stream that this one is about comes first.
                self._opened = self._open(step.arm)
                if self._opened is None:
                    break
            if rule.event.closes:
                self._opened = None
            try:
                took_s = self.disturber.disturb(rule.event, self.plan.request(step.arm), rule.down_s)
                happened.append((rule.name, took_s))
            except DeviceGone:
                self._lost = Lost.GONE
                self.journal.append(gone(step.arm, rule.name), sync=True)
            except DeviceError as error:
                self._skip(step.arm, str(error))
        return happened

    def _with_driver(self, arm: Arm) -> bool:
        """Have the driver loaded as an arm asks; False where the arm cannot be run then."""
        try:
            self._events.load_driver(arm)
        except DeviceGone:
            self._lost = Lost.GONE
        except DeviceError as error:
            self._skip(arm, str(error))
        return not self._lost and arm.name not in self._skipped

    def _to_end(self, step: Step) -> bool:
        # The pattern that such a burst leaves in the ring must not meet another burst, unless whether
        # it does is the question.
        return self._events.tells_of_rest(step.arm) or (step.last and self.tap is not None)

    def _open(self, arm: Arm) -> tuple[Arm, BurstRunner] | None:
        request = self.plan.request(arm)
        try:
            granted = self.pcm.open(request)
        except DeviceGone:
            self._lost = Lost.GONE
            return None
        except DeviceError as error:
            if not self._sum.number and len(self.plan.arm) == 1:
                raise
            self._skip(arm, str(error))
            return None
        frames = round(arm.burst_s * self.plan.rate)
        rings = Rings(granted.playback.buffer_size, granted.capture.buffer_size)
        middles = self._events.middles(arm)
        handlings = [arm.handling, *(replace(arm.handling, middle=one) for one in middles)]
        refused = (self.pcm.supports(handling) for handling in handlings)
        reason = next((one for one in refused if one), None) or self.method.unfit(rings, frames)
        if reason:
            self._skip(arm, reason)
            return None
        self._allocations += 1
        self.journal.append(events.opened(arm.name, self.pcm.backend, request, granted))
        asked = self.plan.conditions.asked
        bench = BurstRunner(
            granted,
            self.method,
            frames,
            self.line_bytes,
            asked,
            tap=self.tap,
            loopback=self.loopback,
            transport=self.transport,
            shared=self.plan.shared(),
            processes=self.processes,
            still_s=max((one.still_s for one in middles), default=0.0),
        )
        return arm, bench

    def _skip(self, arm: Arm, reason: str) -> None:
        self._skipped[arm.name] = reason
        skip = SkipRecord(arm.name, reason)
        self.journal.append(skip)
        self._sum.add(skip)

    def _burst(self, step: Step, bench: BurstRunner, happened: list[tuple[str, float]]) -> None:
        result = self._streamed(step, bench)
        judged: BurstRunner | None = bench
        if self._undecided and not self._lost:
            judged, result = self._decided(step, bench, result)
        if judged is not None:
            result = self._events.judged(step.arm, result, bool(happened))
            self._note(step, result, judged)
            self._note_events(step, result, judged, happened)
            self._returned |= result.locked

    def _streamed(self, step: Step, bench: BurstRunner) -> BurstResult:
        self.starting(step)
        first = self._next(bench.longest)
        frames, wanted = round(step.arm.burst_s * self.plan.rate), self.plan.control
        seed = f"{self.seed}/{step.number}"
        faults = positive_control.place_faults(
            frames, bench.geometry, wanted.share, wanted.least, seed, self.method.rules
        )
        ring = bench.granted.capture.buffer_size
        back = replace(bench.geometry, ring=ring, ring_frame_bytes=bench.capture_bytes)
        result = bench.run(
            self.pcm,
            replace(step.arm.handling, middle=self._events.inside()),
            first,
            faults,
            over_read=positive_control.place_faults(frames, back, wanted.share, wanted.least, f"{seed}/read"),
            to_end=self._to_end(step),
        )
        self.position = first + result.span
        self._lost = result.exchange.lost
        return self._path.compared(result)

    def _next(self, frames: int) -> int:
        # Word 0 of the pattern is silence; position 0 is never sent.
        return 1 if self.position + frames >= POSITIONS or self.position == 0 else self.position

    def _decided(
        self, step: Step, bench: BurstRunner, first: BurstResult
    ) -> tuple[BurstRunner | None, BurstResult]:
        """Settle what judges this run; return the burst in the terms of that, and its bench.

        No bench where the PCM could not be opened anew for another method.
        """
        trials, seen, how = Trials(self.pcm, bench.granted, self.plan, step.arm), first, ""
        if first.exchange.xruns and not first.locked and self._tries < MOST_TRIES:
            # A burst with xruns says nothing of the loopback: one with larger rings decides, else the next.
            self._tries += 1
            self._opened = None  # What follows opens the rings of its arm anew.
            repeated = repeat_with_larger_rings(trials, self.method, self._taken)
            if repeated is None:
                return bench, first
            trials, seen = repeated
            if seen.exchange.lost:
                self._lost = seen.exchange.lost
                return bench, first
            how = f" (tried with rings of {trials.rings}: the first burst had an xrun and was repeated)"
        self._undecided = False
        path = seen.analysis.path
        if path is not None and not path.exact and not maybe_cable(path):
            # The pattern is there, however changed: no other stimulus says more.
            self._path.say(path, self.method)
            return self._anew(step, bench, first) if how else (bench, first)
        at = self._taken(trials.frames * len(self.others))
        choice = choose(seen, self.method, self.others, trials, at)
        self._lost = choice.lost
        if choice.method is None:
            by = "wire" if first.by_wire and not seen.locked else self.method.name
            self._say_loopback(self.method.loopback if seen.locked else "none", by, f"{choice.why}{how}")
            if seen.locked and how:
                return self._anew(step, bench, first)
            heard = first.heard if first.by_wire else replace(first.heard, advice=choice.advice)
            if choice.lost:
                # What was taken for a path may be a cable that could not be tried.
                heard = replace(heard, analysis=replace(heard.analysis, path=None))
            return bench, replace(first, heard=heard)
        self.method = choice.method
        self._say_loopback(self.method.loopback, self.method.name, f"{choice.why}{how}")
        if path is not None and (path.encoding not in ("", "noisy") or path.rate_ratio != 1):
            # The other stimulus judges behind what this one cannot take off; a gain with noise is a cable.
            self._path.say(path, self.method)
        return self._anew(step, None, first)

    def _anew(
        self, step: Step, bench: BurstRunner | None, first: BurstResult
    ) -> tuple[BurstRunner | None, BurstResult]:
        """Stream a burst once more, which decided nothing; what the bus showed wrong in it is kept.

        Parameters
        ----------
        bench : of the burst, None where another method judges from here on.
        """
        injected = sum(finding.injected for finding in first.analysis.findings)
        if bench is not None and first.analysis.found > injected:
            return bench, first
        self._opened = self._open(step.arm)
        if self._opened is None:
            return None, first
        return self._opened[1], self._streamed(step, self._opened[1])

    def _taken(self, frames: int) -> int:
        at = self._next(frames)
        self.position = at + frames
        return at

    def _say_loopback(self, kind: str, detector: str, why: str) -> None:
        self.journal.append(LoopbackRecord(kind, detector, why))

    def _note(self, step: Step, result: BurstResult, bench: BurstRunner) -> None:
        stimulus, rate = self.method.stimulus, bench.granted.playback.rate
        self._path.say(result.analysis.path, self.method)
        exposure = bench.exposure(result)
        kept: list[Pending] = []
        for tag, part, observed, due in sources(
            result, bench.seen, bench.captured, bench.capture_bytes, stimulus
        ):
            kept += self.evidence.choose(step.number, part, observed, due, tag)
        names = [one.name for one in kept]
        seen = episodes(result.analysis, bench.rings.largest, rate)
        burst = events.burst(
            result, step.number, step.arm.name, rate, exposure, seen, names, bench.axes(result.position)
        )
        if self.transport.drawn_colours and bench.granted.mappings:
            drawn = replace(
                burst.exposure, allocation=self._allocations, colours=self.transport.drawn_colours
            )
            burst = replace(burst, exposure=drawn)
        burst = replace(burst, kernel=self.kernel_log.new() if self.kernel_log else ())
        self.journal.append(burst, sync=True)
        self.evidence.write(kept)
        self._sum.add(burst)
        if checkpoint.due(self._sum):
            self.journal.append(checkpoint.of(self._sum), sync=True)
        injected = sum(finding.injected for finding in result.analysis.findings)
        self._findings += result.analysis.found - injected
        self.progress(
            Progress(
                arm=step.arm.name,
                number=step.number,
                planned=self._schedule.planned(),
                streamed_s=self._sum.streamed_s,
                duration_s=self.duration_s,
                findings=self._findings,
            )
        )

    def _note_events(
        self, step: Step, result: BurstResult, bench: BurstRunner, happened: list[tuple[str, float]]
    ) -> None:
        lap = bench.rings.largest
        for record in self._events.records(step.arm, step.number, result, lap, happened, self._returned):
            self.journal.append(record, sync=True)
            self._sum.add(record)
        stood = result.exchange.stood
        if stood is not None and stood.refused and not result.exchange.xruns and not self._lost:
            self._skip(step.arm, f"in the middle of burst {step.number}: {stood.refused}")

    def _conclude(self) -> tuple[Judgement, int]:
        parts = list(self._sum.tallies.values())
        found = judge_run(parts, self.plan, self.transport.indexing)
        stopped = (self._schedule.stopped.text(),) if self._schedule.stopped else ()
        judgement = Judgement(found.verdict, found.reasons + stopped)
        return judgement, conclude(self.journal, self.name, judgement, parts, self._lost is Lost.GONE)
