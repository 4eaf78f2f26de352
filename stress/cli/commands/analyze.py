# SPDX-License-Identifier: MIT
"""pcmstress analyze: check a capture of the pattern, made anywhere by anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.cli import analyzers
from stress.cli.joined import judged_parts
from stress.cli.ring_hint import ring_hint
from stress.detect.path import words as path_words
from stress.files.audio import open_parts
from stress.files.whole import whole
from stress.model.exposure import Exposure
from stress.model.formats import card_format
from stress.model.ring import Rings
from stress.model.verdict import Verdict, exit_code
from stress.model.words import at_most, count, counted
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse

    from stress.cli.found import Found
    from stress.detect.spectral import SpectralAnalysis
    from stress.model.finding import Analysis
    from stress.model.path import Path as SignalPath

MOST_SENTENCES = 20
# Fewest ring lines that a PASS rests on. Source: 300 right ones bound the rate at 1 % of
# lines; corrupting boards show more. Higher: captures of a tenth of a second are no
# PASS; lower: a PASS says nothing.
LEAST_LINES = 300


def execute(args: argparse.Namespace) -> int:
    """Print what the capture holds; return the exit status of the verdict."""
    judge = analyzers.choose(args)
    fmt = card_format(args.format, "--format") if args.format else None
    rings = Rings(*args.rings) if args.rings else Rings()
    sources = open_parts(args.capture, fmt=fmt, channels=args.channels, rate=args.rate)
    with sources[0] as source:
        found = judged_parts(lambda part: judge(args, part, rings), sources)
        frame_bytes, rate = source.frame_bytes, source.rate
    exposure = Exposure.of_frames(found.exposed_frames, frame_bytes, args.line)
    if exposure.lines < LEAST_LINES and found.analysis.locked:
        found = found.with_advice(
            f"{counted(exposure.lines, 'ring line')} judged: a PASS needs {LEAST_LINES} (a longer capture)"
        )
    verdict = _verdict(found)
    if args.html and found.spectral is not None:
        _write_page(args, found.spectral, verdict, _reason(found, verdict, exposure, rate), rate, frame_bytes)
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        console.line(json.dumps({**_object(found.analysis, verdict, exposure), **found.extra}))
    else:
        _tell(console, found, verdict, exposure, rate, bool(args.rings))
    return exit_code(verdict)


def _write_page(
    args: argparse.Namespace,
    result: SpectralAnalysis,
    verdict: Verdict,
    reason: str,
    rate: int,
    frame_bytes: int,
) -> None:
    from stress.report.analog import page

    rings = Rings(*args.rings) if args.rings else Rings()
    text = page(result, verdict.value, Path(args.capture).name, reason, rate, frame_bytes, rings)
    with whole(args.html) as place:
        Path(place).write_text(text, encoding="utf-8")


def _verdict(found: Found) -> Verdict:
    if not found.analysis.locked:
        return Verdict.INCONCLUSIVE
    if found.analysis.found:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if found.advice else Verdict.PASS


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
        "path": None if analysis.path is None else analysis.path.to_json(),
    }


def _path_lines(path: SignalPath | None) -> list[str]:
    # What the path does, then what to do about it; nothing where it is bit-exact.
    if path is None or path.exact:
        return []
    todo = path_words.advice(path)
    return [f"path: {path_words.sentence(path)}", *([f"  {todo}"] if todo else [])]


def _said(verdict: Verdict, analysis: Analysis) -> str:
    path = analysis.path
    if verdict is not Verdict.PASS or path is None or path.exact:
        return verdict.value
    return f"{verdict.value} behind {path_words.sentence(path)}"


def _tell(
    console: Console, found: Found, verdict: Verdict, exposure: Exposure, rate: int, rings: bool
) -> None:
    analysis = found.analysis
    for line in _path_lines(analysis.path):
        console.prose([line])
    reason = _reason(found, verdict, exposure, rate)
    console.prose([f"{_said(verdict, analysis)}  [{analysis.detector}]  {reason}"])
    for finding in analysis.findings[:MOST_SENTENCES]:
        console.prose([f"  {finding.kind.value:10} {finding.text}"])
    rest = analysis.found - MOST_SENTENCES
    if rest > 0:
        console.line(f"  ... and {count(rest)} more (--json lists those kept)")
    hint = "" if rings else ring_hint(analysis)
    notes = [*analysis.notes, *([hint] if hint else [])]
    for note in (*found.lines, *found.advice, *(f"note: {note}" for note in notes)):
        console.prose([f"  {note}"])


def _reason(found: Found, verdict: Verdict, exposure: Exposure, rate: int) -> str:
    analysis = found.analysis
    if not analysis.locked:
        if analysis.path is not None:
            lost = path_words.lost(analysis.path)
            return f"{lost}; {count(analysis.frames)} frames are not judged bit for bit"
        ask = f": {found.ask}?" if found.ask else ""
        return f"{found.missing} in {count(analysis.frames)} frames{ask}"
    share = _share(analysis)
    seen = f"{count(analysis.checked_frames)} frames checked ({analysis.checked_frames / rate:.3g} s{share})"
    if analysis.found:
        kinds = ", ".join(
            f"{count(number)} {kind.value}" for kind, number in analysis.counts.items() if number
        )
        return f"{kinds}; {counted(analysis.wrong_frames, 'wrong frame')}, {seen}"
    if found.unexplained:
        return f"nothing named wrong, places unexplained: {found.unexplained}, {seen}"
    bound = exposure.rate_bound_95
    right = "every frame right" if verdict is Verdict.PASS else "no wrong frame among those judged"
    if bound is None:
        return f"{right}, {seen}; in none of them would stale data have shown"
    return f"{right}, {seen}; {at_most(bound)}"


def _share(analysis: Analysis) -> str:
    # How much of the file the verdict covers.
    if analysis.checked_frames >= analysis.frames:
        return ", the whole file"
    share = 100 * analysis.checked_frames / analysis.frames
    return f", {min(share, 99.9):.3g} % of the file"
