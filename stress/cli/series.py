# SPDX-License-Identifier: MIT
"""Several runs as one: over the settings of a card or of a plan, or over several cards at once.

Each run is recorded by itself in a folder of its own; what is printed is one
table, one verdict, and the status of the worst of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stress.cli import cards_at_once, sweep
from stress.cli.new_run import AUTO
from stress.errors import ConfigError
from stress.plan.plan import settings_of

if TYPE_CHECKING:
    import argparse

    from stress.cli.series_runs import Execute


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
        return sweep.of_plan(args, one, planned)
    return sweep.of_card(args, one) if args.sweep else cards_at_once.run(args, one)
