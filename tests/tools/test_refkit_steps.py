# SPDX-License-Identifier: MIT
"""The control flow of a simulated stream against a loop that does it tick by tick."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tools.refkit import steps as steps
from tools.refkit.case import parse_case
from tools.refkit.steps import StreamSteps


class Loop:
    """One millisecond after the other, in the order the reference gives."""

    def __init__(self, case):
        self.case, self.hw, self.appl, self.wake, self.out = case, 0, 0, case.per, []

    def write(self):
        span = (self.appl, self.appl + self.case.per)
        if self.case.src == "pbuf":
            self.out.append((steps.PBUF, *span))
        self.out.append((steps.USER_WRITE, *span))
        if self.case.uclean:
            self.out.append((steps.USER_CLEAN, *span))
        self.appl += self.case.per

    def flush(self):
        if self.case.flush:
            self.out.append((steps.FLUSH_ALL, 0, 0))

    def begin(self):
        case = self.case
        self.out.append((steps.MEMSET, 0, case.ring))
        if case.flush == 1:
            self.flush()
        while case.mode == "play" and not case.ack and self.appl + case.per <= (case.fillb or case.ring):
            self.write()
            self.flush()

    def woken(self, position):
        if position < self.wake:
            return False
        while self.wake <= position:
            self.wake += self.case.per
        if self.case.xu:
            self.out.append((steps.WAKE_NOISE, 0, self.case.xu))
        return True

    def copy(self, kind, end):
        if end > self.hw:
            self.out.append((kind, self.hw, end))
            self.hw = end

    def tick(self, t):
        case, target = self.case, (t + 1) * self.case.rate // 1000 * 4
        if case.xk:
            self.out.append((steps.NOISE, 0, case.xk))
        if math.floor((t + 1) * case.csw / 1000) > math.floor(t * case.csw / 1000):
            self.out.append((steps.FLUSH_ALL, 0, 0))
        copies = (t + 1) % case.urb == 0
        if case.mode == "cap":
            self.capture(target, copies)
        elif case.ack:
            if self.woken(target):
                while self.appl + case.per <= target:
                    self.write()
                self.flush()
                self.copy(steps.KERNEL_LOAD, self.appl)
        else:
            if copies:
                self.copy(steps.KERNEL_LOAD, min(target, self.appl))
            if self.woken(self.hw):
                while self.appl + case.per <= self.hw + (case.fillb or case.ring):
                    self.write()
                self.flush()

    def capture(self, target, copies):
        case, line = self.case, self.case.geometry.line_bytes
        if copies:
            self.copy(steps.KERNEL_STORE, target)
        if not self.woken(self.hw):
            return
        self.flush()
        limit = self.hw if case.exact else self.hw - self.hw % case.ring % line
        if limit > self.appl:
            self.out.append((steps.USER_READ, self.appl, limit))
            self.appl = limit
        first = self.appl
        while first % case.ring % line:
            first += 4
        end = min(self.hw + case.pre, self.appl + case.ring)
        if case.pre and end > first:
            self.out.append((steps.USER_PRE, first, end))


CASES = [
    "ring=4096 xk=3 csw=30 cswper=1",
    "ring=4096 per=188 rate=44100 src=pbuf fillb=400 flush=1",
    "ring=1500 per=300 fillb=600 urb=3 uclean=1 flush=2 xu=4",
    # The wire runs dry: more bytes a millisecond than the user keeps queued.
    "ring=768 per=192 fillb=192 rate=50000",
    "ring=1000 per=100 fillb=100 rate=96000 urb=2",
    "ring=4096 per=2048 urb=5 rate=8000",
    "ring=16384 ack=1 per=188 rate=47000",
    "ring=16384 ack=1 per=500 rate=44100 flush=1 uclean=1 xu=2 src=pbuf",
    "mode=cap ring=4096 pre=192",
    "mode=cap ring=1000 per=176 rate=44100 exact=1 pre=300 urb=2",
    "mode=cap ring=1000 per=200 pre=5000 flush=1 xu=3 geo=925-wt",
    "mode=cap ring=4096 per=4096 rate=11025",
]


@pytest.mark.parametrize("chunk_ms", [300, 7])
@pytest.mark.parametrize("text", CASES)
def test_steps_of_a_stream_equal_the_loop_over_milliseconds(text, chunk_ms):
    case = parse_case(text)
    loop, fast = Loop(case), StreamSteps(case)
    loop.begin()
    got = [fast.begin()]
    for tick in range(300):
        loop.tick(tick)
    while fast.tick < 300:
        got.append(fast.advance(min(chunk_ms, 300 - fast.tick)))
    assert np.concatenate(got).tolist() == [list(step) for step in loop.out]


def test_poisson_switches_come_at_their_rate():
    case = parse_case("csw=200 src=gen ms=1")
    table = StreamSteps(case).advance(20000)
    switches = int((table[:, 0] == steps.FLUSH_ALL).sum())
    expected = 20000 * (1 - math.exp(-0.2))
    assert abs(switches - expected) < 5 * expected**0.5
