# SPDX-License-Identifier: MIT
"""The command line: one command run, its errors in a line, its exit status.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from stress.cli import answers, run_options, streams
from stress.cli.memory_limit import numpy_fits
from stress.cli.options import parser
from stress.model.verdict import EXIT_IO, EXIT_SKIP, EXIT_USAGE
from stress.model.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

# As setup.cfg says; the one file that is copied to a board asks nobody else.
FLOOR = (3, 9)


def _terminated(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signum)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    Errors end in one line on stderr; what was recorded before stays.
    """
    streams.open_standard()
    if sys.version_info[:2] < FLOOR:
        here, least = (".".join(map(str, version)) for version in (sys.version_info[:3], FLOOR))
        print(f"pcmstress: needs Python {least} or later, this is {here}", file=sys.stderr)
        return EXIT_SKIP
    try:
        top = parser()
        args = _parsed(top, sys.argv[1:] if argv is None else argv)
        if args.command is None:
            top.print_help()
            return 0
        return _answered(answers.answer(lambda: _command_of(args)), getattr(args, "exit_skip", 0))
    except KeyboardInterrupt as stop:
        # Before or behind the command, which answers by itself.
        return 128 + int(stop.args[0] if stop.args else signal.SIGINT)
    except MemoryError:
        return answers.no_memory()
    except BrokenPipeError:
        # Nobody reads the versions; a command leaves the rest out by itself.
        return 0
    except OSError as error:
        print(f"pcmstress: standard output: cannot be written: {error.strerror}", file=sys.stderr)
        return EXIT_IO
    finally:
        streams.flush_standard()


def _parsed(top: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    try:
        # argparse takes the two dashes away and gives a list of nothing for the value.
        bare = next(
            (word for word in argv if word.startswith("--") and word[2:].partition("=")[2] == "--"), ""
        )
        if bare:
            top.error(f"argument {bare[:-3]}: expected one argument")
        return top.parse_args(argv)
    except SystemExit as stop:
        # `git bisect run` would take a mistyped option for a bad revision.
        skip = asked_skip(argv)
        raise SystemExit(_answered(stop.code if isinstance(stop.code, int) else EXIT_USAGE, skip)) from None


def asked_skip(argv: Sequence[str]) -> int:
    """Return what --exit-skip asks for in a command line that cannot be read as a whole, 0 without."""
    for one, two in zip(argv, [*argv[1:], ""]):
        name, given, value = one.partition("=")
        if name == "--exit-skip":
            try:
                return int(run_options.SKIPS(value if given else two))
            except argparse.ArgumentTypeError:
                return 0
    return 0


def _answered(status: int, skip: int) -> int:
    """Return the exit status: PASS, FAIL and signals stay; anything else is what --exit-skip says."""
    return skip if skip and status not in (0, 1) and status < 128 else status


def _command_of(args: argparse.Namespace) -> int:
    # numpy is loaded after this. Its idle algebra threads spin for a while, into a burst if they can.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not _without_numpy(args) and not numpy_fits():
        return answers.no_memory()
    signal.signal(signal.SIGTERM, _terminated)
    # A dropped connection to the board; under nohup it is ignored, and stays so.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _terminated)
    _tell_undone()
    command = importlib.import_module(f"stress.cli.commands.{args.command}")
    return int(command.execute(args))


def _without_numpy(args: argparse.Namespace) -> bool:
    # They work where there is no memory for it, as they do where it is not installed.
    # A virtual board is modelled with it.
    modelled = getattr(args, "board", "") or getattr(args, "set", ())
    return args.command in ("boards", "kinds") or (args.command == "probe" and not modelled)


def _tell_undone() -> None:
    # A run that was killed between, say, unbind and bind of a driver cannot put it right; a user can.
    from stress.board import undo

    for left in undo.left():
        line = f"pcmstress: a run that was killed left this: {left.what}; to undo it: {left.how}"
        print(plain(line).replace("\n", "\\n"), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
