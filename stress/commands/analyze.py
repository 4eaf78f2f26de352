"""pcmstress analyze: check a capture of the pattern, made anywhere by anything."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.detect.exact import ExactChecker
from stress.errors import CaptureFileError, ConfigError
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
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stress.detect.spectral import SpectralAnalysis
    from stress.files.audio import AudioSource
    from stress.model.finding import Analysis

# Frames per read: 64 KB of S16 stereo, small beside any memory we run in.
BLOCK_FRAMES = 1 << 14
LINE_BYTES = 32
# Half an hour at 48 kHz: the analog detector needs about 60 bytes of memory per frame.
MOST_ANALOG_FRAMES = 1800 * 48000
MOST_SENTENCES = 20


def execute(args: argparse.Namespace) -> int:
    """Print what the capture holds; return the exit status of the verdict."""
    fmt = sample_format(args.format, "--format") if args.format else None
    rings, judge = Rings(*args.rings) if args.rings else Rings(), _tier(args)
    with open_audio(args.capture, fmt=fmt, channels=args.channels, rate=args.rate) as source:
        found = judge(args, source, rings)
        frame_bytes = source.fmt.frame_bytes(source.channels)
        rate = source.rate
    exposure = Exposure.of_frames(found.analysis.checked_frames, frame_bytes, LINE_BYTES)
    verdict = _verdict(found)
    if args.html and found.spectral is not None:
        _write_page(args, found.spectral, verdict, _reason(found.analysis, exposure, rate), rate, frame_bytes)
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        console.line(json.dumps({**_object(found.analysis, verdict, exposure), **found.extra}))
    else:
        _tell(console, found, verdict, exposure, rate)
    return exit_code(verdict)


@dataclass(frozen=True)
class Found:
    """What a detector says, with what only the spectral one has.

    Attributes
    ----------
    extra : keys added to the JSON object.
    advice : what keeps a clean capture from PASS, one line each.
    lines : what the text output adds.
    spectral : the whole result of the host tier, for the page.
    """

    analysis: Analysis
    extra: dict[str, Any]
    advice: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    spectral: SpectralAnalysis | None = None


def _exact(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    pattern = Pattern(args.pattern, source.fmt, source.channels)
    checker = ExactChecker(pattern, rings, line_bytes=LINE_BYTES)
    for block in source.blocks(BLOCK_FRAMES):
        checker.feed(block)
    return Found(checker.finish(), {})


def _tier(args: argparse.Namespace) -> Callable[[argparse.Namespace, AudioSource, Rings], Found]:
    if not args.analog and (args.html or args.tier == "device"):
        where = "--html" if args.html else "--tier device"
        raise ConfigError("belongs to analog captures", where=where, allowed="with --analog")
    if args.html and args.tier == "device":
        raise ConfigError("the device tier draws no page", where="--html", allowed="with --tier host")
    return _device if args.tier == "device" else _analog if args.analog else _exact


def _device(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    from stress.detect.spectral import analyze_on_device
    from stress.patterns.analog_periodic import PeriodicNoise

    pattern = PeriodicNoise(source.rate, source.channels, source.fmt)
    result = analyze_on_device(_whole(args, source), pattern, rings)
    alarms = result.alarms[:MOST_SENTENCES]
    lines = tuple(
        f"frame {alarm.frame}, channel {alarm.channel + 1}: off by {alarm.difference}, {alarm.mean} is usual"
        f"{'; not undone one period later' if alarm.confirmed is False else ''}"
        for alarm in alarms
    )
    return Found(result.analysis, result.to_json(), result.advice, lines)


def _whole(args: argparse.Namespace, source: AudioSource) -> NDArray[np.uint8]:
    if source.frames > MOST_ANALOG_FRAMES:
        raise CaptureFileError(
            args.capture, f"holds {source.frames} frames; an analog capture is held in memory, at most "
            f"{MOST_ANALOG_FRAMES} (cut it)"
        )  # fmt: skip
    return np.concatenate(
        [np.empty(0, np.uint8), *(np.array(block) for block in source.blocks(BLOCK_FRAMES))]
    )


def _analog(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    from stress.detect.spectral import Options, analyze
    from stress.patterns.noise import NoisePattern

    pattern = NoisePattern(source.rate, source.channels, source.fmt)
    options = Options(view=(0, source.frames) if args.html else None)
    result = analyze(_whole(args, source), pattern, rings, first_position=args.position, options=options)
    channel = result.channel
    lines = () if channel is None else (
        f"channel: latency {channel.latency_frames:.2f} frames, gain {channel.gain_db:.2f} dB, "
        f"SNR {channel.snr_db:.1f} dB, THD+N {channel.thd_n_db:.1f} dB, drift {channel.drift_ppm:.3f} ppm",
    )  # fmt: skip
    return Found(result.analysis, result.to_json(), result.advice, lines, result)


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
    try:
        Path(args.html).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaptureFileError(args.html, f"cannot be written: {error.strerror}") from None


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
    }


def _tell(console: Console, found: Found, verdict: Verdict, exposure: Exposure, rate: int) -> None:
    analysis = found.analysis
    console.line(f"{verdict.value}  [{analysis.detector}]  {_reason(analysis, exposure, rate)}")
    for finding in analysis.findings[:MOST_SENTENCES]:
        console.line(f"  {finding.kind.value:10} {finding.text}")
    rest = analysis.found - MOST_SENTENCES
    if rest > 0:
        console.line(f"  ... and {rest} more (--json lists those kept)")
    for note in (*found.lines, *found.advice, *(f"note: {note}" for note in analysis.notes)):
        console.line(f"  {note}")


def _reason(analysis: Analysis, exposure: Exposure, rate: int) -> str:
    if not analysis.locked:
        return (
            f"the pattern was not found in {count(analysis.frames)} frames: was it played at 0 dB, "
            "through a bit-exact path, in this format (a cable between analog jacks needs --analog)?"
        )
    seen = f"{count(analysis.checked_frames)} frames checked ({analysis.checked_frames / rate:.3g} s)"
    if analysis.found:
        kinds = ", ".join(f"{number} {kind.value}" for kind, number in analysis.counts.items() if number)
        return f"{kinds}; {analysis.wrong_frames} wrong frames, {seen}"
    return f"every frame right, {seen}; fewer than {exposure.rate_bound_95:.2g} wrong lines per line (95 %)"
