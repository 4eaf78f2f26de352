# SPDX-License-Identifier: MIT
"""tools/fuzz: try seeded hostile inputs, print a table, keep what breaks.

A defect is an internal error, a traceback, an exit code outside the table, a
crash, or a case beyond the bounds of `judge`. Exit status 1 when there is one.
A long series is cut into pieces that go on one behind the other:

    tools/fuzz --total 100000 --minutes 14 --go-on FILE
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

from tools.fuzzkit import judge, seeds
from tools.fuzzkit.counts import Counts, Series
from tools.fuzzkit.families import FAMILIES, Maker

# Different defects printed of one family; the rest is counted.
MOST_SHOWN = 5
# Cases of one child. More: what a case leaves behind in the process reaches more others; fewer: a fork
# costs as much as a case.
_AT_ONCE = 40
# Families whose cases take long get fewer of them.
_SHARES = {"captures": 0.25}


def main(argv: Sequence[str]) -> int:
    """Run the cases asked for and return 0, or 1 when a defect was seen."""
    args = _arguments(argv)
    args.keep = args.keep and os.path.abspath(args.keep)
    names = args.family or list(FAMILIES)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    judge.warm()
    series = Series(os.path.abspath(args.go_on) if args.go_on else "")
    # A series by time or by its sum has no end of its own.
    most = args.cases or (1 << 40 if args.minutes or args.total else 200)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        sound = seeds.make(Path(work))
        end = time.monotonic() + 60 * args.minutes if args.minutes else float("inf")
        waiting = list(names)
        while waiting and time.monotonic() < end and not 0 < args.total <= series.cases:
            # In turns, so that a piece that ends has tried all of them.
            name = waiting.pop(0)
            at = series.behind(args.seed, name)
            numbers = range(at, min(most, at + round(_AT_ONCE * _SHARES.get(name, 1))))
            if numbers:
                series.add(args.seed, name, _piece(name, numbers, sound, args, work))
                waiting.append(name)
    print("\n".join(series.lines(list(FAMILIES))), flush=True)
    return _told(series)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    text = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__, formatter_class=text)
    add = parser.add_argument
    add("--cases", type=int, metavar="N", help="cases of each family (default 200, or what --minutes allows)")
    add("--total", type=int, default=0, metavar="N", help="stop at so many cases of all families together")
    add("--minutes", type=float, metavar="N", help="stop after so long")
    add("--seed", type=int, default=1, metavar="N", help="the same seed gives the same cases")
    add("--family", action="append", choices=sorted(FAMILIES), help="only these (may be repeated)")
    add("--keep", metavar="DIR", help="keep the input of each different defect here")
    add("--go-on", default="", metavar="FILE", help="go on behind the cases counted in this file")
    return parser.parse_args(argv)


def _piece(name: str, numbers: range, sound: seeds.Seeds, args: argparse.Namespace, work: str) -> Counts:
    place = Path(work, name)
    makers = [partial(_made, FAMILIES[name], sound, f"{args.seed}/{name}/{number}") for number in numbers]
    counts, seen = Counts(), set()
    for number, make, outcome in zip(numbers, makers, judge.batch(makers, place)):
        counts.add([outcome])
        if outcome.wrong and outcome.wrong not in seen:
            seen.add(outcome.wrong)
            _alone(name, number, make, outcome, args, place)
    shutil.rmtree(place, ignore_errors=True)
    return counts


def _made(make: Maker, sound: seeds.Seeds, seed: str, folder: Path) -> judge.Case:
    return make(sound, Random(seed), folder)


def _alone(
    name: str,
    number: int,
    make: judge.Maker,
    outcome: judge.Outcome,
    args: argparse.Namespace,
    place: Path,
) -> None:
    """Repeat a case in a process of its own, print how both ended, and keep its input where asked."""
    folder = place / "alone"
    folder.mkdir(parents=True, exist_ok=True)
    case = make(folder)
    if args.keep:
        kept = Path(args.keep, f"{name}-{args.seed}-{number}")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept, dirs_exist_ok=True, symlinks=True, copy_function=_copied)
        (kept / "said.txt").write_text(outcome.text)
    # As in a batch: names that the options give are of this folder.
    os.chdir(folder)
    again = judge.run(case)
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)
    how = "" if again.wrong == outcome.wrong else f"; alone: {again.wrong or 'no defect'}"
    print(f"{name} case {number}: {outcome.wrong[:160]}{how}", flush=True)


def _copied(source: str, target: str) -> None:
    # Pipes would be waited for, and holes written out.
    if os.path.isfile(source) and os.path.getsize(source) < 1 << 26:
        shutil.copyfile(source, target)


def _told(series: Series) -> int:
    for name, counts in series.families.items():
        for wrong, times in counts.wrong.most_common(MOST_SHOWN):
            print(f"{name}: {times} x {wrong[:160]}", flush=True)
    return 1 if any(counts.wrong for counts in series.families.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
