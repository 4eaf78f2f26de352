# SPDX-License-Identifier: MIT
"""Finished arms, kept outside the clone: an interrupted table goes on where it stopped."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from stress.plan.plan import Arm, Plan
from stress.settings import schema
from tools.labkit import cache, emulator, kernel
from tools.labkit.boards import PROJECT, Board
from tools.labkit.emulator_truth import Agreement
from tools.labkit.experiment_suites import Suite

# What of the tester decides what an arm gives; reports and models do not.
_TESTER = ("model", "patterns", "detect", "pcm", "board", "stats", "experiment")
_HARNESS = ("emulator_arms.py", "emulator_truth.py", "emulator_log.py", "own_load.py", "footprint.py")


@dataclasses.dataclass(frozen=True)
class Result:
    """What the bursts of one arm gave, added up; `reason` says why it could not run.

    `counters` are the model's, over the exchanges, by name; `load` is what was loaded
    beside the ring in the first burst, as `own_load.rows`, where the emulator logged it;
    `ticks` its stale lines, as `turns.groups`.
    """

    seen: Agreement = Agreement()
    xruns: int = 0
    reason: str = ""
    counters: dict[str, int] = dataclasses.field(default_factory=dict)
    load: list[list[int]] = dataclasses.field(default_factory=list)
    ticks: list[list[int]] = dataclasses.field(default_factory=list)

    def __add__(self, other: Result) -> Result:
        names = {**self.counters, **other.counters}
        counters = {name: self.counters.get(name, 0) + other.counters.get(name, 0) for name in names}
        reason = self.reason or other.reason
        load = self.load or other.load
        seen, xruns = self.seen + other.seen, self.xruns + other.xruns
        return Result(seen, xruns, reason, counters, load, self.ticks or other.ticks)

    def rate_per_s(self, *names: str) -> float:
        """Return how often per second of virtual time these counters counted [1/s]."""
        ns = self.counters.get("ns", 0)
        return 1e9 * sum(self.counters.get(name, 0) for name in names) / ns if ns else 0.0


class Store:
    """Results of arms by everything that they depend on.

    Parameters
    ----------
    board : the lab board.
    setting : options of its cache, or "off".
    """

    def __init__(self, board: Board, suite: Suite, setting: str) -> None:
        machine = (emulator.mark(), kernel.name(board.kernel), board.emulator.args, board.emulator.env)
        self._what = (machine, suite.card, suite.append, suite.through, setting, digest())

    def get(self, plan: Plan, arm: Arm) -> Result | None:
        """Return a kept result, None without one."""
        try:
            data = json.loads(self._path(plan, arm).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return Result(Agreement(**data.pop("seen")), **data)

    def put(self, plan: Plan, arm: Arm, result: Result) -> None:
        """Keep a result."""
        path = self._path(plan, arm)
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_suffix(".tmp")
        fresh.write_text(json.dumps(dataclasses.asdict(result)), encoding="utf-8")
        fresh.replace(path)

    def _path(self, plan: Plan, arm: Arm) -> Path:
        alone = schema.write(dataclasses.replace(plan, title="", arm=(arm,)))
        return cache.root() / "experiments" / f"{arm.name}-{cache.key(self._what, alone)}.json"


def digest() -> str:
    """Return what tells this tester and harness from any other."""
    return cache.key([path.read_text(encoding="utf-8") for path in _sources()])


def guest_digest() -> str:
    """Return what tells this tester from any other in the guest, whatever compares on the host."""
    own = PROJECT / "tools" / "labkit" / "emulator_arms.py"
    return cache.key([path.read_text(encoding="utf-8") for path in (*_rooms(), own)])


def _sources() -> Iterator[Path]:
    yield from _rooms()
    for name in _HARNESS:
        yield PROJECT / "tools" / "labkit" / name


def _rooms() -> Iterator[Path]:
    for room in _TESTER:
        yield from sorted((PROJECT / "stress" / room).rglob("*.py"))
