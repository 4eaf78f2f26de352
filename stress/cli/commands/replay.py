# SPDX-License-Identifier: MIT
"""pcmstress replay: judge a run's evidence again, or repeat the run itself."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from stress.cli.commands import run
from stress.cli.outputs import Outputs
from stress.cli.run_config import Invocation, read_config
from stress.errors import CaptureFileError
from stress.experiment import replay
from stress.experiment.replay import Replayed
from stress.model import shape
from stress.model.record.findings import FindingRecord
from stress.model.ring import Rings
from stress.model.verdict import EXIT_FAIL, EXIT_INCONCLUSIVE
from stress.patterns.word import Pattern
from stress.record import bundle, evidence, reader
from stress.report.console import Console
from stress.report.table import table

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from stress.model.record.events import OpenRecord
    from stress.plan.plan import Plan
    from stress.record.reader import RunLog


def execute(args: argparse.Namespace) -> int:
    """Print what the evidence says now; return the exit status."""
    console = Console(sys.stdout, sys.stderr)
    with bundle.opened(args.bundle) as folder:
        log = reader.read_run(folder)
        config = read_config(folder)
        if args.run:
            # Everything comes from the record; the mixer stays as the user has it now.
            return run.carry_out(
                config, Invocation(out=args.out, outputs=Outputs(form="json" if args.json else "text"))
            )
        plan = config.plan
        found = _evidence(folder, log, plan)
    if args.json:
        console.line(json.dumps(_object(found)))
    else:
        for line in _lines(found):
            console.line(line)
    if not any(not one.skipped for one in found):
        return EXIT_INCONCLUSIVE
    return 0 if all(one.same or one.skipped for one in found) else EXIT_FAIL


def _evidence(folder: Path, log: RunLog, plan: Plan) -> list[Replayed]:
    shared = plan.shared()
    pattern = Pattern(plan.pattern, shared.fmt, shared.channels)
    bursts = {burst.number: burst for burst in log.bursts}
    rings = {arm: _rings(event) for arm, event in log.opened.items()}
    found = []
    for path in sorted((folder / "evidence").glob("*.json")):
        kept = replay.read(path.name, evidence.read(path.parent, path.name), pattern)
        burst = bursts.get(kept.burst)
        if burst is None or path.name not in burst.evidence:
            # Of a burst that a kill left unrecorded: earlier versions wrote evidence first.
            found.append(Replayed(kept, skipped="no burst of the record names it"))
            continue
        found.append(
            replay.judge(kept, burst, rings.get(burst.arm, Rings()), pattern, burst.exposure.line_bytes)
        )
    return found


def _rings(opened: OpenRecord) -> Rings:
    playback, capture = opened.granted.playback, opened.granted.capture
    if playback is None or capture is None:
        raise CaptureFileError("run.jsonl", f"arm {opened.arm}: the rings granted were not recorded")
    return Rings(playback.buffer_size, capture.buffer_size)


def _lines(found: list[Replayed]) -> list[str]:
    judged = [one for one in found if not one.skipped]
    same = sum(one.same for one in judged)
    out = [f"REPLAY  [exact]  {same} of {len(judged)} kept findings come out as they were recorded"]
    different = [one for one in judged if not one.same]
    if different:
        heads = ("evidence", "recorded", "now")
        rows = [(one.kept.name, _words(one.kept.finding), _now(one)) for one in different]
        out += ["", *table(heads, rows)]
    reasons = sorted({one.skipped for one in found if one.skipped})
    for reason in reasons:
        out.append(f"  not judged: {sum(one.skipped == reason for one in found)} ({reason})")
    if not found:
        out.append("  the run kept no evidence: it found nothing to keep")
    return out


def _now(one: Replayed) -> str:
    return _words(FindingRecord.of(one.now)) if one.now else "nothing wrong at that frame"


def _words(finding: FindingRecord) -> str:
    lag = f", lag {finding.lag}" if finding.lag is not None else ""
    ring = f", {finding.ring} ring" if finding.ring else ""
    return f"{finding.kind}, {finding.frames} frames{lag}{ring}"


def _object(found: list[Replayed]) -> dict[str, Any]:
    return {
        "schema": "pcmstress/replay/1",
        "judged": sum(not one.skipped for one in found),
        "same": sum(one.same for one in found),
        "evidence": [
            {
                "name": one.kept.name,
                "recorded": shape.write(one.kept.finding),
                "now": one.now.to_json() if one.now else None,
                "same": one.same,
                "skipped": one.skipped,
            }
            for one in found
        ],
    }
