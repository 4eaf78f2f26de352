# SPDX-License-Identifier: MIT
"""Several runs as one: over the settings of a card, or over several cards at once.

Each run is recorded by itself in a folder of its own; what is printed is one
table, one verdict, and the status of the worst of them.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import errno
import io
import json
import multiprocessing
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from stress.cli.card_offers import offers_of
from stress.cli.new_run import AUTO
from stress.errors import ConfigError, DeviceError, StressError
from stress.model.record.events import VerdictRecord
from stress.model.verdict import EXIT_DEVICE_LOST, EXIT_ERROR, EXIT_SKIP, Verdict, exit_code
from stress.plan.pairs import all_pairs, crossed, tied
from stress.plan.plan import settings_of
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.report.console import Console
from stress.verdict import run_folder
from stress.verdict.tally import total
from stress.verdict.together import CardPair, CardRun, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.synchronize import Barrier

    from stress.model.offers import Offer

AXES = ("rate", "format", "channels", "access")
# Numbers of channels that are tried of a card that has very many.
MOST_COUNTS = 3
# How long the process of one card waits for those of the others [s].
START_S = 30.0
# How long the processes may take to end by the signal that ended this one [s]. Higher: a run that was told
# to end goes on; lower: a process is told twice, while it closes its record.
GRACE_S = 3.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORST = tuple(Verdict)
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


def asked(args: argparse.Namespace) -> bool:
    """Tell whether the options ask for more than one run."""
    several = getattr(args, "cards", [])
    alone = getattr(args, "alone", False)
    return bool(args.sweep or alone) or len(several) > 1 or several == ["all"] or bool(_planned(args))


def _planned(args: argparse.Namespace) -> list[dict[str, Any]]:
    # What the plan sweeps whole runs over; a run that is one of them has its setting.
    if args.resume or args.plan == AUTO or getattr(args, "setting", None) is not None:
        return []
    return settings_of(args.plan)


def execute(args: argparse.Namespace, one: Execute) -> int:
    """Make the runs that the options ask for; return the status of the worst.

    Parameters
    ----------
    one : makes one run.

    Raises
    ------
    ConfigError : options that do not go with several runs.
    """
    several = len(getattr(args, "cards", [])) > 1 or args.card == "all"
    if args.alone and not several:
        raise ConfigError("compares several cards", where="--alone", allowed="with --card twice, or `all`")
    planned = _planned(args)
    option = "--sweep" if args.sweep else "--card" if several else args.plan
    single = {
        "--resume": args.resume,
        "--html": args.html,
        "--junit": args.junit,
        "--bundle": args.bundle,
        "--ktap": args.ktap,
        "--lava": args.lava,
        "--stimulus": args.stimulus,
        "--backend": args.backend != "alsa" and not planned,
        "--card": (args.sweep or planned) and several,
        "a [[sweep]] of its plan": args.sweep and planned,
        **{name: planned and getattr(args, name[2:], None) for name in ("--rate", "--format", "--channels")},
    }
    wrong = [name for name, given in single.items() if given]
    if wrong:
        raise ConfigError(
            f"makes several runs, {wrong[0]} is for one", where=option, allowed="each run by itself"
        )
    if planned:
        return _each(args, one, planned, _of_plan)
    return sweep(args, one) if args.sweep else cards(args, one)


def sweep(args: argparse.Namespace, execute: Execute) -> int:
    """Run the plan under each combination of the settings that --sweep names.

    Raises
    ------
    ConfigError : no such setting.
    DeviceError : the card cannot be asked what it offers.
    """
    return _each(args, execute, _combinations(args), _settled)


def _each(
    args: argparse.Namespace,
    execute: Execute,
    settings: Sequence[Mapping[str, Any]],
    settled: Callable[[argparse.Namespace, Mapping[str, Any], Path], argparse.Namespace],
) -> int:
    # One run for each of the settings, and one table.
    console = Console(sys.stdout, sys.stderr, quiet=args.quiet)
    folder = rundir.create(args.out, Clock())
    combinations = [{name: str(value) for name, value in one.items()} for one in settings]
    done: list[Done] = []
    refused: ConfigError | None = None
    for number, (one, setting) in enumerate(zip(combinations, settings), 1):
        name = "-".join(one.values()).replace(",", "x")
        console.note(f"{number} of {len(combinations)}: {' '.join(one.values())}")
        try:
            done.append(_quietly(settled(args, setting, folder / name), name, folder, execute))
        except ConfigError as error:
            # Of this combination; what no combination can have is the options' own.
            refused = error
            done.append(Done(name, Verdict.SKIP, EXIT_SKIP, str(error)))
    if refused and all(run.verdict is Verdict.SKIP for run in done):
        raise refused
    rows = [(*one.values(), run) for one, run in zip(combinations, done)]
    results = list(zip(combinations, done))
    # A run that decided nothing speaks neither for a setting nor against it.
    decided = (Verdict.PASS, Verdict.FAIL)
    sentence = tied([(one, run.verdict is Verdict.FAIL) for one, run in results if run.verdict in decided])
    return _tell(
        args, console, folder, list(combinations[0]), rows, done, f"wrong {sentence}" if sentence else ""
    )


def cards(args: argparse.Namespace, execute: Execute) -> int:
    """Run on several cards at once, one process each, started together.

    Raises
    ------
    ConfigError : a card that is named twice, or none is there.
    """
    console = Console(sys.stdout, sys.stderr, quiet=args.quiet)
    names = _cards(args.cards)
    folder = rundir.create(args.out, Clock())
    if not args.alone:
        done = _together(args, names, folder, execute)
        return _tell(args, console, folder, ["card"], list(zip(names, done)), done, "")
    alone = []
    for number, name in enumerate(names, 1):
        console.note(f"{number} of {len(names) + 1}: {name} alone")
        alone += _together(args, [name], folder, execute, "alone-")
    console.note(f"{len(names) + 1} of {len(names) + 1}: {', '.join(names)} together")
    done = _together(args, names, folder, execute)
    pairs = [
        CardPair(name, _streamed(folder / f"alone-{_slug(name)}"), _streamed(folder / _slug(name)))
        for name in names
    ]
    rows = [
        *((name, "alone", run) for name, run in zip(names, alone)),
        *((name, "together", run) for name, run in zip(names, done)),
    ]
    return _tell(
        args, console, folder, ["card", "streamed"], rows, [*alone, *done], "; ".join(sentences(pairs))
    )


def _together(
    args: argparse.Namespace, names: Sequence[str], folder: Path, execute: Execute, prefix: str = ""
) -> list[Done]:
    """Run on these cards, one process each, started together; their records are named PREFIXcard."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(names))
    started = []
    try:
        # A process that is half started is nobody's to stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        for name in names:
            place = folder / f"{prefix}{_slug(name)}"
            one = _changed(args, card=name, cards=[name], out=str(place), alone=False)
            started.append(
                context.Process(target=_child, args=(one, execute, gate, place.with_suffix(".txt")))
            )
            started[-1].start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for process in started:
            process.join()
    except KeyboardInterrupt:
        # A signal of the terminal reached them as well, one for this process alone did not.
        for process in started:
            process.join(GRACE_S)
            if process.is_alive():
                process.terminate()
        for process in started:
            process.join()
        raise
    return [
        _read(f"{prefix}{_slug(name)}", folder, process.exitcode or 0)
        for name, process in zip(names, started)
    ]


def _streamed(folder: Path) -> CardRun:
    try:
        whole = total(run_folder.read(folder).tallies.values())
    except StressError:
        return CardRun(0, 0.0, 0, 0.0)
    return CardRun(whole.episodes, whole.observed_s, whole.xruns, whole.streamed_s)


def _cards(asked: Sequence[str]) -> list[str]:
    from stress.board.cards import cards as known_cards
    from stress.board.cards import played_card

    known = known_cards()
    names = [card.id for card in known] if list(asked) == ["all"] else list(asked)
    if not names:
        raise DeviceError(
            "no sound card here (/proc/asound/cards lists none)", errno_=errno.ENODEV, device="alsa"
        )
    # One card has several names: its number, its id, hw:...
    meant = [played_card(name, known) for name in names]
    twice = next((name for place, name in enumerate(names) if meant[place] in meant[:place]), None)
    if twice is not None:
        raise ConfigError(
            f"{twice!r} is a card that was named before", where="--card", allowed="each card once"
        )
    return names


def _slug(name: str) -> str:
    """Return the name of a card's folder: letters and digits; others are written as their number."""
    plain = (letter if letter.isascii() and letter.isalnum() else _written(letter) for letter in name)
    return "".join(plain)


def _written(letter: str) -> str:
    # Two names that differ must not meet in one folder.
    return {":": "-", ",": "-", " ": "_"}.get(letter, f"-{ord(letter):x}-")


def _child(args: argparse.Namespace, execute: Execute, gate: Barrier, output: Path) -> None:
    # Runs in a process of its own; what it prints goes to a file beside its record.
    with open(output, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.stdout = sys.stderr = file
        code = EXIT_ERROR
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            with contextlib.suppress(threading.BrokenBarrierError):
                gate.wait(START_S)
            code = execute(args)
        except StressError as error:
            print(f"pcmstress: {error}", file=file)
            code = EXIT_SKIP if isinstance(error, DeviceError) else EXIT_ERROR
        except KeyboardInterrupt as stop:
            code = 128 + int(stop.args[0] if stop.args else 2)
        except Exception as error:  # noqa: BLE001 - the last resort, as in `main`
            # The card's process must not end with the status of a FAIL.
            print(f"pcmstress: internal error: {type(error).__name__}: {error}", file=file)
        finally:
            file.flush()
    os._exit(code)


def _changed(options: argparse.Namespace, **changes: object) -> argparse.Namespace:
    """Return a copy of the options with some of them changed."""
    copied = copy.copy(options)
    for name, value in changes.items():
        setattr(copied, name, value)
    return copied


def _of_plan(args: argparse.Namespace, setting: Mapping[str, Any], out: Path) -> argparse.Namespace:
    return _changed(args, out=str(out), json=False, setting=setting)


def _settled(args: argparse.Namespace, one: Mapping[str, str], out: Path) -> argparse.Namespace:
    changes: dict[str, object] = {"out": str(out), "sweep": "", "json": False, **one}
    if "rate" in one:
        changes["rate"] = int(one["rate"])
    if "channels" in one:
        counts = [int(part) for part in one["channels"].split(",")]
        changes["channels"] = (counts[0], counts[-1])
    return _changed(args, **changes)


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
    return _read(name, folder, code)


def _read(name: str, folder: Path, code: int) -> Done:
    try:
        found = reader.read_run(folder / name).last(VerdictRecord)
    except StressError as error:
        return Done(name, Verdict.SKIP if code == EXIT_SKIP else Verdict.ERROR, code, str(error))
    if found is None:
        ended = Verdict.ERROR if code == EXIT_ERROR else Verdict.INCONCLUSIVE
        return Done(name, ended, code, "the run did not end")
    return Done(name, Verdict(found.verdict), code, found.reasons[0] if found.reasons else "")


def _combinations(args: argparse.Namespace) -> list[dict[str, str]]:
    asked = AXES if args.sweep == "all" else tuple(args.sweep.split(","))
    if not set(asked) <= set(AXES) or len(set(asked)) != len(asked):
        raise ConfigError(
            f"{args.sweep!r}", where="--sweep", allowed=f"all, or of {', '.join(AXES)}, each once"
        )
    found, missing = offers_of(args.card)
    if missing or not found:
        raise DeviceError(missing or "the card offers nothing", errno_=errno.ENODEV, device="--sweep")
    axes = {name: values for name, values in _axes(found).items() if name in asked}
    for name, values in list(axes.items()):
        if values:
            continue
        if name == "rate" or args.sweep != "all":
            raise DeviceError(
                f"playback and capture have no {name} in common: nothing to sweep over",
                errno_=errno.EINVAL,
                device=args.card or "the card",
            )
        del axes[name]  # The run takes what each direction has.

    def there(one: Mapping[str, str]) -> bool:
        counts = one.get("channels", "").split(",")
        return all(_has(offer, one, counts[0] if way == 0 else counts[-1]) for way, offer in enumerate(found))

    return (all_pairs if args.sweep == "all" else crossed)(axes, there)


def _axes(offers: Sequence[Offer]) -> dict[str, list[str]]:
    choices = [offer.choices for offer in offers]
    rates = sorted(set.intersection(*({rate for one in side for rate in one.rates} for side in choices)))
    formats = [name for name in dict.fromkeys(one.format for one in choices[0]) if _everywhere(name, choices)]
    counts = [sorted({one.channels for one in side}) for side in choices]
    common = [number for number in counts[0] if all(number in side for side in counts)]
    pairs = [str(number) for number in _few(common)] or [f"{counts[0][-1]},{counts[-1][-1]}"]
    access = [name for name in offers[0].access if all(name in offer.access for offer in offers)]
    return {"rate": [str(rate) for rate in rates], "format": formats, "channels": pairs, "access": access}


def _everywhere(name: str, choices: Sequence[Sequence[object]]) -> bool:
    return all(any(getattr(one, "format", "") == name for one in side) for side in choices)


def _few(numbers: list[int]) -> list[int]:
    # The fewest, stereo and the most of a card that has every number.
    if len(numbers) <= MOST_COUNTS:
        return numbers
    return sorted({numbers[0], 2 if 2 in numbers else numbers[len(numbers) // 2], numbers[-1]})


def _has(offer: Offer, one: Mapping[str, str], channels: str) -> bool:
    return any(
        ("format" not in one or choice.format == one["format"])
        and (not channels or choice.channels == int(channels))
        and ("rate" not in one or int(one["rate"]) in choice.rates)
        for choice in offer.choices
    )


def _tell(
    args: argparse.Namespace,
    console: Console,
    folder: Path,
    names: list[str],
    rows: Sequence[tuple[object, ...]],
    done: Sequence[Done],
    sentence: str,
) -> int:
    worst = max((run.verdict for run in done), key=_WORST.index)
    lost = any(run.code == EXIT_DEVICE_LOST for run in done)
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
        return exit_code(worst, lost)
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
    return exit_code(worst, lost)
