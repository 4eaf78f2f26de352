# SPDX-License-Identifier: MIT
"""How long a report of a long record takes, and how much memory, by the number of its bursts."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from stress.cli import main as command
from stress.model.record.burst import BurstRecord
from stress.model.record.events import event_of
from stress.record.clock import Clock
from stress.record.journal import Journal
from stress.record.reader import read_events
from stress.verdict import checkpoint
from stress.verdict.summary import Summing

COUNTS = (1_000, 10_000, 100_000)
PLAN = '[[arm]]\nname = "a"\nburst_s = "30ms"\n'


def made(folder: Path, bursts: int) -> None:
    """Write a record of so many bursts: one of a virtual board, again and again under other numbers."""
    (folder / "p.toml").write_text(PLAN)
    one = folder / "one"
    argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", f"{folder}/p.toml", "--quiet"]
    command.main([*argv, "--seed", "1", "--out", str(one)])
    events = [event_of(event) for event in read_events(one)]
    many = folder / "many"
    many.mkdir()
    for name in ("config.json", "board.json"):
        (many / name).write_bytes((one / name).read_bytes())
    journal = Journal(many, Clock())
    for event in events:
        if isinstance(event, BurstRecord):
            break
        journal.append(event)
    burst = next(event for event in events if isinstance(event, BurstRecord))
    summing = Summing()
    for number in range(1, bursts + 1):
        object.__setattr__(burst, "number", number)
        journal.append(burst)
        summing.add(burst)
        if checkpoint.due(summing):
            journal.append(checkpoint.of(summing))
    journal.close()


def measured(argv: list[str]) -> tuple[float, float]:
    """Return processor time [s] and peak memory [MB] of a Python program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    code = "import resource, sys, runpy\nsys.argv = sys.argv[1:]\n"
    code += "try: runpy.run_module('stress', run_name='__main__')\n"
    code += "except SystemExit: pass\n"
    code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    return after - before, int(done.stderr.splitlines()[-1]) / 1024


def main(argv: list[str]) -> int:
    """Print one row per number of bursts: size, reports and reading for a resume in processor time."""
    parser = argparse.ArgumentParser(prog="tools/bench records", description=__doc__)
    parser.add_argument("--bursts", type=int, nargs="*", default=list(COUNTS))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    rows = []
    for bursts in args.bursts:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            made(folder, bursts)
            many, page = str(folder / "many"), os.path.join(place, "page.html")
            row = {"bursts": bursts, "megabytes": (folder / "many/run.jsonl").stat().st_size / 1e6}
            row["text_s"], row["text_mb"] = measured(["pcmstress", "report", many])
            row["html_s"], row["html_mb"] = measured(["pcmstress", "report", many, "--html", page])
            row["resume_s"], row["resume_mb"] = _resume(many)
            rows.append(row)
            if not args.json:
                print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    if args.json:
        print(json.dumps(rows))
    return 0


def _resume(folder: str) -> tuple[float, float]:
    # In a process of its own, so that its memory is seen.
    code = "import resource, sys, time, pathlib\nfrom stress.verdict import run_folder\n"
    code += "begin = time.process_time()\nrun_folder.read_to_resume(pathlib.Path(sys.argv[1]))\n"
    code += "print(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes) / 1024
