# SPDX-License-Identifier: MIT
"""Life-cycle events: what happens to a stream, a card or the machine between two bursts of an arm."""

from __future__ import annotations

from enum import Enum


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
    def closes(self) -> bool:
        """True when the PCM has to be closed before it and opened after it."""
        return self not in (
            LifecycleEvent.NONE,
            LifecycleEvent.RESTART,
            LifecycleEvent.XRUN,
            LifecycleEvent.XRUN_PLAYBACK,
            LifecycleEvent.XRUN_CAPTURE,
            LifecycleEvent.PAUSE,
            LifecycleEvent.DRAIN,
            LifecycleEvent.MIXER,
            LifecycleEvent.CPU_OFFLINE,
            LifecycleEvent.GOVERNOR,
        )

    @property
    def on_usb(self) -> bool:
        """True when only a USB card has it."""
        return self in (
            LifecycleEvent.USB_RESET,
            LifecycleEvent.USB_REBIND,
            LifecycleEvent.USB_POWER,
            LifecycleEvent.AUTOSUSPEND,
            LifecycleEvent.ALTSET,
        )

    @property
    def on_machine(self) -> bool:
        """True when something other than the PCM is touched, which needs rights and an undo."""
        return self not in (
            LifecycleEvent.NONE,
            LifecycleEvent.RESTART,
            LifecycleEvent.REOPEN,
            LifecycleEvent.XRUN,
            LifecycleEvent.XRUN_PLAYBACK,
            LifecycleEvent.XRUN_CAPTURE,
            LifecycleEvent.PAUSE,
            LifecycleEvent.DRAIN,
            LifecycleEvent.RATE,
            LifecycleEvent.ALTSET,
            LifecycleEvent.MIXER,
        )


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
