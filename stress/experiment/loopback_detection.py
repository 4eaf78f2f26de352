# SPDX-License-Identifier: MIT
"""Detect the loopback: try the digital detector, then the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

from stress.detect.path.curve import CURVES
from stress.detect.path.words import advice, lost, sentence
from stress.errors import DeviceError
from stress.experiment.burst import BurstRunner
from stress.model.path import TWO_CLOCKS
from stress.model.pcm import Handling
from stress.model.record.events import LoopbackRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.experiment.burst import BurstResult
    from stress.experiment.method.detector import Detector
    from stress.model.path import Path
    from stress.model.pcm import Granted, Lost
    from stress.pcm.contract import Pcm
    from stress.plan.plan import Arm, Plan

# Streamed for the trial of another stimulus [s]. Source: the spectral lock needs
# 0.34 s behind the latency of the path. Higher: a run on a digital path that is
# not connected starts later; lower: a slow path is not recognised.
TRIAL_S = 1.0
# A burst with xruns is repeated with rings so many times as large, one after the other. Source: 5 ms at
# 48 kHz run dry on a busy machine and 80 ms seldom do. Higher: the card may not grant them; lower: the
# repetition has xruns as well.
LARGER_RINGS = (4, 16)
LARGEST_RING = 1 << 22


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
        shared = self.plan.shared()
        bench = BurstRunner(
            self.granted, other, self.frames, 1, asked, loopback=other.loopback, shared=shared
        )
        return bench.run(self.pcm, self.arm.handling, position)

    @property
    def rings(self) -> str:
        """The rings in words."""
        return f"{self.granted.playback.buffer_size} and {self.granted.capture.buffer_size} frames"

    def with_larger_rings(self, times: int) -> Trials:
        """Open the PCM anew with rings `times` as large and return the trials on it.

        Both are touched as an ordinary player and recorder do: a queue kept short runs dry in any ring.

        Raises
        ------
        DeviceError : the card does not grant them; no PCM is open then.
        """
        plain = Handling()
        arm = replace(
            self.arm,
            playback_buffer=min(self.arm.playback_buffer * times, LARGEST_RING),
            capture_buffer=min(self.arm.capture_buffer * times, LARGEST_RING),
            playback=plain.playback.value,
            queue_periods=plain.queue_periods,
            capture=plain.capture.value,
            switches_per_s=plain.switches_per_s,
            start_burst=plain.start_burst,
            load=plain.load.value,
        )
        return replace(self, granted=self.pcm.open(self.plan.request(arm)), arm=arm)


def repeat_with_larger_rings(
    trials: Trials, tried: Detector, taken: Callable[[int], int]
) -> tuple[Trials, BurstResult] | None:
    """Repeat a burst that had xruns with larger rings; None where each of them has xruns too.

    Parameters
    ----------
    taken : takes that many positions of the pattern and returns the first.
    """
    for times in LARGER_RINGS:
        try:
            larger = trials.with_larger_rings(times)
        except DeviceError:
            # A card that went away says so when it is opened for the next burst.
            return None
        result = larger.burst(tried, taken(larger.frames))
        if result.exchange.lost or result.locked or not result.exchange.xruns:
            return larger, result
    return None


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


def behind(path: Path, judge: Detector, here: Sequence[str]) -> LoopbackRecord:
    """Return what the record says of a digital path that is not bit-exact.

    Parameters
    ----------
    judge : of the bursts that follow.
    here : what on this machine may change samples, a line each.
    """
    said, left = sentence(path), lost(path)
    judged = f"behind {said}" if path.invertible else f"{said}; {left}"
    todo = "; ".join(one for one in (advice(path), *here) if one)
    why = f"{judged}{f'; to do: {todo}' if todo else ''}"
    return LoopbackRecord(judge.loopback, judge.name, why, said, left, todo)


def maybe_cable(path: Path) -> bool:
    """Tell whether a path may be an analog cable, which filters, adds noise and drifts."""
    digital = path.encoding in CURVES or (any(path.clipped) and not path.notes)
    return not (path.invertible or digital or abs(path.rate_ratio - 1) > TWO_CLOCKS)
