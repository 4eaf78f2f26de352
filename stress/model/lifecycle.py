# SPDX-License-Identifier: MIT
"""Life-cycle events: what happens to a stream, a card or the machine between two bursts of an arm."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class LifecycleEvent(str, Enum):
    """What an arm does before each of its bursts; none is done unless a plan or `--event` asks."""

    NONE = "none"  #: nothing: the next burst starts on the open stream
    RESTART = "restart"  #: drop, prepare and start the open stream again
    REOPEN = "reopen"  #: close the PCM and open it: a new ring
    XRUN = "xrun"  #: let both directions run dry until they stop, then prepare
    XRUN_PLAYBACK = "xrun-playback"  #: the same of playback alone, while capture is read on
    XRUN_CAPTURE = "xrun-capture"  #: the same of capture alone, while playback is fed on
    PAUSE = "pause"  #: run on silence, pause, release, and stop
    DRAIN = "drain"  #: play a ring of silence to its end (snd_pcm_drain)
    RATE = "rate"  #: open at another sample rate and back
    ALTSET = "altset"  #: open in another format, which is another alternate setting, and back
    MIXER = "mixer"  #: run every playback volume down and up, and put it back
    USB_RESET = "usb-reset"  #: reset the port of the device
    USB_REBIND = "usb-rebind"  #: unbind the driver from the device and bind it again
    USB_POWER = "usb-power"  #: take the device's authorization and give it back
    AUTOSUSPEND = "autosuspend"  #: let the device suspend while nothing streams
    MODULE_RELOAD = "module-reload"  #: unload and load the card's driver
    CPU_OFFLINE = "cpu-offline"  #: take the last CPU offline and bring it back
    GOVERNOR = "governor"  #: change the frequency governor and back
    SUSPEND = "suspend"  #: suspend the machine for some seconds (rtcwake)

    @property
    def traits(self) -> Traits:
        """What the event asks for and leaves behind."""
        return _TRAITS[self]

    @property
    def closes(self) -> bool:
        """True when the PCM has to be closed before it and opened after it."""
        return self.traits.closes

    @property
    def on_usb(self) -> bool:
        """True when only a USB card has it."""
        return self.traits.on_usb

    @property
    def on_machine(self) -> bool:
        """True when something other than the PCM is touched, which needs rights and an undo."""
        return self.traits.on_machine


class Traits(NamedTuple):
    """What is known of an event beforehand.

    Parameters
    ----------
    seen : the event as which a USB device sees the next stream begin, "" where it sees nothing of it.
    closes : the PCM has to be closed before it and opened after it.
    on_usb : only a USB card has it.
    on_machine : something other than the PCM is touched, which needs rights and an undo.
    holds : something is away or changed meanwhile, for as long as `down_s` asks.
    inside : it can be done in the middle of a burst.
    """

    seen: str = ""
    closes: bool = False
    on_usb: bool = False
    on_machine: bool = False
    holds: bool = False
    inside: bool = False


_STREAM = Traits(seen="restart")
#: Source of `seen`: sound/usb/endpoint.c (stop_urbs), sound/usb/card.c (usb_audio_make_shortname),
#: drivers/usb/core/{hub,message,generic}.c. The stream before each event was stopped, a restart at least.
_TRAITS: dict[LifecycleEvent, Traits] = {
    LifecycleEvent.NONE: _STREAM,
    LifecycleEvent.RESTART: _STREAM,
    LifecycleEvent.REOPEN: Traits(seen="reopen", closes=True),
    LifecycleEvent.XRUN: Traits(seen="xrun"),
    LifecycleEvent.XRUN_PLAYBACK: Traits(seen="xrun"),
    LifecycleEvent.XRUN_CAPTURE: _STREAM,
    LifecycleEvent.PAUSE: Traits(seen="restart", inside=True),
    LifecycleEvent.DRAIN: Traits(seen="xrun"),
    LifecycleEvent.RATE: Traits(seen="rate", closes=True),
    LifecycleEvent.ALTSET: Traits(seen="reopen", closes=True, on_usb=True),
    LifecycleEvent.MIXER: _STREAM,
    LifecycleEvent.USB_RESET: Traits(seen="usb-reset", closes=True, on_usb=True, on_machine=True),
    LifecycleEvent.USB_REBIND: Traits("usb-rebind", closes=True, on_usb=True, on_machine=True, holds=True),
    LifecycleEvent.USB_POWER: Traits("usb-rebind", closes=True, on_usb=True, on_machine=True, holds=True),
    LifecycleEvent.AUTOSUSPEND: Traits("reopen", closes=True, on_usb=True, on_machine=True, holds=True),
    LifecycleEvent.MODULE_RELOAD: Traits("module-reload", closes=True, on_machine=True, holds=True),
    LifecycleEvent.CPU_OFFLINE: Traits(seen="restart", on_machine=True, holds=True),
    LifecycleEvent.GOVERNOR: Traits(seen="restart", on_machine=True, holds=True),
    LifecycleEvent.SUSPEND: Traits(seen="reopen", closes=True, on_machine=True, holds=True),
}
#: Events that a USB device can tell apart, from what says most to what says least.
SEEN_BY_A_DEVICE = ("usb-rebind", "usb-reset", "module-reload", "rate", "reopen", "xrun", "restart")


class FirstLap(str, Enum):
    """What the first lap behind an event held; the worst that applies."""

    RIGHT = "right"  #: every frame, from the first that was played
    LOST = "lost"  #: the first frames that were played are missing
    ROTATED = "rotated"  #: channels exchanged or rotated
    STALE = "stale"  #: data from before the event
    REPEATED = "repeated"  #: frames came twice
    MUTE = "mute"  #: silence: in place of so many frames, or (0 of them) all through
    WRONG = "wrong"  #: anything else that differs
    XRUN = "xrun"  #: the burst had an xrun of its own and was not recognised: not judged
    GONE = "did not come back"  #: the card or the stream did not come back
