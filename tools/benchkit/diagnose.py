# SPDX-License-Identifier: MIT
"""Causes planted on virtual boards against causes named: confusion, mitigations, sizes, time."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from stress.report.console import Console
from stress.report.table import table
from stress.stats.counts import clopper_pearson
from stress.verdict.cause import Cause
from tools.benchkit import sizes
from tools.benchkit._causes import CASES, MITIGATIONS, Case, expected, key, run

# What one diagnosis of the default plan may take on a virtual ARM926 [s].
MOST_STREAMED_S = 60.0
MOST_WALL_S = 30.0
# What a diagnosis says when it names none.
NO_CAUSE = (Cause.NOT_REPRODUCED.value, Cause.CANNOT_TELL.value)


@dataclass(frozen=True)
class Cell:
    """One case under one mitigation, over all seeds."""

    case: str
    mitigation: str
    expected: str
    named: collections.Counter[str]

    @property
    def right(self) -> int:
        """Runs in which what was planted was named, side and mechanism included."""
        return self.named[self.expected]

    @property
    def false(self) -> int:
        """Runs in which a cause was named that was not there."""
        return sum(
            number
            for name, number in self.named.items()
            if name not in NO_CAUSE and name.partition("/")[0] != self.expected.partition("/")[0]
        )


def cells(seeds: Sequence[int], mitigations: Sequence[str], only: str, jobs: int) -> Iterator[Cell]:
    """Plant every cause under every mitigation and seed, in so many processes."""
    with ProcessPoolExecutor(jobs) as pool:
        for case in CASES if seeds else ():
            for mitigation in mitigations:
                if only in ("", case.name):
                    changed = MITIGATIONS[mitigation](case)
                    named = collections.Counter(pool.map(_named, [changed] * len(seeds), seeds))
                    yield Cell(case.name, mitigation, expected(case, mitigation), named)


def _named(case: Case, seed: int) -> str:
    return key(run(case, seed))


def main(argv: list[str]) -> int:
    """Print what was named for what was planted; 1 when below 95 % or over time."""
    parser = argparse.ArgumentParser(prog="tools/bench diagnose", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--mitigated-seeds", type=int, default=5, help="seeds of each mitigated case")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--case", default="", help="only the case of this name")
    parser.add_argument("--trials", type=int, default=2000, help="null experiments per test, 0 for none")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    console = Console(sys.stdout, sys.stderr)
    first = args.first_seed
    done: list[Cell] = []
    for seeds, mitigations in ((args.seeds, ["none"]), (args.mitigated_seeds, list(MITIGATIONS)[1:])):
        for cell in cells(range(first, first + seeds), mitigations, args.case, args.jobs):
            done.append(cell)
            console.status(f"{cell.case}, {cell.mitigation}: {cell.right} of {seeds}", time.monotonic())
    taken = _default_plan(first)
    rows = sizes.table(args.trials, 1) if args.trials else []
    right, false = (sum(getattr(cell, name) for cell in done) for name in ("right", "false"))
    trials = sum(sum(cell.named.values()) for cell in done)
    if args.json:
        summary = {"right": right, "false": false, "trials": trials, **dataclasses.asdict(taken)}
        parts = [dataclasses.asdict(cell) for cell in done]
        console.line(
            json.dumps({"cells": parts, **summary, "sizes": [dataclasses.asdict(row) for row in rows]})
        )
    else:
        for line in (*confusion(done), "", *matrix(done), "", *_summary(right, false, trials), taken.text()):
            console.line(line)
        for line in ["", sizes.head(args.trials), *(row.text() for row in rows)] if rows else []:
            console.line(line)
    return 0 if right >= 0.95 * trials and taken.good and all(row.good for row in rows) else 1


def confusion(done: Sequence[Cell]) -> list[str]:
    """Return the table cause planted x cause named, without mitigation."""
    plain = [cell for cell in done if cell.mitigation == "none"]
    names = list(dict.fromkeys(_short(name) for cell in plain for name in (cell.expected, *cell.named)))
    body = []
    for cell in plain:
        counted = collections.Counter(dict.fromkeys(names, 0))
        for name, number in cell.named.items():
            counted[_short(name)] += number
        body.append((cell.case, *(counted[name] or "." for name in names)))
    return [
        "cause planted (rows) x cause named (columns)",
        *table(("planted", *names), body, "l" + "r" * len(names)),
    ]


def _short(name: str) -> str:
    cause, _, rest = name.partition("/")
    return rest.replace("playback/", "").replace("capture/", "").replace("/", " ") or cause


def matrix(done: Sequence[Cell]) -> list[str]:
    """Return the table cause planted x mitigation: runs named as they have to be."""
    kinds = list(dict.fromkeys(cell.mitigation for cell in done))
    by_case: dict[str, dict[str, Cell]] = {}
    for cell in done:
        by_case.setdefault(cell.case, {})[cell.mitigation] = cell

    def entry(cell: Cell) -> str:
        return f"{cell.right}/{sum(cell.named.values())} {cell.expected.partition('/')[0]}"

    body = [(case, *(entry(row[kind]) for kind in kinds if kind in row)) for case, row in by_case.items()]
    return ["named as it has to be, by mitigation", *table(("planted", *kinds), body, "l" * (1 + len(kinds)))]


def _summary(right: int, false: int, trials: int) -> list[str]:
    low, high = clopper_pearson(right, trials).low, clopper_pearson(false, trials).high
    return [
        f"{right} of {trials} named rightly (95 % interval from {100 * low:.1f} %)",
        f"{false} of {trials} with a cause that was not there (95 % interval to {100 * high:.2f} %)",
    ]


@dataclass(frozen=True)
class Taken:
    """What `diagnose` takes with its default plan: streaming, wall and CPU time [s]."""

    streamed_s: float
    wall_s: float
    cpu_s: float

    @property
    def good(self) -> bool:
        """True when the cause was named in the time allowed."""
        return self.streamed_s <= MOST_STREAMED_S and self.wall_s <= MOST_WALL_S

    def text(self) -> str:
        """Return it in one line."""
        return (
            f"default plan on virtual arm926: cause named after {self.streamed_s:.0f} s of streaming "
            f"(allowed {MOST_STREAMED_S:.0f}) and {self.wall_s:.1f} s (allowed {MOST_WALL_S:.0f}), "
            f"{self.cpu_s:.1f} s on a CPU"
        )


def _default_plan(seed: int) -> Taken:
    with tempfile.TemporaryDirectory() as place:
        argv = [sys.executable, "-m", "stress", "diagnose", "--backend", "virtual", "--board", "arm926"]
        argv += ["--seed", str(seed), "--json", "--out", f"{place}/run"]
        began, used = time.monotonic(), os.times()
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        wall_s, after = time.monotonic() - began, os.times()
    report = json.loads(done.stdout)
    named = report["diagnosis"]["cause"] == Cause.CACHE_ALIAS.value
    cpu_s = after.children_user + after.children_system - used.children_user - used.children_system
    return Taken(report["total"]["streamed_s"] if named else math.inf, wall_s, cpu_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
