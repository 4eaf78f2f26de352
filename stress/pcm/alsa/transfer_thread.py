# SPDX-License-Identifier: MIT
"""One thread of a burst: parked before it, one call in it, parked after it."""

from __future__ import annotations

import resource
import signal
import threading
import time
from dataclasses import dataclass
from typing import Callable

Call = Callable[[], int]


@dataclass(frozen=True)
class LaneResult:
    """What the call returned and what its thread went through meanwhile.

    Parameters
    ----------
    returned : frames, or a negative errno.
    state : the stream's state right after the call, ALSA's name.
    thread : identity of the thread, as `threading.get_ident` gives it.
    least_queued : see `stress.model.pcm.StreamResult`.
    """

    returned: int
    state: str
    started_ns: int
    ended_ns: int
    voluntary: int
    involuntary: int
    minor_faults: int
    thread: int
    least_queued: int | None = None


def _unknown() -> int | None:
    return None


class TransferThread:
    """A parked thread that makes one blocking call when its gate opens.

    The thread exists before the burst and lives on until `leave`: glibc gives a
    dead thread's stack back by madvise, which on a VIVT core cleans and
    invalidates the cache under the other direction, still streaming.

    Threads: `start`, `open`, `wait` and `leave` belong to the owner.

    Parameters
    ----------
    call : blocks while the direction streams; returns frames or -errno.
    state : asked once, right after the call, with what it returned.
    ready : asked before the call until it says True; None to go at once.
    pause : one short C-level sleep between two questions to `ready`.
    resume : asked with what the call returned; goes on with what is left and
        returns the new total, or None when there is nothing to go on with.
    queued : asked once, behind `state`, for the fewest frames that were queued.
    """

    def __init__(
        self,
        name: str,
        call: Call,
        state: Callable[[int], str],
        ready: Callable[[], bool] | None = None,
        pause: Callable[[], object] = int,
        resume: Callable[[int], int | None] | None = None,
        queued: Callable[[], int | None] = _unknown,
    ) -> None:
        self._call, self._state, self._ready, self._pause = call, state, ready, pause
        self._resume, self._queued = resume, queued
        self._gate, self._done, self._exit = threading.Lock(), threading.Lock(), threading.Lock()
        for lock in (self._gate, self._done, self._exit):
            lock.acquire()
        self._thread = threading.Thread(target=self._body, name=f"pcm-{name}", daemon=True)
        self.result: LaneResult | None = None

    def start(self) -> None:
        """Make the thread; it parks at its gate."""
        self._thread.start()

    def open(self) -> None:
        """Let the call begin; idempotent."""
        if self._gate.locked():
            self._gate.release()

    def wait(self, timeout_s: float) -> bool:
        """Wait in one C call until the lane's call has returned.

        Returns False when `timeout_s` passed first. A signal runs its handler
        and the wait goes on.
        """
        if not self._done.acquire(timeout=timeout_s):
            return False
        self._done.release()
        return True

    def leave(self, timeout_s: float) -> bool:
        """Let the thread end; False when it is still inside its call."""
        if self._exit.locked():
            self._exit.release()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _body(self) -> None:
        # Signals belong to the main thread: one here would cut the transfer short.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._gate.acquire()
        try:
            while self._ready is not None and not self._ready():
                self._pause()
            self.result = self._timed(self._call)
        finally:
            self._done.release()
        self._exit.acquire()

    def _timed(self, call: Call) -> LaneResult:
        usage, clock, who = resource.getrusage, time.monotonic_ns, resource.RUSAGE_THREAD
        before = usage(who)
        started = clock()
        returned = call()
        ended = clock()
        more = None if self._resume is None else self._resume(returned)
        while more is not None and self._resume is not None:
            returned, ended = more, clock()
            more = self._resume(returned)
        after = usage(who)
        return LaneResult(
            returned=returned,
            state=self._state(returned),
            started_ns=started,
            ended_ns=ended,
            voluntary=after.ru_nvcsw - before.ru_nvcsw,
            involuntary=after.ru_nivcsw - before.ru_nivcsw,
            minor_faults=after.ru_minflt - before.ru_minflt,
            thread=threading.get_ident(),
            least_queued=self._queued(),
        )
