"""The tap of a virtual board: the packets of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.model.wire import Wire, WireStream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.pcm import Granted
    from stress.pcm.virtual import VirtualPcm

    Bytes = NDArray[np.uint8]


class VirtualTap:
    """Gives what the model handed to its bus and took from it.

    Not modelled: drops, truncation, the cache lines usbmon itself evicts, and
    the view of memory.

    Threads: one caller.
    """

    def __init__(self, pcm: VirtualPcm) -> None:
        self._pcm = pcm
        self.source = "virtual bus"

    def start(self, granted: Granted, seconds: float) -> str:
        """Look from now on; a model can always be looked at."""
        return ""

    def finish(self) -> Wire | None:
        """Return the packets of the last burst, None without one."""
        outcome = self._pcm.outcome
        if outcome is None:
            return None
        return Wire(self.source, _stream(outcome.wire), _stream(outcome.incoming))


def _stream(frames: Bytes) -> WireStream:
    # One packet: where the model cuts its packets decides nothing here.
    none = np.zeros(1, dtype=np.int64)
    return WireStream(np.ascontiguousarray(frames).reshape(-1), none, none)
