# SPDX-License-Identifier: MIT
"""The wire and the memory as seen beside a burst: what a tap gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from stress.model.arrays import Bytes, Ints
from stress.model.pcm import Direction, Granted

# The views of a burst, by the place where a wrong run first appears.
PLAYBACK_RING, BUS, CAPTURE_RING = "host playback ring", "wire or device", "host capture ring"
# The lanes of a finding: what the user wrote, what memory held of the ring (the
# playback ring, or the capture ring where that is to blame), what crossed the
# wire, what was read; and what a lane may say.
LANES = ("user", "memory", "wire", "read")
# Different lengths or errors of packets that are counted apart; a stream has two or three.
MOST_KINDS = 8
RIGHT, WRONG, UNKNOWN = "right", "wrong", ""


@dataclass(frozen=True)
class WireStream:
    """Payload of one direction, packets joined in bus order.

    Parameters
    ----------
    data : (n,) uint8. It ends where the record stops being complete; what is
        in it is whole.
    starts : (packets,) int64, offset of each packet in `data` [bytes].
    statuses : (packets,) int64, 0 or the negative errno the packet ended with.
    """

    data: Bytes
    starts: Ints
    statuses: Ints

    @property
    def failed(self) -> int:
        """Packets that ended with an error."""
        return int((self.statuses != 0).sum())

    def by_status(self) -> dict[str, int]:
        """Return how many packets ended with each error, by the errno as text."""
        return _counted(self.statuses[self.statuses != 0])

    def by_length(self) -> dict[str, int]:
        """Return how many packets have each length [bytes], the commonest first."""
        ends = np.append(self.starts[1:], self.data.size)
        return _counted(ends - self.starts)


def _counted(values: Ints) -> dict[str, int]:
    numbers, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_KINDS]
    return {str(int(numbers[place])): int(counts[place]) for place in order}


@dataclass(frozen=True)
class Wire:
    """Everything a tap saw of one burst.

    Parameters
    ----------
    source : what looked, e.g. "usbmon1".
    out, into : what the host handed to the bus, and what came from it before
        the driver copied it into the ring.
    joined : what came in with the parts of frames at the ends of its packets, None where
        each packet holds whole frames; only the read tells which of the two the driver took.
    events : events taken over; `dropped` never reached us, `truncated` came
        without all of their data. `out` and `into` end before the first of either.
    memory : ring contents after the burst as DRAM holds them, (buffer_bytes,)
        uint8, per direction that could be read.
    drain_ns : CPU time of fetching and joining, after the burst [ns].
    has_capture : the card has an IN endpoint for audio.
    several_cpus : the driver may still copy a packet that hw_ptr counts already.
    """

    source: str
    out: WireStream
    into: WireStream
    events: int = 0
    dropped: int = 0
    truncated: int = 0
    memory: Mapping[Direction, Bytes] = field(default_factory=dict)
    drain_ns: int = 0
    has_capture: bool = True
    several_cpus: bool = False
    notes: tuple[str, ...] = ()
    joined: WireStream | None = None


class Tap(Protocol):
    """Looks at bus and memory during a burst, in the tester's own process.

    A reader in another process would be scheduled per event: context switches
    that clean and invalidate a VIVT cache and so hide what is looked for.

    Attributes
    ----------
    source : what looks, e.g. "usbmon1".

    Threads: one caller.
    """

    source: str

    def start(self, granted: Granted, seconds: float) -> str:
        """Look from now on, for a burst of `seconds`; return why not, "" when it does."""

    def grab(self) -> None:
        """Copy what memory holds of the rings: right behind the burst, before Python evicts dirty lines."""

    def finish(self) -> Wire | None:
        """Return what was seen since `start`, None when it could not look."""
