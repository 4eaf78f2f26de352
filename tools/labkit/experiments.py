"""Every mechanism on the board with a cache, and with it off: one table.

`pcmstress run` walks a plan in a guest per cache setting; what it found is held
against the emulator's log of stale reads and against `pcmstress predict`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stress.experiment.plan import Arm, Plan, load_plan
from stress.experiment.predict import Prediction, predict
from stress.model.pcm import Direction
from stress.record.reader import read_run
from stress.report.table import table
from stress.stats import dose
from stress.virtual.spec import BoardSpec
from tools.labkit import boards, emulator, emulator_arms, emulator_log, runner
from tools.labkit.emulator_truth import Agreement, compare
from tools.labkit.errors import EX_BROKEN, LabError


@dataclasses.dataclass(frozen=True)
class Suite:
    """A plan, the card it is for as arguments of pcmstress, and what is set on the model.

    `append` are arguments of the guest's kernel.
    """

    plan: str
    card: tuple[str, ...]
    model: Mapping[str, Any]
    append: tuple[str, ...] = ()


SUITES = {
    # Kernel fills counted on this path: 42 per ms, 12 of them the lines of the two rings.
    "aloop": Suite("vivt-aloop", ("--card", "Loopback"), {"kernel.noise_lines_per_ms": 30}),
    # The emulator's own card only plays; a cable there is none.
    "usb": Suite("vivt-usb", ("--card", "hw:Audio,0", "--loopback", "none"), {}),
    "usb-coherent": Suite(
        "vivt-usb",
        ("--card", "hw:Audio,0", "--loopback", "none"),
        {"kernel.use_vmalloc": False},
        ("snd_usb_audio.use_vmalloc=0",),
    ),
}
_GUEST = ("env", "PYTHONPATH=/project", "python3", "-m", "tools.labkit.emulator_arms")
_HEADS = ("arm", "ring", "predicted", "observed", "served", "found", "misplaced", "missed", "false", "off")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one boot gave.

    Attributes
    ----------
    arms : by name, every burst of the arm added up.
    xruns, skipped : xruns, and why an arm was not run, by name.
    """

    arms: dict[str, Agreement]
    xruns: dict[str, int]
    skipped: dict[str, str]


def boot(
    board: boards.Board, command: Sequence[str], folder: Path, setting: str = "", append: Sequence[str] = ()
) -> runner.Result:
    """Run pcmstress in the board, its bursts marked; the log goes to truth.log beside the folder.

    Raises LabError when the guest broke; the exit status of pcmstress is in the result.
    """
    log = truth_log(folder)
    log.unlink(missing_ok=True)
    env = emulator.cache_options(board, "off" if setting == "off" else _with_log(setting, log))
    options = runner.Options(out=folder, env=env, append=append)
    result = runner.run(board, [*_GUEST, *command], options, live=(sys.stderr.buffer, sys.stderr.buffer))
    if result.failure:
        raise LabError(f"{board.name}: {result.failure}\n{result.console_tail}")
    return result


def truth_log(folder: Path) -> Path:
    """Return where the emulator's log of a run is."""
    return folder.with_name(f"{folder.name}.truth.log")


def _with_log(setting: str, log: Path) -> str:
    return ",".join(part for part in (setting, f"log={log}") if part)


def outcome(folder: Path, plan: Plan) -> Outcome:
    """Hold every burst in the folder of a run against the emulator's log."""
    log = truth_log(folder)
    truth = emulator_log.read(log) if log.exists() else None
    events = read_run(folder / "run").events
    # In order, not by number: an arm that cannot be run has a number too.
    names = [event["arm"] for event in events if event["event"] == "burst"]
    arms = {arm.name: arm for arm in plan.arm}
    found: dict[str, Agreement] = {}
    xruns: dict[str, int] = {}
    text = (folder / emulator_arms.TRUTH).read_text(encoding="ascii")
    for line in text.splitlines()[: len(names)]:
        burst = json.loads(line)
        number = burst["number"]
        mark = emulator_arms.first_mark(number)
        reads = truth.between(mark, mark + 1) if truth else []
        captured = np.fromfile(folder / f"captured-{number}.bin", dtype="<u4")
        name = names[number - 1]
        found[name] = found.get(name, Agreement()) + compare(burst, captured, reads, mapped(arms[name]))
        xruns[name] = xruns.get(name, 0) + burst["xruns"]
    skipped = {event["arm"]: event["reason"] for event in events if event["event"] == "skip"}
    return Outcome(found, xruns, skipped)


def mapped(arm: Arm) -> tuple[str, ...]:
    """Return the rings that an arm reaches by mmap."""
    sides = tuple(side.value for side in Direction)
    return () if arm.access == "rw" else sides if arm.side == "both" else (arm.side,)


def lines(plan: Plan, full: Outcome, off: Outcome, predicted: Sequence[Prediction]) -> list[str]:
    """Return the table, the reasons of empty cells, and the fitted exposure times."""
    shares = {row.arm: row.per_million / 1e4 for row in predicted}
    text = table(_HEADS, [_row(arm, full, off, shares) for arm in plan.arm], "llrrrrrrrr")
    text += [f"{name}: not run: {reason}" for name, reason in full.skipped.items()]
    text += [f"{name}: {count} xruns, judged up to the first" for name, count in full.xruns.items() if count]
    return text + _doses(plan, full)


def _row(arm: Arm, full: Outcome, off: Outcome, shares: Mapping[str, float]) -> tuple[object, ...]:
    ring = 4 * (arm.capture_buffer if arm.side == Direction.CAPTURE.value else arm.playback_buffer)
    share = f"{shares[arm.name]:.2f} %"
    seen = full.arms.get(arm.name)
    if seen is None:
        return (arm.name, ring, share, *["-"] * 7)
    without = off.arms.get(arm.name)
    control = "-" if without is None else without.wrong + without.false
    return (
        arm.name,
        ring,
        share,
        percent(seen),
        seen.served,
        seen.found,
        seen.misplaced,
        seen.missed,
        seen.false,
        control,
    )


def percent(seen: Agreement) -> str:
    """Return the share of wrong frames as text."""
    return f"{100 * seen.wrong / seen.checked:.2f} %" if seen.checked else "no lock"


def _doses(plan: Plan, full: Outcome) -> list[str]:
    text = []
    for group in dict.fromkeys(arm.group for arm in plan.arm if arm.switches_per_s):
        arms = [
            arm
            for arm in plan.arm
            if arm.group == group and arm.name in full.arms and arm.access == "mmap" and arm.lever == "none"
        ]
        seen = [full.arms[arm.name] for arm in arms]
        fit = dose.fit(
            [arm.switches_per_s for arm in arms],
            [one.wrong for one in seen],
            [float(one.checked) for one in seen],
        )
        if fit is not None:
            text.append(
                f"{group}: context switches thin it out as if lines were exposed for "
                f"{1000 * fit.exposure_s:.3g} +- {1000 * fit.error_s:.2g} ms (p = {fit.p:.2g})"
            )
    return text


def run(args: argparse.Namespace) -> int:
    """Boot the board with and without its cache and print a table per suite."""
    board = boards.load(args.board)
    base, _ = runner.directories(args.out)
    return max([_suite(board, name, base, args) for name in args.suite or SUITES])


def _suite(board: boards.Board, name: str, base: Path, args: argparse.Namespace) -> int:
    suite = SUITES[name]
    spec = BoardSpec.load(args.model, suite.model)
    plan = load_plan(suite.plan)
    command = ["run", *suite.card, "--plan", suite.plan, "--seed", "1", "--out", "run", "--json"]
    results = []
    for label, setting in (("full", args.cache), ("off", "off")):
        folder = base / f"{name}-{label}"
        boot(board, command, folder, setting, suite.append)
        results.append(outcome(folder, plan))
    text = lines(plan, results[0], results[1], predict(spec, plan))
    print("\n".join([f"{name}: {plan.title}", *text, ""]), flush=True)
    whole = all(seen.whole for seen in results[0].arms.values())
    clean = not any(seen.wrong or seen.false for seen in results[1].arms.values())
    return 0 if whole and clean else EX_BROKEN
