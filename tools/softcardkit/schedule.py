# SPDX-License-Identifier: MIT
"""When the next fault is due: scheduled ones, repeated ones, random ones."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import replace

from tools.softcardkit.faultspec import BYTE_KINDS, Fault, FaultRate

NEVER = 1 << 62


class _Source:
    # Random places of one FaultRate: exponential gaps, so that any number a second is
    # a Poisson process; the same seed, rate and stream number give the same places.
    def __init__(self, rate: FaultRate, seed: str, rate_hz: int) -> None:
        self._fault = rate.fault
        self._random = random.Random(seed)
        self._per_frame = rate.per_second / rate_hz
        # A run starts on a multiple of its own length: stale lines lie on line edges.
        self._align = max(rate.fault.frames, 1) if rate.fault.kind in BYTE_KINDS else 1
        self._next = 0

    def take(self) -> Fault:
        """Return the next fault of this source."""
        gap = self._random.expovariate(self._per_frame)
        frame = self._next + int(gap)
        frame += -frame % self._align
        self._next = frame + self._align
        return replace(self._fault, frame=frame)


class Schedule:
    """Faults of one playback stream in the order of their frames.

    ``next_frame`` and ``next_packet`` are what the fast path looks at: nothing is due
    before either.
    """

    def __init__(self) -> None:
        self._frames: list[tuple[int, int, Fault, _Source | None]] = []
        self._packets: list[tuple[int, int, Fault]] = []
        self._serial = 0
        self.next_frame = self.next_packet = NEVER

    def fill(
        self, faults: Sequence[Fault], rates: Sequence[FaultRate], seed: int, stream: int, rate_hz: int
    ) -> None:
        """Begin anew for playback stream number `stream` at `rate_hz` [Hz]."""
        self._frames, self._packets = [], []
        for fault in faults:
            if fault.stream in (0, stream) and fault.rate in (0, rate_hz):
                self.add(fault)
        for number, rate in enumerate(rates):
            if rate.fault.stream in (0, stream) and rate.fault.rate in (0, rate_hz):
                source = _Source(rate, f"{seed}/{number}/{stream}", rate_hz)
                self._push(source.take(), source)
        self._update()

    def add(self, fault: Fault) -> None:
        """Add one fault; a frame that has passed means the next packet."""
        if fault.packet >= 0:
            self._serial += 1
            heapq.heappush(self._packets, (fault.packet, self._serial, fault))
        else:
            self._push(fault, None)
        self._update()

    def due(self, end_frame: int, packet: int) -> list[Fault]:
        """Take out what lies before `end_frame` or at `packet`, first things first."""
        found: list[Fault] = []
        while self._frames and self._frames[0][0] < end_frame:
            _, _, fault, source = heapq.heappop(self._frames)
            found.append(fault)
            if source is not None:
                self._push(source.take(), source)
            elif fault.every and fault.frame >= 0:
                self._push(replace(fault, frame=fault.frame + fault.every), None)
        while self._packets and self._packets[0][0] <= packet:
            found.append(heapq.heappop(self._packets)[2])
        self._update()
        return found

    def _push(self, fault: Fault, source: _Source | None) -> None:
        self._serial += 1
        heapq.heappush(self._frames, (fault.frame, self._serial, fault, source))

    def _update(self) -> None:
        self.next_frame = self._frames[0][0] if self._frames else NEVER
        self.next_packet = self._packets[0][0] if self._packets else NEVER
