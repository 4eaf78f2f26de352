# SPDX-License-Identifier: MIT
"""Other caches on the same board: predicted against observed, for ordinary players and recorders.

Each arm is predicted twice: with the footprint that stands for any burst, and with the
lines that were loaded beside the ring in that very burst. Where only the second agrees,
the cache is modelled right, and what differs is the kernel's work.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stress.plan.plan import Arm, Plan
from stress.predict.predict import predict
from stress.report.table import table
from stress.virtual.spec import BoardSpec
from tools.labkit import (
    boards,
    cache_names,
    emulator,
    experiment_table,
    experiments,
    model_cache,
    own_load,
    runner,
    sections,
    turns,
)
from tools.labkit.errors import EX_BROKEN
from tools.labkit.experiment_store import Result
from tools.labkit.experiment_suites import SUITES

#: What boards of the field have; see `cache_names`.
GEOMETRIES = ("xscale", "at91sam9260", "orion5x", "arm926-32k-rr", "feroceon-wa")
_ARMS = {"aloop": ("P1-4096", "P1-8192", "C1-4096", "C1-8192"), "usb": ("P1-4096", "P1-8192")}
# Prediction and observation agree within this factor. Source: issue of the lab; the arm926's own
# predictions hold within 1.3. Higher: a wrong model passes; lower: 100 lines of chance fail.
_FACTOR = 1.5
# Below this share [%] half a second holds too few wrong lines to compare.
_LEAST_PERCENT = 0.5
_PREDICTED_S = 4.0
# The emulator logs with each burst which lines were loaded from.
_TOUCHES = "touches=1"
_DISAGREES = "DISAGREES"
_HEADS = (
    "cache",
    "ring",
    "arm",
    "predicted",
    "own load",
    "observed",
    "ratio",
    "own ratio",
    "fills/ms",
    "log",
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One arm on one cache; `predicted` is the share of wrong lines [%].

    `own` is the same with what was loaded beside the ring in this burst, None where
    nothing was measured; `span` the predictions for half and twice the lines
    that are spread evenly, where neither of the two agrees.
    """

    setting: str
    suite: str
    arm: Arm
    predicted: float
    seen: Result | None
    own: float | None = None
    span: tuple[float, float] | None = None

    @property
    def observed(self) -> float | None:
        """The share of wrong frames [%], None where nothing was checked."""
        if self.seen is None or not self.seen.seen.checked:
            return None
        return 100 * self.seen.seen.wrong / self.seen.seen.checked

    @property
    def ratio(self) -> float | None:
        """The larger of prediction and observation over the other; None where both are rare."""
        return _ratio(self.predicted, self.observed)

    @property
    def own_ratio(self) -> float | None:
        """The same with the load of this burst."""
        return None if self.own is None else _ratio(self.own, self.observed)

    @property
    def good(self) -> bool:
        """Whether prediction and observation agree, or both are rare."""
        return self.ratio is None or self.ratio <= _FACTOR

    @property
    def explained(self) -> bool:
        """Whether the kernel's work in this burst accounts for what was observed."""
        return self.own is not None and (self.own_ratio is None or self.own_ratio <= _FACTOR)

    @property
    def undecided(self) -> bool:
        """Whether it hangs on the lines that do not come back or are only stored: no footprint has those."""
        if self.span is None or self.observed is None:
            return False
        low, high = self.span
        return low <= self.observed <= high

    @property
    def log(self) -> str:
        """What the emulator's log says: a burst keeps 1000 runs, those past them are not placed."""
        if self.seen is None:
            return "-"
        seen = self.seen.seen
        if seen.misplaced or seen.false or seen.unexplained:
            return _DISAGREES
        return f"agrees, {seen.missed} frames past the runs kept" if seen.missed else "agrees"

    @property
    def cells(self) -> tuple[object, ...]:
        """The cells of its line."""
        seen = fills = "-"
        if self.seen is not None:
            seen = experiment_table.percent(self.seen.seen)
            fills = f"{self.seen.rate_per_s('user_fills', 'kernel_fills') / 1000:.0f}"
        own = "-" if self.own is None else f"{self.own:.2f} %"
        head = (self.setting, self.suite, self.arm.name, f"{self.predicted:.2f} %", own, seen)
        return (
            *head,
            _shown(self.ratio),
            "-" if self.own is None else _shown(self.own_ratio),
            fills,
            self.log,
        )


def _ratio(predicted: float, seen: float | None) -> float | None:
    if seen is None or max(seen, predicted) < _LEAST_PERCENT:
        return None
    low, high = sorted((seen, predicted))
    return high / low if low else float("inf")


def _shown(ratio: float | None) -> str:
    return "rare" if ratio is None else f"{ratio:.2f}"


def run(args: argparse.Namespace) -> int:
    """Boot the board with each cache and print one table; 70 where an arm is neither near nor explained."""
    board = boards.load(args.board)
    settings = args.cache or GEOMETRIES
    emulator.check_options(board, settings)
    if args.write:
        sections.check(_section(settings))
    base, _ = runner.directories(args.out)
    rows: list[Row] = []
    for number, setting in enumerate(settings):
        for name in _ARMS:
            folder = base / f"{number}-{name}"
            rows += _measured(board, name, setting, args.model, folder, again=args.again)
    lines = table(_HEADS, [row.cells for row in rows], "lllrrrrrrl")
    lines += summary(rows) + alternating(rows)
    print("\n".join(lines), flush=True)
    if args.write:
        asked = "".join(f" --cache {setting}" for setting in args.cache or ())
        sections.write(_section(settings), f"tools/lab geometries {args.board}{asked}", lines)
    agree = all(row.log != _DISAGREES for row in rows)
    known = all(row.good or row.explained or row.undecided for row in rows)
    return 0 if agree and known else EX_BROKEN


def _section(settings: Sequence[str]) -> str:
    """Return the section of the results page: that of these very caches, where there is one."""
    own = " ".join(("geometries", *settings))
    return own if sections.has(own) else "geometries"


def summary(rows: Sequence[Row]) -> list[str]:
    """Return how many arms agree, by how much at worst, and what the load of the burst explains."""
    ratios = [row.ratio for row in rows if row.ratio is not None]
    if not ratios:
        return ["no arm was wrong often enough to compare"]
    good = sum(ratio <= _FACTOR for ratio in ratios)
    text = [f"{good} of {len(ratios)} arms agree within a factor {_FACTOR}; the worst is {max(ratios):.2f}"]
    apart = [row for row in rows if not row.good]
    if apart:
        explained = sum(row.explained for row in apart)
        text.append(
            f"{explained} of the other {len(apart)} agree within it once the lines that this very burst "
            "loaded take the place of the footprint"
        )
    for row in apart:
        if row.undecided and row.span:
            text.append(
                f"measured, not predicted: {row.setting}, {row.suite}, {row.arm.name}: {row.span[0]:.1f} to "
                f"{row.span[1]:.1f} % with twice or half the lines that nothing counts one by one"
            )
    return text


def alternating(rows: Sequence[Row]) -> list[str]:
    """Return how many lines are wrong at every other tick of snd-aloop, where a store allocates.

    There the order inside a tick decides, and the threads take turns at running first.
    """
    text = []
    for row in rows:
        tick_ms = SUITES[row.suite].model.get("usb.tick_packets", 0)
        if (
            tick_ms
            and row.seen
            and row.seen.ticks
            and "kernel.in_order" in model_cache.overrides(row.setting)
        ):
            one, other = turns.medians(row.seen.ticks, tick_ms)
            text.append(
                f"{row.setting}, {row.suite}, {row.arm.name}: at the ticks of {tick_ms} ms {one:.0f} and "
                f"{other:.0f} lines are wrong in turn (median)"
            )
    return text


def _measured(
    board: boards.Board, name: str, setting: str, model: str, folder: Path, *, again: bool
) -> list[Row]:
    suite = SUITES[name]
    plan = suite.arms()
    plan = dataclasses.replace(plan, arm=tuple(arm for arm in plan.arm if arm.name in _ARMS[name]))
    logged = f"{cache_names.expanded(setting)},{_TOUCHES}"
    found: Mapping[str, Result] = experiments.measured(board, suite, plan, logged, folder, again=again)
    keys = {**suite.model, **model_cache.overrides(setting, suite.stored_per_ms)}
    shares = _shares(model, keys, plan)
    rows = []
    for arm in plan.arm:
        seen = found.get(arm.name)
        own = None
        if seen is not None and seen.load:
            own = _with_load(model, keys, dataclasses.replace(plan, arm=(arm,)), seen.load)
        row = Row(setting, name, arm, shares[arm.name], seen, own)
        if not (row.good or row.explained):
            row = dataclasses.replace(row, span=_span(model, keys, dataclasses.replace(plan, arm=(arm,))))
        rows.append(row)
    return rows


def _span(model: str, keys: Mapping[str, Any], plan: Plan) -> tuple[float, float]:
    """Return the predictions for twice and half the lines that are spread evenly, of the plan's only arm."""
    even = BoardSpec.load(model, dict(keys)).kernel.noise_lines_per_ms
    (twice,), (half,) = (
        _shares(model, {**keys, "kernel.noise_lines_per_ms": count}, plan).values()
        for count in (2 * even, even // 2)
    )
    return min(twice, half), max(twice, half)


def _with_load(model: str, keys: Mapping[str, Any], plan: Plan, load: Sequence[list[int]]) -> float:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "own.toml"
        tick_ms = keys.get("usb.tick_packets", 0)
        path.write_text(own_load.toml("this burst", load, 1 / tick_ms if tick_ms else 0.0), encoding="utf-8")
        return next(iter(_shares(model, {**keys, "kernel.footprint": str(path)}, plan).values()))


def _shares(model: str, keys: Mapping[str, Any], plan: Plan) -> dict[str, float]:
    spec = BoardSpec.load(model, dict(keys))
    return {row.arm: row.per_million / 1e4 for row in predict(spec, plan, longest_s=_PREDICTED_S)}
