# SPDX-License-Identifier: MIT
"""Run each command under a limit of memory (ulimit -v): exit status and line, never a false FAIL.

tools/bench memory --megabytes 80 150 300
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stress.model.verdict import EXIT_IO
from stress.report.table import table
from tools.benchkit._runs import BOARD, PLAN

SIZES = (80, 150, 300)
# Each command, and its exit status with all the memory it wants. {} is the folder of what it reads.
COMMANDS: tuple[tuple[str, int], ...] = (
    ("--version", 0),
    ("boards", 0),
    ("plans", 0),
    ("kinds", 0),
    ("probe", 0),
    ("probe --board arm926", 0),
    ("generate {}/new.wav --frames 48000", 0),
    ("analyze {}/a.wav", 0),
    ("analyze {}/a.wav --json", 0),
    ("predict --board {}/b.toml --plan {}/p.toml", 0),
    ("predict --board arm926 --plan smoke", 0),
    ("run --backend virtual --board {}/b.toml --plan {}/p.toml --seed 1 --quiet --out {}/new", 1),
    ("report {}/run", 0),
    ("report {}/run --json", 0),
    ("report {}/run --html {}/new.html", 0),
    ("report {}/run --bundle {}/new.tar.gz", 0),
    ("replay {}/run", 0),
)
_WRONG_WORDS = ("Traceback", "internal error", "OpenBLAS")


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit status, minus the signal where one ended it, and what it wrote to stderr."""

    code: int
    said: str

    def wrong(self, usual: int) -> str:
        """Return what must not be, "" where it ended as without a limit or in a line and its status."""
        words = next((word for word in _WRONG_WORDS if word in self.said), "")
        if words:
            return words
        if self.code == EXIT_IO:
            return "" if self.said.startswith("pcmstress: ") else "no line"
        return "" if self.code == usual else f"exit {self.code}"


def main(argv: list[str]) -> int:
    """Print a row per command; return 1 where one ended as it must not."""
    parser = argparse.ArgumentParser(prog="tools/bench memory", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--megabytes", type=int, nargs="+", default=SIZES, metavar="N", help="limits (default 80 150 300)"
    )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as place:
        prepare(Path(place))
        cells = [[_ended(words, place, size) for size in args.megabytes] for words, _ in COMMANDS]
    rows = [
        (words.replace("{}/", ""), usual, *(_cell(one, usual) for one in ended))
        for (words, usual), ended in zip(COMMANDS, cells)
    ]
    print("\n".join(table(("command", "usual", *(f"{size} MB" for size in args.megabytes)), rows, "l")))
    told = {one.said.strip() for ended in cells for one in ended if one.code == EXIT_IO}
    print("\n".join(f"{EXIT_IO}: {line[:160]}" for line in sorted(told)))
    wrong = sum(bool(one.wrong(usual)) for (_, usual), ended in zip(COMMANDS, cells) for one in ended)
    print(f"{len(COMMANDS) * len(args.megabytes)} cases; wrong: {wrong}")
    return 1 if wrong else 0


def prepare(place: Path) -> None:
    """Make what the commands read: a plan, a board, a capture and a run."""
    (place / "p.toml").write_text(PLAN)
    (place / "b.toml").write_text(BOARD)
    run = next(words for words, _ in COMMANDS if words.startswith("run "))
    for words in ("generate {}/a.wav --frames 48000", run.replace("/new", "/run")):
        done = _ended(words, str(place), 0)
        if done.code not in (0, 1):
            raise RuntimeError(f"pcmstress {words}: exit {done.code}: {done.said}")


def _ended(words: str, place: str, megabytes: int) -> Ended:
    def limit() -> None:
        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    argv = [sys.executable, "-m", "stress", *words.replace("{}", place).split()]
    if "/new" in words:
        # What an earlier case left is no reason to end in another way.
        subprocess.run(["rm", "-rf", *(word for word in argv if "/new" in word)], check=True)
    # As a shell starts it: the threads of the algebra library are what takes the memory.
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        argv, capture_output=True, text=True, preexec_fn=limit, env=environment, check=False
    )
    return Ended(done.returncode, done.stderr)


def _cell(ended: Ended, usual: int) -> str:
    wrong = ended.wrong(usual)
    return f"{ended.code} WRONG: {wrong}" if wrong else str(ended.code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
