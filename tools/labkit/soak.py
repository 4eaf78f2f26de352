# SPDX-License-Identifier: MIT
"""Clean runs beside a load: how many end in PASS, how many vouch for nothing, and that none fails.

    tools/lab soak x86_64 --runs 200 --cpus 1

One guest with several snd-aloop cards (real time) and softcards (free run) at once, a
plan on each again and again, beside workers that come and go. Between two steps the
emulator is stopped for a moment now and then, as a busy host stops a virtual machine.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stress.report.table import table
from tools.labkit import job, runner
from tools.labkit.errors import LabUsage
from tools.labkit.soak_guest import INCONCLUSIVE, JOB, PASS, PLAN, RUNS
from tools.labkit.soak_load import LOADS

_FAIL = 1
# Seconds for boot, softcards and the runs in flight at the deadline. Higher: a dead guest is found late;
# lower: runs that started just before the deadline are lost on a slow guest.
_GRACE_S = 900
# A stop of the emulator, shortest and longest, and the mean time between two [s]. Source: stolen time of a
# shared host. Longer: every burst has an xrun and nothing is judged; shorter: the guest's timers hide it.
_STOP_S, _BETWEEN_S = (0.01, 0.3), 4.0
HEADS = ("card", "runs", "PASS", "INCONCLUSIVE", "FAIL", "other", "xruns", "time of a run")


def arguments(sub: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = sub.add_argument
    add("--runs", metavar="N", type=int, default=200, help="of all cards together (default 200)")
    add("--for", metavar="TIME", dest="limit", default="12h", help="start no run after this: 10m, 3h")
    add("--cpus", metavar="N", type=int, default=2, help="of the guest (default 2)")
    words = "of the guest (default the board's); a run locks some 150 MB, so six cards take 2048"
    add("--megabytes", metavar="N", type=int, help=words)
    add("--loops", metavar="N", type=int, default=4, help="snd-aloop cards (default 4)")
    add("--softcards", metavar="N", type=int, default=2, help="USB cards in free run (default 2)")
    add("--plan", metavar="NAME|FILE", default="qa", help="what each run does (default qa)")
    add("--repeats", metavar="N", type=int, help="how often a run walks the plan's arms")
    add("--burst", metavar="TIME", help="length of its bursts, instead of the plan's")
    add("--bound", metavar="RATE", type=float, help="what a PASS needs, where the runs are made shorter")
    add("--load", metavar="NAME", action="append", choices=(*LOADS, "none"), help="default: all, in turns")
    add("--workers", metavar="N", type=int, help="loads at a time (default one more than CPUs)")
    words = "the guest's clock follows its instructions: what else this machine does is no load of the guest"
    add("--virtual-time", action="store_true", help=words)
    add("--no-stops", action="store_true", help="never stop the emulator for a moment")
    add("--seed", metavar="N", type=int, default=1)
    add("--out", metavar="DIR", type=Path, help="receives runs-CARD.jsonl and the records that are kept")


def run(args: argparse.Namespace) -> int:
    """Run the soak and print its table; return 1 where a run failed, 70 where the guest broke."""
    if min(args.runs, args.cpus, args.megabytes or 1) < 1 or args.loops + args.softcards < 1:
        raise LabUsage(
            "--runs, --cpus and --megabytes are at least 1, and so are --loops and --softcards together"
        )
    out, _ = runner.directories(args.out)
    loops = [f"loop{number}" for number in range(args.loops)]
    asked = {
        "runs": args.runs,
        "deadline_s": job.seconds(args.limit),
        "seed": args.seed,
        "loads": [name for name in args.load or LOADS if name != "none"],
        "workers": args.workers or args.cpus + 1,
        "loops": loops,
        "softcards": [f"soft{number}" for number in range(args.softcards)],
    }
    (out / JOB).write_text(json.dumps(asked))
    (out / PLAN).write_text(plan_text(args))
    options = runner.Options(
        timeout_s=job.seconds(args.limit) + _GRACE_S,
        out=out,
        modprobe=[loop_options(loops)] if loops else [],
        extra=machine(args),
        virtual_time=args.virtual_time,
        tick=None if args.no_stops or args.virtual_time else Stops(random.Random(args.seed)),
    )
    # A run that a signal ends says in which lines its threads were.
    guest = ["env", "PYTHONPATH=/project", "PYTHONFAULTHANDLER=1", "python3", "-m", "tools.labkit.soak_guest"]
    done = runner.run(args.board, guest, options, live=(sys.stdout.buffer, sys.stderr.buffer))
    if done.failure:
        print(f"tools/lab: {done.failure}; the last lines:\n{done.console_tail}", file=sys.stderr)
    runs = [run for path in sorted(out.glob(RUNS.format(card="*"))) for run in read(path)]
    print("\n".join(summary(runs, out)))
    return done.code


def machine(args: argparse.Namespace) -> list[str]:
    """Return the emulator's arguments: the last of several is the one it takes."""
    return ["-smp", str(args.cpus), *(["-m", str(args.megabytes)] if args.megabytes else [])]


def plan_text(args: argparse.Namespace) -> str:
    """Return the plan of each run: the one that was named, with what the options change."""
    base = str(Path(args.plan).absolute()) if args.plan.endswith(".toml") else args.plan
    lines = [f"base = {json.dumps(base)}"]
    lines += [f"bound = {args.bound!r}"] if args.bound else []
    lines += [f"repeats = {args.repeats}"] if args.repeats else []
    if args.burst:
        lines += ["[every]", f"burst_s = {json.dumps(args.burst)}"]
    return "\n".join(lines) + "\n"


def loop_options(cards: Sequence[str]) -> str:
    """Return snd-aloop with one card per name, behind the option of the lab's ``--modprobe``."""
    numbers = range(len(cards))
    values = (",".join("1" for _ in cards), ",".join(map(str, numbers)), ",".join(cards))
    return "snd-aloop " + " ".join(f"{key}={value}" for key, value in zip(("enable", "index", "id"), values))


class Stops:
    """Stops the emulator for a random moment, at random times, and counts that."""

    def __init__(self, chance: random.Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._chance, self._clock, self.count = chance, clock, 0
        self._due = clock() + chance.expovariate(1 / _BETWEEN_S)

    def __call__(self, process: subprocess.Popen[bytes]) -> None:
        """Stop it now where a stop is due."""
        if self._clock() < self._due:
            return
        process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(self._chance.uniform(*_STOP_S))
        finally:
            process.send_signal(signal.SIGCONT)
        self.count += 1
        self._due = self._clock() + self._chance.expovariate(1 / _BETWEEN_S)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the runs of one card; a torn last line is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


def summary(runs: Sequence[dict[str, Any]], out: Path) -> list[str]:
    """Return the table, one line per card, the reasons why runs proved nothing, and the records kept."""
    cards = sorted({run["card"] for run in runs})
    rows = [_row(card, [run for run in runs if run["card"] == card]) for card in cards]
    lines = table(HEADS, [*rows, _row("all", runs)], "lrrrrrrr") if runs else ["no run ended"]
    reasons = Counter(kind for run in runs if run["code"] == INCONCLUSIVE for kind in kinds(run["reasons"]))
    lines += ["", "why INCONCLUSIVE (a run may have several):"] if reasons else []
    lines += [f"{number:6} {kind}" for kind, number in reasons.most_common()]
    sick = [run for run in runs if run["code"] not in (PASS, INCONCLUSIVE)]
    lines += [f"run {run['run']} {run['card']}: exit {run['code']}: {run['reason'][:300]}" for run in sick]
    lines += [f"record: {out / run['record']}" for run in sick if run["record"]]
    return lines


def _row(card: str, runs: Sequence[dict[str, Any]]) -> tuple[object, ...]:
    codes = Counter(run["code"] for run in runs)
    known = (codes[PASS], codes[INCONCLUSIVE], codes[_FAIL])
    mean = sum(run["seconds"] for run in runs) / len(runs)
    xruns = sum(run["xruns"] for run in runs)
    return (card, len(runs), *known, len(runs) - sum(known), xruns, f"{mean:.0f} s")


def kinds(reasons: Sequence[str]) -> list[str]:
    """Return the reasons with every figure as N, each once: what they have in common over many runs.

    Arms that were not judged are a kind each, by name: their reasons differ from run to run.
    """
    out = []
    for reason in reasons:
        head, listed, arms = reason.partition(" not judged: ")
        if listed and head.endswith(("arm", "arms")):
            out += [f"arm not judged: {name}" for name in re.findall(r"(?:^|\), )([\w.-]+) \(", arms)]
        else:
            out.append(re.sub(r"\d+(?:[.,]\d+)*(?:e-?\d+)?", "N", reason))
    return list(dict.fromkeys(out))
