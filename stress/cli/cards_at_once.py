# SPDX-License-Identifier: MIT
"""Runs on several cards at once: one process each, started together; with --alone each by itself before."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import sys
import threading
import zlib
from typing import TYPE_CHECKING, TextIO

from stress.cli import series_runs
from stress.cli.answers import answer
from stress.cli.series_runs import Done, changed, tell
from stress.errors import ConfigError, DeviceError, StressError
from stress.model.verdict import EXIT_ERROR
from stress.report.console import Console
from stress.verdict import run_folder
from stress.verdict.tally import total
from stress.verdict.together import CardPair, CardRun, sentences

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from stress.cli.series_runs import Execute

# How long the process of one card waits for those of the others [s].
START_S = 30.0
# How long the processes may take to end by the signal that ended this one [s]. Higher: a run that was told
# to end goes on; lower: a process is told twice, while it closes its record.
GRACE_S = 3.0
# Of a card's folder [characters]. Higher: a file system refuses it with "alone-" and ".txt" (255 bytes).
MOST_NAME = 200
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(args: argparse.Namespace, execute: Execute) -> int:
    """Run on several cards at once, one process each, started together.

    Raises
    ------
    ConfigError : a card that is named twice, or none is there.
    """
    console = Console(sys.stdout, sys.stderr, quiet=args.quiet)
    names = _named(args.cards)
    folders = [
        f"{prefix}{_slug(name)}" for prefix in ("", *(["alone-"] if args.alone else [])) for name in names
    ]
    with series_runs.claimed(args.out, folders) as folder:
        return _run(args, execute, console, names, folder)


def _run(
    args: argparse.Namespace, execute: Execute, console: Console, names: Sequence[str], folder: Path
) -> int:
    if not args.alone:
        done = _together(args, names, folder, execute)
        return tell(args, console, folder, ["card"], list(zip(names, done)), done, "")
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
    return tell(
        args, console, folder, ["card", "streamed"], rows, [*alone, *done], "; ".join(sentences(pairs))
    )


def _together(
    args: argparse.Namespace, names: Sequence[str], folder: Path, execute: Execute, prefix: str = ""
) -> list[Done]:
    """Run on these cards, one process each, started together; their records are named PREFIXcard."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(names))
    places = [folder / f"{prefix}{_slug(name)}" for name in names]
    started = []
    try:
        with contextlib.ExitStack() as opened:
            # A file system that refuses one is told by this process, before any other is there.
            texts = [opened.enter_context(_output(place)) for place in places]
            # A process that is half started is nobody's to stop.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            for name, place, text in zip(names, places, texts):
                one = changed(args, card=name, cards=[name], out=str(place), alone=False)
                started.append(context.Process(target=_child, args=(one, execute, gate, text)))
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
        series_runs.ended(place.name, folder, process.exitcode or 0)
        for place, process in zip(places, started)
    ]


def _output(place: Path) -> TextIO:
    return open(place.with_name(f"{place.name}.txt"), "w", encoding="utf-8")


def _streamed(folder: Path) -> CardRun:
    try:
        whole = total(run_folder.read(folder).tallies.values())
    except StressError:
        return CardRun(0, 0.0, 0, 0.0)
    return CardRun(whole.episodes, whole.observed_s, whole.xruns, whole.streamed_s)


def _named(asked: Sequence[str]) -> list[str]:
    from stress.board.cards import cards, played_card

    known = cards()
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
    folder = "".join(plain)
    if len(folder) <= MOST_NAME:
        return folder
    # What no card is called, and no file system takes.
    return f"{folder[: MOST_NAME - 9]}-{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def _written(letter: str) -> str:
    # Two names that differ must not meet in one folder.
    return {":": "-", ",": "-", " ": "_"}.get(letter, f"-{ord(letter):x}-")


def _child(args: argparse.Namespace, execute: Execute, gate: Barrier, output: TextIO) -> None:
    # Runs in a process of its own; what it prints goes to a file beside its record.
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout = sys.stderr = output
    code = EXIT_ERROR
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(START_S)
        code = answer(lambda: execute(args))
    except KeyboardInterrupt as stop:
        code = 128 + int(stop.args[0] if stop.args else signal.SIGINT)
    finally:
        output.flush()
    os._exit(code)
