# SPDX-License-Identifier: MIT
"""Stale lines by tick: whether the two threads that one timer wakes take turns at running first."""

from __future__ import annotations

import collections
import statistics
from collections.abc import Iterable, Sequence

from tools.labkit.emulator_log import StaleRead

_NS_PER_MS = 1_000_000
# Reads further apart are of another tick: those of one tick are served within microseconds.
_APART_NS = 3 * _NS_PER_MS


def groups(reads: Iterable[StaleRead], line_bytes: int) -> list[list[int]]:
    """Return when stale reads came together [ms since the first], each with its number of lines.

    Parameters
    ----------
    reads : in the order of time.
    line_bytes : of the cache [bytes].
    """
    found: list[tuple[int, set[tuple[str, int]]]] = []
    first = last = None
    for read in reads:
        first = read.ns if first is None else first
        if last is None or read.ns - last > _APART_NS:
            found.append((round((read.ns - first) / _NS_PER_MS), set()))
        found[-1][1].add((read.via, read.va // line_bytes))
        last = read.ns
    return [[ms, len(lines)] for ms, lines in found]


def medians(found: Sequence[Sequence[int]], tick_ms: int) -> tuple[float, float]:
    """Return the median of the lines at every other tick, the larger first; ticks without any count as 0."""
    lines = collections.Counter({round(ms / tick_ms): count for ms, count in found})
    halves = [[lines[tick] for tick in range(begin, max(lines, default=0) + 1, 2)] for begin in (0, 1)]
    one, other = (statistics.median(half) if half else 0.0 for half in halves)
    return max(one, other), min(one, other)
