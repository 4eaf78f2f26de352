# SPDX-License-Identifier: MIT
"""The options of every command, and what `--help` says of them.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stress.cli import file_options, minimise_options, report_options, run_options, subcommand
from stress.cli.arguments import (
    BACKENDS,
    Parser,
    Version,
    channel_counts,
    decibels,
    pcm_format,
    rate,
)

if TYPE_CHECKING:
    import argparse


def parser() -> argparse.ArgumentParser:
    """Return the argument parser; no side effects. The commands stand in the order of work."""
    top = Parser(
        prog="pcmstress",
        description="Prove or rule out corruption of an mmapped ALSA PCM ring.",
        epilog=subcommand.examples(
            "pcmstress probe                       # what this board is, and what to expect of it",
            "pcmstress run --card softcard         # play, record, judge",
            "pcmstress diagnose --card softcard    # after a FAIL: name the cause",
            "pcmstress run --backend virtual       # no card: a simulated ARM926",
        )
        + "\n`pcmstress COMMAND --help` has the options and examples of a command.",
    )
    top.add_argument("--version", action=Version, help="print the versions of everything that matters")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for add in (
        _probe,
        _run,
        _path,
        _diagnose,
        _report,
        _replay,
        _minimise,
        file_options.analyze,
        file_options.generate,
        _predict,
        *_LISTS,
    ):
        add(commands)
    return top


def _run(commands: Any) -> None:
    run = subcommand.add(
        commands,
        "run",
        "Play a test pattern, record it and report whether the mmapped ring corrupts it.",
        (
            "pcmstress run --card softcard                  # card with a loopback cable",
            "pcmstress run --card 1 --duration 10m          # more exposure, a smaller bound",
            "pcmstress run --card 1 --loopback none         # no cable: judged from the USB wire",
            "pcmstress run --backend virtual --board arm926 --plan demo",
        ),
        subcommand.EXIT_CODES,
    )
    run_options.streaming(run, plan="auto")


def _diagnose(commands: Any) -> None:
    diagnose = subcommand.add(
        commands,
        "diagnose",
        "Run the full set of contrasts, one thing changed at a time, and name the cause with its evidence.",
        (
            "pcmstress diagnose --card softcard",
            "pcmstress diagnose --card softcard --html cause.html --bundle run.tar.gz",
            "pcmstress diagnose --card softcard --reload   # the kernel's own switch as the proof; root",
            "pcmstress diagnose --backend virtual --board arm926 --seed 1",
        ),
        subcommand.EXIT_CODES,
    )
    run_options.streaming(diagnose, plan="diagnose")
    diagnose.add_argument(
        "--reload",
        action="store_true",
        help="compare snd-usb-audio loaded with use_vmalloc=1 and =0, in turn, and nothing else; the "
        "driver is put back as it was at the end (root; all its cards go away meanwhile)",
    )


def _predict(commands: Any) -> None:
    predict = subcommand.add(
        commands,
        "predict",
        "Compute the expected rate of corruption and the time to detect it per arm, from the cache model.",
        (
            "pcmstress predict --board xscale",
            "pcmstress predict --board arm926 --plan demo --set kernel.use_vmalloc=false",
        ),
    )
    predict.add_argument(
        "--board", metavar="NAME|FILE", required=True, help="a name of `pcmstress boards`, or a .toml"
    )
    predict.add_argument(
        "--plan", metavar="NAME|FILE", default="", help="its arms; default: the best for the board"
    )
    predict.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=run_options.SET,
    )
    predict.add_argument(
        "--json", action="store_true", help="one JSON object, the plan of the best arms included"
    )


def _path(commands: Any) -> None:
    path = subcommand.add(
        commands,
        "path",
        "Tell which bits get through a loopback, or what the path does and the control that mends it.",
        (
            "pcmstress path --card Loopback",
            "pcmstress path --card 1 --level -40dB      # softly, for cards with loudspeakers",
            "pcmstress path --backend virtual --set path.gain_db=-3",
        ),
        f"Exit status: 0 every bit gets through, 1 not, 5 nothing was heard, {subcommand.USAGE_CODES}. "
        "Only the path is judged, not the ring.",
    )
    # A level begins with a minus and is no option.
    path._negative_number_matcher = re.compile(r"^-\d[\d.]*(dB)?$", re.IGNORECASE)
    path.add_argument(
        "--card", metavar="C", default="", help="softcard, Loopback, 1, hw:1,0 or hw:1,0/hw:2,0"
    )
    path.add_argument(
        "--level",
        type=decibels,
        default=0.0,
        metavar="L",
        help="level of the sound, 0dB to -60dB (default 0dB: full scale, for cables)",
    )
    path.add_argument("--backend", choices=BACKENDS, default="alsa", help="default alsa")
    path.add_argument("--board", metavar="NAME|FILE", default="", help="with --backend virtual")
    path.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help=run_options.SET)
    path.add_argument("--rate", type=rate(4000, 768000), default=0, metavar="HZ", help="default 48000")
    path.add_argument("--format", type=pcm_format, default="", metavar="F", help="default: the card's widest")
    path.add_argument("--channels", type=channel_counts, metavar="N", help="default: the card's own")
    path.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")
    path.set_defaults(plan="smoke")


def _report(commands: Any) -> None:
    report = subcommand.add(
        commands, "report", report_options.TEXT, report_options.EXAMPLES, report_options.STATUS
    )
    report_options.add(report)


def _replay(commands: Any) -> None:
    replay = subcommand.add(
        commands,
        "replay",
        "Apply the detector to the bytes that a run kept once more, or repeat the run.",
        (
            "pcmstress replay run.tar.gz",
            "pcmstress replay run.tar.gz --run --out again",
        ),
        "Exit status: 0 every kept finding reproduced, 1 one was not, 5 nothing was kept, "
        f"{subcommand.USAGE_CODES}; with --run that of the run.",
    )
    replay.add_argument("bundle", metavar="BUNDLE", help="a run directory, or what report --bundle packed")
    replay.add_argument("--run", action="store_true", help="repeat the run: same plan, seed, card or board")
    replay.add_argument(
        "--out", metavar="DIR", default="", help="with --run: run directory of the repetition"
    )
    replay.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _minimise(commands: Any) -> None:
    texts = (minimise_options.TEXT, minimise_options.EXAMPLES, minimise_options.STATUS)
    minimise_options.add(subcommand.add(commands, "minimise", *texts))


def _probe(commands: Any) -> None:
    probe = subcommand.add(
        commands,
        "probe",
        "Show what this board is and what to expect of it.",
        (
            "pcmstress probe",
            "pcmstress probe --card Loopback --json",
            "pcmstress probe --board xscale       # a virtual board",
        ),
        f"Exit status: 0, 4 no such card, {subcommand.USAGE_CODES}.",
    )
    probe.add_argument("--card", metavar="C", default="", help="look at this card only")
    probe.add_argument(
        "--ask-device",
        action="store_true",
        help="ask a USB card for its own sample rate, clock, volumes and mutes (needs pyusb; the card leaves "
        "ALSA for the while)",
    )
    probe.add_argument(
        "--board",
        metavar="NAME|FILE",
        default="",
        help="a virtual board instead: a name of `pcmstress boards`, or a .toml",
    )
    probe.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override a key of the virtual board"
    )
    probe.add_argument(
        "--kernel-config",
        nargs="?",
        const="running",
        default="",
        metavar="FILE",
        help="name the options that the running kernel (or this .config) lacks, each with the line to add",
    )
    run_options.as_object(probe)


def _plans(commands: Any) -> None:
    _listing(
        commands,
        "plans",
        "List the plans that come with the program, and the time each takes.",
        "run --plan qa",
    )


def _boards(commands: Any) -> None:
    _listing(commands, "boards", "List the virtual boards.", "run --backend virtual --board xscale")


def _kinds(commands: Any) -> None:
    _listing(commands, "kinds", "List the kinds of corruption that a finding can have.", "kinds --json")


def _listing(commands: Any, name: str, text: str, example: str) -> None:
    command = subcommand.add(commands, name, text, (f"pcmstress {name}", f"pcmstress {example}"))
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


_LISTS = (_plans, _boards, _kinds)
