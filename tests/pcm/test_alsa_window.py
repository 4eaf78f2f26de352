# SPDX-License-Identifier: MIT
"""The hot window, driven by C calls that need no sound card."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest

from stress.errors import StreamTimeout
from stress.pcm.alsa import window as window_module
from stress.pcm.alsa.transfer_thread import TransferThread
from stress.pcm.alsa.window import HotWindow
from stress.pcm.alsa.witness import Witness

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
LIBC.read.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
LIBC.write.restype = LIBC.read.restype = ctypes.c_ssize_t
#: More than any pipe takes at once, so that write() blocks until it is drained.
BLOCKING_BYTES = 1 << 21

# Stands outside the process: a byte on each pipe proves that both calls are in C,
# and they stay there until the pipes are drained. What runs in between is seen.
OBSERVER = """
import os, sys, time
pipes = [int(word) for word in sys.argv[1:3]]
for pipe in pipes:
    os.read(pipe, 1)
begin = time.monotonic_ns()
time.sleep(0.15)
end = time.monotonic_ns()
print(begin, end, flush=True)
for pipe in pipes:
    left = int(sys.argv[3]) - 1
    while left:
        left -= len(os.read(pipe, 1 << 16))
"""


class Stop:
    """Counts drops and knows no device."""

    def __init__(self, then=int):
        self.drops = 0
        self.then = then

    def __call__(self):
        self.drops += 1
        self.then()


def _lane(call, name="lane", **more):
    return TransferThread(name, call, lambda returned: "RUNNING", **more)


def _window(capture, playback, drop=None, progress=lambda: 0):
    return HotWindow(capture, playback, drop or Stop(), progress)


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def impatient(monkeypatch):
    """A watchdog that looks for hundredths of a second."""
    monkeypatch.setattr(window_module, "OVERDUE_MARGIN_S", 0.02)
    monkeypatch.setattr(window_module, "LOOK_S", 0.005)
    monkeypatch.setattr(window_module, "LOOKS", 4)


def _observed(make_window, calls_of=lambda call: call):
    """Run a window whose calls block until an outside observer lets them go."""
    source = np.zeros(BLOCKING_BYTES, dtype=np.uint8)
    pipes = [os.pipe() for _ in range(2)]
    calls = [partial(LIBC.write, write, int(source.ctypes.data), BLOCKING_BYTES) for _, write in pipes]
    reads = [read for read, _ in pipes]
    command = [sys.executable, "-I", "-S", "-c", OBSERVER, *map(str, reads), str(BLOCKING_BYTES)]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=reads) as observer:
            with Witness() as witness:
                lanes = [_lane(calls_of(call), name) for call, name in zip(calls, ("capture", "playback"))]
                result = make_window(*lanes).run(60.0)
            begin, end = map(int, observer.stdout.read().split())
    finally:
        for descriptor in [end for ends in pipes for end in ends]:
            os.close(descriptor)
    assert result.capture.returned == result.playback.returned == BLOCKING_BYTES
    return sum(witness.between(begin, end).values()), witness.testify(result)


def test_no_bytecode_runs_while_both_calls_are_in_c():
    seen, testimony = _observed(_window)
    assert seen == 0
    assert testimony.clean, str(testimony)


def test_python_wait_in_the_caller_is_seen():
    class Sliced(HotWindow):
        def wait(self, last, timeout_s):
            while not last.wait(0.01):
                pass
            return True

    seen, testimony = _observed(lambda capture, playback: Sliced(capture, playback, Stop(), int))
    assert seen > 0
    assert testimony.elsewhere > 0
    assert not testimony.clean


def test_python_loop_in_a_streaming_thread_is_seen():
    def looped(call):
        function, (descriptor, address, size) = call.func, call.args

        def loop():
            done = 0
            # Two more bytes than nothing: the observer's byte, then the rest in two calls.
            for piece in (1, 1 << 15, size - 1 - (1 << 15)):
                done += function(descriptor, address, piece)
            return done

        return loop

    seen, testimony = _observed(_window, looped)
    assert testimony.in_lanes > 0
    assert not testimony.clean


def test_other_python_thread_is_seen():
    stop = threading.Event()

    def make_window(capture, playback):
        def chatter():
            while not stop.wait(0.005):
                pass

        threading.Thread(target=chatter, daemon=True).start()
        return HotWindow(capture, playback, Stop(stop.set), int)

    seen, testimony = _observed(make_window)
    assert seen > 0
    assert testimony.elsewhere > 0


def test_thread_made_before_the_witness_is_watched_or_named():
    stop = threading.Event()
    chatter = threading.Thread(target=lambda: list(iter(partial(stop.wait, 0.002), True)), name="old")
    chatter.start()
    try:
        _, testimony = _observed(_window)
    finally:
        stop.set()
        chatter.join()
    assert not testimony.clean
    assert "old" in testimony.unobserved or testimony.elsewhere > 0


def test_witness_gives_the_trace_functions_back():
    before = sys.gettrace()
    with Witness():
        assert sys.gettrace() is not before
    assert sys.gettrace() is before


def test_capture_goes_first_and_playback_waits_until_it_is_ready():
    order = []
    answers = iter([False, False, True])
    capture = _lane(lambda: order.append("capture") or 1)
    playback = _lane(
        lambda: order.append("playback") or 2,
        ready=lambda: order.append("asked") or next(answers),
    )
    result = _window(capture, playback).run(1.0)
    assert order.count("asked") == 3
    assert order.index("asked") < order.index("playback")
    assert (result.capture.returned, result.playback.returned) == (1, 2)


def test_playback_is_dropped_as_soon_as_capture_is_full(pipe):
    target = np.zeros(1, dtype=np.uint8)
    endless = partial(LIBC.read, pipe[0], int(target.ctypes.data), 1)
    drop = Stop(lambda: os.write(pipe[1], b"x"))
    result = _window(_lane(lambda: 5), _lane(endless), drop).run(60.0)
    assert drop.drops == 1
    assert (result.capture.returned, result.playback.returned) == (5, 1)
    assert not result.frozen


def test_frozen_calls_are_freed_by_the_watchdog(pipe, impatient):
    target = np.zeros(1, dtype=np.uint8)
    stuck = partial(LIBC.read, pipe[0], int(target.ctypes.data), 1)
    drop = Stop(lambda: os.write(pipe[1], b"xx"))
    result = _window(_lane(stuck), _lane(stuck), drop).run(0.01)
    assert result.frozen
    assert (result.capture.returned, result.playback.returned) == (1, 1)


def test_slow_device_that_moves_is_left_alone(pipe, impatient):
    target = np.zeros(1, dtype=np.uint8)
    slow = partial(LIBC.read, pipe[0], int(target.ctypes.data), 1)
    moves = iter(range(10_000))

    def progress():
        step = next(moves)
        if step == 50:
            os.write(pipe[1], b"x")
        return step

    result = _window(_lane(slow), None, progress=progress).run(0.01)
    assert not result.frozen
    assert result.late_looks > 0
    assert result.capture.returned == 1


def test_call_that_a_drop_does_not_free_is_a_timeout(pipe, impatient, monkeypatch):
    monkeypatch.setattr(window_module, "RELEASE_S", 0.05)
    target = np.zeros(1, dtype=np.uint8)
    wedged = partial(LIBC.read, pipe[0], int(target.ctypes.data), 1)
    lane = _lane(wedged)
    with pytest.raises(StreamTimeout, match="wedged"):
        _window(lane, None).run(0.01)
    os.write(pipe[1], b"x")
    assert lane.wait(60.0)
    assert lane.leave(60.0)


def test_signal_interrupts_the_wait_and_frees_the_calls(pipe):
    class Interrupted(Exception):
        pass

    def interrupt(*_):
        raise Interrupted

    target = np.zeros(1, dtype=np.uint8)
    stuck = partial(LIBC.read, pipe[0], int(target.ctypes.data), 1)
    drop = Stop(lambda: os.write(pipe[1], b"xx"))
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Interrupted):
            _window(_lane(stuck), _lane(stuck), drop).run(3600.0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert drop.drops == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pcm-")]


def test_streaming_threads_block_every_signal():
    masks = []
    lane = _lane(lambda: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, [])) or 0)
    _window(lane, None).run(1.0)
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGALRM} <= masks[0]


def test_result_counts_the_switches_of_its_own_thread():
    naps = 5
    lane = _lane(lambda: [LIBC.usleep(1000) for _ in range(naps)] and 0)
    result = _window(lane, None).run(1.0)
    assert result.capture.voluntary >= naps
    assert result.capture.ended_ns - result.capture.started_ns >= naps * 1_000_000
