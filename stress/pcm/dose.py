"""A dose of context switches: a small process that wakes at a given rate.

Each wake-up takes the CPU from this process, or from the idle task that keeps
its address space, and gives it back: two real switches of address space, each
a clean+invalidate of the whole D-cache on a VIVT core (cpu_arm926_switch_mm).
Intervals are exponential, so that survival is exp(-rate * exposure).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stress.errors import BackendUnavailable, StreamTimeout

# Reads "RATE SEED" lines; rate 0 sleeps until the next line. It answers each
# line, so that the burst begins only when the dose is on.
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
        random.seed(words[1])
        sys.stdout.write("on\\n")
        sys.stdout.flush()
"""
_SWITCHES = re.compile(r"^voluntary_ctxt_switches:\s*(\d+)", re.MULTILINE)


class Dose:
    """The helper process; kept for the life of a PCM, idle between bursts.

    Threads: one caller.
    """

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-u", "-c", _HELPER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                # A Ctrl-C at the terminal is for us; the helper ends with its stdin.
                start_new_session=True,
            )
        except OSError as error:
            raise BackendUnavailable(f"no helper process for context switches: {error}") from None

    @contextmanager
    def at(self, rate: float, notes: list[str], seed: int = 0) -> Iterator[None]:
        """Run the dose [1/s] for a while and add what was measured to `notes`."""
        self._say(rate, seed)
        count, began = self._count(), time.monotonic_ns()
        try:
            yield
        finally:
            wakes, seconds = self._count() - count, (time.monotonic_ns() - began) / 1e9
            self._say(0.0, 0)
            measured = f"{wakes / seconds:.1f}/s measured over {seconds:.2f} s, {rate:g}/s asked"
            notes.append(f"context-switch dose: {measured}{_spread()}")

    def close(self) -> None:
        """End the helper; idempotent."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _say(self, rate: float, seed: int) -> None:
        sink, source = self._process.stdin, self._process.stdout
        if sink is None or source is None or self._process.poll() is not None:
            raise StreamTimeout("the context-switch helper has ended")
        sink.write(f"{rate} {seed}\n".encode())
        if source.readline() != b"on\n":
            raise StreamTimeout("the context-switch helper has ended")

    def _count(self) -> int:
        text = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii", errors="replace")
        match = _SWITCHES.search(text)
        return int(match[1]) if match else 0


def _spread() -> str:
    cpus = len(os.sched_getaffinity(0))
    return "" if cpus == 1 else f"; not pinned, it may have run on another of {cpus} CPUs"
