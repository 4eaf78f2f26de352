# SPDX-License-Identifier: MIT
"""Have each call that changes a run directory fail: full, quota, I/O error, read-only; see what is left."""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from typing import Any

from stress.errors import StressError
from stress.model.verdict import EXIT_IO
from tools.benchkit._calls import Act, arm, disturbed, kind
from tools.benchkit._runs import JUDGED, Run, lines, totals

ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE")
# Calls that a full disk does not stop.
_NO_SPACE = ("open", "write", "pwrite64", "pwrite", "mkdir", "rename", "fsync", "close")


def main(argv: list[str]) -> int:
    """Print one row per error; exit 1 where an answer is no clear line or a recorded burst is lost."""
    done, left = disturbed("disks", __doc__, "case", argv, _cases, _failed)
    wrong = sum(_row(name, act, done) for name in ERRORS for act in (Act.FAIL_ON, Act.FAIL_ONCE))
    print(f"{len(done)} cases, {left} to be done; wrong: {wrong}")
    return 1 if wrong else 0


def _cases(calls: list[str]) -> dict[str, tuple[str, Act, int]]:
    return {
        f"{name} {act.name} {number}": (name, act, number)
        for name in ERRORS
        for act in (Act.FAIL_ON, Act.FAIL_ONCE)
        for number, call in enumerate(calls, 1)
        if name not in ("ENOSPC", "EDQUOT") or call.split(" ")[0] in _NO_SPACE
    }


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
