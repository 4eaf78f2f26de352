# SPDX-License-Identifier: MIT
"""Arguments of tools/lab: its subcommands, and what each takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from tools.labkit import lifecycle, soak
from tools.labkit.errors import LabUsage

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
    foot.add_argument("--cache", metavar="OPTIONS", default="", help="of the cache: wa=1, line=16, ...")
    foot.add_argument("--out", metavar="DIR", type=Path, help="receives record and log")
    speed = subs.add_parser("speed", help="what a modelled cache costs, against stock QEMU")
    speed.add_argument("board", metavar="BOARD")
    speed.add_argument("--build", action="store_true", help="build the emulator anew and time that too")
    for sub in (tried, remedy, colour, shapes, speed):
        sub.add_argument("--write", action="store_true", help="into docs/vivt-results.md too")
    user = subs.add_parser("userland", help="run a command without a kernel: RELEASE/ARCH -- COMMAND ...")
    user.add_argument("userland", metavar="RELEASE/ARCH", help="11/armhf, 12/armel, 13/armel, ...")
    return top
