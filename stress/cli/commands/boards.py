# SPDX-License-Identifier: MIT
"""pcmstress boards: the virtual boards."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from stress.report.console import Console
from stress.report.table import table
from stress.settings import find

if TYPE_CHECKING:
    import argparse


def execute(args: argparse.Namespace) -> int:
    """Print name and title of every board; return 0."""
    console = Console(sys.stdout, sys.stderr)
    found = [(name, str(find.load("boards", name)[0].get("title", ""))) for name in find.names("boards")]
    if args.json:
        boards = [{"name": name, "title": title} for name, title in found]
        console.line(json.dumps({"schema": "pcmstress/boards/1", "boards": boards}))
        return 0
    console.prose(table(("board", "CPU and data cache"), found, "ll", console.columns, (), True))
    console.prose(["", "`pcmstress predict --board NAME` computes what to expect of one, in about 20 s."])
    return 0
