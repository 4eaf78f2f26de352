# SPDX-License-Identifier: MIT
"""Every mechanism on the board with a cache, and with it off: one table.

`pcmstress run` walks a plan in a guest per cache setting; what it found is held
against the emulator's log of stale reads and against `pcmstress predict`.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stress.errors import StressError
from stress.model.pcm import Direction
from stress.model.record.burst import BurstRecord
from stress.model.record.events import SkipRecord
from stress.plan.plan import Arm, Plan
from stress.predict.predict import predict
from stress.record.reader import read_run
from stress.settings import schema
from stress.virtual.spec import BoardSpec
from tools.labkit import (
    boards,
    cache,
    emulator,
    emulator_arms,
    emulator_log,
    experiment_table,
    model_cache,
    own_load,
    runner,
    sections,
    turns,
)
from tools.labkit.emulator_truth import compare
from tools.labkit.errors import EX_BROKEN, LabError
from tools.labkit.experiment_store import Result, Store
from tools.labkit.experiment_suites import SUITES, Suite

_GUEST = ("env", "PYTHONPATH=/project", "python3", "-m", "tools.labkit.emulator_arms")
# Arms to a boot. Higher: more is lost when one breaks; lower: a boot takes as long as an arm or two.
_ARMS = 12
# Virtual time of a prediction. Higher: the table takes minutes more; lower: shares below 0.1 % come out as 0.
_PREDICTED_S = 2.0
PLAN = "plan.json"
_LINE_BYTES = 32


@dataclasses.dataclass(frozen=True)
class Booted:
    """How a board is booted for a run.

    Parameters
    ----------
    setting : options of the emulator's cache, "off" without it.
    append : arguments of the guest's kernel.
    through : command that pcmstress is run through.
    """

    setting: str = ""
    append: Sequence[str] = ()
    through: Sequence[str] = ()


def boot(
    board: boards.Board, command: Sequence[str], folder: Path, how: Booted | None = None
) -> runner.Result:
    """Run pcmstress in the board, its bursts marked; the log goes to truth.log beside the folder.

    The cache is on during the bursts alone, which takes half the time of a whole run with it.
    Raises LabError when the guest broke; the exit status of pcmstress is in the result.
    """
    how = how or Booted()
    log, setting = truth_log(folder), how.setting
    log.unlink(missing_ok=True)
    off = setting == "off"
    env = emulator.cache_options(board, setting if off else _with_log(setting, f"mode=off,log={log}"))
    through = how.through if off else ("env", f"{emulator_arms.IN_BURSTS}=1", *how.through)
    options = runner.Options(out=folder, env=env, append=how.append)
    # Progress is shown; the report is not, for the record is judged here.
    live = (io.BytesIO(), sys.stderr.buffer)
    result = runner.run(board, [*through, *_GUEST, *command], options, live=live)
    if result.failure:
        console = result.logs / "console.log"
        raise LabError(
            f"{title(board)}: {result.failure} (console: {console}); its last lines:\n{result.console_tail}"
        )
    return result


def title(board: boards.Board) -> str:
    """Return a board's name, with the patches and fragments that its kernel has beside its own."""
    added = ", ".join(Path(path).name for path in (*board.kernel.patches, *board.kernel.fragments))
    return f"{board.name} with {added}" if added else board.name


def truth_log(folder: Path) -> Path:
    """Return where the emulator's log of a run is."""
    return folder.with_name(f"{folder.name}.truth.log")


def _with_log(setting: str, more: str) -> str:
    return ",".join(part for part in (setting, more) if part)


def outcome(folder: Path, plan: Plan) -> dict[str, Result]:
    """Hold every burst in the folder of a run against the emulator's log; results by arm."""
    log = truth_log(folder)
    truth = emulator_log.read(log) if log.exists() else None
    touching = {span.mark: span for span in truth.touching} if truth else {}
    arms = {arm.name: arm for arm in plan.arm}
    skipped = read_run(folder / "run").all(SkipRecord)
    found = {skip.arm: Result(reason=skip.reason) for skip in skipped}
    for name, burst in bursts(folder):
        number = burst["number"]
        mark = emulator_arms.first_mark(number)
        reads = truth.between(mark, mark + 1) if truth else []
        captured = np.fromfile(folder / f"captured-{number}.bin", dtype="<u4")
        seen = compare(burst, captured, reads, mapped(arms[name]))
        load = own_load.rows(touching[mark + 1]) if mark + 1 in touching else []
        ticks = turns.groups(reads, int(truth.options.get("line", _LINE_BYTES)) if truth else _LINE_BYTES)
        result = Result(seen, burst["xruns"], "", burst.get("counters", {}), load, ticks)
        found[name] = found.get(name, Result()) + result
    return found


def bursts(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the arm and the line of `emulator_arms.TRUTH` of each burst of a run, in order."""
    # In order, not by number: an arm that cannot be run has a number too.
    recorded = read_run(folder / "run").bursts
    kept = folder / emulator_arms.TRUTH
    lines = kept.read_text(encoding="ascii").splitlines() if kept.exists() else []
    return [
        (burst.arm, {**json.loads(line), "missed": _missed(burst)}) for burst, line in zip(recorded, lines)
    ]


def _missed(burst: BurstRecord) -> list[list[int]]:
    # A planted line beside a stale one of the same age is one finding with it.
    return [[fault.frame, fault.frames] for fault in burst.control.missed]


def mapped(arm: Arm) -> tuple[str, ...]:
    """Return the rings that an arm reaches by mmap."""
    sides = tuple(side.value for side in Direction)
    return () if arm.access == "rw" else sides if arm.side == "both" else (arm.side,)


def measured(
    board: boards.Board, suite: Suite, plan: Plan, setting: str, base: Path, *, again: bool = False
) -> dict[str, Result]:
    """Return the results of the plan's arms, from the cache or else from as many boots as they need."""
    store = Store(board, suite, setting)
    kept = {} if again else {arm.name: store.get(plan, arm) for arm in plan.arm}
    results = {name: result for name, result in kept.items() if result is not None}
    missing = [arm for arm in plan.arm if arm.name not in results]
    for at in range(0, len(missing), _ARMS):
        part = dataclasses.replace(plan, arm=tuple(missing[at : at + _ARMS]))
        folder = base / f"{plan.arm[0].name}-{len(results)}"
        names = ", ".join(arm.name for arm in part.arm)
        with cache.step(f"{board.name}, {setting or 'cache on'}: {names}"):
            found = _walked(board, suite, part, setting, folder)
        for arm in part.arm:
            if arm.name in found:
                store.put(plan, arm, found[arm.name])
        results.update(found)
    return results


def _walked(board: boards.Board, suite: Suite, plan: Plan, setting: str, folder: Path) -> dict[str, Result]:
    folder.mkdir(parents=True)
    (folder / PLAN).write_text(json.dumps(schema.write(plan)), encoding="utf-8")
    command = ["run", *suite.card, "--plan", PLAN, "--seed", "1", "--out", "run", "--json"]
    boot(board, command, folder, Booted(setting, suite.append, suite.through))
    try:
        return outcome(folder, plan)
    except StressError as error:
        raise LabError(f"{board.name}: no record of the run: {error}") from error


def run(args: argparse.Namespace) -> int:
    """Boot the board with and without its cache as often as needed and print one table."""
    board = boards.load(args.board)
    emulator.check_options(board, [args.cache])
    if args.write:
        sections.check("experiments")
    base, _ = runner.directories(args.out)
    rows: list[experiment_table.Row] = []
    for name in args.suite or SUITES:
        suite = SUITES[name]
        plan = suite.arms(args.quick)
        on, off = (
            measured(board, suite, plan, setting, base / name / (setting or "on"), again=args.again)
            for setting in (args.cache, "off")
        )
        spec = BoardSpec.load(
            args.model, {**suite.model, **model_cache.overrides(args.cache, suite.stored_per_ms)}
        )
        shares = {row.arm: row.per_million / 1e4 for row in predict(spec, plan, longest_s=_PREDICTED_S)}
        rows += [
            experiment_table.Row(name, arm, shares[arm.name], on.get(arm.name), off.get(arm.name))
            for arm in plan.arm
        ]
    text = experiment_table.lines(rows)
    print("\n".join(text), flush=True)
    if args.write:
        given = [args.board, *(["--quick"] if args.quick else [])]
        given += [f"--cache {args.cache}"] if args.cache else []
        given += [f"--suite {name}" for name in args.suite or ()]
        sections.write("experiments", f"tools/lab experiments {' '.join(given)}", text)
    return 0 if all(row.good for row in rows) else EX_BROKEN
