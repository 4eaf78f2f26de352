"""pcmstress run: walk a plan on a card or a virtual board."""

from __future__ import annotations

import dataclasses
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stress
from stress.commands import backend, detector
from stress.errors import BackendUnavailable, ConfigError, DeviceError
from stress.experiment import runner
from stress.experiment.plan import Plan, load_plan, read_plan
from stress.model.formats import sample_format
from stress.patterns.word import Pattern
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

# Evidence files per run and per burst. Source: 200 files of about 10 KB stay
# below 2 MB on a board's flash. Higher: the record of a bad board fills it;
# lower: rare kinds may be left without a sample.
MOST_EVIDENCE = 200
MOST_PER_BURST = 8


def execute(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    clock = Clock()
    console = Console(sys.stdout, sys.stderr)
    folder, config, done = _resume(args, clock) if args.resume else _fresh(args, clock)
    plan = read_plan(config["plan"], "config.json")
    journal = Journal(folder, clock)
    try:
        code = _stream(args, config, plan, folder, journal, done, console, clock)
    except KeyboardInterrupt as stop:
        journal.append("end", sync=True, exit=128 + int(stop.args[0] if stop.args else 2))
        console.note(f"stopped; {folder} holds what was recorded (--resume --out {folder} goes on)")
        raise
    finally:
        journal.close()
    _tell(args, folder, plan, console)
    return code


def _fresh(args: argparse.Namespace, clock: Clock) -> tuple[Path, dict[str, Any], list[dict[str, Any]]]:
    plan = load_plan(args.plan)
    if args.access:
        arms = tuple(dataclasses.replace(arm, access=args.access) for arm in plan.arm)
        plan = dataclasses.replace(plan, arm=arms)
    seed = random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed
    config = {
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
        "first_position": runner.first_position(clock.wall_s(), plan.rate),
    }
    folder = rundir.create(args.out, clock)
    rundir.write_json(folder, "config.json", config)
    return folder, config, []


def _resume(args: argparse.Namespace, clock: Clock) -> tuple[Path, dict[str, Any], list[dict[str, Any]]]:
    if not args.out:
        raise ConfigError("needs the run directory", where="--resume", allowed="--resume --out DIR")
    folder = Path(args.out)
    config = rundir.read_json(folder, "config.json")
    wanted = {"plan", "seed", "backend", "board", "set", "card", "duration_s", "detector", "first_position"}
    missing = sorted(wanted - set(config))
    if missing:
        raise ConfigError("is missing", where=str(folder / "config.json"), key=missing[0])
    for name in ("backend", "board", "set", "card", "detector"):
        setattr(args, name, config[name])
    log = reader.read_run(folder)
    return folder, config, [event for event in log.events if event["event"] == "burst"]


def _stream(
    args: argparse.Namespace,
    config: dict[str, Any],
    plan: Plan,
    folder: Path,
    journal: Journal,
    done: list[dict[str, Any]],
    console: Console,
    clock: Clock,
) -> int:
    pattern = Pattern(plan.pattern, sample_format(plan.format), plan.channels)
    try:
        pcm, board = backend.make(args, config["seed"])
    except (DeviceError, BackendUnavailable) as error:
        return _nothing_run(args, config, plan, journal, str(error))
    rundir.write_json(folder, "board.json", board)
    if not done:
        _start(journal, config, pcm.backend)
    with pcm:
        run = runner.Run(
            plan=plan,
            pcm=pcm,
            stimulus=pattern,
            detector=detector.make(args.detector, pattern, plan.line_bytes),
            journal=journal,
            evidence=EvidenceStore(folder, MOST_EVIDENCE, MOST_PER_BURST),
            seed=config["seed"],
            position=_position(config, done),
            duration_s=config["duration_s"],
            done=tuple(done),
            progress=lambda step: console.status(_status(step), clock.monotonic_ns() / 1e9),
        )
        try:
            _, code = run.walk()
        except DeviceError as error:
            return runner.skipped(journal, pcm.backend, str(error))
    return code


def _start(journal: Journal, config: dict[str, Any], backend_name: str) -> None:
    journal.append(
        "start",
        schema="pcmstress/run/1",
        program=stress.__version__,
        seed=config["seed"],
        backend=backend_name,
        first_position=config["first_position"],
    )


def _position(config: dict[str, Any], done: list[dict[str, Any]]) -> int:
    last = done[-1] if done else None
    return int(last["position"] + last["frames"]) if last else int(config["first_position"])


def _nothing_run(
    args: argparse.Namespace, config: dict[str, Any], plan: Plan, journal: Journal, reason: str
) -> int:
    name = f"{args.backend} {args.card}".strip()
    _start(journal, config, name)
    return runner.skipped(journal, name, reason)


def _status(step: runner.Progress) -> str:
    share = f"{step.number}/{step.planned}" if step.planned else str(step.number)
    left = ""
    if step.duration_s:
        left = f", {format_duration(max(0.001, step.duration_s - step.streamed_s))} left"
    wrong = "no wrong run" if not step.findings else f"{step.findings} wrong runs"
    return f"burst {share}  {step.arm}  {format_duration(step.streamed_s)} streamed{left}  {wrong}"


def _tell(args: argparse.Namespace, folder: Path, plan: Plan, console: Console) -> None:
    log = reader.read_run(folder)
    if args.json:
        console.line(json.dumps({**text.as_json(log, plan.bound), "directory": str(folder)}))
        return
    for line in text.lines(log, plan.bound):
        console.line(line)
    console.line(f"record: {folder}")
