# SPDX-License-Identifier: MIT
"""What happens between the bursts of an arm or in the middle of one, and what is seen of it behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stress.experiment import middle
from stress.experiment.first_lap import Start, first_lap, with_lost_start
from stress.model.lifecycle import FirstLap
from stress.model.record.events import LifecycleRecord

if TYPE_CHECKING:
    from stress.experiment.burst import BurstResult
    from stress.experiment.disturber import Disturber
    from stress.model.middle import Middle
    from stress.plan.event_rules import EventRule
    from stress.plan.plan import Arm, Plan


class ArmEvents:
    """The events of the arms of a run, one after the other.

    Parameters
    ----------
    disturber : does them, None where none can be done.
    seed : of those that happen by chance.
    streamed_s : that an earlier part of this run streamed [s].

    Threads: one, between bursts.
    """

    def __init__(
        self, plan: Plan, disturber: Disturber | None, seed: int = 0, streamed_s: float = 0.0
    ) -> None:
        self._plan, self._disturber, self._seed = plan, disturber, seed
        self._last_arm = ""
        self._vmalloc = ""  # of the driver, where an arm had it loaded
        self._usual: dict[str, Start] = {}  # how the first burst of each arm began
        self._before_s = streamed_s  # when the burst before this one began
        self._inside: EventRule | None = None

    def refusal(self, arm: Arm) -> str:
        """Return why an arm cannot have its events or its driver here, "" when it can; nothing is touched."""
        for rule in self._plan.rules(arm):
            reason = (
                self._disturber.unfit(rule.event) if self._disturber else f"{rule.name}: not on this backend"
            )
            if reason:
                return reason
        if not arm.vmalloc:
            return ""
        return self._disturber.unfit_driver() if self._disturber else "use_vmalloc: not on this backend"

    def due(self, arm: Arm, number: int = 0, now_s: float = 0.0) -> tuple[EventRule, ...]:
        """Return the events before a burst of `arm`; none where the arm has just begun.

        Parameters
        ----------
        number : of the burst.
        now_s : streamed time of the run [s].
        """
        again, self._last_arm = arm.name == self._last_arm, arm.name
        before_s, self._before_s = self._before_s, now_s
        rules = [
            rule
            for rule in self._plan.rules(arm)
            if self._disturber is not None and rule.due(before_s, now_s, f"{self._seed}/{number}")
        ]
        self._inside = next((rule for rule in rules if rule.into_s), None)
        return tuple(rule for rule in rules if again and not rule.into_s)

    def inside(self) -> Middle | None:
        """Return the event in the middle of the burst that `due` was asked for."""
        return self._inside.middle(self._plan.rate) if self._inside else None

    def middles(self, arm: Arm) -> tuple[Middle, ...]:
        """Return every event that may happen in the middle of a burst of `arm`."""
        found = (rule.middle(self._plan.rate) for rule in self._plan.rules(arm))
        return tuple(one for one in found if one is not None)

    def load_driver(self, arm: Arm) -> None:
        """Have the driver loaded as an arm asks, where it is not yet.

        Raises
        ------
        DeviceGone, DeviceError : as `Disturber.load_driver`.
        """
        if not arm.vmalloc or arm.vmalloc == self._vmalloc or self._disturber is None:
            return
        self._vmalloc = ""
        self._disturber.load_driver(arm.vmalloc == "on")
        self._vmalloc = arm.vmalloc

    def tells_of_rest(self, arm: Arm) -> bool:
        """Return whether what a burst leaves in the ring is the question of the next one.

        Old silence behind an event could not be told from lost frames.
        """
        return self._disturber is not None and bool(self._plan.rules(arm))

    def judged(self, arm: Arm, result: BurstResult, behind_event: bool) -> BurstResult:
        """Return a burst with the loss of its first frames found, where only an event explains it."""
        analysis = result.analysis
        if result.exchange.xruns or result.by_wire or analysis.detector != "exact":
            return result
        if behind_event:
            usual = self._usual.get(arm.name)
            found = with_lost_start(analysis, result.exchange, result.position, usual)
            return replace(result, heard=replace(result.heard, analysis=found))
        began = Start.of(analysis, result.exchange, result.position)
        if began is not None:
            self._usual.setdefault(arm.name, began)
        return result

    def records(
        self,
        arm: Arm,
        number: int,
        result: BurstResult,
        lap: int,
        happened: Sequence[tuple[str, float]],
        returned: bool,
    ) -> list[LifecycleRecord]:
        """Return what each event before burst `number`, or in the middle of it, did to it.

        Parameters
        ----------
        lap : frames of the larger ring.
        happened : name of each event before it, and how long it took [s].
        returned : the stimulus was recognised in the loopback of this run at least once.
        """
        found = self._in_the_middle(arm, number, result, lap)
        if not happened:
            return found
        outcome, frames = first_lap(result.analysis, result.exchange, lap, self._usual.get(arm.name))
        if not result.locked and returned:
            # The wire may judge such a burst; what came back before did not come back behind the event.
            outcome, frames = (FirstLap.XRUN if result.exchange.xruns else FirstLap.MUTE), 0
        lead = result.analysis.first_frame or 0
        return [
            LifecycleRecord(arm.name, number, name, outcome.value, frames, took_s, lead)
            for name, took_s in happened
        ] + found

    def _in_the_middle(self, arm: Arm, number: int, result: BurstResult, lap: int) -> list[LifecycleRecord]:
        if result.gap is None or self._inside is None:
            return []
        outcome, frames = middle.outcome(result.analysis, result.gap, lap)
        if result.exchange.xruns and outcome is FirstLap.MUTE:
            outcome = FirstLap.XRUN
        took_s = result.gap.frames / self._plan.rate
        return [
            LifecycleRecord(
                arm.name, number, self._inside.name, outcome.value, frames, took_s, at_frame=result.gap.at
            )
        ]


def gone(arm: Arm, name: str) -> LifecycleRecord:
    """Return the record of an event that the card did not come back from."""
    return LifecycleRecord(arm.name, 0, name, FirstLap.GONE.value, 0, 0.0)
