# SPDX-License-Identifier: MIT
"""tools/mutate: change operators at random, one at a time, and run the module's own tests.

A change that no test of the module notices is a survivor: either a verdict that no test
pins, or code that decides nothing. The choice is seeded, so a score can be repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tools.mutatekit.mirror import ROOT, STRESS, modules, tests_of
from tools.mutatekit.plugin import MODULE, SOURCE
from tools.mutatekit.sites import Site, changed, sites

ROOMS = ("verdict", "experiment", "detect", "stats", "record", "pcm")
# Longest run of the tests of one module [s]: a change may make a loop that never ends.
LONGEST_S = 300.0


def main(argv: Sequence[str] | None = None) -> int:
    """Print the survivors and the score; 0 where the goal is reached, else 1."""
    parser = argparse.ArgumentParser(prog="tools/mutate", description=__doc__)
    words = f"rooms or modules (default {' '.join(ROOMS)})"
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), help=words)
    parser.add_argument("--number", type=int, default=200, help="changes tried (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice (default 1)")
    parser.add_argument("--part", type=part_of, default=(1, 1), metavar="K/N", help="only this share of them")
    parser.add_argument("--goal", type=float, default=85.0, help="least share noticed [%%] (default 85)")
    parser.add_argument("--json", metavar="FILE", help="write every change and what came of it")
    args = parser.parse_args(argv)
    part, parts = args.part
    chosen = choose(args.rooms, args.number, args.seed)[part - 1 :: parts]
    results, began = [], time.monotonic()
    for number, (module, site) in enumerate(chosen, 1):
        noticed = tried(module, site)
        results.append({"module": module, "change": str(site), "noticed": noticed})
        state = "noticed" if noticed else "SURVIVED"
        print(f"{number}/{len(chosen)} {state:8} {module} {site}", flush=True)
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    caught = sum(bool(result["noticed"]) for result in results)
    share = 100 * caught / max(1, len(results))
    taken = time.monotonic() - began
    print(f"{caught} of {len(results)} changes noticed: {share:.1f} % (seed {args.seed}, {taken:.0f} s)")
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
    """Run the module's tests with one change; return whether any fails, or does not come to an end."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / Path(module).name
        source.write_text(changed((STRESS / module).read_text(encoding="utf-8"), site), encoding="utf-8")
        dotted = ".".join(("stress", *Path(module).with_suffix("").parts))
        environment = {**os.environ, MODULE: dotted, SOURCE: str(source), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "tools.mutatekit.plugin", *tests_of(module)]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                timeout=LONGEST_S,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
