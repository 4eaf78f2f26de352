# SPDX-License-Identifier: MIT
"""One run after another, each under other settings: those that the card offers, or those of the plan."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING, Any, Callable

from stress.cli import series_runs
from stress.cli.series_runs import Done, changed, tell
from stress.cli.sweep_settings import combinations
from stress.errors import ConfigError, DeviceError
from stress.model.verdict import EXIT_SKIP, Verdict
from stress.plan.pairs import tied
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stress.cli.series_runs import Execute


def of_card(args: argparse.Namespace, execute: Execute) -> int:
    """Run the plan under each combination of the settings that --sweep names.

    Raises
    ------
    ConfigError : no such setting.
    DeviceError : the card cannot be asked what it offers.
    """
    return _each(args, execute, combinations(args), _settled)


def of_plan(args: argparse.Namespace, execute: Execute, settings: Sequence[Mapping[str, Any]]) -> int:
    """Make one run for each of the settings that the plan sweeps whole runs over.

    Raises
    ------
    ConfigError : no run can be made under any of them.
    """
    return _each(args, execute, settings, _planned)


def _each(
    args: argparse.Namespace,
    execute: Execute,
    settings: Sequence[Mapping[str, Any]],
    settled: Callable[[argparse.Namespace, Mapping[str, Any], Path], argparse.Namespace],
) -> int:
    # One run for each of the settings, and one table.
    console = Console(sys.stdout, sys.stderr, quiet=args.quiet)
    named = [{name: str(value) for name, value in one.items()} for one in settings]
    folders = ["-".join(one.values()).replace(",", "x") for one in named]
    with series_runs.claimed(args.out, folders) as folder:
        return _walked(args, execute, console, list(zip(folders, named, settings)), settled, folder)


def _walked(
    args: argparse.Namespace,
    execute: Execute,
    console: Console,
    runs: Sequence[tuple[str, Mapping[str, str], Mapping[str, Any]]],
    settled: Callable[[argparse.Namespace, Mapping[str, Any], Path], argparse.Namespace],
    folder: Path,
) -> int:
    named = [one for _, one, _ in runs]
    done: list[Done] = []
    refused: ConfigError | None = None
    for number, (name, one, setting) in enumerate(runs, 1):
        console.note(f"{number} of {len(named)}: {' '.join(one.values())}")
        try:
            done.append(_quietly(settled(args, setting, folder / name), name, folder, execute))
        except ConfigError as error:
            # Of this combination; what no combination can have is the options' own.
            refused = error
            done.append(Done(name, Verdict.SKIP, EXIT_SKIP, str(error)))
    if refused and all(run.verdict is Verdict.SKIP for run in done):
        raise refused
    rows = [(*one.values(), run) for one, run in zip(named, done)]
    results = list(zip(named, done))
    # A run that decided nothing speaks neither for a setting nor against it.
    decided = (Verdict.PASS, Verdict.FAIL)
    sentence = tied([(one, run.verdict is Verdict.FAIL) for one, run in results if run.verdict in decided])
    return tell(args, console, folder, list(named[0]), rows, done, f"wrong {sentence}" if sentence else "")


def _planned(args: argparse.Namespace, setting: Mapping[str, Any], out: Path) -> argparse.Namespace:
    return changed(args, out=str(out), json=False, setting=setting)


def _settled(args: argparse.Namespace, one: Mapping[str, str], out: Path) -> argparse.Namespace:
    changes: dict[str, object] = {"out": str(out), "sweep": "", "json": False, **one}
    if "rate" in one:
        changes["rate"] = int(one["rate"])
    if "channels" in one:
        counts = [int(part) for part in one["channels"].split(",")]
        changes["channels"] = (counts[0], counts[-1])
    return changed(args, **changes)


def _quietly(args: argparse.Namespace, name: str, folder: Path, execute: Execute) -> Done:
    out, beside = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(beside):
            code = execute(args)
    except DeviceError as error:
        return Done(name, Verdict.SKIP, EXIT_SKIP, str(error))
    finally:
        if (folder / name).is_dir():
            (folder / name / "report.txt").write_text(out.getvalue(), encoding="utf-8")
    return series_runs.ended(name, folder, code)
