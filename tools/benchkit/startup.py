# SPDX-License-Identifier: MIT
"""How long the command takes to start, against a Python that does nothing: here, or in ARM instructions."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from tools.benchkit import instructions
from tools.labkit import emuser
from tools.labkit.errors import LabError, MissingPrograms

ROUNDS = 15
COMMANDS = {
    "python3 -c pass": ["-c", "pass"],
    "python3 -c 'import numpy'": ["-c", "import numpy"],
    "pcmstress --help": ["-m", "stress", "--help"],
    "pcmstress run --help": ["-m", "stress", "run", "--help"],
    "pcmstress run --seed x (refused)": ["-m", "stress", "run", "--seed", "x"],
    "pcmstress plans": ["-m", "stress", "plans"],
    "pcmstress probe": ["-m", "stress", "probe"],
}
# Assumed, as in `tools/bench ci`: the emulator counts no cache miss and no memory wait.
CYCLES, CLOCK_HZ = 3.2, 400e6
# The program ends by exit or by an exception; the mark counts all that was executed before.
_MARKED = """
import atexit, os, runpy, sys
atexit.register(os.getppid)
words = sys.argv[1:]
if words[0] == "-c":
    exec(words[1])
elif words[0] == "-m":
    sys.argv = words[1:]
    runpy.run_module(words[1], run_name="__main__", alter_sys=True)
else:
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")
"""


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


def count(userland: str, pyz: str = "") -> dict[str, int]:
    """Return the instructions of every command in an ARM userland, those of the kernel left out.

    Raises
    ------
    MissingPrograms : what counting needs, by package.
    LabError : no such userland, or a command that did not end by itself.
    """
    emulated = emuser.prepare(userland)
    return {name: _counted(emulated, name, argv) for name, argv in commands(pyz).items()}


def _counted(emulated: emuser.Emulated, name: str, argv: list[str]) -> int:
    # A refused argument ends with 64, which is not this program's failure.
    caught = f"{_MARKED.strip()}\n".replace("\n", "\n    ")
    program = f"try:\n    {caught}\nexcept SystemExit:\n    pass\n"
    _, marks = instructions.counted(emulated, ["-c", program, *argv])
    last = [int(line.split()[1]) for line in marks.splitlines() if line.startswith("mark ")]
    if not last:
        raise LabError(f"{name}: no mark at its end")
    return last[-1]


def main(argv: list[str]) -> int:
    """Print the median of every command and its ratio to the first."""
    parser = argparse.ArgumentParser(prog="tools/bench startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pyz", metavar="FILE", default="", help="time this file of tools/pack, too")
    parser.add_argument(
        "--userland", metavar="RELEASE/ARCH", help="count ARM instructions instead: 12/armel, 12/armhf"
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    try:
        found = count(args.userland, args.pyz) if args.userland else measure(args.rounds, args.pyz)
    except MissingPrograms as error:
        print(f"instructions of a start: SKIPPED, {error}")
        return 0
    if args.json:
        print(json.dumps({"instructions" if args.userland else "seconds": found}))
        return 0
    base = next(iter(found.values()))
    told: Callable[[float], str] = _arm if args.userland else _here
    for name, taken in found.items():
        print(f"{name:34} {told(taken)}  {taken / base:5.2f} x")
    return 0


def _here(seconds: float) -> str:
    return f"{1000 * seconds:6.1f} ms"


def _arm(executed: float) -> str:
    seconds = executed * CYCLES / CLOCK_HZ
    return f"{executed / 1e6:8.1f} million instructions, {seconds:5.2f} s at {CLOCK_HZ / 1e6:.0f} MHz"
