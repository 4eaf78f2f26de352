# SPDX-License-Identifier: MIT
"""The options of `run` and `diagnose`, in groups, and those that other commands share.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.cli.arguments import (
    BACKENDS,
    DETECTORS,
    EVENTS,
    LARGEST_SEED,
    LOOPBACKS,
    Cards,
    build_id,
    channel_counts,
    duration,
    early,
    label,
    pcm_format,
    rate,
    whole,
)

if TYPE_CHECKING:
    import argparse

DEFAULT_PLANS = {
    "auto": "bringup where the cache can cause the defect, else smoke",
    "diagnose": "diagnose",
}
#: Reader of --exit-skip: 0 and 1 are answers, what is above belongs to signals.
SKIPS = whole(2, 127)
SET = "override one key of the board description, e.g. kernel.use_vmalloc=false (may be repeated)"


def streaming(run: argparse.ArgumentParser, plan: str) -> None:
    """Add everything `run` takes; `plan` is the plan of a call that names none."""
    _tested(run, plan)
    _judged(run)
    record = run.add_argument_group("the record")
    record.add_argument("--out", metavar="DIR", default="", help="run directory (default runs/DATE-TIME)")
    record.add_argument("--resume", action="store_true", help="continue the run in --out where it stopped")
    results(run)
    screen(run)
    exit_skip(run)


def _tested(run: argparse.ArgumentParser, plan: str) -> None:
    group = run.add_argument_group("what is tested")
    group.add_argument(
        "--card",
        metavar="C",
        default="",
        action=Cards,
        help="softcard, Loopback, 1, hw:1,0 or hw:1,0/hw:2,0 (needed where there are several); given more "
        "than once, or `all`: these cards at the same time, a verdict for each",
    )
    group.add_argument(
        "--plan",
        metavar="NAME|FILE",
        default=plan,
        help=f"`pcmstress plans` lists the names; or a .toml (default {DEFAULT_PLANS[plan]})",
    )
    group.add_argument(
        "--duration",
        type=duration,
        default=0.0,
        metavar="T",
        help="repeat the plan until this much audio has been streamed (10, 90s, 10m, 3h); the last pass is "
        "always completed",
    )
    group.add_argument(
        "--access",
        choices=("mmap", "rw"),
        help="override the access of every arm (rw: the reference, it does not have the defect)",
    )
    group.add_argument(
        "--event",
        choices=EVENTS,
        metavar="NAME",
        help="do this before each burst of an arm but the first, and judge the first lap behind it: "
        f"{', '.join(EVENTS)}",
    )
    group.add_argument(
        "--backend",
        choices=BACKENDS,
        default="alsa",
        help="default alsa; pyalsaaudio: a second read/write path to the same card, for cross-checks; "
        "virtual: simulated board, never chosen automatically",
    )
    group.add_argument(
        "--board",
        metavar="NAME|FILE",
        default="",
        help="virtual board: `pcmstress boards` lists the names; or a .toml (default arm926)",
    )
    group.add_argument(
        "--rate",
        type=rate(4000, 768000),
        default=0,
        metavar="HZ",
        help="48000 or 44.1k (default: the plan's; without --plan the rate of the card nearest to 48000)",
    )
    group.add_argument(
        "--format",
        type=pcm_format,
        default="",
        metavar="F",
        help="S16_LE, S24_3LE, S32_LE, U8, FLOAT_LE, ... (default: the plan's; without --plan the widest "
        "that both directions of the card have)",
    )
    group.add_argument(
        "--channels",
        type=channel_counts,
        metavar="N|P,C",
        help="channels of both directions, or of playback and capture (default: the plan's; without "
        "--plan the card's own)",
    )
    group.add_argument(
        "--sweep",
        metavar="all|AXIS,...",
        default="",
        help="run the plan under each combination of rate, format, channels and access that the card has; "
        "`all`: every pair of them at least once. One table of verdicts",
    )
    group.add_argument(
        "--alone",
        action="store_true",
        help="with several cards: run each by itself first, and compare: do they disturb each other?",
    )
    group.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help=SET)
    group.add_argument(
        "--mixer",
        action="store_true",
        help="set the card's volumes to 0 dB and switch processing off first; it is put back at the end",
    )
    group.add_argument(
        "--capture-source",
        metavar="NAME",
        default="",
        help="choose this capture source, as the card calls it (Line, Mic, ...); implies --mixer",
    )


def _judged(run: argparse.ArgumentParser) -> None:
    group = run.add_argument_group("how it is judged")
    group.add_argument(
        "--loopback",
        choices=LOOPBACKS,
        default="auto",
        help="digital: the same bits return; analog: an analog cable; none: no cable, judged from the USB "
        "wire; auto: detect the path; try digital first",
    )
    detector(
        group,
        "exact, or spectral where only that recognises the capture",
        "a recording that is played instead of the pattern, round and round",
    )
    group.add_argument(
        "--stop-early",
        type=early,
        metavar="GOOD,BAD|off",
        help="stop when a sequential test can distinguish these two rates (episodes per hour); `off` runs "
        "the whole plan",
    )
    group.add_argument(
        "--seed",
        type=whole(0, LARGEST_SEED),
        metavar="N",
        help="seed of the self-test and of the virtual board (default: random; stored in the record)",
    )


def detector(command: argparse._ActionsContainer, auto: str, played: str) -> None:
    """Add --detector and --stimulus."""
    command.add_argument(
        "--detector",
        choices=DETECTORS,
        default="auto",
        help="exact: reports kind, position, age and ring of every wrong frame; needs a bit-exact path; "
        "checksum: position only, for any recording over a bit-exact path; "
        "spectral: position, age and ring of wrong lines through an analog cable, no single bits; "
        f"auto: {auto}, checksum with --stimulus",
    )
    command.add_argument("--stimulus", metavar="FILE.wav", default="", help=f"{played}; judged by checksum")


def results(command: argparse.ArgumentParser, mail: bool = False) -> None:
    """Add the files and formats that a report can be written as; `mail` for one that is over."""
    group = command.add_argument_group("results")
    group.add_argument(
        "--html", metavar="FILE", help="write one self-contained page with pictures of the rings"
    )
    group.add_argument("--bundle", metavar="FILE.tar.gz", help="pack the run into one file, for `replay`")
    group.add_argument(
        "--svg", metavar="FILE", help="write the one picture for a ticket: verdict, cause and where"
    )
    group.add_argument(
        "--private",
        action="store_true",
        help="leave host, user, serial numbers and processes out of the bundle",
    )
    group.add_argument("--junit", metavar="FILE", help="write JUnit XML (GitLab, Jenkins)")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    form.add_argument("--ktap", action="store_true", help="print KTAP version 1, one test per arm")
    if mail:
        form.add_argument(
            "--mail", action="store_true", help="print a mail for a kernel maintainer, in 72 columns"
        )
        form.add_argument(
            "--kcidb", action="store_true", help="print a submission to KernelCI's database (schema 5.3)"
        )
        group.add_argument(
            "--build-id",
            type=build_id,
            metavar="ORIGIN:ID",
            help="--kcidb: the build that was tested (default: one made of the kernel's release)",
        )
    form.add_argument("--lava", action="store_true", help="print LAVA test case signals, one per arm")
    group.add_argument(
        "--label",
        type=label,
        metavar="NAME",
        help="name of the suite in JUnit, KTAP, LAVA, KCIDB instead of backend and card: stable across hosts",
    )


def as_object(command: argparse.ArgumentParser) -> None:
    """Add --json."""
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def screen(command: argparse.ArgumentParser) -> None:
    """Add what the terminal shows."""
    group = command.add_argument_group("screen")
    amount = group.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="print the verdict line only")
    amount.add_argument("-v", "--verbose", action="store_true", help="print the facts of the machine as well")
    group.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, unless NO_COLOR is set or TERM is dumb",
    )


def exit_skip(command: argparse.ArgumentParser) -> None:
    """Add --exit-skip."""
    command.add_argument(
        "--exit-skip",
        type=SKIPS,
        default=0,
        metavar="N",
        help="exit with 0 or 1 where there is an answer and with N where there is none, whatever the reason; "
        "125 for `git bisect run`",
    )
