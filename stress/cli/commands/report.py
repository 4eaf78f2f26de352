"""pcmstress report: tell what a run directory holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.files.whole import whole
from stress.plan.plan import read_plan
from stress.record import bundle, evidence, reader, rundir
from stress.report import cases, ci_formats, html, text
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse

# Evidence files shown in the HTML report; all of them are in the run directory.
MOST_EVIDENCE = 12


def execute(args: argparse.Namespace) -> int:
    """Print the report of a run directory or a bundle; return 0 when it could be read."""
    with bundle.opened(args.directory) as folder:
        return _report(args, folder)


def _report(args: argparse.Namespace, folder: Path) -> int:
    log = reader.read_run(folder)
    config = rundir.read_json(folder, "config.json")
    plan = read_plan(config.get("plan", {}), str(folder / "config.json"))
    console = Console(sys.stdout, sys.stderr)
    name, found = cases.suite(log), cases.cases(log, plan.bound)
    if args.bundle:
        bundle.pack(folder, args.bundle)
    if args.junit:
        _write(args.junit, ci_formats.junit(name, found))
    if args.html:
        _write(args.html, html.page(log, plan, _evidence(folder)).encode("utf-8"))
    if args.json:
        console.line(json.dumps(text.as_json(log, plan)))
        return 0
    if args.ktap or args.lava:
        for line in ci_formats.ktap(name, found) if args.ktap else ci_formats.lava(name, found):
            console.line(line)
        return 0
    console.prose(text.lines(log, plan, console.columns))
    return 0


def _evidence(folder: Path) -> list[dict[str, Any]]:
    names = sorted(path.name for path in (folder / "evidence").glob("*.json"))
    return [evidence.read(folder / "evidence", name) for name in names[:MOST_EVIDENCE]]


def _write(path: str, data: bytes) -> None:
    with whole(path) as place:
        Path(place).write_bytes(data)
