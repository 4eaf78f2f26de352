# SPDX-License-Identifier: MIT
"""The report as one JSON object, schema pcmstress/report/1."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from stress.model import shape
from stress.report import effects, path, wire
from stress.verdict.judge import judge

if TYPE_CHECKING:
    from stress.report.facts import Facts
    from stress.verdict.judge import Judgement
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally


def as_json(run: Summary, facts: Facts | None = None) -> dict[str, Any]:
    """Return the report as one JSON object (schema pcmstress/report/1)."""
    return {
        "schema": "pcmstress/report/1",
        "verdict": run.judgement.verdict.value,
        "reasons": list(run.judgement.reasons),
        "backend": run.backend,
        "detector": path.detectors(run),
        "facts": dict(facts.values) if facts else {},
        "loopback": shape.write(run.loopback) if run.loopback else None,
        "channel": dataclasses.asdict(run.channel) if run.channel else None,
        "audit": path.audit_json(run.audit),
        "seed": run.start.seed,
        "torn": run.torn,
        "stopped": shape.write(run.stopped) if run.stopped else None,
        "arms": [_arm(part, judged) for part, judged in zip(run.parts, run.verdicts)],
        "total": _arm(run.whole, judge(run.whole)),
        "diagnosis": effects.diagnosis(run),
        "lifecycle": [row.to_json() for row in run.lifecycle],
        "beside": run.beside.to_json(),
    }


def _arm(part: Tally, judged: Judgement) -> dict[str, Any]:
    return {
        "arm": part.arm,
        "verdict": judged.verdict.value,
        "bursts": part.bursts,
        "streamed_s": part.streamed_s,
        "lines": part.lines,
        "line_bytes": part.line_bytes,
        "checked_frames": part.checked_frames,
        "wrong_frames": part.wrong_frames,
        "episodes": part.episodes,
        "dispersion": None if math.isnan(part.dispersion) else part.dispersion,
        "counts": dict(part.counts),
        "xruns": part.xruns,
        "views": dict(part.views),
        "wire": wire.counts(part),
        "planted": part.planted,
        "control_found": part.control_found,
        "voluntary": part.voluntary,
        "involuntary": part.involuntary,
        "opportunities": dict(part.opportunities),
        "skipped": part.skipped,
    }
