# SPDX-License-Identifier: MIT
"""The hot window: both directions stream while no Python runs.

Before it, two threads are parked at their gates. Capture goes first; playback
follows when the capture stream has left PREPARED. From the moment both are
inside their one C call, until the first of them returns, the whole process
executes no bytecode: the two calls hold no GIL, and the caller waits inside
one lock acquisition. A signal still reaches the caller.

The watchdog is the caller itself. It wakes only when the burst is overdue, and
then looks for progress: a slow device is left alone, a frozen one is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from stress.errors import StreamTimeout
from stress.pcm.alsa.transfer_thread import LaneResult, TransferThread

# Source: emulated cards run at 0.5 to 1 times real time under load, real ones
# at 1. Higher: a frozen device is noticed later. Lower: the caller wakes, and
# runs Python, inside a burst that is merely slow.
OVERDUE_FACTOR = 1.5
OVERDUE_MARGIN_S = 1.0
# One look at an overdue burst: this many samples, this far apart. Source:
# hw_ptr moves at least once a period, and no period lasts 1 s (the largest
# ring, 64 KB at 8 kHz mono, has periods of 1 s with 4 of them); a card that is
# a process stood still for more than 2 s beside a load, and the kernel itself
# waits for 10 s. Higher: a frozen device is noticed later. Lower: a slow one
# is taken for frozen.
LOOKS = 120
LOOK_S = 0.05
# How long a call may take to come back after snd_pcm_drop. Measured: at once.
# Higher: a wedged driver holds the caller longer. Lower: a loaded machine may
# look like a wedged driver.
RELEASE_S = 10.0


@dataclass(frozen=True)
class WindowResult:
    """Both directions after a burst.

    Parameters
    ----------
    capture, playback : None for a direction that was not used.
    frozen : True when the watchdog had to free the calls.
    late_looks : times the caller woke while the burst was overdue.
    """

    capture: LaneResult | None
    playback: LaneResult | None
    frozen: bool
    late_looks: int

    @property
    def both_inside_ns(self) -> tuple[int, int]:
        """When both were inside their calls: begin and end [ns, monotonic]."""
        lanes = [lane for lane in (self.capture, self.playback) if lane is not None]
        return max(lane.started_ns for lane in lanes), min(lane.ended_ns for lane in lanes)


class HotWindow:
    """Run two lanes as one burst.

    Parameters
    ----------
    capture, playback : lanes; at least one is given. The burst ends with
        capture, or with playback when there is no capture.
    drop : frees both calls, called from this thread.
    progress : any value that changes while the device moves.

    Threads: one caller; `drop` may also be called from elsewhere to end a burst.
    """

    def __init__(
        self,
        capture: TransferThread | None,
        playback: TransferThread | None,
        drop: Callable[[], None],
        progress: Callable[[], object],
    ) -> None:
        self._lanes = [lane for lane in (capture, playback) if lane is not None]
        self._capture, self._playback = capture, playback
        self._drop, self._progress = drop, progress
        #: No thread is inside its call any more: what the calls use may be closed.
        self.freed = True

    def run(self, expected_s: float) -> WindowResult:
        """Stream one burst that should last `expected_s` [s].

        Raises
        ------
        StreamTimeout : a call did not return even after both streams were dropped.
        """
        last, looks, frozen = self._lanes[0], 0, False
        for lane in self._lanes:
            lane.start()
        try:
            for lane in self._lanes:
                lane.open()
            over = self.wait(last, expected_s * OVERDUE_FACTOR + OVERDUE_MARGIN_S)
            while not over and not frozen:
                looks += 1
                frozen = not self._moves(last)
                over = last.wait(0)
        finally:
            self._drop()
            # Interrupted between two gates, a parked lane must get out as well;
            # its stream is stopped, so its call returns at once.
            for lane in self._lanes:
                lane.open()
            # One that comes back later than that ends by itself.
            freed = [lane.leave(RELEASE_S if lane.wait(RELEASE_S) else 0.0) for lane in self._lanes]
            self.freed = all(freed)
        if not self.freed:
            raise StreamTimeout("a transfer did not return after snd_pcm_drop: the driver is wedged")
        return WindowResult(
            capture=self._capture.result if self._capture else None,
            playback=self._playback.result if self._playback else None,
            frozen=frozen,
            late_looks=looks,
        )

    def wait(self, last: TransferThread, timeout_s: float) -> bool:
        """Wait for the end of the burst in one C call."""
        return last.wait(timeout_s)

    def _moves(self, last: TransferThread) -> bool:
        before = self._progress()
        return any(last.wait(LOOK_S) or self._progress() != before for _ in range(LOOKS))
