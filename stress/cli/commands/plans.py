# SPDX-License-Identifier: MIT
"""pcmstress plans: the plans that come with the program, and the time each takes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from stress.cli.arguments import shipped
from stress.plan.plan import load_plan
from stress.report.console import Console
from stress.report.table import table
from stress.settings.times import format_duration

if TYPE_CHECKING:
    import argparse

    from stress.plan.plan import Plan


def execute(args: argparse.Namespace) -> int:
    """Print the plans for people; return 0."""
    console = Console(sys.stdout, sys.stderr)
    found = [(name, load_plan(name)) for name in shipped("plans")]
    if args.json:
        plans = [
            {"name": name, "title": plan.title, "arms": len(plan.arm), "streamed_s": streamed_s(plan)}
            for name, plan in found
        ]
        console.line(json.dumps({"schema": "pcmstress/plans/1", "plans": plans}))
        return 0
    rows = [
        (name, len(plan.arm), format_duration(streamed_s(plan)), _purpose(name, plan)) for name, plan in found
    ]
    console.prose(
        table(("plan", "arms", "streams", "what it is for"), rows, "lrrl", console.columns, (), True)
    )
    return 0


def streamed_s(plan: Plan) -> float:
    """Return the audio that a plan streams where it is not stopped early [s]."""
    return plan.repeats * sum(arm.bursts * arm.burst_s for arm in plan.arm)


def _purpose(name: str, plan: Plan) -> str:
    # The name stands in the column before.
    head, colon, rest = plan.title.partition(": ")
    return rest if colon and head.replace("-", "") == name.replace("-", "") else plan.title
