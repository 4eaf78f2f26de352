# SPDX-License-Identifier: MIT
"""Kill a run before each call that changes its directory and amid each write; resume, compare."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from stress.errors import StressError
from tools.benchkit._calls import Act, arm, calls_of, kind, preloaded
from tools.benchkit._runs import JUDGED, Kept, Run, totals


def main(argv: list[str]) -> int:
    """Print one row per kind of call; exit 1 where a verdict or a count differs, or a record is broken."""
    parser = argparse.ArgumentParser(prog="tools/bench crash", description=__doc__)
    parser.add_argument(
        "--keep", default="", metavar="FILE", help="go on behind the points done in this file"
    )
    parser.add_argument("--minutes", type=float, default=1e9, metavar="N", help="stop after so long")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th point (default 1)")
    args = parser.parse_args(argv)
    preloaded("crash", argv)
    end = time.monotonic() + 60 * args.minutes
    kept = Kept(args.keep)
    with tempfile.TemporaryDirectory() as place:
        run = Run(Path(place).resolve())
        run.prepare()
        calls = calls_of(run, run.place / "whole")
        whole = totals(run.place / "whole")
        print(f"undisturbed: {len(calls)} calls, {json.dumps(whole)}", flush=True)
        points = [(number, Act.KILL, call) for number, call in enumerate(calls, 1)]
        points += [(number, Act.TEAR, call) for number, call in enumerate(calls, 1) if "write" in call[:8]]
        for number, act, call in points[:: args.every]:
            case = f"{act.name} {number} {kind(call)}"
            if case not in kept.done and time.monotonic() < end:
                kept.add(case, _crashed(run, whole, number, act))
    sorts = sorted({case.split(" ", 2)[2] for case in kept.done})
    left = len(points[:: args.every]) - len(kept.done)
    wrong = sum(_row(sort, kept.done) for sort in sorts)
    print(f"{len(kept.done)} points, {left} to be done; wrong: {wrong}", flush=True)
    return 1 if wrong else 0


def _crashed(run: Run, whole: dict[str, Any], number: int, act: Act) -> dict[str, Any]:
    out = run.place / "crashed"
    shutil.rmtree(out, ignore_errors=True)
    first = run.begin(out, first=arm(out, number, act))
    told = run.report(out)
    again = run.resume(out)
    wrong = [text for text in (first.broken, told.broken, again.broken) if text]
    if first.code != -9:
        wrong.append(f"not killed: exit {first.code}")
    if told.code not in (*JUDGED, 64) or again.code not in JUDGED:
        wrong.append(f"report {told.code}, resume {again.code}: {again.said[-150:]}")
    try:
        ended = totals(out)
        wrong += [f"{key}: {ended[key]}, not {whole[key]}" for key in whole if ended[key] != whole[key]]
    except StressError as problem:
        wrong.append(str(problem))
    return {"report": told.code, "wrong": wrong}


def _row(sort: str, done: dict[str, dict[str, Any]]) -> int:
    mine = {case: value for case, value in done.items() if case.split(" ", 2)[2] == sort}
    wrong = Counter(text for value in mine.values() for text in value["wrong"])
    torn = sum(case.startswith("TEAR") for case in mine)
    none = sum(value["report"] == 64 for value in mine.values())
    same = "; ".join(f"{text}: {times}" for text, times in wrong.items()) or "verdict and every count equal"
    print(f"{sort:24} {len(mine):4} points, {torn} torn; {same}; nothing to report yet: {none}", flush=True)
    return sum(wrong.values())
