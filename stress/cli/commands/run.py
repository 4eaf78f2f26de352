"""pcmstress run: walk a plan on a card or a virtual board."""

from __future__ import annotations

import dataclasses
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import stress
from stress.cli import backend, detector, resume, stimulus
from stress.errors import BackendUnavailable, CaptureFileError, DeviceError, StressError
from stress.experiment import runner
from stress.model.words import counted
from stress.plan.plan import Plan, load_plan, read_plan
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.evidence import EvidenceStore
from stress.record.journal import Journal
from stress.report import text
from stress.report.console import Console
from stress.settings import schema
from stress.settings.times import format_duration

if TYPE_CHECKING:
    import argparse

    from stress.cli.backend import Backend
    from stress.experiment.method.detector import Detector
    from stress.model.wire import Tap
    from stress.patterns.recording import Recording
    from stress.pcm.contract import Pcm
    from stress.record.reader import RunLog

# Evidence files per run and per burst. Source: 200 files of about 10 KB stay
# below 2 MB on a board's flash. Higher: the record of a bad board fills it;
# lower: rare kinds may be left without a sample.
MOST_EVIDENCE = 200
MOST_PER_BURST = 8
AUTO = "auto"


@dataclass(frozen=True)
class Job:
    """A run as it was asked for, checked, with nothing touched yet.

    Attributes
    ----------
    method : detector and stimulus; `others` are tried where it hears nothing.
    backend : None when there is none; `missing` then says why.
    tap : looks at the wire; `blind` says why there is none.
    done : burst events of an earlier part of the run.
    """

    config: dict[str, Any]
    plan: Plan
    method: Detector
    others: tuple[Callable[[], Detector], ...]
    backend: Backend | None
    missing: str
    tap: Tap | None
    blind: str
    done: tuple[dict[str, Any], ...]


def execute(args: argparse.Namespace, again: dict[str, Any] | None = None) -> int:
    """Run the command; return the exit status.

    Parameters
    ----------
    again : the config.json of a run to repeat; its values replace those of `args`.
    """
    clock = Clock()
    console = Console(sys.stdout, sys.stderr)
    job = _prepare(args, clock, again)
    folder = Path(args.out) if args.resume else rundir.create(args.out, clock)
    rundir.write_json(folder, "config.json", job.config)
    rundir.write_json(folder, "board.json", job.backend.board if job.backend else {})
    journal = Journal(folder, clock)
    try:
        code = _record(job, folder, journal, console, clock)
    except KeyboardInterrupt as stop:
        journal.append("end", sync=True, exit=128 + int(stop.args[0] if stop.args else 2))
        console.note(f"stopped; what was recorded is in {folder} (run --resume --out {folder} goes on)")
        raise
    except CaptureFileError:
        console.note(f"what was recorded before is in {folder} (run --resume --out {folder} goes on)")
        raise
    finally:
        journal.close()
    try:
        _tell(args, folder, job.plan, console)
    except StressError:
        console.note(f"the run is over, its record is in {folder}")
        raise
    return code


def _prepare(args: argparse.Namespace, clock: Clock, again: dict[str, Any] | None) -> Job:
    config, done = resume.resumed(args) if args.resume else (again or _fresh(args, clock), ())
    if again:
        resume.adopt(args, again, "config.json")
    plan = read_plan(config["plan"], "config.json" if args.resume or again else args.plan)
    recording = _recording(config, plan)
    loopback = str(config.get("loopback", "auto"))
    detector.resolve(config["detector"], loopback, recording is not None)
    found, missing = None, ""
    tap, blind = None, ""
    try:
        found = backend.make(args, config["seed"])
        tap, blind = backend.tap(args, found)
    except (DeviceError, BackendUnavailable) as error:
        missing = str(error)
    if found and not tap and args.loopback == "none":
        found, missing = None, f"without a loopback only the wire can judge: {blind}"
    line_bytes = _line_bytes(plan, found)
    method, others = detector.make(config["detector"], loopback, plan, line_bytes, recording)
    return Job(config, plan, method, others, found, missing, tap, blind, done)


def _recording(config: dict[str, Any], plan: Plan) -> Recording | None:
    asked = config.get("stimulus")
    if not asked:
        return None
    found = stimulus.load(asked["file"], plan)
    if found.crc32 != asked["crc32"]:
        raise CaptureFileError(asked["file"], "is another recording than this run was begun with")
    return found


def _line_bytes(plan: Plan, found: Backend | None) -> int:
    return plan.line_bytes or (found.line_bytes if found else backend.USUAL_LINE_BYTES)


def _fresh(args: argparse.Namespace, clock: Clock) -> dict[str, Any]:
    # Before a plan is worked out, which takes seconds where a board is simulated for it.
    backend.check(args)
    detector.resolve(args.detector, args.loopback, bool(args.stimulus))
    plan = default_plan(args) if args.plan == AUTO else load_plan(args.plan)
    plan, played = _stimulus(args, plan)
    if args.access:
        arms = tuple(dataclasses.replace(arm, access=args.access) for arm in plan.arm)
        plan = dataclasses.replace(plan, arm=arms)
    if args.stop_early is not None:
        good, bad = args.stop_early
        stop = dataclasses.replace(plan.stop, good_per_h=good, bad_per_h=bad)
        plan = dataclasses.replace(plan, stop=stop)
    seed = random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed
    return {
        "schema": "pcmstress/config/1",
        "version": stress.__version__,
        "plan": schema.write(plan),
        "seed": seed,
        "backend": args.backend,
        "board": args.board,
        "set": args.set,
        "card": args.card,
        "duration_s": args.duration,
        "detector": args.detector,
        "loopback": args.loopback,
        "stimulus": played,
        "first_position": runner.first_position(clock.wall_s(), plan.rate),
    }


def _stimulus(args: argparse.Namespace, plan: Plan) -> tuple[Plan, dict[str, Any] | None]:
    # Which file, and what is in it; a plan nobody named takes the file's format.
    if not args.stimulus:
        return plan, None
    if args.plan == AUTO:
        found = stimulus.load(args.stimulus)
        plan = dataclasses.replace(plan, rate=found.rate, channels=found.channels, format=found.fmt.name)
    else:
        found = stimulus.load(args.stimulus, plan)
    return plan, {"file": str(Path(args.stimulus).resolve()), "frames": found.period, "crc32": found.crc32}


def default_plan(args: argparse.Namespace) -> Plan:
    """Return the plan for a board nobody chose one for.

    A virtual board gets the arms with the highest yield its own model predicts;
    a real one every way of touching where its cache can be to blame, else the
    short plan.
    """
    if args.backend == "virtual":
        from stress.predict.candidates import best_plan
        from stress.virtual.spec import BoardSpec

        spec = BoardSpec.load(args.board or "arm926", backend.assignments(args.set))
        return best_plan(spec, Plan(title=f"the best arms for {spec.name}"))[0]
    from stress.board import cpu, kernel

    coherent = cpu.read(kernel.boot_log()).indexing is cpu.Indexing.COHERENT
    return load_plan("smoke" if coherent else "bringup")


def _name(job: Job) -> str:
    return job.backend.name if job.backend else f"{job.config['backend']} {job.config['card']}".strip()


def _record(job: Job, folder: Path, journal: Journal, console: Console, clock: Clock) -> int:
    if not job.done:
        journal.append(
            "start",
            schema="pcmstress/run/1",
            program=stress.__version__,
            seed=job.config["seed"],
            backend=_name(job),
            first_position=job.config["first_position"],
        )
    journal.append("wire", source=job.tap.source if job.tap else "", blind=job.blind)
    if not job.others:
        journal.append("loopback", **_decided(job))
    if job.backend is None:
        return runner.skipped(journal, _name(job), job.missing)
    with job.backend.pcm as pcm:
        try:
            _, code = _run(job, pcm, folder, journal, console, clock).walk()
        except DeviceError as error:
            return runner.skipped(journal, _name(job), str(error))
    return code


def _decided(job: Job) -> dict[str, Any]:
    asked = job.config.get("loopback", "auto")
    if asked == "none":
        return {"kind": "none", "detector": "wire", "why": "asked for"}
    why = "asked for" if asked != "auto" else f"the {job.method.name} detector was asked for"
    why = job.config.get("loopback_why", why)
    return {"kind": job.method.loopback, "detector": job.method.name, "why": why}


def _run(job: Job, pcm: Pcm, folder: Path, journal: Journal, console: Console, clock: Clock) -> runner.Run:
    last = job.done[-1] if job.done else None
    position = last["position"] + last.get("span", last["frames"]) if last else job.config["first_position"]
    return runner.Run(
        plan=job.plan,
        pcm=pcm,
        name=_name(job),
        line_bytes=_line_bytes(job.plan, job.backend),
        method=job.method,
        others=job.others,
        journal=journal,
        evidence=EvidenceStore(folder, MOST_EVIDENCE, MOST_PER_BURST),
        seed=job.config["seed"],
        position=position,
        duration_s=job.config["duration_s"],
        done=job.done,
        tap=job.tap,
        loopback=job.config.get("loopback", "auto"),
        progress=lambda step: console.status(_status(step), clock.monotonic_ns() / 1e9),
    )


def _status(step: runner.Progress) -> str:
    share = f"{step.number}/{step.planned}" if step.planned else str(step.number)
    left = ""
    if step.duration_s:
        rest = step.duration_s - step.streamed_s
        left = f", {format_duration(rest)} left" if rest > 0 else ", to the end of the plan"
    wrong = counted(step.findings, "wrong run") if step.findings else "no wrong run"
    return f"burst {share}  {step.arm}  {format_duration(step.streamed_s)} streamed{left}  {wrong}"


def _tell(args: argparse.Namespace, folder: Path, plan: Plan, console: Console) -> None:
    log = reader.read_run(folder)
    if args.json:
        console.line(json.dumps({**text.as_json(log, plan), "directory": str(folder)}))
        return
    console.prose(text.lines(log, plan, console.columns))
    console.prose([*_next(log, plan, folder), f"record: {folder}"])


def _next(log: RunLog, plan: Plan, folder: Path) -> list[str]:
    # What a newcomer may want to do now; the verdict and its reasons stand above.
    if not log.first("burst"):
        return ["next: `pcmstress probe` tells what is here; `--backend virtual` needs no card"]
    if not text.failed(log, plan):
        return []
    page = f"`pcmstress report {folder} --html page.html` draws where in the ring"
    cause = "" if text.diagnose_log(log, plan) else "; `pcmstress diagnose` in place of `run` names the cause"
    return [f"next: {page}{cause}"]
