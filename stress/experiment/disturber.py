# SPDX-License-Identifier: MIT
"""Life-cycle events between the bursts of an arm: who does them, and what is recorded of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stress.model.lifecycle import LifecycleEvent
    from stress.model.pcm import PcmRequest


class Disturber(Protocol):
    """Does events to the PCM, the card or the machine of a run.

    Threads: one, between bursts.
    """

    def unfit(self, event: LifecycleEvent) -> str:
        """Return why `event` cannot be done here, "" when it can; nothing is touched."""

    def disturb(self, event: LifecycleEvent, request: PcmRequest, down_s: float = 0.0) -> float:
        """Do `event` and return how long it took [s].

        The PCM is closed behind an event that `closes`, else as open as before.

        Parameters
        ----------
        request : what the arm asks of the PCM.
        down_s : see `stress.plan.plan.Arm`.

        Raises
        ------
        DeviceGone : the card did not come back.
        DeviceError : a step was refused.
        """

    def unfit_driver(self) -> str:
        """Return why the card's driver cannot be loaded with another use_vmalloc, "" when it can."""

    def load_driver(self, vmalloc: bool) -> None:
        """Load the card's driver with use_vmalloc=1 or =0; the PCM is closed.

        Raises
        ------
        DeviceGone : the card did not come back.
        DeviceError : a step was refused.
        """

    def put_back(self) -> None:
        """Undo what outlasts an event: the driver's parameters; the PCM is closed. May come twice.

        Raises
        ------
        DeviceError : a step was refused; the note of it stays for the next command.
        """
