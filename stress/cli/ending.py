# SPDX-License-Identifier: MIT
"""How a run ends on the screen: its report, the files that were asked for, and what to do next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stress.cli import outputs
from stress.errors import StressError
from stress.report import facts, text
from stress.verdict import run_folder

if TYPE_CHECKING:
    from pathlib import Path

    from stress.cli.outputs import Outputs
    from stress.plan.plan import Plan
    from stress.report.console import Console
    from stress.verdict.summary import Summary


def tell(wanted: Outputs, folder: Path, plan: Plan, console: Console) -> Summary:
    """Print the report of the run in `folder` and write the files of `wanted`; return what it adds up to."""
    run = run_folder.read(folder).result(plan)
    known = facts.read(folder)
    told = outputs.write(wanted, folder, run, known)
    if outputs.printed(wanted, run, known, console, shlex.quote(str(folder)), directory=str(folder)):
        return run
    if wanted.quiet:
        console.prose(text.head(run)[:1])
    else:
        console.prose(text.lines(run, console.columns, known, wanted.verbose))
        console.prose(text.following(run, shlex.quote(str(folder))))
    for line in (*told, f"record: {folder}"):
        console.line(line)
    return run


def stopped(wanted: Outputs, folder: Path, plan: Plan, console: Console) -> None:
    """Print the verdict so far of a run that was interrupted, and the command that continues it."""
    try:
        tell(wanted, folder, plan, console)
    except StressError as error:
        # Interrupted before a burst: there may be nothing to report yet.
        console.note(f"nothing was judged yet: {error}")
    console.note(f"interrupted; {continuing(folder)}")


def continuing(folder: Path) -> str:
    """Return the words that say how to continue the run in `folder`."""
    return f"continue with: pcmstress run --resume --out {shlex.quote(str(folder))}"
