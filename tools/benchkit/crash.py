# SPDX-License-Identifier: MIT
"""Kill a run before each call that changes its directory and amid each write; resume, compare."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any

from stress.errors import StressError
from tools.benchkit._calls import Act, arm, disturbed, kind
from tools.benchkit._runs import JUDGED, Run, totals


def main(argv: list[str]) -> int:
    """Print one row per kind of call; exit 1 where a verdict or a count differs, or a record is broken."""
    done, left = disturbed("crash", __doc__, "point", argv, _points, _crashed)
    sorts = sorted({case.split(" ", 2)[2] for case in done})
    wrong = sum(_row(sort, done) for sort in sorts)
    print(f"{len(done)} points, {left} to be done; wrong: {wrong}", flush=True)
    return 1 if wrong else 0


def _points(calls: list[str]) -> dict[str, tuple[int, Act]]:
    points = [(number, Act.KILL, call) for number, call in enumerate(calls, 1)]
    points += [(number, Act.TEAR, call) for number, call in enumerate(calls, 1) if "write" in call[:8]]
    return {f"{act.name} {number} {kind(call)}": (number, act) for number, act, call in points}


def _crashed(run: Run, whole: dict[str, Any], calls: list[str], point: tuple[int, Act]) -> dict[str, Any]:
    number, act = point
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
