# SPDX-License-Identifier: MIT
"""The options of `report`: of one run, of several, of one that goes on.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.cli import run_options

if TYPE_CHECKING:
    import argparse

TEXT = "Report what a run directory or a bundle holds, as text, page, or for a farm; compare several."
EXAMPLES = (
    "pcmstress report runs/20261121-091313",
    "pcmstress report runs/20261121-091313 --html ring.html --bundle run.tar.gz",
    "pcmstress report run.tar.gz --junit result.xml --label lab3-arm926",
    "pcmstress report run.tar.gz --mail                  # for a kernel list, 72 columns",
    "pcmstress report --compare before.tar.gz after.tar.gz --html compared.html",
    "pcmstress report --trend runs --html nights.html     # every run below it, by board and date",
    "pcmstress report --follow runs/20261121-091313       # while it goes on",
)
STATUS = (
    "Exit status: 0 when the records could be read, whatever their verdicts; 64 usage or an unreadable file. "
    "With --exit-skip: 0 PASS, 1 FAIL; of --compare 1 for worse, 0 for better and same."
)


def add(report: argparse.ArgumentParser) -> None:
    """Add everything `report` takes."""
    report.add_argument(
        "directories",
        metavar="DIR",
        nargs="+",
        help="a run directory, or a bundle of one; several for --compare and --trend",
    )
    several = report.add_argument_group("several runs, or one that goes on")
    way = several.add_mutually_exclusive_group()
    way.add_argument(
        "--compare",
        action="store_true",
        help="compare every run with the first one: what differs in facts and plan, the rates of each arm "
        "with exact tests, and better, worse, same or cannot tell (with --json or --html)",
    )
    way.add_argument(
        "--trend",
        action="store_true",
        help="the rates of each board and arm over all the runs in these directories, the first bad run, and "
        "what changed before it (with --json or --html)",
    )
    way.add_argument(
        "--follow",
        action="store_true",
        help="show a run while it goes on, from another terminal as well; a terminal without a cursor, or a "
        "pipe, gets a line a minute; with --html the page is written again and again",
    )
    run_options.results(report, mail=True)
    run_options.screen(report)
    run_options.exit_skip(report)
