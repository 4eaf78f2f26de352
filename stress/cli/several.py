# SPDX-License-Identifier: MIT
"""Reports of several runs: one compared with others."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from stress.cli import outputs
from stress.errors import ConfigError
from stress.model.verdict import EXIT_FAIL, EXIT_INCONCLUSIVE
from stress.plan.plan import Plan, read_plan
from stress.record import bundle, rundir
from stress.report import compared, facts
from stress.report.console import Console
from stress.verdict import comparison
from stress.verdict.rates import Word

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from stress.report.facts import Facts
    from stress.verdict.comparison import Compared

# Results that are of one run.
_OF_ONE = ("junit", "bundle", "ktap", "lava", "mail", "label", "verbose")
# Runs compared in one call. Source: every pair is corrected for the number of tests. Higher: nothing is
# significant any more; lower: a series of kernels takes two calls.
MOST_RUNS = 50


def compare(args: argparse.Namespace) -> int:
    """Compare every run with the first one; return 0, with --exit-skip what the comparison says.

    Raises
    ------
    ConfigError : fewer than two runs, too many, or a result that is of one run only.
    CaptureFileError : one cannot be read.
    """
    refuse_of_one(args, "--compare")
    if not 2 <= len(args.directories) <= MOST_RUNS:
        raise ConfigError(
            f"{len(args.directories)} of them", where="--compare", allowed=f"2 to {MOST_RUNS} runs or bundles"
        )
    runs = [_read(name) for name in args.directories]
    found = comparison.compare([run for run, _ in runs])
    shown = [compared.Shown(one, runs[0][1], known) for one, (_, known) in zip(found, runs[1:])]
    console = Console(sys.stdout, sys.stderr, color=args.color)
    told = []
    if args.html:
        told.append(outputs.written(args.html, compared.page(shown).encode("utf-8")))
    if args.json:
        console.line(json.dumps(compared.to_json(shown)))
    elif args.quiet:
        console.prose(compared.head(one) for one in found)
    elif not told:
        console.prose(compared.lines(shown, console.columns))
    for line in [] if args.json else told:
        console.line(line)
    return _status([one.word for one in found]) if args.exit_skip else 0


def refuse_of_one(args: argparse.Namespace, where: str) -> None:
    """Refuse results that are of one run.

    Raises
    ------
    ConfigError : one was asked for.
    """
    for name in _OF_ONE:
        if getattr(args, name, None):
            raise ConfigError(f"with --{name}", where=where, allowed="--html, --json, -q")


def _read(name: str) -> tuple[Compared, Facts]:
    with bundle.opened(name) as folder:
        return comparison.read(folder, name, plan_of(folder)), facts.read(folder)


def plan_of(folder: Path) -> Plan:
    """Return the plan of the run in `folder`.

    Raises
    ------
    CaptureFileError, ConfigError : no config.json that can be read, or no plan in it.
    """
    return read_plan(rundir.read_json(folder, "config.json").get("plan", {}), str(folder / "config.json"))


def _status(words: list[Word]) -> int:
    if Word.WORSE in words:
        return EXIT_FAIL
    return EXIT_INCONCLUSIVE if Word.CANNOT_TELL in words else 0
