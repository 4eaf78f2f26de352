# SPDX-License-Identifier: MIT
"""Simulate one stream of 16-bit stereo on a cache and count what is wrong."""

from __future__ import annotations

from typing import Protocol

from stress.model.arrays import Ints
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import Trace
from tools.refkit.access import StreamTracer
from tools.refkit.case import StreamCase
from tools.refkit.check import StreamChecker
from tools.refkit.steps import StreamSteps

# One step of the engine: long enough that numpy's call overhead does not count, short
# enough that its arrays stay in the second-level cache.
CHUNK_MS = 1000


class CacheModel(Protocol):
    """What runs a trace: the fast engine or the one-at-a-time cache."""

    @property
    def fills(self) -> int:
        """Return the line fills so far."""

    def run(self, trace: Trace) -> Deliveries:
        """Run a trace and return its delivered loads."""


def physical_lines(case: StreamCase) -> int:
    """Return how many physical lines the ring occupies."""
    return -(-case.ring // case.geometry.line_bytes)


def simulate(case: StreamCase, model: CacheModel, chunk_ms: int = CHUNK_MS) -> dict[str, int]:
    """Run the stream and return its counters.

    Parameters
    ----------
    model : a cache without history, of ``case.geometry``.
    chunk_ms : how much to simulate at once [ms]; does not change the result.

    Returns
    -------
    dict : ``lines``, ``badlines``, ``detectlines``, ``badhalves``,
        ``badwords``, ``zerohalves``, ``k1`` to ``k4`` (halves that are so many
        laps old), ``runs``, one entry per class (halves), ``fills`` and
        ``accesses``.
    """
    steps, tracer, checker = StreamSteps(case), StreamTracer(case), StreamChecker(case)
    accesses, fills = _run(steps.begin(), tracer, model, checker), 0
    while steps.tick < case.ms:
        end = case.ms if steps.tick >= case.warm else min(case.warm, case.ms)
        accesses += _run(steps.advance(min(chunk_ms, end - steps.tick)), tracer, model, checker)
        if steps.tick == case.warm:
            checker.reset()
            accesses, fills = 0, model.fills
    checker.finish()
    return {**checker.counts, "fills": model.fills - fills, "accesses": accesses}


def _run(steps: Ints, tracer: StreamTracer, model: CacheModel, checker: StreamChecker) -> int:
    trace = tracer.trace(steps)
    checker.add(trace, model.run(trace))
    return len(trace)
