# SPDX-License-Identifier: MIT
"""pcmstress run: walk a plan on a card or a virtual board."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import stress
from stress.board.kernel_log import KernelLog
from stress.board.memory import available
from stress.board.processes import Processes
from stress.cli import backend, detector, ending, new_run, outputs, resume, run_facts, series, stimulus
from stress.cli.life import Life
from stress.cli.run_config import NAME, Invocation, RunConfig
from stress.errors import BackendUnavailable, CaptureFileError, DeviceError, ParamsRefused, StressError
from stress.experiment.conclusion import skipped
from stress.model.record.events import EndRecord, LoopbackRecord, StartRecord, TapRecord
from stress.model.transport import NO_TRANSPORT, TransportRecord
from stress.model.verdict import exit_code
from stress.model.words import counted
from stress.plan.burst_memory import refuse_what_does_not_fit
from stress.plan.fit import fitted
from stress.record import rundir
from stress.record.clock import Clock
from stress.record.journal import Journal
from stress.report.console import Console
from stress.verdict.summary import Summing

if TYPE_CHECKING:
    import argparse

    from stress.cli.backend import Backend
    from stress.cli.outputs import Outputs
    from stress.experiment import runner
    from stress.experiment.disturber import Disturber
    from stress.experiment.method.detector import Detector
    from stress.model.wire import Tap
    from stress.patterns.recording import Recording
    from stress.pcm.contract import Pcm
    from stress.plan.plan import Plan
    from stress.record.folder_lock import FolderLock

# Evidence files per run and per burst. Source: 200 files of about 10 KB stay
# below 2 MB on a board's flash. Higher: the record of a bad board fills it;
# lower: rare kinds may be left without a sample.
MOST_EVIDENCE = 200
MOST_PER_BURST = 8


@dataclass(frozen=True)
class Job:
    """A run as it was asked for, checked, with nothing touched yet.

    Attributes
    ----------
    method : detector and stimulus, None without a backend; `others` are tried where it hears nothing.
    backend : None when there is none; `missing` then says why.
    tap : looks at the wire; `blind` says why there is none.
    done : what an earlier part of the run added up to.
    """

    config: RunConfig
    method: Detector | None
    others: tuple[Callable[[], Detector], ...]
    backend: Backend | None
    missing: str
    tap: Tap | None
    blind: str
    done: Summing


def execute(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if series.asked(args):
        return series.execute(args, execute)
    invocation = Invocation.of(args)
    if not invocation.resume:
        try:
            config = new_run.from_arguments(args, Clock())
        except ParamsRefused as error:
            # A SKIP is a result: it has a record, and whatever form of report was asked for.
            return carry_out(new_run.from_arguments(args, Clock(), fit=False), invocation, refused=str(error))
        return carry_out(config, invocation)
    with resume.held(args):
        config, done = resume.resumed(args)
        return carry_out(config, invocation, done)


def carry_out(
    config: RunConfig, invocation: Invocation, done: Summing | None = None, *, refused: str = ""
) -> int:
    """Make the run that `config` describes, print its report; return the exit status.

    Parameters
    ----------
    done : what its earlier part added up to, which is in the directory of `invocation`.
    refused : why the card cannot be used for it; nothing is run then.

    Raises
    ------
    StressError : whatever stopped it; what was recorded before stays.
    """
    clock = Clock()
    wanted = invocation.outputs
    console = Console(sys.stdout, sys.stderr, color=invocation.color, quiet=wanted.quiet)
    job = _prepare(config, invocation, done or Summing(), refused)
    try:
        return _recorded(job, invocation, console, clock)
    finally:
        # Also after a signal: a user's volumes are the user's.
        changes = job.backend.put_back() if job.backend else 0
        if changes:
            console.note(f"mixer: put back {counted(changes, 'change')}")


def _recorded(job: Job, invocation: Invocation, console: Console, clock: Clock) -> int:
    config, wanted = job.config, invocation.outputs
    if job.backend:
        refuse_what_does_not_fit(config.plan, available(), virtual=config.backend == "virtual")
    for text in job.backend.board.get("mixer", ()) if job.backend else ():
        console.note(f"mixer: {text}")
    if job.backend and job.backend.chosen:
        console.note(job.backend.chosen)
    for text in ([config.chosen] if config.chosen else []) + list(config.plan.shared().limits()):
        console.note(f"layout: {text}")
    board = job.backend.board if job.backend else {}
    lock = None
    if invocation.resume:
        folder = Path(invocation.out)
        resume.check_board(folder, board)
    else:
        folder, lock = rundir.claim(invocation.out, clock)
    try:
        outputs.check(wanted, folder)
        if not rundir.begun(folder):
            rundir.write_json(folder, NAME, config.to_json())
            rundir.write_json(folder, "board.json", run_facts.of_run(board, config.plan.title, clock))
        return _carried_out(job, wanted, folder, console, clock, lock)
    finally:
        if lock:
            lock.release()


def _carried_out(
    job: Job, wanted: Outputs, folder: Path, console: Console, clock: Clock, lock: FolderLock | None
) -> int:
    config = job.config
    journal = Journal(folder, clock)
    try:
        if lock:
            lock.check()
        code = _record(job, folder, journal, console, clock)
    except KeyboardInterrupt as stop:
        journal.append(EndRecord(128 + int(stop.args[0] if stop.args else 2)), sync=True)
        journal.close()
        ending.stopped(wanted, folder, config.plan, console)
        raise
    except CaptureFileError:
        console.note(f"what was recorded before is in {folder}; {ending.continuing(folder)}")
        raise
    finally:
        journal.close()
    try:
        told = ending.tell(wanted, folder, config.plan, console)
    except StressError:
        console.note(f"the run is over, its record is in {folder}")
        raise
    # What a resume took up is only checked now: a tally that the bursts contradict passes nothing.
    return exit_code(told.judgement.verdict) if code == 0 and told.contradicted else code


def _prepare(config: RunConfig, invocation: Invocation, done: Summing, refused: str) -> Job:
    recording = _recording(config)
    detector.resolve(config.detector, config.loopback, recording is not None)
    found, missing = None, refused
    tap, blind = None, ""
    try:
        if not refused:
            found = backend.make(config, config.seed, invocation.mixer, invocation.source, before=done.bursts)
            tap, blind = backend.tap(config, found)
    except (DeviceError, BackendUnavailable) as error:
        missing = str(error)
    if found and not tap and (config.loopback == "none" or found.plays_only):
        found, missing = None, f"without a loopback only the wire can judge: {blind}"
    line_bytes = _line_bytes(config.plan, found)
    config = replace(config, plan=fitted(config.plan, line_bytes, config.duration_s))
    if not found:
        return Job(config, None, (), None, missing, None, blind, done)
    method, others = detector.make(config.detector, config.loopback, config.plan, line_bytes, recording)
    return Job(config, method, others, found, missing, tap, blind, done)


def _recording(config: RunConfig) -> Recording | None:
    asked = config.stimulus
    if asked is None:
        return None
    found = stimulus.load(asked.file, config.plan)
    if found.crc32 != asked.crc32:
        raise CaptureFileError(asked.file, "is another recording than this run was begun with")
    return found


def _line_bytes(plan: Plan, found: Backend | None) -> int:
    return plan.line_bytes or (found.line_bytes if found else backend.USUAL_LINE_BYTES)


def _name(job: Job) -> str:
    return job.backend.name if job.backend else f"{job.config.backend} {job.config.card}".strip()


def _record(job: Job, folder: Path, journal: Journal, console: Console, clock: Clock) -> int:
    if not rundir.begun(folder):
        journal.append(
            StartRecord(
                seed=job.config.seed,
                backend=_name(job),
                first_position=job.config.first_position,
                program=stress.__version__,
                transport=job.backend.transport if job.backend else TransportRecord(),
                files={name: rundir.digest(folder, name) for name in (NAME, "board.json")},
            )
        )
    journal.append(TapRecord(job.tap.source if job.tap else "", job.blind))
    if job.backend is None or job.method is None:
        return skipped(journal, _name(job), job.missing)
    if not job.others:
        journal.append(_decided(job.config, job.method))
    with job.backend.pcm as pcm:
        disturber = backend.disturber(pcm, job.config)
        try:
            with _life(job, console, clock) as life:
                _, code = _run(job, job.method, pcm, folder, journal, life, disturber).walk()
        except DeviceError as error:
            return skipped(journal, _name(job), str(error))
        finally:
            # Also after a signal.
            _put_back(disturber, console)
    return code


def _put_back(disturber: Disturber | None, console: Console) -> None:
    try:
        if disturber:
            disturber.put_back()
    except DeviceError as error:
        console.note(f"the driver is not as it was: {error}; the next command says how to put it back")


def _suspects(config: RunConfig) -> list[str]:
    # What cannot be asked while the run is on is no reason to end it.
    try:
        return backend.suspects(config)
    except StressError:
        return []


def _decided(config: RunConfig, method: Detector) -> LoopbackRecord:
    asked = config.loopback
    if asked == "none":
        return LoopbackRecord("none", "wire", "asked for")
    why = "asked for" if asked != "auto" else f"the {method.name} detector was asked for"
    return LoopbackRecord(method.loopback, method.name, config.loopback_why or why)


def _run(
    job: Job,
    method: Detector,
    pcm: Pcm,
    folder: Path,
    journal: Journal,
    life: Life,
    disturber: Disturber | None,
) -> runner.Run:
    # Loaded where a card is there to be streamed to: they are half of a start.
    from stress.experiment import runner
    from stress.record.evidence import EvidenceStore

    position = job.done.end if job.done.bursts else job.config.first_position
    return runner.Run(
        plan=job.config.plan,
        pcm=pcm,
        name=_name(job),
        line_bytes=_line_bytes(job.config.plan, job.backend),
        method=method,
        others=job.others,
        journal=journal,
        evidence=EvidenceStore(folder, MOST_EVIDENCE, MOST_PER_BURST, job.done.evidence),
        seed=job.config.seed,
        position=position,
        duration_s=job.config.duration_s,
        done=job.done,
        tap=job.tap,
        loopback=job.config.loopback,
        transport=job.backend.transport if job.backend else NO_TRANSPORT,
        disturber=disturber,
        suspects=lambda: _suspects(job.config),
        processes=None if job.config.backend == "virtual" else Processes(),
        kernel_log=None if job.config.backend == "virtual" else KernelLog(),
        progress=lambda step: life.show("", streamed_s=step.streamed_s, findings=step.findings),
        starting=lambda step: life.streaming(
            quiet=job.config.backend != "virtual" and step.arm.handling.per_period,
            arm=step.arm.name,
            number=step.number,
            burst_s=step.arm.burst_s,
        ),
    )


def _life(job: Job, console: Console, clock: Clock) -> Life:
    plan, done = job.config.plan, job.done
    streamed_s = done.streamed_s
    bursts = 0 if job.config.duration_s else plan.repeats * sum(arm.bursts for arm in plan.arm)
    whole_s = plan.repeats * sum(arm.bursts * arm.burst_s for arm in plan.arm)
    life = Life(console, lambda: clock.monotonic_ns() / 1e9, real_time=job.config.backend != "virtual")
    life.show(
        "opening the PCM",
        planned=bursts,
        streamed_s=streamed_s,
        before_s=streamed_s,
        total_s=job.config.duration_s or whole_s,
        findings=sum(part.found for part in done.tallies.values()),
    )
    return life
