# SPDX-License-Identifier: MIT
"""The options of `minimise`.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

import argparse

from stress.cli import run_options
from stress.cli.arguments import BACKENDS, LARGEST_SEED, duration, whole

TEXT = "Find the smallest plan that still shows what a run found, and the sentence for a ticket."
EXAMPLES = (
    "pcmstress minimise run.tar.gz --out minimal.toml",
    "pcmstress minimise runs/20261121-091313 --arm player-768B --power 0.99",
    "pcmstress minimise run.tar.gz --backend virtual --board arm926   # on a model of that board",
    "pcmstress run --card 1 --plan minimal.toml",
)
STATUS = (
    "Exit status: 0 a plan was written, 4 no such card, 5 the corruption was not seen again, 64 usage or an "
    "unreadable file, 75 device lost."
)


def power(text: str) -> float:
    """Return a chance from 0.5 to 0.999.

    Raises
    ------
    argparse.ArgumentTypeError : anything else.
    """
    try:
        value = float(text) if text.isascii() else 0.0
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 0.999:
        raise argparse.ArgumentTypeError(f"{text!r} is not a chance from 0.5 to 0.999")
    return value


def add(command: argparse.ArgumentParser) -> None:
    """Add everything `minimise` takes."""
    command.add_argument("bundle", metavar="BUNDLE", help="a run directory with a FAIL, or a bundle of one")
    command.add_argument(
        "--out", metavar="FILE.toml", default="minimal.toml", help="the plan to write (default %(default)s)"
    )
    command.add_argument(
        "--arm", metavar="NAME", default="", help="begin with this arm (default: the fastest)"
    )
    command.add_argument(
        "--power",
        type=power,
        default=0.9,
        metavar="P",
        help="chance that one run of the result shows the corruption, at least (default 0.9)",
    )
    command.add_argument(
        "--within",
        type=duration,
        default=0.0,
        metavar="T",
        help="length of that run at most (default: four times what the arm of the record needs)",
    )
    command.add_argument(
        "--duration",
        type=duration,
        default=600.0,
        metavar="T",
        help="stop searching after this much audio (default 10m)",
    )
    target = command.add_argument_group("where it is tried (default: where the run was made)")
    target.add_argument("--card", metavar="C", default="", help="another card")
    target.add_argument("--backend", choices=BACKENDS, default="", help="virtual: on a simulated board")
    target.add_argument("--board", metavar="NAME|FILE", default="", help="the virtual board (default arm926)")
    target.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help=run_options.SET)
    command.add_argument(
        "--seed", type=whole(0, LARGEST_SEED), metavar="N", help="seed of the first run (default: random)"
    )
    command.add_argument(
        "--records", metavar="DIR", default="", help="keep the runs here (default: not kept)"
    )
    run_options.as_object(command)
    command.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, unless NO_COLOR is set or TERM is dumb",
    )
