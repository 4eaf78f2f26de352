# SPDX-License-Identifier: MIT
"""Causes planted on virtual boards against causes named: confusion, mitigations, sizes, time."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from stress.report.console import Console
from stress.verdict.cause import Cause
from tools.benchkit import sizes
from tools.benchkit._causes import CASES, MITIGATIONS, Case, expected, key, run, speaks_of_usb
from tools.benchkit._confusion import Cell, confusion, listing, matrix, merged, summary

# What one diagnosis of the default plan may take on a virtual ARM926 [s].
MOST_STREAMED_S = 60.0
MOST_WALL_S = 30.0
# Share of each case that has to be named rightly. Source: issue of the causes. Higher: chance fails; lower: a
# case that is often wrong hides among many.
LEAST_RIGHT = 0.95


def cells(seeds: Sequence[int], mitigations: Sequence[str], only: Sequence[str], jobs: int) -> Iterator[Cell]:
    """Plant every cause, or those of the names in `only`, under every mitigation and seed."""
    with ProcessPoolExecutor(jobs) as pool:
        for case in CASES if seeds else ():
            for mitigation in mitigations:
                if not only or case.name in only:
                    changed = MITIGATIONS[mitigation](case)
                    found = list(pool.map(_named, [changed] * len(seeds), seeds))
                    named = Counter(name for name, _ in found)
                    usb = sum(words for _, words in found)
                    yield Cell(case.name, mitigation, expected(case, mitigation), named, usb)


def _named(case: Case, seed: int) -> tuple[str, bool]:
    found = run(case, seed)
    return key(found), speaks_of_usb(found)


def main(argv: list[str]) -> int:
    """Print what was named for what was planted; 1 when below 95 % or over time."""
    parser = argparse.ArgumentParser(prog="tools/bench diagnose", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--mitigated-seeds", type=int, default=5, help="seeds of each mitigated case")
    parser.add_argument("--first-seed", type=int, default=0)
    names = [case.name for case in CASES]
    parser.add_argument(
        "--case", action="append", default=[], choices=names, metavar="NAME", help="only this case, or these"
    )
    parser.add_argument("--trials", type=int, default=2000, help="null experiments per test, 0 for none")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--merge",
        nargs="+",
        metavar="FILE",
        help="run nothing: add up what --json gave for other seeds",
    )
    args = parser.parse_args(argv)
    console = Console(sys.stdout, sys.stderr)
    if args.merge:
        return _merge(args.merge, console)
    first = args.first_seed
    done: list[Cell] = []
    for seeds, mitigations in ((args.seeds, ["none"]), (args.mitigated_seeds, list(MITIGATIONS)[1:])):
        for cell in cells(range(first, first + seeds), mitigations, args.case, args.jobs):
            done.append(cell)
            console.status(f"{cell.case}, {cell.mitigation}: {cell.right} of {seeds}", time.monotonic())
    # What the default plan takes has nothing to do with single cases.
    taken = Taken(0.0, 0.0, 0.0) if args.case else _default_plan(first)
    rows = sizes.table(args.trials, 1) if args.trials else []
    right, false = (sum(getattr(cell, name) for cell in done) for name in ("right", "false"))
    trials = sum(sum(cell.named.values()) for cell in done)
    if args.json:
        counted = {"right": right, "false": false, "trials": trials, **dataclasses.asdict(taken)}
        parts = [cell.to_json() for cell in done]
        console.line(
            json.dumps({"cells": parts, **counted, "sizes": [dataclasses.asdict(row) for row in rows]})
        )
    else:
        for line in (*confusion(done), "", *matrix(done), "", *summary(done)):
            console.line(line)
        if not args.case:
            console.line(taken.text())
        for line in ["", sizes.head(args.trials), *(row.text() for row in rows)] if rows else []:
            console.line(line)
    return 0 if right >= 0.95 * trials and taken.good and all(row.good for row in rows) else 1


def _merge(files: Sequence[str], console: Console) -> int:
    try:
        done = merged(files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"tools/bench diagnose --merge: {error}", file=sys.stderr)
        return 64
    for line in (*listing(done), "", *summary(done)):
        console.line(line)
    return 0 if all(cell.right >= LEAST_RIGHT * sum(cell.named.values()) for cell in done) else 1


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
