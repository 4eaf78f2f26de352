# SPDX-License-Identifier: MIT
"""Put faults into the packets of one playback stream and log where they went."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stress.model.fault import FaultKind
from tools.softcardkit.faultspec import BYTE_KINDS, Fault, FaultRate
from tools.softcardkit.history import History
from tools.softcardkit.inject_in import CaptureInjector
from tools.softcardkit.log import EventLog
from tools.softcardkit.schedule import NEVER, Schedule
from tools.softcardkit.spoil import Layout, Region, spoil
from tools.softcardkit.wire import PROTOCOL_ERROR


@dataclass
class _Run:
    # A byte-addressed fault under way: frames [start, end) of the stream.
    fault: Fault
    start: int
    end: int
    capture_frame: int | None
    done: int = 0


@dataclass(frozen=True)
class Packet:
    """One playback packet as the engine hands it over.

    Parameters
    ----------
    data : whole frames.
    frame : playback frame of its first frame, counted from the start of the stream.
    number : packets before it in the stream.
    fifo_bytes : bytes pushed into the FIFO before it.
    capture_frame : where its first frame will appear in the capture; None while
        nothing captures.
    """

    data: bytes
    frame: int
    number: int
    fifo_bytes: int
    capture_frame: int | None


@dataclass(frozen=True)
class Injected:
    """What a card does wrong on purpose.

    Parameters
    ----------
    faults : at known places.
    rates : of faults by chance.
    seed : of the chance.
    """

    faults: Sequence[Fault] = ()
    rates: Sequence[FaultRate] = ()
    seed: int = 0


class Injector:
    """Faults of the running playback stream.

    Parameters
    ----------
    injected : faults, and how often others come by chance.
    act : called with a FREEZE or UNPLUG fault; the packet is then not taken.
    slips : True when a clock that is off loses or repeats frames; False when the
        host follows it by feedback.

    Threads: one.
    """

    def __init__(
        self, injected: Injected, log: EventLog, act: Callable[[Fault], None], slips: bool = True
    ) -> None:
        self._faults, self._rates, self._seed = list(injected.faults), list(injected.rates), injected.seed
        self._log, self._act, self._slips = log, act, slips
        self._schedule = Schedule()
        self._running: list[_Run] = []
        self._packets: list[tuple[Fault, int]] = []
        self._layout = Layout(4, 2, 2)
        self._slip_origin, self._slip_count = 0, 0
        self._stream = 0
        self._playing, self._later = False, list[Fault]()
        self._lasting: list[Fault] = []
        self.capture = CaptureInjector(log)
        self.sent = History()
        self.ppm = 0.0
        self.next_frame = self.next_packet = NEVER

    def start(self, stream: int, layout: Layout, rate_hz: int, event: str = "") -> None:
        """Begin playback stream number `stream`; every place counts from here.

        Parameters
        ----------
        event : the life-cycle event that the stream comes behind.
        """
        self._stream, self._layout = stream, layout
        self.sent.restart()
        self.capture.start(stream, layout.frame_bytes)
        due = [*self._behind(event), *self._later]
        self._schedule.fill(due, self._rates, self._seed, stream, rate_hz)
        self._playing, self._later = True, []
        self.ppm, self._slip_origin, self._slip_count = 0.0, 0, 0
        self._look_ahead()

    def _behind(self, event: str) -> list[Fault]:
        begun = [fault for fault in self._faults if fault.until and fault.after == event]
        on = [fault for fault in dict.fromkeys((*self._lasting, *begun)) if not event or fault.until != event]
        self._lasting = on
        return on + [fault for fault in self._faults if not fault.until and fault.after in ("", event)]

    def stop(self) -> None:
        """End the stream; a run that did not come to its end is logged as far as it got."""
        for run in self._running:
            self._finish(run, cut=True)
        self._running, self._packets = [], []
        self._playing = False
        self.capture.stop()
        self.next_frame = self.next_packet = NEVER

    def add(self, fault: Fault) -> None:
        """Add a fault to the running stream, or to the next one only."""
        if self._playing:
            self._schedule.add(fault)
            self._look_ahead()
        else:
            self._later.append(fault)

    def take(self, packet: Packet) -> tuple[bytes, int] | None:
        """Return what the card makes of `packet`, and its status for the host.

        None means that the card stopped (freeze, unplug) before it took the packet.
        """
        frames = len(packet.data) // self._layout.frame_bytes
        due = self._schedule.due(packet.frame + frames, packet.number)
        if self._halts(due):
            return None
        for fault in due:
            self._begin(fault, packet, frames)
        data = bytearray(packet.data)
        self._apply_runs(data, packet)
        status = 0
        for fault, _ in self._packets:
            data, status = self._apply_packet(fault, data, status, packet)
        self._packets = [(fault, left - 1) for fault, left in self._packets if left > 1]
        if self.ppm and self._slips:
            self._apply_slips(data, packet, frames)
        self._look_ahead()
        return bytes(data), status

    def _halts(self, due: Sequence[Fault]) -> bool:
        halting = [fault for fault in due if fault.kind in (FaultKind.FREEZE, FaultKind.UNPLUG)]
        if not halting:
            return False
        for fault in due:
            if fault is not halting[0]:
                self._schedule.add(replace(fault, every=0))
        self._look_ahead()
        self._act(halting[0])
        return True

    def _begin(self, fault: Fault, packet: Packet, frames: int) -> None:
        inside = fault.packet < 0 and packet.frame <= fault.frame < packet.frame + frames
        start = fault.frame if inside else packet.frame
        offset = start - packet.frame
        if fault.kind is FaultKind.PPM:
            self._set_clock(fault, start)
        elif fault.kind in BYTE_KINDS:
            capture = None if packet.capture_frame is None else packet.capture_frame + offset
            end = start + fault.frames if fault.frames else NEVER
            self._running.append(_Run(replace(fault, frame=start), start, end, capture))
        elif fault.dir == "in":
            self.capture.add(fault, start, packet.fifo_bytes + offset * self._layout.frame_bytes)
        else:
            self._packets.append((fault, fault.packets))

    def _set_clock(self, fault: Fault, start: int) -> None:
        self.ppm = fault.ppm
        self._slip_origin, self._slip_count = start, 1
        self._log.write("clock", stream=self._stream, frame=start, ppm=fault.ppm)

    def _apply_runs(self, data: bytearray, packet: Packet) -> None:
        size = self._layout.frame_bytes
        first, last = packet.frame, packet.frame + len(data) // size
        for run in self._running:
            start, stop = max(run.start, first), min(run.end, last)
            region = Region(data, (start - first) * size, (stop - first) * size, start * size)
            spoil(run.fault, region, self._layout, self.sent)
            run.done += stop - start
            if stop == run.end:
                self._finish(run)
        self._running = [run for run in self._running if run.end > last]

    def _finish(self, run: _Run, cut: bool = False) -> None:
        self._write(run.fault, run.start, run.done, run.capture_frame, **({"cut": True} if cut else {}))

    def _apply_packet(
        self, fault: Fault, data: bytearray, status: int, packet: Packet
    ) -> tuple[bytearray, int]:
        size = self._layout.frame_bytes
        frames, frame, capture = len(data) // size, packet.frame, packet.capture_frame
        if fault.kind is FaultKind.SHORT:
            lost = min(fault.frames, frames)
            frame += frames - lost
            capture = None if capture is None else capture + frames - lost
            data, frames = data[: len(data) - lost * size], lost
        elif fault.kind is FaultKind.REPEAT:
            data = data + data
        elif fault.kind is FaultKind.ZEROPACKET:
            data = bytearray(len(data))
        else:
            data, status = bytearray(), PROTOCOL_ERROR if fault.kind is FaultKind.ERROR else status
        self._write(fault, frame, frames, capture, packet=packet.number)
        return data, status

    def _apply_slips(self, data: bytearray, packet: Packet, frames: int) -> None:
        size, places = self._layout.frame_bytes, []
        while (place := self._next_slip()) < packet.frame + frames:
            places.append(place)
            self._slip_count += 1
        for place in reversed(places):
            at = (place - packet.frame) * size
            if at >= len(data):
                continue
            if self.ppm > 0:
                data[at:at] = data[at : at + size]
            else:
                del data[at : at + size]
            capture = None if packet.capture_frame is None else packet.capture_frame + at // size
            operation = "repeat" if self.ppm > 0 else "drop"
            fault = Fault(FaultKind.PPM, ppm=self.ppm)
            self._write(fault, place, 1, capture, operation=operation)

    def _next_slip(self) -> int:
        if not (self.ppm and self._slips):
            return NEVER
        return self._slip_origin + math.ceil(self._slip_count * 1e6 / abs(self.ppm))

    def _write(self, fault: Fault, frame: int, frames: int, capture: int | None, **more: Any) -> None:
        self._log.write(
            "fault",
            kind=fault.kind.value,
            stream=self._stream,
            frame=frame,
            frames=frames,
            capture_frame=capture,
            **fault.details(),
            **more,
        )

    def _look_ahead(self) -> None:
        if self._running or self._packets:
            self.next_frame = -1
        else:
            self.next_frame = min(self._schedule.next_frame, self._next_slip())
        self.next_packet = self._schedule.next_packet
