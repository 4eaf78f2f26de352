# SPDX-License-Identifier: MIT
"""Arguments and subcommands of tools/lab."""

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
_EPILOG = """\
exit codes: the guest command's own; 4 something needed is not installed, 64 usage,
70 the lab or the guest broke, 124 time limit"""


class _Parser(argparse.ArgumentParser):
    # argparse ends with 2, which a caller could take for the guest's code.
    def error(self, message: str) -> NoReturn:
        raise LabUsage(f"{message}\n{self.format_usage().rstrip()}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of everything before ``--``."""
    top = _Parser(
        prog="tools/lab",
        description="Virtual boards in QEMU.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subs = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    subs.add_parser("boards", help="list the boards and what is built")
    build = subs.add_parser("build", help="build a board's userland, kernel and initramfs")
    build.add_argument("--force", action="store_true", help="build again what is cached")
    doctor = subs.add_parser("doctor", help="what boards take here: packages, parts, time, room")
    doctor.add_argument("board", metavar="BOARD", nargs="+")
    doctor.add_argument(
        "--packages", action="store_true", help="print only the missing packages, on one line"
    )
    running = subs.add_parser("run", help="run a command in a guest: run BOARD [OPTIONS] -- COMMAND ...")
    running.add_argument("--timeout", metavar="TIME", help="limit for boot and command: 90s, 10m, 3h")
    running.add_argument(
        "--memory", action="store_true", help="keep the working directory in the guest's memory until the end"
    )
    running.add_argument("--out", metavar="DIR", type=Path, help="receives the working directory")
    interactive = subs.add_parser("shell", help="a shell on the guest's console (Ctrl-A X ends it)")
    interactive.add_argument(
        "--listen",
        metavar="PORT",
        type=int,
        default=0,
        help="its console is on this TCP port of the loopback instead: a serial port for labgrid",
    )
    place = subs.add_parser(
        "labgrid", help="write an environment in which labgrid's QEMUDriver boots the guest"
    )
    place.add_argument("--out", metavar="FILE", type=Path, help="default BOARD.yaml")
    for sub in (running, interactive, place):
        sub.add_argument("--append", metavar="ARGS", default="", help="kernel arguments")
        sub.add_argument(
            "--modprobe",
            metavar="'MODULE OPTION=VALUE'",
            action="append",
            default=[],
            help="load a module, or give one of the board's own options",
        )
        sub.add_argument(
            "--virtual-time",
            action="store_true",
            help="the guest's clock follows its instructions: no xrun on a busy machine",
        )
        sub.add_argument(
            "--cache",
            metavar="OPTIONS|off",
            default="",
            help="of a board with a modelled cache: size=16384,ways=4,repl=rnd,wa=0, or a board's: xscale",
        )
        sub.add_argument("--emulator-env", metavar="NAME=VALUE", action="append", default=[])
        sub.add_argument("--emulator-arg", metavar="ARG", action="append", default=[])
    clean = subs.add_parser("clean", help="delete what is cached for a board, or all of it")
    clean.add_argument("--stale", action="store_true", help="only what no description asks for any more")
    for sub in (build, running, interactive, place):
        sub.add_argument("board", metavar="BOARD")
    clean.add_argument("board", metavar="BOARD", nargs="?")
    tried = subs.add_parser("experiments", help="each mechanism, with the board's cache and without")
    tried.add_argument("board", metavar="BOARD")
    tried.add_argument("--cache", metavar="OPTIONS", default="", help="of the cache: size=32768,repl=rr, ...")
    tried.add_argument(
        "--suite",
        action="append",
        choices=("aloop", "aloop-44100", "usb", "usb-coherent", "softcard"),
        help="only this one, or these; usb-coherent is use_vmalloc=0, softcard a card in another process",
    )
    tried.add_argument("--quick", action="store_true", help="a few arms of each suite")
    tried.add_argument("--again", action="store_true", help="measure anew what is kept from earlier runs")
    tried.add_argument("--model", default="arm926", help="virtual board that predicts (default arm926)")
    tried.add_argument("--out", metavar="DIR", type=Path, help="receives records, samples and logs")
    trying = subs.add_parser(
        "try", help="a kernel patch, before and after, on every ring and way of touching"
    )
    trying.add_argument("board", metavar="BOARD")
    trying.add_argument(
        "--patch", metavar="FILE", type=Path, action="append", default=[], help="for patch -p1, in this order"
    )
    trying.add_argument(
        "--config", metavar="FRAGMENT", type=Path, action="append", default=[], help="kernel options"
    )
    trying.add_argument("--append", metavar="ARGS", default="", help="kernel arguments of the changed kernel")
    remedy = subs.add_parser("remedies", help="every remedy of the report, what it mends and what it costs")
    remedy.add_argument("board", metavar="BOARD")
    remedy.add_argument("remedy", metavar="REMEDY", nargs="*", help="only these: stock, both-uncached, ...")
    for sub in (trying, remedy):
        sub.add_argument("--card", action="append", choices=("aloop", "usb"), help="only this ring")
        sub.add_argument(
            "--cache", metavar="OPTIONS", default="", help="of the cache: size=32768,repl=rr, ..."
        )
        sub.add_argument("--again", action="store_true", help="measure anew what is kept from earlier runs")
        sub.add_argument("--out", metavar="DIR", type=Path, help="receives records, samples and logs")
    colour = subs.add_parser("colours", help="a VIPT cache: which allocations of a ring corrupt")
    colour.add_argument("board", metavar="BOARD")
    colour.add_argument(
        "--cache",
        metavar="OPTIONS",
        action="append",
        help="geometries (default type=vipt with 2 colours, with 4, and with none)",
    )
    colour.add_argument("--allocations", metavar="N", type=int, default=40, help="of each (default 40)")
    colour.add_argument("--out", metavar="DIR", type=Path, help="receives records, samples and logs")
    shapes = subs.add_parser("geometries", help="other caches: predicted against observed")
    shapes.add_argument("board", metavar="BOARD")
    shapes.add_argument(
        "--cache", metavar="OPTIONS", action="append", help="geometries: size=8192, size=32768,repl=rr, ..."
    )
    shapes.add_argument("--again", action="store_true", help="measure anew what is kept from earlier runs")
    shapes.add_argument("--model", default="arm926", help="virtual board that predicts (default arm926)")
    shapes.add_argument("--out", metavar="DIR", type=Path, help="receives records, samples and logs")
    wire = subs.add_parser("wire", help="every fault of the softcard by views, and the cost of the tap")
    wire.add_argument("board", metavar="BOARD")
    wire.add_argument(
        "fault", nargs="*", metavar="FAULT", help="clean, stale, dma, ..., or cost; all without one"
    )
    wire.add_argument("--out", metavar="DIR", type=Path, help="receives the records")
    wire.add_argument(
        "--virtual-time", action="store_true", help="costs in instructions, whatever else the machine does"
    )
    soaking = subs.add_parser("soak", help="clean runs on several cards beside a load: none may fail")
    soaking.add_argument("board", metavar="BOARD")
    soak.arguments(soaking)
    lifecycle.arguments(
        subs.add_parser("lifecycle", help="events on the softcard: the table against the card's own log")
    )
    foot = subs.add_parser("footprint", help="measure what else fills the cache, for configs/footprints")
    foot.add_argument("board", metavar="BOARD")
    foot.add_argument("card", choices=("aloop", "usb"))
    foot.add_argument("--out", metavar="DIR", type=Path, help="receives record and log")
    speed = subs.add_parser("speed", help="what a modelled cache costs, against stock QEMU")
    speed.add_argument("board", metavar="BOARD")
    speed.add_argument("--build", action="store_true", help="build the emulator anew and time that too")
    for sub in (tried, remedy, colour, shapes, speed):
        sub.add_argument("--write", action="store_true", help="into docs/vivt-results.md too")
    user = subs.add_parser("userland", help="run a command without a kernel: RELEASE/ARCH -- COMMAND ...")
    user.add_argument("userland", metavar="RELEASE/ARCH", help="11/armhf, 12/armel, 13/armel, ...")
    return top


def main(argv: Sequence[str]) -> int:
    """Run one subcommand and return its exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    words = list(argv)
    split = words.index("--") if "--" in words else len(words)
    try:
        args = parser().parse_args(words[:split])
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
    return {**emulator.cache_options(boards.load(args.board), args.cache), **given} if args.cache else given


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
