# SPDX-License-Identifier: MIT
"""Reports of several runs: one compared with others, or all of them over nights."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.cli import outputs
from stress.errors import CaptureFileError, ConfigError, StressError
from stress.model.verdict import EXIT_FAIL, EXIT_INCONCLUSIVE
from stress.model.words import counted
from stress.plan.plan import Plan, read_plan
from stress.record import bundle, journal, rundir
from stress.report import compared, facts
from stress.report import nights as nights_report
from stress.report.console import Console
from stress.verdict import comparison, nights, run_folder
from stress.verdict.rates import Word

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from stress.report.facts import Facts
    from stress.verdict.comparison import Compared
    from stress.verdict.nights import Night

# Results that are of one run.
_OF_ONE = ("junit", "bundle", "ktap", "lava", "mail", "kcidb", "build_id", "svg", "label", "verbose")
# Runs compared in one call. Source: every pair is corrected for the number of tests. Higher: nothing is
# significant any more; lower: a series of kernels takes two calls.
MOST_RUNS = 50
# Runs of one trend, and how deep below a directory they lie. Source: three years of nights. Higher: a
# wrong directory is searched for minutes; lower: a farm has to be cut into pieces.
MOST_NIGHTS, DEEPEST = 1000, 3


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
    _tell(
        args,
        lambda: compared.page(shown),
        lambda: compared.to_json(shown),
        lambda columns: (
            [compared.head(one) for one in found] if args.quiet else compared.lines(shown, columns)
        ),
    )
    return _status([one.word for one in found]) if args.exit_skip else 0


def trend(args: argparse.Namespace) -> int:
    """Report all runs of some directories over time, board by board; return 0.

    Raises
    ------
    ConfigError : a result that is of one run only.
    CaptureFileError : no run is there.
    """
    refuse_of_one(args, "--trend", but=("verbose",))
    if args.exit_skip:
        raise ConfigError(
            "says nothing of a trend", where="--exit-skip", allowed="with --compare, or one run"
        )
    read, unread = _nights(_runs(args.directories))
    found = [(one.night, one.facts, one.plan) for one in read]
    if not found:
        raise CaptureFileError(", ".join(args.directories), unread[0] if unread else "holds no run")
    more = {one.name: (known, plan) for one, known, plan in found}
    shown: list[nights_report.TrendShown] = []
    for one in nights.boards(night for night, _, _ in found):
        beside = [more[night.name] for night in one.nights]
        shown.append(
            nights_report.TrendShown(
                one, [known for known, _ in beside], [plan for _, plan in beside], unread if not shown else ()
            )
        )
    _tell(
        args,
        lambda: nights_report.page(shown),
        lambda: nights_report.to_json(shown),
        lambda columns: (
            [line for one in shown for line in nights_report.head(one.trend)]
            if args.quiet
            else nights_report.lines(shown, columns, args.verbose)
        ),
    )
    return 0


def _tell(
    args: argparse.Namespace,
    page: Callable[[], str],
    whole: Callable[[], dict[str, Any]],
    lines: Callable[[int], list[str]],
) -> None:
    console = Console(sys.stdout, sys.stderr, color=args.color)
    told = [outputs.written(args.html, page().encode("utf-8"))] if args.html else []
    if args.json:
        console.line(json.dumps(whole()))
    elif told:
        for line in told:
            console.line(line)
    else:
        console.prose(lines(console.columns))


def _runs(names: Sequence[str]) -> list[str]:
    # A directory of runs is each of them, and the bundles in it; what was named twice is read once.
    found: dict[str, None] = {}
    for name in names:
        folder = Path(name)
        if not folder.is_dir() or (folder / journal.NAME).exists():
            found[name] = None
            continue
        inside = [
            path.parent
            for depth in range(1, DEEPEST + 1)
            for path in folder.glob("*/" * depth + journal.NAME)
        ]
        inside += [path for form in bundle.NAMES for path in folder.glob(f"*{form}")]
        found.update(dict.fromkeys(sorted(map(str, inside))))
    if len(found) > MOST_NIGHTS:
        raise ConfigError(f"{counted(len(found), 'run')}", where="--trend", allowed=f"{MOST_NIGHTS} at most")
    return list(found)


@dataclass(frozen=True)
class _Read:
    # A run as a trend has it; `start` is the same in each copy of it.
    night: Night
    facts: Facts
    plan: Plan
    start: tuple[object, ...]
    bursts: int


def _nights(names: Sequence[str]) -> tuple[list[_Read], list[str]]:
    # A run and the bundle of it are one night: the one that has more of it counts.
    found: dict[tuple[object, ...], _Read] = {}
    unread, copies = [], 0
    for name in names:
        try:
            one = _night(name)
        except StressError as error:
            # One night that was cut off is no reason to hide the others.
            unread.append(str(error))
            continue
        before = found.get(one.start)
        copies += before is not None
        if before is None or one.bursts > before.bursts:
            found[one.start] = one
    if copies:
        unread.append(f"{counted(copies, 'duplicate')}: a bundle or a copy of a run that is there already")
    return list(found.values()), unread


def _night(name: str) -> _Read:
    with bundle.opened(name) as folder:
        plan, known = plan_of(folder), facts.read(folder)
        run = run_folder.read(folder).result(plan)
        night = nights.night(run, name, _board(run.backend, run.device or _asked(folder), known))
        # Records of earlier versions have no time of their start: they are what they are called.
        start = (run.start.wall or name, run.start.seed, run.start.first_position)
        return _Read(night, known, plan, start, run.whole.bursts)


def _asked(folder: Path) -> str:
    # Nothing was opened: the card that was asked for.
    card = str(rundir.read_json(folder, "config.json").get("card", ""))
    return card if ":" in card or not card else f"hw:{card}"


def _board(backend: str, device: str, known: Facts) -> str:
    # The number of a card and the version of a kernel change from night to night; the board does not.
    card = known.card(device)
    card = card.partition(" ")[2] or card
    host = known.of("host").partition(" ")[0]
    if backend.startswith("virtual "):
        return f"virtual board {backend[8:]}"
    return ", ".join(part for part in (host, known.of("cpu"), card) if part) or backend


def refuse_of_one(args: argparse.Namespace, where: str, but: Sequence[str] = ()) -> None:
    """Refuse results that are of one run.

    Raises
    ------
    ConfigError : one was asked for.
    """
    for name in _OF_ONE:
        if name not in but and getattr(args, name, None):
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
