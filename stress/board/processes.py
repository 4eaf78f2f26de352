# SPDX-License-Identifier: MIT
"""Which processes ran beside a burst, and what they took: looked at before it and behind it only.

On a core with a virtual cache each of them hides the defect for a moment (a switch of
address space cleans and invalidates the cache), so where it does not show, they are suspects.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable, NamedTuple

from stress.board import load

# Processes told, by CPU time and by switches each. Source: the one that matters is the first; the rest
# is its company. Higher: the record grows by it in every burst; lower: the second culprit is missed.
MOST = 5
# Share of a burst that both looks together may take. Higher: short bursts on a slow board take twice as
# long for it; lower: a board with many processes is never looked at.
SHARE = 0.1


class Process(NamedTuple):
    """What one process took; see `stress.model.record.beside.ProcessRecord`."""

    name: str
    pid: int
    cpu_ms: int
    switches: int


class Processes:
    """Looks at all processes around bursts, unless that takes too long here.

    Threads: one.
    """

    def __init__(
        self, door: Callable[[], Any] = load.psutil, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._psutil, self._clock_s = door(), clock_s
        self._before: dict[tuple[int, float], Process] = {}
        self._look_s = 0.0

    def before(self, burst_s: float) -> None:
        """Look, where it takes no more than its share of a burst that long [s]."""
        self._before = {}
        if self._psutil is not None and 2 * self._look_s <= SHARE * burst_s:
            self._before = self._look()

    def behind(self) -> tuple[Process, ...]:
        """Return the busiest since `before`, by CPU time first; none where nobody looked."""
        if not self._before:
            return ()
        after = self._look()
        spent = [_spent(process, self._before.get(key)) for key, process in after.items()]
        by_cpu = sorted((one for one in spent if one.cpu_ms), key=lambda one: -one.cpu_ms)[:MOST]
        by_switches = sorted((one for one in spent if one.switches), key=lambda one: -one.switches)[:MOST]
        return tuple(dict.fromkeys((*by_cpu, *by_switches)))

    def _look(self) -> dict[tuple[int, float], Process]:
        began = self._clock_s()
        asked = ["pid", "name", "cpu_times", "num_ctx_switches", "create_time"]
        found = {}
        for process in self._psutil.process_iter(asked):
            info = process.info
            if info["pid"] != os.getpid() and info["cpu_times"] is not None:
                cpu_ms = round(1000 * (info["cpu_times"].user + info["cpu_times"].system))
                switches = sum(info["num_ctx_switches"] or ())
                name = str(info["name"] or "?")
                found[info["pid"], info["create_time"]] = Process(name, info["pid"], cpu_ms, switches)
        self._look_s = self._clock_s() - began
        return found


def _spent(now: Process, before: Process | None) -> Process:
    if before is None:
        return now
    cpu_ms, switches = now.cpu_ms - before.cpu_ms, now.switches - before.switches
    return now._replace(cpu_ms=max(0, cpu_ms), switches=max(0, switches))
