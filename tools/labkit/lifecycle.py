# SPDX-License-Identifier: MIT
"""`tools/lab lifecycle`: boots guests for `lifecycle_events` and adds up what they found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stress.errors import ConfigError
from stress.report.table import table
from stress.settings.times import parse_duration
from tools.labkit import lifecycle_events, lifecycle_results, runner
from tools.labkit.errors import LabUsage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

TIMEOUT_S = 3600
# From the start of the emulator to the first event [s]; measured: 15 to 40.
BOOT_S = 45
UNFINISHED = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("board", metavar="BOARD")
    add(
        "part", metavar="PART", nargs="*", help="only these (before options): an event, clean, planted=5, ..."
    )
    add("--times", type=int, metavar="N", default=12, help="events of each (12)")
    add("--piece", type=int, metavar="N", default=50, help="events of one process at most (50)")
    add("--for", metavar="TIME", dest="limit", default="50m", help="begin nothing that ends later (50m)")
    add("--go-on", action="store_true", help="keep what --out has, do what is missing")
    add("--out", metavar="DIR", type=Path, help="receives the records and results.jsonl")


def run(args: argparse.Namespace) -> int:
    """Boot the board, run the parts, print the table.

    Returns
    -------
    1 where the table and the card's log disagree, 5 where events are missing (`--go-on` does them), else 0.
    """
    due, limit_s = _due(args.part, args.times), _limit(args)
    kept = args.out / lifecycle_results.NAME if args.out else None
    if kept is not None and not args.go_on:
        kept.unlink(missing_ok=True)
    left = lifecycle_results.missing(_of(kept, due), due)
    code = 0
    if left:
        guest = ["env", "PYTHONPATH=/project", "python3", "-m", "tools.labkit.lifecycle_events"]
        guest += ["--piece", str(args.piece), "--for", str(limit_s)]
        guest += [f"{name}={times}" for name, times in left.items()]
        options = runner.Options(timeout_s=TIMEOUT_S, out=args.out)
        result = runner.run(args.board, guest, options, live=(sys.stdout.buffer, sys.stderr.buffer))
        if result.failure:
            print(f"tools/lab: {result.failure}; the console's last lines:", file=sys.stderr)
            print(result.console_tail, file=sys.stderr)
        kept, code = result.out / lifecycle_results.NAME, result.code
    pieces = _of(kept, due)
    print("\n".join(table(lifecycle_results.HEADS, lifecycle_results.rows(pieces), "llrlllr")))
    return _told(pieces, due) or code


def _told(pieces: Sequence[lifecycle_results.Piece], due: dict[str, int]) -> int:
    wrong = lifecycle_results.wrong(pieces)
    left = lifecycle_results.missing(pieces, due)
    for line in wrong:
        print(line)
    for name, times in left.items():
        print(f"{name}: {times} of {due[name]} still to be done: the same command with --go-on")
    return 1 if wrong else UNFINISHED if left else 0


def _of(path: Path | None, due: dict[str, int]) -> list[lifecycle_results.Piece]:
    return [piece for piece in lifecycle_results.read(path) if piece.part in due] if path else []


def _due(asked: Sequence[str], times: int) -> dict[str, int]:
    said = [_part(text, times) for text in asked]
    unknown = sorted({name for name, _ in said} - set(lifecycle_events.NAMES))
    if unknown:
        known = ", ".join(lifecycle_events.NAMES)
        raise LabUsage(f"no such part: {', '.join(unknown)} (there are {known})")
    if any(number < 1 for _, number in said) or times < 1:
        raise LabUsage("--times, PART=N: 1 or more")
    groups = {"clean": lifecycle_events.CLEAN, "planted": lifecycle_events.PLANTED}
    groups["other"] = lifecycle_events.OTHER
    wanted = said or [(name, times) for name in lifecycle_events.USUAL]
    due = {name: number for part, number in wanted for name in groups.get(part, (part,))}
    return {name: 1 if name in lifecycle_events.DEVICE else number for name, number in due.items()}


def _part(text: str, times: int) -> tuple[str, int]:
    name, equals, number = text.partition("=")
    return name, int(number) if number.isdigit() else 0 if equals else times


def _limit(args: argparse.Namespace) -> int:
    if args.piece < 1:
        raise LabUsage("--piece: 1 or more")
    if args.go_on and args.out is None:
        raise LabUsage("--go-on: needs --out, the folder of the series that goes on")
    try:
        limit_s = parse_duration(args.limit, "--for")
    except ConfigError as error:
        raise LabUsage(str(error)) from None
    if limit_s <= BOOT_S:
        raise LabUsage(f"--for: more than {BOOT_S}s, which a guest takes to boot")
    return round(limit_s - BOOT_S)
