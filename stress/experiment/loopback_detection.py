# SPDX-License-Identifier: MIT
"""Detect the loopback: try the digital detector, then the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from stress.experiment.burst import BurstRunner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.experiment.burst import BurstResult
    from stress.experiment.method.detector import Detector
    from stress.model.pcm import Granted, Lost
    from stress.pcm.contract import Pcm
    from stress.plan.plan import Arm, Plan

# Streamed for the trial of another stimulus [s]. Source: the spectral lock needs
# 0.34 s behind the latency of the path. Higher: a run on a digital path that is
# not connected starts later; lower: a slow path is not recognised.
TRIAL_S = 1.0


@dataclass(frozen=True)
class LoopbackChoice:
    """What judges a run, and why.

    Parameters
    ----------
    method : None to stay with what was tried first.
    why : one line for the record.
    advice : of the detectors that heard nothing either.
    lost : how the device was lost meanwhile.
    """

    method: Detector | None
    why: str
    advice: tuple[str, ...] = ()
    lost: Lost | None = None


@dataclass(frozen=True)
class Trials:
    """The PCM as it was opened, and the arm on which other stimuli are tried."""

    pcm: Pcm
    granted: Granted
    plan: Plan
    arm: Arm

    @property
    def frames(self) -> int:
        """Length of a trial [frames]."""
        return round(TRIAL_S * self.plan.rate)

    def burst(self, other: Detector, position: int) -> BurstResult:
        """Return the trial of the stimulus of `other` from `position` on."""
        asked = self.plan.conditions.asked
        bench = BurstRunner(self.granted, other, self.frames, 1, asked, loopback=other.loopback)
        return bench.run(self.pcm, self.arm.handling, position)


def choose(
    first: BurstResult,
    tried: Detector,
    others: Sequence[Callable[[], Detector]],
    trials: Trials,
    position: int,
) -> LoopbackChoice:
    """Try the other stimuli where the first one did not come back.

    Parameters
    ----------
    position : of the first frame of the first trial; each begins where the one before ended.
    """
    if first.locked:
        return LoopbackChoice(None, f"what came back is the stimulus of the {tried.name} detector")
    advice: list[str] = []
    lost = None
    names = [tried.name]
    for number, make in enumerate(others):
        other = make()
        names.append(other.name)
        trial = trials.burst(other, position + number * trials.frames)
        advice, lost = [*advice, *trial.heard.advice], trial.exchange.lost
        if trial.locked:
            why = f"the {tried.name} detector did not recognise what came back, the {other.name} detector did"
            return LoopbackChoice(other, why, (), lost)
        if lost:
            break
    why = f"nothing came back that the detectors {' and '.join(names)} recognise"
    return LoopbackChoice(None, why, tuple(advice), lost)
