"""The steps of a burst: who touches what, in time order, without addresses."""

from __future__ import annotations

from enum import IntEnum


class Step(IntEnum):
    """Kind of a step; a step is (kind, first, end).

    Steps on a ring span the frames [first, end) of its stream, counted from
    prepare; for the others `end` is a number of lines.
    """

    NOISE = 0  #: lines filled by anybody else
    FLUSH = 1  #: clean+invalidate of the whole cache
    ZERO_PLAYBACK = 2  #: hw_params clears the playback ring, kernel alias
    ZERO_CAPTURE = 3  #: hw_params clears the capture ring, kernel alias
    KERNEL_LOAD = 4  #: playback ring to URB
    KERNEL_STORE = 5  #: URB to capture ring
    USER_STORE = 6  #: play buffer to playback ring, stores only
    USER_RMW = 7  #: the same, each line loaded before it is stored
    USER_CLEAN = 8  #: sys_cacheflush of what was stored
    USER_READ = 9  #: capture ring to captured buffer
    USER_AHEAD = 10  #: capture lines loaded before their data arrive


class StepList:
    """Collect steps as flat triples, the cheapest form Python has."""

    def __init__(self) -> None:
        self.flat: list[int] = []

    def add(self, kind: int, first: int, end: int) -> None:
        """Append one step."""
        self.flat += (kind, first, end)
