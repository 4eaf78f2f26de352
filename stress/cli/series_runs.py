# SPDX-License-Identifier: MIT
"""The runs of a series: the options of one, what became of it, and the table and status of all."""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from stress.errors import ConfigError, StressError
from stress.model.record.events import VerdictRecord
from stress.model.verdict import (
    EXIT_DEVICE_LOST,
    EXIT_ERROR,
    EXIT_IO,
    EXIT_SKIP,
    EXIT_USAGE,
    Verdict,
    exit_code,
)
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.folder_lock import FolderLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stress.report.console import Console

_WORST = tuple(Verdict)
# Statuses of a run that could not be made, for a reason that is not ours.
_REFUSALS = frozenset((EXIT_USAGE, EXIT_IO))
Execute = Callable[[argparse.Namespace], int]


@dataclass(frozen=True)
class Done:
    """One run of a series.

    Parameters
    ----------
    name : of its folder.
    reason : the first reason of its verdict.
    """

    name: str
    verdict: Verdict
    code: int
    reason: str


def changed(options: argparse.Namespace, **changes: object) -> argparse.Namespace:
    """Return a copy of the options with some of them changed."""
    copied = copy.copy(options)
    for name, value in changes.items():
        setattr(copied, name, value)
    return copied


@contextlib.contextmanager
def claimed(path: str, names: Sequence[str]) -> Iterator[Path]:
    """Make the directory of a series and hold it for the while.

    Parameters
    ----------
    names : folders of its runs.

    Raises
    ------
    ConfigError : another process holds it, or one of its runs is there: its verdict is not that of this call.
    CaptureFileError, StorageError : it cannot be made.
    """
    folder = rundir.create(path, Clock())
    lock = FolderLock(folder)
    try:
        there = next((name for name in names if rundir.begun(folder / name)), "")
        if there:
            raise ConfigError(
                "holds a run of an earlier series", where=str(folder / there), allowed="another --out"
            )
        yield folder
    finally:
        lock.release()


def ended(name: str, folder: Path, code: int) -> Done:
    """Return what became of the run that was recorded under this name in `folder` and gave this status.

    A run that was refused left no record: the line that says why stands in the file that holds what it
    printed, where it has one.
    """
    if code == EXIT_USAGE:
        # What is recorded there, if anything is, is another run's.
        return Done(name, Verdict.ERROR, code, _said(folder / f"{name}.txt") or "the run was refused")
    try:
        found = reader.read_run(folder / name).last(VerdictRecord)
    except StressError as error:
        verdict = Verdict.SKIP if code == EXIT_SKIP else Verdict.ERROR
        return Done(name, verdict, code, _said(folder / f"{name}.txt") or str(error))
    if found is None:
        verdict = Verdict.ERROR if code == EXIT_ERROR else Verdict.INCONCLUSIVE
        return Done(name, verdict, code, "the run did not end")
    return Done(name, Verdict(found.verdict), code, found.reasons[0] if found.reasons else "")


def _status(worst: Verdict, done: Sequence[Done]) -> int:
    # Why nothing could be run is told apart: a wrong option is no defect of the tester.
    codes = {run.code for run in done if run.verdict is Verdict.ERROR}
    if worst is Verdict.ERROR and len(codes) == 1 and codes <= _REFUSALS:
        return codes.pop()
    return exit_code(worst, any(run.code == EXIT_DEVICE_LOST for run in done))


def _said(output: Path) -> str:
    try:
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(": ")[2] for line in reversed(lines) if line.startswith("pcmstress: ")), "")


def tell(
    args: argparse.Namespace,
    console: Console,
    folder: Path,
    names: list[str],
    rows: Sequence[tuple[object, ...]],
    done: Sequence[Done],
    sentence: str,
) -> int:
    """Print the table of a series, or its JSON; return the status of the worst run.

    Parameters
    ----------
    names : of the columns.
    rows : what the columns hold, and the run, of each line of the table.
    done : every run.
    sentence : what the runs say together, "" without.
    """
    worst = max((run.verdict for run in done), key=_WORST.index)
    status = _status(worst, done)
    if args.json:
        runs = [
            {
                **dict(zip(names, row[:-1])),
                "verdict": run.verdict.value,
                "reason": run.reason,
                "directory": run.name,
            }
            for row, run in zip(rows, done)
        ]
        whole = {"schema": "pcmstress/series/1", "verdict": worst.value, "runs": runs, "sentence": sentence}
        console.line(json.dumps({**whole, "directory": str(folder)}))
        return status
    counted = {verdict: sum(run.verdict is verdict for run in done) for verdict in reversed(_WORST)}
    counts = ", ".join(f"{number} {verdict.value}" for verdict, number in counted.items() if number)
    console.line(f"{worst.value}  {len(done)} runs: {counts}")
    if sentence:
        console.line(f"      {sentence}")
    table = [
        (*names, "verdict", "why"),
        *((*map(str, row[:-1]), run.verdict.value, run.reason) for row, run in zip(rows, done)),
    ]
    widths = [max(len(row[column]) for row in table) for column in range(len(names) + 1)]
    for row in table:
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths))
        console.line(f"{cells}  {row[-1]}"[: console.columns or None].rstrip())
    console.line(f"records: {folder}")
    return status
