# SPDX-License-Identifier: MIT
"""Which life-cycle event a playback stream comes behind, as far as a device can see one.

The host's intent is not on the bus. What is: whether URBs were taken back (a stop) or the
host had none left (an underrun), a new alternate setting (the PCM was closed), another
sample rate, the strings that a driver reads when it is loaded, and a new configuration.
"""

from __future__ import annotations

from stress.model.lifecycle import SEEN_BY_A_DEVICE

#: An authorization that is taken and given (usb-power) looks as unbind and bind does.
SEEN = SEEN_BY_A_DEVICE


class Lifecycle:
    """Collects what happens between two playback streams.

    Threads: one.
    """

    def __init__(self) -> None:
        self._between: set[str] = set()
        self._streamed = False
        self._rate = 0

    def configured(self, value: int) -> None:
        """SET_CONFIGURATION: 0 takes the interfaces from their drivers, 1 is a device made anew."""
        self._between.add("usb-reset" if value else "usb-rebind")

    def read_string(self) -> None:
        """A string descriptor was read: a driver looks at the device."""
        self._between.add("module-reload")

    def closed(self) -> None:
        """The playback interface took alternate setting 0."""
        self._between.add("reopen")

    def set_rate(self, rate: int) -> None:
        """The host set the sample rate [Hz]."""
        if self._streamed and rate != self._rate:
            self._between.add("rate")

    def taken_back(self) -> None:
        """The host unlinked a playback URB: it stopped a stream that had data."""
        self._between.add("restart")

    def begin(self, rate: int) -> str:
        """Return the event that the stream which begins now comes behind, "" for the first.

        Parameters
        ----------
        rate : of the stream [Hz].
        """
        seen = self._between | {"xrun"} if "restart" not in self._between else self._between
        event = next(name for name in SEEN if name in seen) if self._streamed else ""
        self._between, self._streamed, self._rate = set(), True, rate
        return event
