# SPDX-License-Identifier: MIT
"""A witness that Python stayed out of the hot window.

It installs a trace function for every bytecode of every thread it can reach,
so that a loop, a signal handler or a stray callback cannot run unseen: an
instruction that executes is an event with a time and a thread.

Tracing slows Python down, not C calls, so a traced burst streams like any
other. It is still not on by default: it replaces a debugger's or a coverage
tool's own trace function for as long as it lasts.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from stress.pcm.alsa.transfer_thread import TransferThread

if TYPE_CHECKING:
    from stress.pcm.alsa.window import WindowResult

# Enough for the bytecodes around a burst; a Python loop inside it overflows
# this, which loses the oldest events, never the fact that there were any.
KEPT_EVENTS = 200_000


@dataclass(frozen=True)
class Testimony:
    """Bytecodes seen while both directions were inside their calls.

    Parameters
    ----------
    in_lanes : of the two streaming threads, beyond those that enter and leave a call.
    elsewhere : of every other thread.
    unobserved : names of threads that could not be traced.
    """

    in_lanes: int
    elsewhere: int
    unobserved: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """True when every thread was watched and none ran Python."""
        return not (self.in_lanes or self.elsewhere or self.unobserved)

    def __str__(self) -> str:
        blind = f"; not watched: {', '.join(self.unobserved)}" if self.unobserved else ""
        return (
            f"bytecodes while streaming: {self.in_lanes} in the streaming threads, "
            f"{self.elsewhere} elsewhere{blind}"
        )


class Witness:
    """Context manager; enter it before the burst's threads are made.

    Threads: enter and leave in one thread; events come from all of them.
    """

    def __init__(self) -> None:
        self._events: deque[tuple[int, int]] = deque(maxlen=KEPT_EVENTS)
        self._saved: Any = None
        self._foreign: tuple[str, ...] = ()
        self.entry_cost = 0

    def __enter__(self) -> Witness:
        self._saved = sys.gettrace()
        me = threading.current_thread()
        others = [thread for thread in threading.enumerate() if thread is not me]
        # Threads made before us can be reached since Python 3.12 only.
        reach_all = getattr(threading, "settrace_all_threads", None)
        self._foreign = () if reach_all else tuple(sorted(thread.name for thread in others))
        (reach_all or threading.settrace)(self._trace)
        sys.settrace(self._trace)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            frame.f_trace, frame.f_trace_opcodes = self._trace, True
            frame = frame.f_back
        self.entry_cost = self._measure_entry()
        return self

    def __exit__(self, *_: object) -> None:
        reach_all = getattr(threading, "settrace_all_threads", None)
        (reach_all or threading.settrace)(self._saved)
        sys.settrace(self._saved)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            frame.f_trace, frame.f_trace_opcodes = self._saved, False
            frame = frame.f_back

    def between(self, begin_ns: int, end_ns: int) -> dict[int, int]:
        """Return the number of bytecodes per thread in an interval [ns, monotonic]."""
        counts: dict[int, int] = {}
        for when, thread in tuple(self._events):
            if begin_ns < when < end_ns:
                counts[thread] = counts.get(thread, 0) + 1
        return counts

    def testify(self, result: WindowResult) -> Testimony:
        """Judge one burst that ran under this witness."""
        counts = self.between(*result.both_inside_ns)
        lanes = [lane.thread for lane in (result.capture, result.playback) if lane is not None]
        inside = sum(max(0, counts.pop(thread, 0) - self.entry_cost) for thread in lanes)
        return Testimony(inside, sum(counts.values()), self._foreign)

    def _measure_entry(self) -> int:
        # A lane whose call does nothing: what remains is the way in and out.
        lane = TransferThread("probe", int, str)
        lane.start()
        lane.open()
        lane.wait(60.0)
        lane.leave(60.0)
        result = lane.result
        if result is None:
            return 0
        return self.between(result.started_ns, result.ended_ns).get(result.thread, 0)

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        frame.f_trace_opcodes = True
        self._events.append((time.monotonic_ns(), threading.get_ident()))
        return self._trace
