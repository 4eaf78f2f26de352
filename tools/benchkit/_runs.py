# SPDX-License-Identifier: MIT
"""Runs to be disturbed, forked from a process that has everything imported.

The board is coherent and its card spoils some bursts at known frames, so that every
count of a run is the same again however often it was killed and resumed.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stress.cli import new_run
from stress.cli.main import main
from stress.cli.run_config import read_config
from stress.record.journal import NAME
from stress.verdict import run_folder

PLAN = """
bound = 1.0
repeats = 2
[[arm]]
name = "mapped"
burst_s = "25ms"
bursts = 3
period_size = 48
playback_buffer = 480
capture_buffer = 528
[[arm]]
name = "copied"
access = "rw"
burst_s = "25ms"
period_size = 48
playback_buffer = 480
capture_buffer = 528
"""
# Faults of the card, by burst: what they make of the samples needs no chance.
BOARD = """
title = "a coherent board whose card spoils some bursts"
base = "cortex-a"
[[fault]]
kind = "zero"
frame = 300
frames = 24
burst = 1
[[fault]]
kind = "bitflip"
frame = 500
frames = 16
burst = 4
[[fault]]
kind = "zero"
frame = 100
frames = 40
burst = 6
"""
FIRST_POSITION = 1_000_000
# Codes that say what the bursts are; any other is that of a fault.
JUDGED = (0, 1, 5)
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True)
class Ended:
    """How a process ended: exit code, or minus the signal, and what it wrote to stderr."""

    code: int
    said: str

    @property
    def broken(self) -> str:
        """What must never be in an answer, "" where nothing is."""
        for words in ("Traceback", "internal error"):
            if words in self.said:
                return next(line for line in self.said.splitlines() if words in line)[:150]
        return ""


@dataclass(frozen=True)
class Run:
    """One run of the plan above in a folder of its own.

    Parameters
    ----------
    place : folder that holds plan, board and the run directories.
    """

    place: Path

    def prepare(self) -> None:
        """Write plan and board, and import what the runs need."""
        (self.place / "p.toml").write_text(PLAN)
        (self.place / "b.toml").write_text(BOARD)
        # Otherwise of the wall clock: a flipped bit makes another sample at every position.
        new_run.first_position = lambda *_: FIRST_POSITION  # type: ignore[attr-defined]
        # In this process, so that no child has to import what it needs.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            main(self._words(self.place / "warm"))
            main(["report", str(self.place / "warm")])
        # Each burst collects garbage: in a child that would walk, and copy, all that was imported here.
        gc.collect()
        gc.freeze()

    def begin(self, out: Path, **how: Any) -> Ended:
        """Run into `out`."""
        return forked(self._words(out), self.place, **how)

    def _words(self, out: Path) -> list[str]:
        words = ["run", "--backend", "virtual", "--board", f"{self.place}/b.toml", "--seed", "1", "--quiet"]
        return [*words, "--plan", f"{self.place}/p.toml", "--out", str(out)]

    def resume(self, out: Path) -> Ended:
        """Go on with the run in `out`, or begin it where nothing of it is there."""
        if not (out / "config.json").exists():
            return self.begin(out)
        return forked(["run", "--resume", "--quiet", "--out", str(out)], self.place)

    def report(self, out: Path) -> Ended:
        """Report the run in `out`."""
        return forked(["report", str(out)], self.place)


def forked(
    argv: list[str],
    place: Path,
    first: Callable[[], None] = lambda: None,
    beside: Callable[[int], None] = lambda _: None,
) -> Ended:
    """Run a command in a child.

    Parameters
    ----------
    first : called in the child before the command.
    beside : called with the child's pid once it is there.
    """
    said = place / "said.txt"
    sys.stdout.flush()
    # A signal that comes before the child has its own handlers meets none of this process.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    child = os.fork()
    if child == 0:
        _child(argv, said, first)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    beside(child)
    _, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    return Ended(code, said.read_text(errors="replace"))


def _child(argv: list[str], said: Path, first: Callable[[], None]) -> None:
    code = 70
    try:
        # As a shell starts a command: a series in the background, or under nohup, ignores some of them.
        for number in _STOPS[1:]:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        with open(said, "wb") as file:
            os.dup2(file.fileno(), 2)
            os.dup2(file.fileno(), 1)
        first()
        code = main(argv)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 70
    except KeyboardInterrupt:
        # Before the command or behind it, where the interpreter answers.
        code = 128 + signal.SIGINT
    finally:
        os._exit(code & 0xFF)


def totals(folder: Path) -> dict[str, Any]:
    """Return verdict and every count of the run in `folder`."""
    read = run_folder.read(folder).result(read_config(folder).plan)
    whole = read.whole
    names = ("bursts", "checked_frames", "lines", "wrong_frames", "episodes", "tiles", "found")
    counts: dict[str, Any] = {name: getattr(whole, name) for name in names}
    control = {name: getattr(whole, name) for name in ("planted", "control_found", "xruns", "inconsistent")}
    return {
        "verdict": read.judgement.verdict.value,
        "streamed_s": round(whole.streamed_s, 6),
        **counts,
        **control,
        "kinds": dict(whole.counts),
        "arms": {part.arm: (part.bursts, part.found, part.lines) for part in read.parts},
        "evidence": read.evidence,
        "contradicted": read.contradicted,
    }


def lines(folder: Path) -> int:
    """Return how many whole lines the record in `folder` has."""
    path = folder / NAME
    return path.read_bytes().count(b"\n") if path.exists() else 0


class Kept:
    """Cases that were done, in a file: a series that was stopped goes on behind them.

    Parameters
    ----------
    path : "" keeps nothing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.done: dict[str, dict[str, Any]] = {}
        if path and os.path.exists(path):
            for line in Path(path).read_text().splitlines():
                value = json.loads(line)
                self.done[value["case"]] = value

    def add(self, case: str, value: dict[str, Any]) -> None:
        """Keep what came of a case."""
        self.done[case] = {"case": case, **value}
        if self._path:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(self.done[case]) + "\n")
