# SPDX-License-Identifier: MIT
"""Kill runs on the virtual board at seeded instants, resume them, compare with the undisturbed run."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from stress.errors import StressError
from stress.record.journal import NAME
from tools.benchkit._runs import JUDGED, Kept, Run, totals

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
# Exit codes of a run that a signal stopped, once its record is closed; the rest ends it at once.
CLOSED = {"SIGTERM": 143, "SIGINT": 130, "SIGHUP": 129}
# Longest wait behind the byte that a kill waits for [s]: a burst takes 10 to 30 ms.
_MORE_S = 0.03


def main(argv: list[str]) -> int:
    """Print one row per signal; exit 1 where a verdict or a count differs, or a record is broken."""
    parser = argparse.ArgumentParser(prog="tools/bench kill", description=__doc__)
    parser.add_argument(
        "--times", type=int, default=10, metavar="N", help="kills by each signal (default 10)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the instants (default 1)")
    parser.add_argument("--keep", default="", metavar="FILE", help="go on behind the kills done in this file")
    parser.add_argument("--minutes", type=float, default=1e9, metavar="N", help="stop after so long")
    args = parser.parse_args(argv)
    end = time.monotonic() + 60 * args.minutes
    kept = Kept(args.keep)
    with tempfile.TemporaryDirectory() as place:
        run = Run(Path(place))
        run.prepare()
        run.begin(run.place / "whole")
        whole = totals(run.place / "whole")
        size = (run.place / "whole" / NAME).stat().st_size
        print(f"undisturbed: {json.dumps(whole)}", flush=True)
        for number in range(args.times):
            for name in SIGNALS:
                case = f"{args.seed}/{name}/{number}"
                if case not in kept.done and time.monotonic() < end:
                    kept.add(case, _killed(run, whole, size, name, random.Random(case)))
    rows = [(name, [value for case, value in kept.done.items() if f"/{name}/" in case]) for name in SIGNALS]
    return 1 if sum(_row(name, values) for name, values in rows) else 0


def _killed(run: Run, whole: dict[str, Any], size: int, name: str, draw: random.Random) -> dict[str, Any]:
    out = run.place / "killed"
    shutil.rmtree(out, ignore_errors=True)
    # By how much of the record is written: the load of the machine moves instants, and not these.
    wanted, more_s = draw.randint(-size // 10, size), draw.uniform(0.0, _MORE_S)

    def stop(child: int) -> None:
        _wait(out / NAME, wanted, child)
        time.sleep(more_s)
        os.kill(child, signal.Signals[name])

    first = run.begin(out, beside=stop)
    told = run.report(out)
    again = run.resume(out)
    wrong = [text for text in (first.broken, told.broken, again.broken) if text]
    closed = CLOSED.get(name, -signal.Signals[name])
    # Before the command has taken over, a signal ends the process by itself.
    if first.code not in (closed, -signal.Signals[name], *JUDGED):
        wrong.append(f"killed: exit {first.code}")
    if again.code not in JUDGED:
        wrong.append(f"resume: exit {again.code}: {again.said[-150:]}")
    try:
        ended = totals(out)
        wrong += [f"{key}: {ended[key]}, not {whole[key]}" for key in whole if ended[key] != whole[key]]
    except StressError as problem:
        wrong.append(str(problem))
    return {"exit": first.code, "report": told.code, "resume": again.code, "wrong": wrong}


def _wait(path: Path, size: int, child: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if path.stat().st_size >= size:
                return
        except FileNotFoundError:
            if size <= 0:
                return
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.001)


def _row(name: str, values: list[dict[str, Any]]) -> int:
    if not values:
        return 0
    ends = Counter(f"{what} {value[what]}" for value in values for what in ("exit", "report", "resume"))
    wrong = Counter(text for value in values for text in value["wrong"])
    said = ", ".join(f"{key}: {times}" for key, times in sorted(ends.items()))
    same = "; ".join(f"{text}: {times}" for text, times in wrong.items()) or "verdict and every count equal"
    print(f"{name:8} {len(values)} kills; {same}; {said}", flush=True)
    return sum(wrong.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
