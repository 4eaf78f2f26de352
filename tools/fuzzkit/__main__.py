# SPDX-License-Identifier: MIT
"""tools/fuzz: try seeded hostile inputs, print a table, keep what breaks.

A defect is an internal error, a traceback, an exit code outside the table, a
crash, or a case beyond the bounds of `judge`. Exit status 1 when there is one.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tools.fuzzkit import judge, seeds
from tools.fuzzkit.families import FAMILIES

# Different defects printed of one family; the rest is counted.
MOST_SHOWN = 5


def main(argv: Sequence[str]) -> int:
    """Run the cases asked for and return 0, or 1 when a defect was seen."""
    args = _arguments(argv)
    names = args.family or list(FAMILIES)
    judge.warm()
    defects = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        sound = seeds.make(Path(work))
        end = time.monotonic() + 60 * args.minutes if args.minutes else None
        print(f"{'family':12} {'cases':>7} {'defects':>8}", flush=True)
        for index, name in enumerate(names):
            until = end and time.monotonic() + (end - time.monotonic()) / (len(names) - index)
            defects += _family(name, sound, args, until, Path(work))
    return 1 if defects else 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=200, metavar="N", help="cases of each family (default 200)"
    )
    parser.add_argument("--minutes", type=float, metavar="N", help="instead: go on this long, shared evenly")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same cases")
    parser.add_argument(
        "--family", action="append", choices=sorted(FAMILIES), help="only these (may be repeated)"
    )
    parser.add_argument("--keep", metavar="DIR", help="keep the input of each different defect here")
    return parser.parse_args(argv)


def _family(name: str, sound: seeds.Seeds, args: argparse.Namespace, until: float | None, work: Path) -> int:
    seen: Counter[str] = Counter()
    number = 0
    while time.monotonic() < until if until else number < args.cases:
        folder = work / f"{name}-{number}"
        folder.mkdir()
        case = FAMILIES[name](sound, Random(f"{args.seed}/{name}/{number}"), folder)
        outcome = judge.run(case)
        if outcome.wrong:
            if outcome.wrong not in seen and args.keep:
                kept = Path(args.keep, f"{name}-{args.seed}-{number}")
                shutil.copytree(folder, kept, dirs_exist_ok=True)
                (kept / "said.txt").write_text(outcome.text)
            seen[outcome.wrong] += 1
        shutil.rmtree(folder)
        number += 1
    print(f"{name:12} {number:7} {sum(seen.values()):8}", flush=True)
    for wrong, times in seen.most_common(MOST_SHOWN):
        print(f"             {times} x {wrong[:160]}", flush=True)
    return sum(seen.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
