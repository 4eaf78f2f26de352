# SPDX-License-Identifier: MIT
"""Runs of one board over nights: the rate of each arm, the first bad run, whether the change is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from stress.model.verdict import Verdict
from stress.stats.counts import holm
from stress.verdict import needs
from stress.verdict.comparison import settings
from stress.verdict.rates import LEVEL, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally


class ArmState(str, Enum):
    """What a run says of an arm."""

    CLEAN = "clean"  #: judged, without an episode
    CORRUPTED = "corrupted"  #: corruption was found
    OPEN = "not judged"  #: streamed, and proves nothing
    ABSENT = "not run"  #: not of this plan, skipped, or not begun


@dataclass(frozen=True)
class ArmNight:
    """An arm in one run: its state, and the episodes that were seen in a time [s]."""

    state: ArmState
    episodes: int = 0
    observed_s: float = 0.0


ABSENT = ArmNight(ArmState.ABSENT)


@dataclass(frozen=True)
class Night:
    """One run, as far as a trend needs it.

    Attributes
    ----------
    name : of the run directory or bundle.
    when : start of the run, as the record has it.
    board : what tells boards apart.
    arms : by name and settings, see `stress.verdict.comparison.settings`.
    """

    name: str
    when: str
    board: str
    verdict: Verdict
    reason: str
    arms: dict[tuple[str, str], ArmNight] = field(default_factory=dict)


def night(run: Summary, name: str, board: str) -> Night:
    """Return what a trend needs of a run."""
    keys = {arm.name: settings(arm, run.plan) for arm in run.plan.arm}
    arms = {(part.arm, keys.get(part.arm, "")): _arm(part) for part in run.parts}
    reasons = run.judgement.reasons
    return Night(name, run.start.wall, board, run.judgement.verdict, reasons[0] if reasons else "", arms)


def _arm(part: Tally) -> ArmNight:
    if not part.bursts:
        return ABSENT
    if part.found:
        return ArmNight(ArmState.CORRUPTED, part.episodes, part.observed_s)
    state = ArmState.OPEN if needs.shortfall(part) else ArmState.CLEAN
    return ArmNight(state, 0, part.observed_s)


@dataclass(frozen=True)
class ArmTrend:
    """One arm over the runs of a board.

    Attributes
    ----------
    settings : of the test; an arm whose settings change becomes another one.
    nights : one entry per run of the board.
    first_bad : number of the first run that found corruption in it, -1 for none.
    p : chance that a constant rate stays unseen until then, adjusted for the number of arms (Holm).
    """

    arm: str
    settings: str
    nights: tuple[ArmNight, ...]
    first_bad: int = -1
    p: float = 1.0

    @property
    def shown(self) -> bool:
        """True when the first bad run is a change, and not the first that was lucky enough to see it."""
        return self.p < LEVEL

    def count(self, state: ArmState) -> int:
        """Return in how many runs the arm was in that state."""
        return sum(one.state is state for one in self.nights)


@dataclass(frozen=True)
class BoardTrend:
    """The runs of one board, in the order of their dates.

    Attributes
    ----------
    first_bad : number of the first run whose verdict is FAIL, -1 for none.
    last_good : number of the last PASS before that, or of the last PASS; -1 for none.
    """

    board: str
    nights: tuple[Night, ...]
    arms: tuple[ArmTrend, ...]
    first_bad: int = -1
    last_good: int = -1


def boards(nights: Iterable[Night]) -> list[BoardTrend]:
    """Return the trend of each board, in the order of their first runs."""
    found: dict[str, list[Night]] = {}
    for one in sorted(nights, key=lambda night: night.when):
        found.setdefault(one.board, []).append(one)
    return [_board(name, runs) for name, runs in found.items()]


def _board(name: str, runs: Sequence[Night]) -> BoardTrend:
    bad = next((at for at, one in enumerate(runs) if one.verdict is Verdict.FAIL), -1)
    before = runs[:bad] if bad >= 0 else runs
    good = max((at for at, one in enumerate(before) if one.verdict is Verdict.PASS), default=-1)
    keys = dict.fromkeys(key for one in runs for key in one.arms)
    drafts = [_arm_trend(key, [one.arms.get(key, ABSENT) for one in runs]) for key in keys]
    tested = [one for one in drafts if one.first_bad > 0]
    adjusted = dict(zip(map(id, tested), holm([one.p for one in tested])))
    arms = [
        ArmTrend(one.arm, one.settings, one.nights, one.first_bad, adjusted.get(id(one), 1.0))
        for one in drafts
    ]
    return BoardTrend(name, tuple(runs), tuple(arms), bad, good)


def _arm_trend(key: tuple[str, str], nights: Sequence[ArmNight]) -> ArmTrend:
    bad = next((at for at, one in enumerate(nights) if one.state is ArmState.CORRUPTED), -1)
    return ArmTrend(*key, tuple(nights), bad, _unseen(nights, bad))


def _unseen(nights: Sequence[ArmNight], bad: int) -> float:
    """Return the chance that none of so many episodes falls into the time before the first bad run.

    Of n episodes at a constant rate each lies in the later part with the share of its
    time, so the first bad run is this one or a later one with that share to the power of n.
    Exact, and the search for the first bad run is part of it. The spread from run to run
    divides n first.
    """
    later = [(float(one.episodes), one.observed_s) for one in nights[max(bad, 0) :]]
    seconds = sum(size for _, size in later)
    whole = sum(one.observed_s for one in nights)
    if bad <= 0 or not seconds or not whole > seconds:
        return 1.0
    freedom = sum(size > 0 for _, size in later) - 1
    hits = int(sum(number for number, _ in later) / spread([later], freedom))
    return float((seconds / whole) ** hits)
