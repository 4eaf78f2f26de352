# SPDX-License-Identifier: MIT
"""Who does the life-cycle events of a run: the PCM and the machine of a card, or a virtual board."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

from stress.cli import volume_ramp
from stress.errors import BackendUnavailable, DeviceError
from stress.model.lifecycle import LifecycleEvent
from stress.model.pcm import Direction
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
    formats : returns the formats that the card plays.
    """

    def __init__(self, pcm: AlsaPcm, lifecycle: Lifecycle, formats: Callable[[], list[str]]) -> None:
        self._pcm, self._lifecycle, self._formats = pcm, lifecycle, formats

    def unfit(self, event: LifecycleEvent) -> str:
        """Return why `event` cannot be done here, "" when it can."""
        try:
            return self._lifecycle.unfit(event) or self._pcm_lacks(event)
        except (DeviceError, BackendUnavailable) as error:
            return f"{event.value}: {error}"

    def _pcm_lacks(self, event: LifecycleEvent) -> str:
        if event is LifecycleEvent.PAUSE and not self._pcm.can_pause():
            return "pause: the driver cannot pause this card"
        if event is LifecycleEvent.ALTSET and len(self._formats()) < 2:
            return "altset: the card plays one format only, so it has no other setting"
        if event is LifecycleEvent.MIXER and not volume_ramp.volumes(self._lifecycle.card):
            return "mixer: the card has no playback volume with a dB scale"
        return ""

    def disturb(self, event: LifecycleEvent, request: PcmRequest, down_s: float = 0.0) -> float:
        """Do `event` and return how long it took [s]."""
        began = time.monotonic()
        beside: Callable[[], None] | None = {
            LifecycleEvent.XRUN: self._pcm.starve,
            LifecycleEvent.XRUN_PLAYBACK: lambda: self._pcm.starve_one(Direction.PLAYBACK),
            LifecycleEvent.XRUN_CAPTURE: lambda: self._pcm.starve_one(Direction.CAPTURE),
            LifecycleEvent.PAUSE: self._pcm.pause,
            LifecycleEvent.DRAIN: self._pcm.drain,
            LifecycleEvent.MIXER: lambda: volume_ramp.ramp(self._lifecycle.card),
        }.get(event)
        if beside is not None:
            beside()
        if event.closes:
            self._pcm.close()
        if event is LifecycleEvent.RATE:
            self._other_rate(request)
        if event is LifecycleEvent.ALTSET:
            self._other_format(request)
        before = self._lifecycle.card
        after = self._lifecycle.perform(event, down_s)
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
        self._opened_and_closed(
            replace(
                request,
                playback=replace(request.playback, rate=rate),
                capture=replace(request.capture, rate=rate),
            )
        )

    def _other_format(self, request: PcmRequest) -> None:
        from dataclasses import replace

        from stress.model.formats import card_format

        name = next(name for name in self._formats() if name != request.playback.format.name)
        self._opened_and_closed(
            replace(request, playback=replace(request.playback, format=card_format(name)))
        )

    def _opened_and_closed(self, request: PcmRequest) -> None:
        try:
            self._pcm.open(request)
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

    def disturb(self, event: LifecycleEvent, request: PcmRequest, down_s: float = 0.0) -> float:
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
