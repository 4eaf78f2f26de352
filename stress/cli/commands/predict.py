# SPDX-License-Identifier: MIT
"""pcmstress predict: what each arm should find on a board, from the cache model."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

from stress.cli.backend import virtual_board
from stress.errors import ConfigError
from stress.model.mechanism import Mechanism
from stress.model.words import count
from stress.plan.plan import Plan, load_plan
from stress.predict.candidates import best_plan
from stress.predict.predict import predict
from stress.report.console import Console
from stress.report.table import table
from stress.settings import schema
from stress.settings.times import format_duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stress.predict.predict import Prediction


def execute(args: argparse.Namespace) -> int:
    """Print the expected yield per arm; return 0.

    Raises
    ------
    ConfigError : the board has no name, as where a variable of a script is empty.
    """
    if not args.board:
        allowed = "a name of `pcmstress boards`, or the path of a .toml file"
        raise ConfigError("the name is empty", where="--board", allowed=allowed)
    spec = virtual_board(args.board, args.set)
    if args.plan:
        plan = load_plan(args.plan)
        rows = predict(spec, plan)
    else:
        plan, rows = best_plan(spec, Plan(title=f"the best arms for {spec.name}"))
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        console.line(
            json.dumps(
                {
                    "schema": "pcmstress/prediction/1",
                    "board": spec.name,
                    "arms": [row.to_json() for row in rows],
                    "plan": schema.write(plan),
                }
            )
        )
        return 0
    console.prose([f"{spec.title}: corrupted ring lines expected of each arm, from the model", ""])
    for line in lines(rows, console.columns):
        console.line(line)
    console.prose(_meanings(rows))
    return 0


def lines(rows: Sequence[Prediction], columns: int = 0) -> list[str]:
    """Return the table: provoking arms, then ordinary ones, the best first.

    Parameters
    ----------
    columns : of the terminal, 0 for none; a narrow one gets fewer columns.
    """
    # Episodes are left to --json: their rate saturates at one a lap, which reads like a contradiction.
    heads = ("arm", "touch", "per 1e6 lines", "lines/s", "seen in (95 %)", "mechanisms")
    ranked = sorted(rows, key=lambda row: (bool(row.reason), not row.provoking, -row.lines_per_s))
    return table(heads, [_row(row) for row in ranked], "llrrrl", columns, (1, 3, 2))


def _meanings(rows: Sequence[Prediction]) -> list[str]:
    names = sorted({name for row in rows for name, number in row.causes if number})
    return ["", *(f"{name}: {Mechanism(name).words}" for name in names)] if names else []


def _row(row: Prediction) -> tuple[object, ...]:
    touch = "provoking" if row.provoking else "ordinary"
    if row.reason:
        return (row.arm, touch, "-", "-", "-", f"not run: {row.reason}")
    seen = "never" if math.isinf(row.detection_95_s) else format_duration(row.detection_95_s)
    bytes_wrong = sum(number for _, number in row.causes)
    causes = ", ".join(f"{name} {100 * number / bytes_wrong:.0f} %" for name, number in row.causes if number)
    rates = (count(round(row.per_million)), _rate(row.lines_per_s))
    return (row.arm, touch, *rates, seen, causes or "none")


def _rate(per_s: float) -> str:
    return count(round(per_s)) if per_s >= 1000 else f"{per_s:.3g}"
