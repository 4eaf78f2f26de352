# SPDX-License-Identifier: MIT
"""Faults of the capture endpoint: packets that are missing, short or in error."""

from __future__ import annotations

from stress.model.fault import FaultKind
from tools.softcardkit.faultspec import Fault
from tools.softcardkit.log import EventLog
from tools.softcardkit.schedule import NEVER
from tools.softcardkit.wire import PROTOCOL_ERROR


class CaptureInjector:
    """Faults on their way through the FIFO.

    A fault is put at the FIFO position of the playback frame it names, and happens to
    the capture packet that carries that frame.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._waiting: list[tuple[int, int, Fault]] = []
        self._active: list[tuple[Fault, int, int, int]] = []
        self._stream, self._frame_bytes = 0, 4
        self.next_byte = NEVER

    def start(self, stream: int, frame_bytes: int) -> None:
        """Begin playback stream number `stream`."""
        self._stream, self._frame_bytes = stream, frame_bytes
        self.stop()

    def stop(self) -> None:
        """Forget what has not happened."""
        self._waiting, self._active = [], []
        self.next_byte = NEVER

    def add(self, fault: Fault, frame: int, position: int) -> None:
        """Let `fault` happen to the packet that holds FIFO byte `position`."""
        self._waiting.append((position, frame, fault))
        self._waiting.sort(key=lambda entry: entry[0])
        self._look_ahead()

    def give(self, data: bytearray, position: int, capture_frame: int) -> tuple[bytearray, int]:
        """Return what of `data` the host gets, and the packet's status.

        Parameters
        ----------
        position : FIFO byte position of the first byte of `data`.
        capture_frame : capture frame of its first frame, as the host counts.
        """
        if not data:
            return data, 0
        end = position + len(data)
        while self._waiting and self._waiting[0][0] < end:
            place, frame, fault = self._waiting.pop(0)
            # Only the first frame named is known exactly; the packet began before it.
            self._active.append((fault, fault.packets, frame, place))
        status = 0
        for fault, _, frame, place in self._active:
            first = frame - (place - position) // self._frame_bytes
            data, status = self._spoil(fault, data, status, capture_frame, first)
        self._active = [(entry[0], entry[1] - 1, *entry[2:]) for entry in self._active if entry[1] > 1]
        self._look_ahead()
        return data, status

    def _spoil(
        self, fault: Fault, data: bytearray, status: int, capture_frame: int, frame: int
    ) -> tuple[bytearray, int]:
        size = self._frame_bytes
        frames = len(data) // size
        lost = min(fault.frames, frames) if fault.kind is FaultKind.SHORT else frames
        kept = frames - lost
        self._log.write(
            "fault",
            kind=fault.kind.value,
            stream=self._stream,
            frame=frame + kept,
            frames=lost,
            capture_frame=capture_frame + kept,
            **{"dir": "in", **fault.details()},
        )
        return data[: kept * size], PROTOCOL_ERROR if fault.kind is FaultKind.ERROR else status

    def _look_ahead(self) -> None:
        if self._active:
            self.next_byte = -1
        else:
            self.next_byte = self._waiting[0][0] if self._waiting else NEVER
