# SPDX-License-Identifier: MIT
"""The loop that moves bytes between the kernel and the card, at a pace."""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

from tools.softcardkit.card import SoftCard
from tools.softcardkit.control import ControlSocket
from tools.softcardkit.wire import PduReader

# A live endpoint without a URB for this long no longer holds the bus clock: the host has
# drained it or run into an underrun, and unlinks nothing because it has nothing here.
# Higher, and the other direction's read or write ends in EIO: the kernel waits for 110 %
# of the buffer, 0.55 s for half a second (sound/core/pcm_lib.c, wait_for_avail). Lower
# puts silence into a capture whose host was only slow.
STARVED_S = 0.25
# What one wait counts for at most: a card that was itself not scheduled for long has not
# seen its host starve (gaps above 0.25 s were measured in guests on a loaded machine).
_STARVED_SLICE_S = 0.05
# How far the bus clock runs after real time when the host was late. Higher makes bursts
# of packets no bus would send; lower makes the card slow under load.
_CATCH_UP_S = 0.02
# What a card that is that late leaves to others between two goes: under SCHED_FIFO it
# would otherwise take a whole CPU from the host that it serves (RT throttling was seen).
_YIELD_S = 0.0005
# Slots in one go when free running: replies go out at least this often.
_BATCH_TICKS = 64
_IDLE_S = 1.0
_MCL_CURRENT, _MCL_FUTURE = 1, 2  # include/uapi/asm-generic/mman.h


class Server:
    """Drive a card over its connection until it is told to stop.

    Parameters
    ----------
    connection : our end of the socket pair.
    pace : milliseconds of the bus in one real millisecond; 0 is as fast as possible.
    control : listening control socket, or None.
    poll_s : [s] interval of `on_poll` while that returns False.
    on_poll : called from the loop until it returns True, and after every signal.
    starved_s : see `STARVED_S`; more where a host that is slow beside a load must lose nothing [s].

    Threads: one; signal handlers may call `stop` and `unplug`.
    """

    def __init__(
        self,
        card: SoftCard,
        connection: socket.socket,
        pace: float = 1.0,
        control: ControlSocket | None = None,
        on_poll: Callable[[], bool] | None = None,
        poll_s: float = 0.05,
        starved_s: float = STARVED_S,
    ) -> None:
        self._patience_s = starved_s
        self._card, self._connection, self._control = card, connection, control
        slots = card.config.packets_per_second
        self._real_tick_s = 1.0 / slots
        self._tick_s = self._real_tick_s / pace if pace else 0.0
        self._reader = PduReader()
        self._on_poll, self._poll_s = on_poll, poll_s
        self._next_tick = time.monotonic()
        self._starved_s = 0.0
        self._thaw_at: float | None = None
        self.told_to_stop = False
        self._polling = on_poll is not None
        self.connected = True
        self.wakes = 0
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.setblocking(False)

    def stop(self) -> None:
        """Leave `run` soon."""
        self.told_to_stop = True

    def unplug(self) -> None:
        """Close the connection soon: the host sees the card leave."""
        self._card.engine.unplugged = True

    def catch_signals(self) -> None:
        """Stop on SIGTERM and SIGINT, unplug on SIGUSR1."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)

        def stop(number: int, frame: FrameType | None) -> None:
            self.stop()

        def unplug(number: int, frame: FrameType | None) -> None:
            self.unplug()

        def wake(number: int, frame: FrameType | None) -> None:
            """Only wake the loop."""

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGUSR1, unplug)
        signal.signal(signal.SIGCHLD, wake)

    def run(self) -> None:
        """Serve until `stop`, or until the card has left the bus and nothing polls."""
        gc.collect()
        gc.disable()
        while not self.told_to_stop and (self.connected or self._polling):
            self.step()

    def step(self) -> None:
        """Wait for something to do, and do it once."""
        sources: list[socket.socket | ControlSocket] = [self._wake]
        if self.connected:
            sources.append(self._connection)
        if self._control is not None:
            sources.append(self._control)
        self.wakes += 1
        before = time.monotonic()
        ready, _, _ = select.select(sources, [], [], self._timeout())
        if not ready and self.connected and self._card.engine.waiting:
            self._starved_s += min(time.monotonic() - before, _STARVED_SLICE_S)
        if self._wake in ready:
            self._wake.recv(4096)
        if self._control is not None and self._control in ready:
            self._control.serve(self._card.engine)
        if self._connection in ready:
            self._receive()
        if self.connected:
            self._run_clock()
            self._send()
        if self._card.engine.unplugged:
            self.close()
        if self._polling and self._on_poll is not None:
            self._polling = not self._on_poll()

    def close(self) -> None:
        """Leave the bus."""
        if self.connected:
            self.connected = False
            self._connection.close()

    def totals(self) -> dict[str, int]:
        """Return the slots and URBs served, for the log: what a wake has to carry."""
        engine = self._card.engine
        return {"ticks": engine.ticks, "urbs": engine.playback.urbs + engine.capture.urbs}

    def release(self) -> None:
        """Give back what the loop itself uses; the server is of no use afterwards."""
        self._wake.close()
        self._waker.close()

    def _timeout(self) -> float:
        engine, now = self._card.engine, time.monotonic()
        until = self._poll_s if self._polling else _IDLE_S
        if not self.connected:
            return until
        if engine.frozen:
            return until if self._thaw_at is None else min(until, max(self._thaw_at - now, 0.0))
        if not engine.live:
            return until
        if engine.waiting:
            return min(until, _STARVED_SLICE_S)
        if not self._tick():
            return 0.0
        late = now - self._next_tick >= _CATCH_UP_S
        return _YIELD_S if late else min(until, max(self._next_tick - now, 0.0))

    def _receive(self) -> None:
        try:
            count = self._connection.recv_into(self._reader.space())
        except ConnectionResetError:
            count = 0
        if not count:
            self.close()
            return
        self._reader.filled(count)
        for pdu in self._reader.pdus():
            self._card.handle(pdu)
        self._starved_s = 0.0

    def _send(self) -> None:
        data = self._card.take_replies()
        if data:
            try:
                self._connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close()

    def _run_clock(self) -> None:
        engine, now = self._card.engine, time.monotonic()
        if engine.frozen:
            self._hold_frozen(now)
            return
        if not engine.live:
            self._next_tick = now
            return
        tick_s = self._tick()
        if tick_s:
            due = int((now - self._next_tick) / tick_s) + 1 if now >= self._next_tick else 0
            done = engine.advance(due) if due else 0
            self._next_tick = max(self._next_tick + done * tick_s, now - _CATCH_UP_S)
        else:
            done = engine.advance(_BATCH_TICKS)
            self._next_tick = now
        if done:
            self._starved_s = 0.0
        elif engine.waiting and self._starved_s >= self._patience_s:
            engine.pass_starved()

    def _tick(self) -> float:
        # A lone capture has only silence to race through, and would overrun a reader
        # that has just been started: it is never faster than real time.
        return self._tick_s or (0.0 if self._card.engine.playback.live else self._real_tick_s)

    def _hold_frozen(self, now: float) -> None:
        engine = self._card.engine
        if engine.thaw_ms and self._thaw_at is None:
            self._thaw_at = now + engine.thaw_ms / 1000
        if self._thaw_at is not None and now >= self._thaw_at:
            engine.frozen, engine.thaw_ms, self._thaw_at = False, 0, None
        self._next_tick, self._starved_s = now, 0.0


def lock_memory() -> bool:
    """Keep every page in memory, those to come included. False if refused.

    A page fault on slow storage would hold the bus clock for as long as it takes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) == 0)


def raise_priority(priority: int) -> bool:
    """Ask for SCHED_FIFO at `priority`; children do not inherit it. False if refused."""
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except (OSError, AttributeError):
        return False
    return True
