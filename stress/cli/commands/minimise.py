# SPDX-License-Identifier: MIT
"""pcmstress minimise: the smallest plan that still shows what a run found."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shlex
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.cli.commands import run
from stress.cli.outputs import Outputs
from stress.cli.run_config import Invocation, RunConfig, Target, read_config
from stress.errors import ConfigError, DeviceGone
from stress.experiment import minimise
from stress.experiment.minimise import Minimiser, Streamed
from stress.experiment.minimised import sentence
from stress.files.whole import whole
from stress.model.stimulus import first_position
from stress.model.verdict import EXIT_INCONCLUSIVE
from stress.plan.plan import read_plan
from stress.plan.toml import to_toml
from stress.record import bundle
from stress.report.console import Console
from stress.report.table import table
from stress.settings import schema
from stress.settings.times import format_duration
from stress.stats.counts import poisson_interval
from stress.verdict import run_folder

if TYPE_CHECKING:
    import argparse

    from stress.experiment.minimise import Result, Signature, Trial
    from stress.plan.plan import Plan
    from stress.verdict.summary import Summary

# A candidate has to show the corruption within this many times what the arm of the record needs.
# Higher: plans that are smaller and slower; lower: what costs a little rate is kept.
SLOWER = 4.0
LEAST_WITHIN_S = 0.2


def execute(args: argparse.Namespace) -> int:
    """Search, write the plan, print the sentence for a ticket; return the exit status.

    Raises
    ------
    ConfigError : the run found nothing, has no such arm, or the plan would replace a file.
    CaptureFileError : the record cannot be read, or the plan not be written.
    DeviceError : the card is not there.
    """
    if os.path.exists(args.out):
        raise ConfigError("exists already", where="--out", allowed="a new file")
    with bundle.opened(args.bundle) as folder:
        config = _config(args, read_config(folder))
        found = run_folder.read(folder).result(config.plan)
    arm, signature, within_s = _target(args, found)
    console = Console(sys.stdout, sys.stderr, color=args.color, quiet=args.json)
    with _records(args.records) as records:
        streams = _Streams(config, signature, records)
        search = Minimiser(
            streams.stream,
            args.power,
            within_s,
            args.duration,
            lambda trial: console.status(f"{trial.change}: {trial.words}", time.monotonic()),
        )
        smallest = search.minimise(minimise.alone(config.plan, arm), signature.ring)
    if smallest is None:
        return _not_seen(args, console, search.trials, signature, within_s)
    said = sentence(smallest, signature, streams.name)
    # What is written has to be what --plan reads.
    text = to_toml(smallest.plan, (said, *_made(args)))
    with whole(args.out) as place:
        Path(place).write_text(text, encoding="utf-8")
    _tell(args, console, smallest, signature, said, _again(args.out, config))
    return 0


def _config(args: argparse.Namespace, recorded: RunConfig) -> RunConfig:
    asked = {key: getattr(args, key) for key in ("backend", "board", "set", "card") if getattr(args, key)}
    target = {key: getattr(recorded, key) for key in ("backend", "board", "set", "card")}
    if asked:
        # Another machine was named: nothing of the recorded one is left.
        named = Target(args.backend or "alsa", args.board, tuple(args.set), args.card, recorded.loopback)
        target = {key: getattr(named, key) for key in target}
    if target["backend"] != "virtual" and (target["board"] or target["set"]):
        raise ConfigError("describes a virtual board", where="--board", allowed="with --backend virtual")
    if target["backend"] == "virtual" and target["card"]:
        raise ConfigError("a virtual board has no cards", where="--card", allowed="with --backend alsa")
    seed = random.SystemRandom().randrange(1 << 31) if args.seed is None else args.seed
    return replace(recorded, **target, seed=seed, duration_s=0.0)


def _target(args: argparse.Namespace, found: Summary) -> tuple[str, Signature, float]:
    """Return the arm, what it showed, and the length of a burst that has to show it."""
    arm = args.arm or minimise.fastest(found.parts, found.plan)
    part = next((part for part in found.parts if part.arm == arm), None)
    if args.arm and part is None:
        names = ", ".join(part.arm for part in found.parts)
        raise ConfigError(f"no arm {args.arm!r}", where="--arm", allowed=names)
    signature = minimise.of_arm(part) if part else None
    if part is None or signature is None:
        raise ConfigError("holds no corruption to minimise", where=args.bundle, allowed="a run with a FAIL")
    if args.within:
        return arm, signature, args.within
    if not part.episodes or not part.observed_s:
        raise ConfigError(f"arm {arm} has no rate", where=args.bundle, allowed="--within T as well")
    rate = poisson_interval(part.episodes).low / part.observed_s
    return arm, signature, max(LEAST_WITHIN_S, SLOWER * minimise.needed(args.power) / rate)


class _Streams:
    # Makes a run of each candidate, in a directory of its own.
    def __init__(self, config: RunConfig, signature: Signature, records: Path) -> None:
        self._config, self._signature, self._records = config, signature, records
        self._number = 0
        self.name = config.backend

    def stream(self, plan: Plan) -> Streamed:
        self._number += 1
        folder = self._records / f"{self._number:03d}"
        # Through the reader: a candidate that is no plan is refused like any other.
        try:
            whole_plan = read_plan(schema.write(plan), "the smaller plan")
        except ConfigError as error:
            return Streamed(reason=str(error))
        config = replace(
            self._config,
            plan=whole_plan,
            seed=(self._config.seed + self._number) % (1 << 62),
            first_position=first_position(time.time(), plan.rate),
        )
        out, beside = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(beside):
            run.carry_out(config, Invocation(out=str(folder), outputs=Outputs(quiet=True)))
        return self._seen(run_folder.read(folder).result(whole_plan))

    def _seen(self, found: Summary) -> Streamed:
        part = found.parts[0]
        self.name = found.backend
        if part.lost == "gone":
            raise DeviceGone("the card went away", errno_=19, device=found.backend)
        if not part.bursts:
            return Streamed(reason=part.skipped or "no burst was run")
        episodes = part.episodes if self._signature.seen(part) else 0
        return Streamed(
            episodes, part.observed_s, part.streamed_s, part.lines, granted=_granted(found, part.arm)
        )


def _granted(found: Summary, arm: str) -> tuple[int, ...]:
    opened = found.opened.get(arm)
    sides = (opened.granted.playback, opened.granted.capture) if opened else ()
    return tuple(size for side in sides if side for size in (side.period_size, side.buffer_size))


@contextlib.contextmanager
def _records(named: str) -> Any:
    if named:
        if os.path.exists(named):
            raise ConfigError("exists already", where="--records", allowed="a new directory")
        Path(named).mkdir(parents=True)
        yield Path(named)
        return
    with tempfile.TemporaryDirectory(prefix="pcmstress-") as folder:
        yield Path(folder)


def _made(args: argparse.Namespace) -> tuple[str, ...]:
    return (
        f"Found by `pcmstress minimise` with a power of {args.power:g}. A clean run of this plan is a PASS "
        "for the bound below and no smaller one: its lines are enough to see this with that power.",
    )


def _not_seen(
    args: argparse.Namespace, console: Console, trials: list[Trial], signature: Signature, within_s: float
) -> int:
    why = trials[0].words if trials else "nothing was streamed"
    told = f"{signature.words} was not seen again within {format_duration(within_s)}: {why}"
    if args.json:
        console.line(
            json.dumps({"schema": minimise.SCHEMA, "plan": None, "reason": told, "trials": _json(trials)})
        )
    else:
        console.prose([f"INCONCLUSIVE  {told}", "next: a longer --within, or the card and cable of that run"])
    return EXIT_INCONCLUSIVE


def _tell(
    args: argparse.Namespace, console: Console, found: Result, signature: Signature, said: str, again: str
) -> None:
    if args.json:
        whole = {
            "schema": minimise.SCHEMA,
            "plan": schema.write(found.plan),
            "file": args.out,
            "sentence": said,
            "kind": signature.kind,
            "ring": signature.ring or None,
            "power": found.power,
            "proven": found.proven,
            "seen_again": found.again,
            "repetitions": found.repetitions,
            "unfinished": found.unfinished,
            "trials": _json(found.trials),
        }
        console.line(json.dumps(whole))
        return
    rows = [(trial.change, "yes" if trial.kept else "no", trial.words) for trial in found.trials]
    up = (
        ["the time was up before everything was tried: a longer --duration goes further"]
        if found.unfinished
        else []
    )
    console.prose(
        [said, *up, "", *table(("tried", "kept", "result"), rows, "lll", console.columns, (2,)), ""]
    )
    console.line(f"wrote {args.out}; repeat it with: {again}")


def _again(plan: str, config: RunConfig) -> str:
    card = ["--card", config.card] if config.card else []
    board = ["--board", config.board] if config.board else []
    backend = ["--backend", config.backend] if config.backend != "alsa" else []
    sets = [part for one in config.set for part in ("--set", one)]
    return shlex.join(["pcmstress", "run", "--plan", plan, *card, *backend, *board, *sets])


def _json(trials: list[Trial]) -> list[dict[str, Any]]:
    return [
        {
            "change": trial.change,
            "kept": trial.kept,
            "episodes": trial.seen.episodes,
            "streamed_s": trial.seen.streamed_s,
            "reason": trial.seen.reason,
        }
        for trial in trials
    ]
