# SPDX-License-Identifier: MIT
"""A run in a folder of its own, walked to its end by the exact detector, for tests of what it records."""

from __future__ import annotations

from stress.experiment.method.exact import ByPattern
from stress.experiment.runner import Run
from stress.model.formats import FORMATS
from stress.model.record.events import StartRecord
from stress.patterns.word import Pattern
from stress.record import rundir
from stress.record.clock import Clock
from stress.record.evidence import EvidenceStore
from stress.record.journal import Journal

CLOCK = Clock(monotonic_ns=lambda: 1, wall_s=lambda: 1e9)
PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)


def walked(folder, plan, pcm, line_bytes, *, kept=(20, 4), start=None, **more):
    """Return the judgement of a run of `plan`; `kept` samples of evidence in all and of a burst."""
    rundir.create(str(folder), CLOCK)
    journal = Journal(folder, CLOCK)
    run = Run(
        plan=plan,
        pcm=pcm,
        name="virtual",
        line_bytes=line_bytes,
        method=ByPattern(PATTERN, line_bytes),
        journal=journal,
        evidence=EvidenceStore(folder, *kept),
        seed=3,
        position=12345,
        **more,
    )
    journal.append(StartRecord(seed=3, backend="virtual", first_position=12345, **(start or {})))
    with pcm:
        judgement, _ = run.walk()
    journal.close()
    return judgement
