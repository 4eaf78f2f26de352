# SPDX-License-Identifier: MIT
"""Have each call that changes a run directory fail: full, quota, I/O error, read-only; see what is left."""

from __future__ import annotations

import argparse
import errno
import json
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from stress.errors import StressError
from stress.model.verdict import EXIT_IO
from tools.benchkit._calls import Act, arm, calls_of, kind, preloaded
from tools.benchkit._runs import JUDGED, Kept, Run, lines, totals

ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE")
# Calls that a full disk does not stop.
_NO_SPACE = ("open", "write", "pwrite64", "pwrite", "mkdir", "rename", "fsync", "close")


def main(argv: list[str]) -> int:
    """Print one row per error; exit 1 where an answer is no clear line or a recorded burst is lost."""
    parser = argparse.ArgumentParser(prog="tools/bench disks", description=__doc__)
    parser.add_argument("--keep", default="", metavar="FILE", help="go on behind the cases done in this file")
    parser.add_argument("--minutes", type=float, default=1e9, metavar="N", help="stop after so long")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th case (default 1)")
    args = parser.parse_args(argv)
    preloaded("disks", argv)
    end = time.monotonic() + 60 * args.minutes
    kept = Kept(args.keep)
    with tempfile.TemporaryDirectory() as place:
        run = Run(Path(place).resolve())
        run.prepare()
        calls = calls_of(run, run.place / "whole")
        whole = totals(run.place / "whole")
        print(f"undisturbed: {len(calls)} calls, {json.dumps(whole)}", flush=True)
        cases = [
            (name, act, number)
            for name in ERRORS
            for act in (Act.FAIL_ON, Act.FAIL_ONCE)
            for number, call in enumerate(calls, 1)
            if name not in ("ENOSPC", "EDQUOT") or call.split(" ")[0] in _NO_SPACE
        ]
        for name, act, number in cases[:: args.every]:
            case = f"{name} {act.name} {number}"
            if case not in kept.done and time.monotonic() < end:
                kept.add(case, _failed(run, whole, calls, (name, act, number)))
    wrong = sum(_row(name, act, kept.done) for name in ERRORS for act in (Act.FAIL_ON, Act.FAIL_ONCE))
    print(f"{len(kept.done)} cases, {len(cases[:: args.every]) - len(kept.done)} to be done; wrong: {wrong}")
    return 1 if wrong else 0


def _failed(run: Run, whole: dict[str, Any], calls: list[str], case: tuple[str, Act, int]) -> dict[str, Any]:
    name, act, number = case
    out = run.place / "failed"
    shutil.rmtree(out, ignore_errors=True)
    first = run.begin(out, first=arm(out, number, act, getattr(errno, name)))
    recorded = lines(out)
    written = sum(call == "write run.jsonl" for call in calls[: number - 1])
    told = run.report(out)
    again = run.resume(out)
    wrong = [text for text in (first.broken, told.broken, again.broken) if text]
    if first.code not in (EXIT_IO, *JUDGED):
        wrong.append(f"{kind(calls[number - 1])}: exit {first.code}: {first.said[-200:]}")
    if first.code == EXIT_IO and "pcmstress: " not in first.said:
        wrong.append(f"{kind(calls[number - 1])}: no line says why")
    if recorded < written:
        wrong.append(f"{kind(calls[number - 1])}: {recorded} of {written} lines are left")
    if told.code not in (*JUDGED, 64) or again.code not in JUDGED:
        wrong.append(f"report {told.code}, resume {again.code}: {again.said[-200:]}")
    try:
        ended = totals(out)
        wrong += [f"{key}: {ended[key]}, not {whole[key]}" for key in whole if ended[key] != whole[key]]
    except StressError as problem:
        wrong.append(str(problem))
    return {"exit": first.code, "report": told.code, "wrong": wrong}


def _row(name: str, act: Act, done: dict[str, dict[str, Any]]) -> int:
    mine = [value for case, value in done.items() if case.startswith(f"{name} {act.name} ")]
    if not mine:
        return 0
    wrong = Counter(text for value in mine for text in value["wrong"])
    exits = Counter(value["exit"] for value in mine)
    said = ", ".join(f"exit {code}: {times}" for code, times in sorted(exits.items()))
    how = "from that call on" if act is Act.FAIL_ON else "one call"
    same = "; ".join(f"{text}: {times}" for text, times in wrong.most_common(6))
    same = same or "nothing recorded lost, resumed to the same verdict and counts"
    print(f"{name:7} {how:17} {len(mine):4} cases; {said}; {same}", flush=True)
    return sum(wrong.values())
