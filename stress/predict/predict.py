# SPDX-License-Identifier: MIT
"""What each arm should find on a board: yield and time to detection, simulated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.errors import ConfigError, ParamsRefused
from stress.model.arrays import Bytes
from stress.model.exposure import ZERO_EVENTS_95
from stress.model.pcm import Access, Direction, StreamParams
from stress.plan.plan import Arm, Plan
from stress.virtual.board import Board
from stress.virtual.grant import grant, reason_against
from stress.virtual.layout import uncached_mappings
from stress.virtual.loads import disturbed
from stress.virtual.truth import Stale, truth_of

if TYPE_CHECKING:
    from stress.virtual.spec import BoardSpec

# Wrong lines after which an arm's rate is known well enough: its standard
# error is then about 6 % or, where lines fall in whole laps, a few times that.
# Higher: longer waits for the table; lower: the order of arms is left to chance.
_ENOUGH_LINES = 300
_FIRST_S, _GROWTH = 0.5, 4


@dataclass(frozen=True)
class Prediction:
    """What one arm should give.

    Parameters
    ----------
    arm : its name.
    provoking : whether an ordinary player or recorder does not touch like that.
    lines, wrong_lines : ring lines simulated, and how many came out wrong.
    simulated_s : virtual time simulated [s].
    episodes : groups of wrong frames further than a lap apart.
    laps, wrong_laps : laps of the smallest ring reached by mmap; those that
        hold a wrong frame.
    causes : wrong bytes per cause (P1, C1, ...).
    reason : why the arm cannot run, "" when it can.
    """

    arm: str
    provoking: bool
    lines: int = 0
    wrong_lines: int = 0
    simulated_s: float = 0.0
    episodes: int = 0
    laps: int = 0
    wrong_laps: int = 0
    causes: tuple[tuple[str, int], ...] = ()
    reason: str = ""

    @property
    def per_million(self) -> float:
        """Wrong lines per million lines."""
        return 1e6 * self.wrong_lines / self.lines if self.lines else 0.0

    @property
    def lines_per_s(self) -> float:
        """Wrong lines per second of streaming [1/s]."""
        return self.wrong_lines / self.simulated_s if self.simulated_s else 0.0

    @property
    def episodes_per_s(self) -> float:
        """Episodes per second of streaming [1/s]; one that never ends counts once."""
        return self.episodes / self.simulated_s if self.simulated_s else 0.0

    @property
    def detection_95_s(self) -> float:
        """Time in which a wrong lap is seen with 95 % certainty [s]; inf = never.

        Source: geometric waiting time, laps taken as independent; one lap at least.
        """
        if not self.wrong_laps:
            return math.inf
        lap_s = self.simulated_s / self.laps
        clean = 1 - self.wrong_laps / self.laps
        return lap_s * max(1.0, -ZERO_EVENTS_95 / math.log(clean)) if clean > 0 else lap_s

    def to_json(self) -> dict[str, Any]:
        """Return the row as a JSON object; an endless time is null."""
        endless = math.isinf(self.detection_95_s)
        return {
            "arm": self.arm,
            "provoking": self.provoking,
            "lines": self.lines,
            "wrong_lines": self.wrong_lines,
            "per_million": self.per_million,
            "lines_per_s": self.lines_per_s,
            "episodes_per_s": self.episodes_per_s,
            "detection_95_s": None if endless else self.detection_95_s,
            "simulated_s": self.simulated_s,
            "causes": dict(self.causes),
            "reason": self.reason,
        }


def predict(spec: BoardSpec, plan: Plan, *, longest_s: float = 8.0, seed: int = 1) -> tuple[Prediction, ...]:
    """Return one prediction per arm of `plan`, in its order.

    Parameters
    ----------
    spec : the board; its faults are left out, they are not the cache's.
    longest_s : virtual time after which a rare arm is left as it is [s].
    """
    clean = replace(spec, fault=())
    return tuple(_arm(clean, plan, arm, longest_s, seed) for arm in plan.arm)


def ordered(plan: Plan, predictions: Sequence[Prediction]) -> Plan:
    """Return the plan with the most promising arms first.

    Provoking arms come first, then ordinary ones, each from the highest
    predicted rate of wrong lines down; control arms by rw access come last,
    and arms that cannot run are left out. Arms of equal rate keep their order.

    Raises
    ------
    ConfigError : no arm can run.
    """
    by_name = {row.arm: row for row in predictions}
    able = [arm for arm in plan.arm if not by_name[arm.name].reason]
    if not able:
        reasons = "; ".join(f"{row.arm}: {row.reason}" for row in predictions)
        raise ConfigError(f"no arm can run: {reasons}", key="arm")

    def rank(arm: Arm) -> tuple[bool, bool, float]:
        return arm.access == Access.RW.value, not arm.provoking, -by_name[arm.name].lines_per_s

    return replace(plan, arm=tuple(sorted(able, key=rank)))


def copies_differ(spec: BoardSpec) -> bool:
    """Tell whether two views of one ring line can differ on this board at all."""
    kernel, user = uncached_mappings(spec)
    cached_twice = not (kernel or user) and spec.cache.shape().aliasing
    return cached_twice or kernel != user or spec.kernel.smp_race > 0


def _arm(spec: BoardSpec, plan: Plan, arm: Arm, longest_s: float, seed: int) -> Prediction:
    request = plan.request(arm)
    row = Prediction(arm.name, arm.provoking)
    try:
        playback = grant(spec, request.playback, spec.name)
        capture = grant(spec, request.capture, spec.name)
    except ParamsRefused as refused:
        return replace(row, reason=str(refused))
    reason = reason_against(spec, arm.handling, playback, capture)
    if reason is not None:
        return replace(row, reason=reason)
    board = Board(spec, seed)
    board.configure(playback, capture)
    # A start burst spoils its first frames only, so its rate hangs on the length of a burst.
    seconds = arm.burst_s if arm.start_burst else min(_FIRST_S, longest_s)
    random = np.random.RandomState(seed)
    while True:
        frames = max(1, round(seconds * playback.rate))
        play = random.randint(0, 256, size=(frames, playback.frame_bytes), dtype=np.uint8)
        row = _with_burst(row, board, play, arm, (playback, capture))
        settled = row.wrong_lines >= _ENOUGH_LINES or not (row.wrong_lines or copies_differ(spec))
        if settled or row.simulated_s >= longest_s:
            return row
        if not arm.start_burst:
            seconds = min(seconds * _GROWTH, longest_s - row.simulated_s)


def _with_burst(
    row: Prediction, board: Board, play: Bytes, arm: Arm, streams: tuple[StreamParams, StreamParams]
) -> Prediction:
    outcome = board.burst(play, len(play), disturbed(board.spec, arm.handling, *streams))
    truth = truth_of(board, outcome)
    line, width = board.geometry.line_bytes, play.shape[1]
    frames = np.flatnonzero(truth.wrong) * truth.granule_bytes // width
    lap = max(stream.buffer_size for stream in streams)
    small = min((s.buffer_size for s in streams if s.access is Access.MMAP), default=lap)
    moved = (outcome.timeline.playing.hw, outcome.timeline.capturing.appl)
    mapped = [count for count, stream in zip(moved, streams) if stream.access is Access.MMAP]
    causes = dict(row.causes)
    for cause, count in truth.counts.items():
        causes[cause] = causes.get(cause, 0) + count * truth.granule_bytes
    return replace(
        row,
        lines=row.lines + sum(mapped or moved[1:]) * width // line,
        wrong_lines=row.wrong_lines + sum(lines_of(truth.stale, side, line) for side in Direction),
        simulated_s=row.simulated_s + moved[1] / streams[1].rate,
        episodes=row.episodes + (int(np.sum(np.diff(frames) > lap)) + 1 if len(frames) else 0),
        laps=row.laps + -(-moved[1] // small),
        wrong_laps=row.wrong_laps + len(np.unique(frames // small)),
        causes=tuple(sorted(causes.items())),
    )


def lines_of(stale: Iterable[Stale], side: Direction, line_bytes: int) -> int:
    """Return how many ring lines of one side the runs touch, each counted once."""
    runs = [(run.first_byte, run.first_byte + run.size_bytes - 1) for run in stale if run.direction is side]
    if not runs:
        return 0
    first, last = np.array(runs, dtype=np.int64).T // line_bytes
    shared = int(np.sum(first[1:] == last[:-1]))
    return int(np.sum(last - first + 1)) - shared
