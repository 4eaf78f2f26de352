# SPDX-License-Identifier: MIT
"""pcmstress report: report what a run directory or a bundle holds, or what several do."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from stress.cli import following, outputs, several
from stress.cli.outputs import Outputs
from stress.errors import ConfigError
from stress.model.verdict import EXIT_INCONCLUSIVE, exit_code
from stress.plan.plan import read_plan
from stress.record import bundle, rundir
from stress.report import facts, text
from stress.report.console import Console
from stress.verdict import run_folder

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def execute(args: argparse.Namespace) -> int:
    """Print the report of a run directory or a bundle, or write it to files; return 0.

    Raises
    ------
    ConfigError : several runs, without an option that is about several.
    """
    if args.compare:
        return several.compare(args)
    if args.trend:
        return several.trend(args)
    if args.follow:
        return following.follow(args)
    if len(args.directories) > 1:
        allowed = "one, or several with --compare or --trend"
        raise ConfigError(f"{len(args.directories)} runs", where="report", allowed=allowed)
    with bundle.opened(args.directories[0]) as folder:
        return _report(args, folder)


def _report(args: argparse.Namespace, folder: Path) -> int:
    wanted = Outputs.of(args)
    outputs.check(wanted, folder)
    record = run_folder.read(folder)
    plan = read_plan(rundir.read_json(folder, "config.json").get("plan", {}), str(folder / "config.json"))
    console = Console(sys.stdout, sys.stderr, color=args.color)
    run = record.result(plan)
    status = EXIT_INCONCLUSIVE if run.contradicted else 0
    if args.exit_skip:
        status = exit_code(run.judgement.verdict)
    known = facts.read(folder)
    told = outputs.write(wanted, folder, run, known)
    if outputs.printed(wanted, run, known, console, shlex.quote(args.directories[0])):
        return status
    if wanted.quiet:
        console.prose(text.head(run)[:1])
    elif not told:
        console.prose(text.lines(run, console.columns, known, wanted.verbose))
    for line in told:
        console.line(line)
    return status
