# SPDX-License-Identifier: MIT
"""`tools/lab lifecycle`: boots a guest for `lifecycle_events`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.labkit import lifecycle_events, runner
from tools.labkit.errors import LabUsage

if TYPE_CHECKING:
    import argparse

TIMEOUT_S = 3600


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("board", metavar="BOARD")
    parser.add_argument(
        "part", metavar="PART", nargs="*", help="only these (before options): an event, clean, planted, ..."
    )
    parser.add_argument("--times", type=int, metavar="N", default=12, help="events of each (12)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="receives the records")


def run(args: argparse.Namespace) -> int:
    """Boot the board, run the parts, return 1 where the table and the card's log disagree."""
    unknown = sorted(set(args.part) - set(lifecycle_events.NAMES))
    if unknown or args.times < 1:
        names = ", ".join(lifecycle_events.NAMES)
        raise LabUsage(
            f"no such part: {', '.join(unknown)} (there are {names})" if unknown else "--times: 1 or more"
        )
    guest = ["env", "PYTHONPATH=/project", "python3", "-m", "tools.labkit.lifecycle_events"]
    guest += ["--times", str(args.times), *args.part]
    options = runner.Options(timeout_s=TIMEOUT_S, out=args.out)
    result = runner.run(args.board, guest, options, live=(sys.stdout.buffer, sys.stderr.buffer))
    if result.failure:
        print(f"tools/lab: {result.failure}; the console's last lines:", file=sys.stderr)
        print(result.console_tail, file=sys.stderr)
    return result.code
