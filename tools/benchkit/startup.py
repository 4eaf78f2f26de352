# SPDX-License-Identifier: MIT
"""How long the command takes to start, against a Python that does nothing."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

ROUNDS = 15
COMMANDS = {
    "python3 -c pass": ["-c", "pass"],
    "python3 -c 'import numpy'": ["-c", "import numpy"],
    "pcmstress --help": ["-m", "stress", "--help"],
    "pcmstress run --help": ["-m", "stress", "run", "--help"],
    "pcmstress run --seed x (refused)": ["-m", "stress", "run", "--seed", "x"],
}


def commands(pyz: str) -> dict[str, list[str]]:
    """Return what is timed: name -> arguments of Python; `pyz` is a file that tools/pack made, or ""."""
    packed = {f"pcmstress.pyz {word}": [pyz, word] for word in ("--help", "plans", "probe")}
    return {**COMMANDS, **(packed if pyz else {})}


def measure(rounds: int, pyz: str = "") -> dict[str, float]:
    """Return the median time of every command [s], taken in turns."""
    timed = commands(pyz)
    times: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(rounds):
        for name, argv in timed.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, *argv], capture_output=True, check=False)
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main(argv: list[str]) -> int:
    """Print the median of every command and its ratio to the first."""
    parser = argparse.ArgumentParser(prog="tools/bench startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pyz", metavar="FILE", default="", help="time this file of tools/pack, too")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    found = measure(args.rounds, args.pyz)
    if args.json:
        print(json.dumps({"seconds": found}))
        return 0
    base = next(iter(found.values()))
    for name, seconds in found.items():
        print(f"{name:34} {1000 * seconds:6.1f} ms  {seconds / base:5.2f} x")
    return 0
