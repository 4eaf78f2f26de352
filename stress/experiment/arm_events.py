# SPDX-License-Identifier: MIT
"""What happens between the bursts of an arm, and what a burst behind it shows of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stress.experiment.first_lap import Start, first_lap, with_lost_start
from stress.model.lifecycle import FirstLap, LifecycleEvent
from stress.model.record.events import LifecycleRecord

if TYPE_CHECKING:
    from stress.experiment.burst import BurstResult
    from stress.experiment.disturber import Disturber
    from stress.plan.plan import Arm


class ArmEvents:
    """The events of the arms of a run, one after the other.

    Parameters
    ----------
    disturber : does them, None where none can be done.

    Threads: one, between bursts.
    """

    def __init__(self, disturber: Disturber | None) -> None:
        self._disturber = disturber
        self._last_arm = ""
        self._vmalloc = ""  # of the driver, where an arm had it loaded
        self._usual: dict[str, Start] = {}  # how the first burst of each arm began

    def refusal(self, arm: Arm) -> str:
        """Return why an arm cannot have its event or its driver here, "" when it can; nothing is touched."""
        event = LifecycleEvent(arm.event)
        if event is not LifecycleEvent.NONE:
            reason = self._disturber.unfit(event) if self._disturber else f"{arm.event}: not on this backend"
            if reason:
                return reason
        if not arm.vmalloc:
            return ""
        return self._disturber.unfit_driver() if self._disturber else "use_vmalloc: not on this backend"

    def due(self, arm: Arm) -> LifecycleEvent | None:
        """Return the event before this burst of `arm`, None where it has none or the arm has just begun."""
        event = LifecycleEvent(arm.event)
        again, self._last_arm = arm.name == self._last_arm, arm.name
        known = event is not LifecycleEvent.NONE and self._disturber is not None
        return event if known and again else None

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
        return self._disturber is not None and arm.event != LifecycleEvent.NONE.value

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

    def record(
        self, arm: Arm, number: int, result: BurstResult, lap: int, took_s: float, returned: bool
    ) -> LifecycleRecord:
        """Return what the event before burst `number` did to it.

        Parameters
        ----------
        lap : frames of the larger ring.
        returned : the stimulus was recognised in the loopback of this run at least once.
        """
        outcome, frames = first_lap(result.analysis, result.exchange, lap, self._usual.get(arm.name))
        if not result.locked and returned:
            # The wire may judge such a burst; what came back before did not come back behind the event.
            outcome, frames = (FirstLap.XRUN if result.exchange.xruns else FirstLap.MUTE), 0
        lead = result.analysis.first_frame or 0
        return LifecycleRecord(arm.name, number, arm.event, outcome.value, frames, took_s, lead)


def gone(arm: Arm) -> LifecycleRecord:
    """Return the record of an event that the card did not come back from."""
    return LifecycleRecord(arm.name, 0, arm.event, FirstLap.GONE.value, 0, 0.0)
