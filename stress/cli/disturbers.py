# SPDX-License-Identifier: MIT
"""Who does the life-cycle events of a run: the PCM and the machine of a card, or a virtual board."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stress.errors import DeviceError
from stress.model.lifecycle import LifecycleEvent
from stress.model.transport import USB

if TYPE_CHECKING:
    from stress.board.lifecycle import Lifecycle
    from stress.model.pcm import PcmRequest
    from stress.pcm.alsa import AlsaPcm
    from stress.pcm.virtual import VirtualPcm

# A rate that every card but few has, to be opened in between [Hz].
_OTHER_RATES = (44100, 48000)


class AlsaDisturber:
    """Events on a real card; see `stress.experiment.disturber.Disturber`.

    Parameters
    ----------
    lifecycle : None where the card is not one of this machine's own.
    """

    def __init__(self, pcm: AlsaPcm, lifecycle: Lifecycle) -> None:
        self._pcm, self._lifecycle = pcm, lifecycle

    def unfit(self, event: LifecycleEvent) -> str:
        """Return why `event` cannot be done here, "" when it can."""
        return self._lifecycle.unfit(event)

    def disturb(self, event: LifecycleEvent, request: PcmRequest) -> float:
        """Do `event` and return how long it took [s]."""
        began = time.monotonic()
        if event is LifecycleEvent.XRUN:
            self._pcm.starve()
        if event.closes:
            self._pcm.close()
        if event is LifecycleEvent.RATE:
            self._other_rate(request)
        before = self._lifecycle.card
        after = self._lifecycle.perform(event)
        if after != before:
            self._pcm.card_moved(before, after)
        return time.monotonic() - began

    def unfit_driver(self) -> str:
        """Return why the card's driver cannot be loaded with another use_vmalloc, "" when it can."""
        return self._lifecycle.unfit_driver()

    def load_driver(self, vmalloc: bool) -> None:
        """Load the card's driver with use_vmalloc=1 or =0."""
        self._pcm.close()
        before = self._lifecycle.card
        after = self._lifecycle.load_driver(vmalloc)
        if after != before:
            self._pcm.card_moved(before, after)

    def put_back(self) -> None:
        """Load the driver with the parameters it had."""
        self._pcm.close()
        self._lifecycle.put_back()

    def _other_rate(self, request: PcmRequest) -> None:
        from dataclasses import replace

        rate = next(rate for rate in _OTHER_RATES if rate != request.playback.rate)
        other = replace(
            request,
            playback=replace(request.playback, rate=rate),
            capture=replace(request.capture, rate=rate),
        )
        try:
            self._pcm.open(other)
        finally:
            self._pcm.close()


class VirtualDisturber:
    """Events on a virtual board, which has nothing to lose by them; its faults may wait for one (`after`)."""

    def __init__(self, pcm: VirtualPcm) -> None:
        self._pcm = pcm

    def unfit(self, event: LifecycleEvent) -> str:
        """Return why `event` cannot be done here, "" when it can."""
        if event.on_usb and self._pcm.spec.transport != USB:
            return f"{event.value}: the card of this board is not on USB"
        return ""

    def disturb(self, event: LifecycleEvent, request: PcmRequest) -> float:
        """Do `event` and return how long it took, in virtual time [s].

        Raises
        ------
        DeviceError : this board has no such event.
        """
        refused = self.unfit(event)
        if refused:
            raise DeviceError(refused, device=self._pcm.backend)
        if event.closes:
            self._pcm.close()
        self._pcm.board.after = event.value
        return 0.0

    def unfit_driver(self) -> str:
        """Return why this board has no use_vmalloc, "" when it has."""
        return "" if self._pcm.spec.transport == USB else "use_vmalloc: the card of this board is not on USB"

    def load_driver(self, vmalloc: bool) -> None:
        """Let the rings of the board be cached or coherent memory from the next opening on."""
        self._pcm.close()
        self._pcm.load_driver(vmalloc)

    def put_back(self) -> None:
        """Nothing: a virtual board ends with its run."""
