# SPDX-License-Identifier: MIT
"""What each subcommand of tools/lab does, and its exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from stress.errors import BackendUnavailable, ConfigError
from tools.labkit import (
    arguments,
    assemble,
    boards,
    cache,
    emulator,
    emuser,
    job,
    lifecycle,
    listing,
    runner,
    shell,
    soak,
)
from tools.labkit.errors import EX_BROKEN, EX_SKIP, EX_USAGE, LabError, LabUsage

# Fifteen faults and nine bursts take 4 minutes on an idle x86_64 guest [s]. Higher: a guest that
# stands still is found late; lower: a busy machine ends the table.
WIRE_TIMEOUT_S = 3600


def main(argv: Sequence[str]) -> int:
    """Run one subcommand and return its exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    words = list(argv)
    split = words.index("--") if "--" in words else len(words)
    try:
        args = arguments.parser().parse_args(words[:split])
        return _COMMANDS[args.command](args, words[split + 1 :])
    except LabError as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return error.code
    except BackendUnavailable as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return EX_SKIP
    except ConfigError as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return EX_USAGE
    except BrokenPipeError:
        # The reader of our output went away: nothing more can be said to it, at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return EX_BROKEN
    except KeyboardInterrupt:
        print("tools/lab: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    # An ordinary exit, so that the emulator is ended on the way.
    raise SystemExit(128 + number)


def _boards(args: argparse.Namespace, rest: list[str]) -> int:
    print(listing.table(boards.CONFIGS))
    return 0


def _build(args: argparse.Namespace, rest: list[str]) -> int:
    parts = assemble.build(boards.load(args.board), force=args.force)
    cache.say(f"{args.board} is built: Linux {parts.kernel.version}, {parts.program}")
    return 0


def _doctor(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import doctor

    described = [boards.load(name) for name in args.board]
    if args.packages:
        print(" ".join(doctor.packages(described)))
        return 0
    lines, code = doctor.report(described)
    print("\n".join(lines))
    return code


def _run(args: argparse.Namespace, rest: list[str]) -> int:
    options = runner.Options(
        timeout_s=job.seconds(args.timeout) if args.timeout else 0,
        out=args.out,
        memory=args.memory,
        append=args.append.split(),
        modprobe=args.modprobe,
        env=_env(args),
        extra=args.emulator_arg,
        virtual_time=args.virtual_time,
    )
    result = runner.run(args.board, rest, options, live=(sys.stdout.buffer, sys.stderr.buffer))
    if result.failure:
        print(
            f"tools/lab: {result.failure}; the console's last lines:\n{result.console_tail}", file=sys.stderr
        )
    if not args.out or result.failure:
        cache.say(f"working directory {result.out}, logs {result.logs}")
    return result.code


def _env(args: argparse.Namespace) -> dict[str, str]:
    for pair in args.emulator_env:
        if "=" not in pair:
            raise LabUsage(f"--emulator-env {pair!r}: write NAME=VALUE")
    given = {name: value for name, _, value in (pair.partition("=") for pair in args.emulator_env)}
    if not args.cache:
        return given
    board = boards.load(args.board)
    emulator.check_options(board, [args.cache])
    return {**emulator.cache_options(board, args.cache), **given}


def _shell(args: argparse.Namespace, rest: list[str]) -> int:
    return shell.shell(boards.load(args.board), _guest(args), args.listen)


def _labgrid(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import labgrid

    return labgrid.write(boards.load(args.board), _guest(args), args.out or Path(f"{args.board}.yaml"))


def _guest(args: argparse.Namespace) -> runner.Options:
    return runner.Options(
        append=args.append.split(),
        modprobe=args.modprobe,
        env=_env(args),
        extra=args.emulator_arg,
        virtual_time=args.virtual_time,
    )


def _clean(args: argparse.Namespace, rest: list[str]) -> int:
    board = boards.load(args.board) if args.board else None
    doomed = listing.stale() if args.stale else listing.entries(board)
    refused = [name for name in doomed if not _removed(name)]
    return EX_BROKEN if refused else 0


def _removed(name: str) -> bool:
    try:
        # A build in progress holds the lock of what it will become.
        with cache.locked(name.partition(".tmp")[0], wait=False):
            cache.remove(cache.root() / name)
    except LabError as error:
        cache.say(str(error))
        return False
    cache.say(f"removed {name}")
    return True


def _userland(args: argparse.Namespace, rest: list[str]) -> int:
    return emuser.run(args.userland, rest)


def _experiments(args: argparse.Namespace, rest: list[str]) -> int:
    # numpy is needed for this one only.
    from tools.labkit import experiments

    return experiments.run(args)


def _wire(args: argparse.Namespace, rest: list[str]) -> int:
    guest = ["env", "PYTHONPATH=/project", "python3", "-m", "tools.labkit.wire_views", *args.fault]
    options = runner.Options(timeout_s=WIRE_TIMEOUT_S, out=args.out, virtual_time=args.virtual_time)
    result = runner.run(args.board, guest, options, live=(sys.stdout.buffer, sys.stderr.buffer))
    if result.failure:
        print(
            f"tools/lab: {result.failure}; the console's last lines:\n{result.console_tail}", file=sys.stderr
        )
    return result.code


def _soak(args: argparse.Namespace, rest: list[str]) -> int:
    return soak.run(args)


def _lifecycle(args: argparse.Namespace, rest: list[str]) -> int:
    return lifecycle.run(args)


def _try(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import remedy_commands

    return remedy_commands.run_try(args)


def _remedies(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import remedy_commands

    return remedy_commands.run_remedies(args)


def _colours(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import colours

    args.cache = args.cache or [
        "type=vipt,size=32768,ways=4",
        "type=vipt,size=32768,ways=2",
        "type=vipt,size=16384,ways=4",
    ]
    return colours.run(args)


def _geometries(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import geometries

    return geometries.run(args)


def _footprint(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import footprint_run

    return footprint_run.run(args)


def _speed(args: argparse.Namespace, rest: list[str]) -> int:
    from tools.labkit import speed

    return speed.run(args)


_COMMANDS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "boards": _boards,
    "build": _build,
    "doctor": _doctor,
    "run": _run,
    "shell": _shell,
    "labgrid": _labgrid,
    "soak": _soak,
    "clean": _clean,
    "userland": _userland,
    "experiments": _experiments,
    "try": _try,
    "remedies": _remedies,
    "colours": _colours,
    "geometries": _geometries,
    "wire": _wire,
    "lifecycle": _lifecycle,
    "footprint": _footprint,
    "speed": _speed,
}
