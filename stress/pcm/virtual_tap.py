# SPDX-License-Identifier: MIT
"""The tap of a virtual board: the packets of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stress.model.arrays import Bytes, Ints
from stress.model.pcm import Direction, Granted
from stress.model.wire import Wire, WireStream
from stress.virtual.card.usbcard import hits, packets_of
from stress.virtual.spec import PACKET_FAULTS

if TYPE_CHECKING:
    from stress.pcm.virtual import VirtualPcm
    from stress.virtual.board import BoardBurst


class VirtualTap:
    """Gives what the model handed to its bus and took from it.

    Memory is looked at after as many lines were filled as a loop in Python fills
    (`user.loop_fills`); coherent memory has no such view, as on a real kernel.
    Not modelled: drops, truncation, and the cache lines usbmon itself evicts.

    Threads: one caller.
    """

    def __init__(self, pcm: VirtualPcm) -> None:
        self._pcm = pcm
        self._granted: Granted | None = None
        self._memory: dict[Direction, Bytes] = {}
        self.source = "virtual bus"

    def start(self, granted: Granted, seconds: float) -> str:
        """Look from now on; a model can always be looked at."""
        self._granted, self._memory = granted, {}
        return ""

    def grab(self) -> None:
        """Copy the rings as the modelled memory holds them now."""
        spec = self._pcm.spec
        if self._granted is None or not spec.kernel.use_vmalloc:
            return
        for mapping in self._granted.mappings:
            if mapping.direction is Direction.CAPTURE and not spec.usb.captures:
                continue
            which = list(Direction).index(mapping.direction)
            self._memory[mapping.direction] = self._pcm.board.memory(which, spec.user.loop_fills)

    def finish(self) -> Wire | None:
        """Return the packets of the last burst, None without one."""
        outcome = self._pcm.outcome
        if outcome is None:
            return None
        coherent, captures = not self._pcm.spec.kernel.use_vmalloc, self._pcm.spec.usb.captures
        return Wire(
            self.source,
            _out(outcome),
            _stream(outcome.incoming if captures else outcome.incoming[:0], outcome.edges),
            memory=self._memory,
            has_capture=captures,
            notes=("memory view: none of coherent memory (use_vmalloc=0)",) if coherent else (),
        )


def _out(outcome: BoardBurst) -> WireStream:
    # What the host handed over is whole; the packets that never went out have a status.
    stream = _stream(outcome.wire, outcome.edges)
    width = outcome.wire.shape[1]
    for fault in outcome.faults:
        status = PACKET_FAULTS.get(fault.kind, 0)
        for first in hits(fault, len(outcome.wire)) if status else ():
            begin, end = packets_of(fault, first, outcome.edges)
            stream.statuses[(stream.starts >= begin * width) & (stream.starts < end * width)] = status
    return stream


def _stream(frames: Bytes, edges: Ints) -> WireStream:
    starts = edges[edges < len(frames)] * frames.shape[1]
    # A packet without frames has no place of its own.
    kept = np.ones(len(starts), dtype=np.bool_)
    kept[1:] = starts[1:] > starts[:-1]
    starts = starts[kept] if len(frames) else np.zeros(1, dtype=np.int64)
    return WireStream(np.ascontiguousarray(frames).reshape(-1), starts, np.zeros(len(starts), dtype=np.int64))
