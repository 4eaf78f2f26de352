# SPDX-License-Identifier: MIT
"""One kernel under plan `remedy`: what each arm gave, what was served stale, what it cost."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stress.errors import StressError
from stress.model.pcm import Direction
from stress.plan.plan import Plan, load_plan, read_plan
from stress.record.rundir import read_json
from stress.report.as_json import as_json
from stress.settings import schema
from stress.stats.counts import miss_bound_95
from stress.verdict import run_folder
from tools.labkit import cache, emulator, experiment_store, experiments, kernel
from tools.labkit.boards import Board
from tools.labkit.errors import LabError

PLAN = "remedy"
_DMESG = "dmesg.log"
_STAMP = re.compile(r"^\[ *[0-9.]+\] ")
# What a kernel says of a fault of its own. Source: Linux lib/bug.c, kernel/panic.c, arch/arm/mm/fault.c,
# kernel/locking/lockdep.c, kernel/rcu/tree_stall.h.
_SPLAT = re.compile(
    r"BUG: |WARNING: |kernel BUG at|Internal error: |Unable to handle kernel|refcount_t: |self-detected stall"
)
# The emulator's own card only plays, and there is no cable: its wire judges.
CARDS = {"aloop": ("--card", "Loopback"), "usb": ("--card", "hw:Audio,0", "--loopback", "none")}


@dataclasses.dataclass(frozen=True)
class ArmResult:
    """One arm: the verdict of pcmstress on it, and what the emulator logged meanwhile.

    `checked` and `wrong` are frames, `lines` ring lines; `served` are frames that
    reached a sample stale by the log, `unexplained` wrong ones that did not, `missed`
    served ones that pcmstress did not name. `reason` says why the arm did not run.
    `frames` were streamed while the `counters` counted.
    """

    verdict: str = "SKIP"
    lines: int = 0
    checked: int = 0
    wrong: int = 0
    served: int = 0
    missed: int = 0
    unexplained: int = 0
    frames: int = 0
    reason: str = ""
    counters: dict[str, int] = dataclasses.field(default_factory=dict)

    @property
    def bound(self) -> float | None:
        """The 95 % upper bound on the share of wrong lines, None where there was one."""
        return None if self.wrong or not self.lines else miss_bound_95(self.lines)

    def per_frame(self, *names: str) -> float:
        """Return how often per frame these counters counted."""
        return sum(self.counters.get(name, 0) for name in names) / self.frames if self.frames else 0.0


@dataclasses.dataclass(frozen=True)
class CardResult:
    """A card's arms by name, the verdict over all of them, and the cause that `diagnose` named.

    `splat` is the first thing the kernel complained of in its log, "" without one.
    """

    arms: dict[str, ArmResult]
    verdict: str
    cause: str
    splat: str = ""


def measured(
    board: Board, card: str, how: experiments.Booted, base: Path, *, again: bool = False
) -> CardResult:
    """Return what plan `remedy` gives on a card, from a kept run or from one boot.

    Records, samples and log are kept, and compared, judged and diagnosed anew each time.

    Parameters
    ----------
    how : arguments of the guest's kernel, and the emulator's cache.
    base : receives the working directory of a boot.

    Raises LabError when the kernel does not boot or the run left no record.
    """
    kept = _path(board, card, how)
    if not kept.is_dir() or again:
        _boot(board, card, how, base, kept)
    try:
        return _of_run(kept, plan_for(card))
    except (StressError, ValueError, OSError) as error:
        raise LabError(f"{board.name}: no report of the run in {kept}: {error}") from error


def _boot(board: Board, card: str, how: experiments.Booted, base: Path, kept: Path) -> None:
    append = how.append
    folder = base / f"{card}-{'-'.join(append) or 'stock'}".replace("=", "-")
    folder.mkdir(parents=True)
    text = json.dumps(schema.write(plan_for(card)))
    (folder / experiments.PLAN).write_text(text, encoding="utf-8")
    command = ["diagnose", *CARDS[card], "--plan", experiments.PLAN, "--seed", "1", "--out", "run", "--json"]
    asked = f", {' '.join(append)}" if append else ""
    with cache.step(f"{experiments.title(board)}, {card}{asked}"):
        result = experiments.boot(board, command, folder, how)
    _check_argument(append, result.logs / _DMESG)
    shutil.copyfile(result.logs / _DMESG, folder / _DMESG)
    keep(folder, kept)


def keep(folder: Path, kept: Path) -> None:
    """Copy the folder of a run, with the emulator's log, to where it is kept."""
    fresh = kept.with_name(f"{kept.name}.tmp")
    for old in (fresh, kept):
        cache.remove(old)
    kept.parent.mkdir(exist_ok=True)
    shutil.copytree(folder, fresh)
    shutil.copyfile(experiments.truth_log(folder), experiments.truth_log(kept))
    fresh.rename(kept)


def _check_argument(append: Sequence[str], log: Path) -> None:
    # The patch says on the console what it does: an argument that came to nothing must not count as a remedy.
    text = log.read_text(encoding="utf-8", errors="replace")
    for argument in append:
        name, _, value = argument.partition("=")
        if name == "snd_remedy" and f"snd_remedy: {value}\n" not in text:
            raise LabError(f"the kernel did not take {argument} (its log: {log})")


def plan_for(card: str) -> Plan:
    """Return plan `remedy`, on the card that only plays without its recorders."""
    plan = load_plan(PLAN)
    if card == "aloop":
        return plan
    recorders = {arm.group for arm in plan.arm if arm.side == Direction.CAPTURE.value}
    return dataclasses.replace(plan, arm=tuple(arm for arm in plan.arm if arm.group not in recorders))


def _of_run(folder: Path, plan: Plan) -> CardResult:
    report = _judged(folder / "run")
    truth = experiments.outcome(folder, plan)
    judged = {part["arm"]: part for part in report["arms"]}
    spans = _spans(folder)
    arms = {}
    for arm in plan.arm:
        seen, told = truth.get(arm.name), judged.get(arm.name, {})
        if seen is None or seen.reason:
            arms[arm.name] = ArmResult(reason=seen.reason if seen else "not reached")
            continue
        arms[arm.name] = ArmResult(
            verdict=str(told.get("verdict", "")),
            lines=int(told.get("lines", 0)),
            checked=seen.seen.checked,
            wrong=seen.seen.wrong,
            served=seen.seen.served,
            missed=seen.seen.missed + seen.seen.misplaced,
            unexplained=seen.seen.unexplained + seen.seen.false,
            frames=spans.get(arm.name, 0),
            counters=seen.counters,
        )
    named = report.get("diagnosis") or {}
    cause = named.get("headline") or named.get("cause") or "none"
    return CardResult(arms, str(report["verdict"]), str(cause), splat(folder / _DMESG))


def splat(log: Path) -> str:
    """Return the first line of a kernel's log that reports a fault of its own, "" without one."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = next((line for line in lines if _SPLAT.search(line)), "")
    return f"{_STAMP.sub('', found)} (its log: {log})" if found else ""


def _judged(record: Path) -> dict[str, Any]:
    """Return the report of a record, by the code of today whatever the guest's said."""
    walked = read_plan(read_json(record, "config.json").get("plan", {}), str(record / "config.json"))
    return as_json(run_folder.read(record).result(walked))


def _spans(folder: Path) -> dict[str, int]:
    events = experiments.bursts(folder)
    frames: dict[str, int] = {}
    for name, line in events:
        frames[name] = frames.get(name, 0) + int(line["frames"])
    return frames


def _path(board: Board, card: str, how: experiments.Booted) -> Path:
    what = (
        emulator.mark(),
        kernel.name(board.kernel),
        board.emulator.args,
        board.emulator.env,
        CARDS[card],
        tuple(how.append),
        how.setting,
        schema.write(plan_for(card)),
        experiment_store.guest_digest(),
    )
    return cache.root() / "experiments" / f"remedy-{card}-{cache.key(*what)}"
