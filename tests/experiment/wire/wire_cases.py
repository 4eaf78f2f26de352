# SPDX-License-Identifier: MIT
"""A burst as three views, built from usbmon events that a test may edit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stress.board.usbmon.format import parse
from stress.board.usbmon.streams import BusStream, in_stream, out_stream
from stress.detect.exact import checker
from stress.detect.exact.expected import Expected
from stress.experiment.positive_control import Outcome
from stress.experiment.wire.views import HostBuffers, WireComparison, look
from stress.model.finding import Analysis
from stress.model.formats import FORMATS
from stress.model.pcm import Exchange, StreamResult
from stress.model.ring import Rings
from stress.model.wire import Wire, WireStream
from stress.patterns.word import Pattern
from tests.board.usbmon.usbmon_events import DEVICE, IN, OUT, raw

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
RINGS = Rings(playback=256, capture=320)
FRAMES, LATENCY, POSITION, STEP = 4096, 100, 77777, 4


def detector(captured, rings, position, due, planted=0):
    """Return the exact detector's analysis."""
    return checker.check(captured, Expected(PATTERN, rings, position, due))


@dataclass
class Burst:
    """What was written, what crossed the wire, what was read; change any of them.

    Attributes
    ----------
    written, out, into, read : (frames, 4) uint8.
    statuses : of OUT packets at completion.
    hw_ptr : of playback; all that went out when None [frames].
    """

    written: np.ndarray = field(init=False)
    out: np.ndarray = field(init=False)
    into: np.ndarray = field(init=False)
    read: np.ndarray = field(init=False)
    statuses: dict[int, int] = field(default_factory=dict)
    hw_ptr: int | None = None
    xruns: int = 0
    several_cpus: bool = False
    has_capture: bool = True

    def __post_init__(self):
        flat = np.zeros(FRAMES * STEP, np.uint8)
        PATTERN.fill(POSITION, flat)
        self.written = flat.reshape(-1, STEP)
        self.out = self.written.copy()
        self.loop()

    def loop(self) -> None:
        """Let capture be what went out, later."""
        silence = np.zeros((LATENCY, STEP), np.uint8)
        self.into = np.concatenate([silence, self.out])
        self.read = self.into.copy()

    def wire(self, packet: int = 48) -> Wire:
        """Return the tap's result, by way of usbmon events of `packet` frames."""
        events = []
        for number, first in enumerate(range(0, len(self.out), packet)):
            data = self.out[first : first + packet].tobytes()
            status = self.statuses.get(number, 0)
            events.append(parse(*raw("S", OUT, [(-18, 0, len(data))], data, urb=number)))
            events.append(parse(*raw("C", OUT, [(status, 0, len(data))], urb=number)))
        for first in range(0, len(self.into), packet):
            data = self.into[first : first + packet].tobytes()
            events.append(parse(*raw("C", IN, [(0, 0, len(data))], data)))
        out = out_stream(events, BusStream(DEVICE, frozenset({OUT}), STEP))
        into = in_stream(events, BusStream(DEVICE, frozenset({IN}), STEP))
        return Wire(
            "usbmon1",
            out,
            into,
            events=len(events),
            has_capture=self.has_capture,
            several_cpus=self.several_cpus,
        )

    def exchange(self) -> Exchange:
        """Return the transport's side of it."""
        playback = StreamResult(FRAMES, "RUNNING", hw_ptr=self.hw_ptr or len(self.out), xruns=self.xruns)
        capture = StreamResult(len(self.read), "RUNNING", hw_ptr=len(self.read))
        return Exchange(playback, capture, FRAMES)

    def views(self, faults=(), over_read=()) -> WireComparison:
        """Return the comparisons."""
        written = self.written.reshape(-1)
        read = np.ascontiguousarray(self.read).reshape(-1)
        sent = HostBuffers(
            written, read, POSITION, FRAMES, RINGS, STEP, 32, 48000, faults, over_read=over_read
        )
        return look(self.wire(), sent, self.exchange(), detector)


NONE = Analysis("exact", True, 100, 100, 0, POSITION)


def stream(data=0, starts=(0,)):
    """Return `data` silent bytes whose packets begin at `starts`."""
    return WireStream(np.zeros(data, np.uint8), np.array(starts, np.int64), np.zeros(len(starts), np.int64))


def compared(**changes):
    """Return the comparison of a clean burst of 100 frames, with these changes."""
    plain = {
        "wire": Wire("usbmon1", stream(), stream()),
        "playback": NONE,
        "capture": NONE,
        "control": Outcome(0, 0, ()),
        "out_frames": 100,
        "in_frames": 100,
        "lost_frames": 0,
        "telling_lines": 40,
        "in_lines": 40,
        "out_wrong": np.zeros(100, np.bool_),
        "in_wrong": np.zeros(100, np.bool_),
        "memory": {},
    }
    return WireComparison(**{**plain, **changes})
