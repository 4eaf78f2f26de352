"""pcmstress report: tell what a run directory holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stress.experiment.plan import read_plan
from stress.record import reader, rundir
from stress.report import text
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse


def execute(args: argparse.Namespace) -> int:
    """Print the report of a run directory; return 0 when it could be read."""
    folder = Path(args.directory)
    log = reader.read_run(folder)
    config = rundir.read_json(folder, "config.json")
    plan = read_plan(config.get("plan", {}), str(folder / "config.json"))
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        console.line(json.dumps(text.as_json(log, plan.bound)))
        return 0
    for line in text.lines(log, plan.bound):
        console.line(line)
    return 0
