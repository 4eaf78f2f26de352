# SPDX-License-Identifier: MIT
"""A dose of context switches: a small process that wakes at a given rate.

Each wake-up takes the CPU from this process, or from the idle task that keeps
its address space, and gives it back: two real switches of address space, each
a clean+invalidate of the whole D-cache on a VIVT core (cpu_arm926_switch_mm).
Intervals are exponential, so that survival is exp(-rate * exposure).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stress.pcm.helper import Helper

# Reads a rate a line; 0 sleeps until the next line. Each dose draws the same intervals.
_HELPER = """
import random, select, sys
rate, lines = 0.0, sys.stdin.buffer.raw
while True:
    wait = random.expovariate(rate) if rate else None
    if select.select([lines], [], [], wait)[0]:
        words = lines.readline().split()
        if not words:
            break
        rate = float(words[0])
        random.seed(b"0")
        sys.stdout.write("on\\n")
        sys.stdout.flush()
"""


class Dose:
    """The helper process; kept for the life of a PCM, idle between bursts.

    Threads: one caller.
    """

    def __init__(self) -> None:
        self._helper = Helper(_HELPER, "context switches")

    @contextmanager
    def at(self, rate: float, notes: list[str]) -> Iterator[None]:
        """Run the dose [1/s] for a while and add what was measured to `notes`."""
        helper, mine = self._helper, os.sched_getaffinity(0)
        # Only on a CPU of ours does it switch the address space away from us.
        where = helper.place(mine)
        helper.say(str(rate))
        count, began = helper.wakes(), time.monotonic_ns()
        try:
            yield
        finally:
            wakes, seconds = helper.wakes() - count, (time.monotonic_ns() - began) / 1e9
            helper.say("0")
            measured = f"{wakes / seconds:.1f}/s measured over {seconds:.2f} s, {rate:g}/s asked"
            loose = "" if len(mine) == 1 else f"; not pinned, it may have run on another of {len(mine)} CPUs"
            notes.append(f"context-switch dose: {measured}, {where}{loose}")

    def close(self) -> None:
        """End the helper; idempotent."""
        self._helper.close()
