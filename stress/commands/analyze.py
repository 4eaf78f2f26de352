"""pcmstress analyze: check a capture of the pattern, made anywhere by anything."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from stress.detect.exact import ExactChecker
from stress.files.audio import open_audio
from stress.model.exposure import Exposure
from stress.model.formats import sample_format
from stress.model.ring import Rings
from stress.model.verdict import Verdict, exit_code
from stress.patterns.word import Pattern
from stress.report.console import Console
from stress.report.table import count

if TYPE_CHECKING:
    import argparse

    from stress.model.finding import Analysis

# Frames per read: 64 KB of S16 stereo, small beside any memory we run in.
BLOCK_FRAMES = 1 << 14
LINE_BYTES = 32
MOST_SENTENCES = 20


def execute(args: argparse.Namespace) -> int:
    """Print what the capture holds; return the exit status of the verdict."""
    fmt = sample_format(args.format, "--format") if args.format else None
    with open_audio(args.capture, fmt=fmt, channels=args.channels, rate=args.rate) as source:
        pattern = Pattern(args.pattern, source.fmt, source.channels)
        rings = Rings(*args.rings) if args.rings else Rings()
        checker = ExactChecker(pattern, rings, line_bytes=LINE_BYTES)
        for block in source.blocks(BLOCK_FRAMES):
            checker.feed(block)
        analysis = checker.finish()
        rate = source.rate
    exposure = Exposure.of_frames(analysis.checked_frames, pattern.frame_bytes, LINE_BYTES)
    verdict = _verdict(analysis)
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        console.line(json.dumps(_object(analysis, verdict, exposure)))
    else:
        _tell(console, analysis, verdict, exposure, rate)
    return exit_code(verdict)


def _verdict(analysis: Analysis) -> Verdict:
    if not analysis.locked:
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL if analysis.found else Verdict.PASS


def _object(analysis: Analysis, verdict: Verdict, exposure: Exposure) -> dict[str, Any]:
    return {
        "schema": "pcmstress/analysis/1",
        "verdict": verdict.value,
        "detector": analysis.detector,
        "locked": analysis.locked,
        "frames": analysis.frames,
        "checked_frames": analysis.checked_frames,
        "first_position": analysis.first_position,
        "counts": {kind.value: number for kind, number in analysis.counts.items()},
        "findings": [finding.to_json() for finding in analysis.findings],
        "exposure": exposure.to_json(),
        "valid_bits": analysis.valid_bits,
        "notes": list(analysis.notes),
    }


def _tell(console: Console, analysis: Analysis, verdict: Verdict, exposure: Exposure, rate: int) -> None:
    console.line(f"{verdict.value}  [{analysis.detector}]  {_reason(analysis, exposure, rate)}")
    for finding in analysis.findings[:MOST_SENTENCES]:
        console.line(f"  {finding.kind.value:10} {finding.text}")
    rest = analysis.found - MOST_SENTENCES
    if rest > 0:
        console.line(f"  ... and {rest} more (--json lists those kept)")
    for note in analysis.notes:
        console.line(f"  note: {note}")


def _reason(analysis: Analysis, exposure: Exposure, rate: int) -> str:
    if not analysis.locked:
        return (
            f"the pattern was not found in {count(analysis.frames)} frames: was it played at 0 dB, "
            "through a bit-exact path, in this format?"
        )
    seen = f"{count(analysis.checked_frames)} frames checked ({analysis.checked_frames / rate:.3g} s)"
    if analysis.found:
        kinds = ", ".join(f"{number} {kind.value}" for kind, number in analysis.counts.items() if number)
        return f"{kinds}; {analysis.wrong_frames} wrong frames, {seen}"
    return f"every frame right, {seen}; fewer than {exposure.rate_bound_95:.2g} wrong lines per line (95 %)"
