# SPDX-License-Identifier: MIT
"""tools/mutate: change operators at random, one at a time, and run the module's own tests that reach them.

A change that no test of the module notices is a survivor: either a verdict that no test
pins, or code that decides nothing. The choice is seeded, so a score can be repeated.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tools.mutatekit.forked import NO_TESTS, status
from tools.mutatekit.kept import Kept
from tools.mutatekit.mirror import ROOT, STRESS, modules, tests_of
from tools.mutatekit.plugin import CHOSEN, MODULE, SOURCE
from tools.mutatekit.reach import reach
from tools.mutatekit.sites import Site, changed, sites

ROOMS = ("verdict", "experiment", "detect", "stats", "record", "pcm")
# Longest run of the chosen tests [s], and how many times their usual time they are given before
# that: a change may make a loop that never ends.
LONGEST_S, TIMES_USUAL, LEAST_S = 300.0, 6, 60.0


def main(argv: Sequence[str] | None = None) -> int:
    """Print the survivors and the score; 0 where the goal is reached, else 1."""
    parser = argparse.ArgumentParser(prog="tools/mutate", description=__doc__)
    words = f"rooms or modules (default {' '.join(ROOMS)})"
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), help=words)
    parser.add_argument("--number", type=int, default=200, help="changes tried (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice (default 1)")
    parser.add_argument("--part", type=part_of, default=(1, 1), metavar="K/N", help="only this share of them")
    parser.add_argument("--goal", type=float, default=85.0, help="least share noticed [%%] (default 85)")
    parser.add_argument(
        "--keep", metavar="FILE", help="what was tried, written after each; taken up if there"
    )
    parser.add_argument("--again", action="store_true", help="try the survivors of --keep again")
    args = parser.parse_args(argv)
    part, parts = args.part
    chosen = choose(args.rooms, args.number, args.seed)[part - 1 :: parts]
    kept = Kept(Path(args.keep) if args.keep else None, again=args.again)
    began = time.monotonic()
    for number, (module, site) in enumerate(chosen, 1):
        before = kept.noticed(module, site)
        noticed = kept.add(module, site, tried(module, site)) if before is None else before
        state = "noticed" if noticed else "SURVIVED"
        print(f"{number}/{len(chosen)} {state:8} {module} {site}", flush=True)
    caught = sum(bool(kept.noticed(module, site)) for module, site in chosen)
    share = 100 * caught / max(1, len(chosen))
    taken = time.monotonic() - began
    print(f"{caught} of {len(chosen)} changes noticed: {share:.1f} % (seed {args.seed}, {taken:.0f} s)")
    return 0 if share >= args.goal else 1


def part_of(text: str) -> tuple[int, int]:
    """Read "K/N": which of how many parts of the choice is tried.

    Raises
    ------
    argparse.ArgumentTypeError
        This is no part: K is from 1 to N.
    """
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part: 1/4 to 4/4 are the four parts of a choice")
    return int(part), int(parts)


def choose(rooms: Sequence[str], number: int, seed: int) -> list[tuple[str, Site]]:
    """Return changes drawn evenly from all places of these rooms: module and site."""
    names = [name for room in rooms for name in ([room] if room.endswith(".py") else modules(room))]
    every = [(name, site) for name in names for site in sites((STRESS / name).read_text(encoding="utf-8"))]
    return random.Random(seed).sample(every, min(number, len(every)))


def tried(module: str, site: Site) -> bool:
    """Run the tests that reach a change; return whether any fails, or does not come to an end."""
    before = (STRESS / module).read_text(encoding="utf-8")
    reached = reach(module, before, site.line, tests_of(module))
    with tempfile.TemporaryDirectory() as folder:
        source, chosen = Path(folder) / Path(module).name, Path(folder) / "chosen.json"
        source.write_text(changed(before, site), encoding="utf-8")
        chosen.write_text(json.dumps({"tests": reached.tests, "known": reached.known}), encoding="utf-8")
        dotted = ".".join(("stress", *Path(module).with_suffix("").parts))
        environment = {MODULE: dotted, SOURCE: str(source), CHOSEN: str(chosen), "PYTHONPATH": str(ROOT)}
        longest_s = min(LONGEST_S, max(LEAST_S, TIMES_USUAL * reached.seconds))
        return status(environment, reached.files, longest_s) not in (0, NO_TESTS)


if __name__ == "__main__":
    sys.exit(main())
