# SPDX-License-Identifier: MIT
"""What can judge a capture made elsewhere: one function per detector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Callable

import numpy as np

from stress.cli import stimulus
from stress.cli.analyze_exact import (
    BLOCK_FRAMES,
    auxiliary_line,
    frames_of,
    judged_by_pattern,
    path_judgement,
    played,
)
from stress.cli.analyze_layout import QUICK_FRAMES, named_wrong
from stress.cli.found import Found
from stress.cli.known_source import judged_by_source
from stress.detect.exact.recording_check import is_strange
from stress.detect.path.even_steps import even_steps
from stress.detect.path.fade import named_fades
from stress.detect.path.suspect import Suspicion, suspected
from stress.detect.path.unnamed import unnamed_path
from stress.errors import CaptureFileError, ConfigError
from stress.model.finding import Analysis
from stress.model.formats import MOST_CHANNELS
from stress.model.path import Path
from stress.model.words import count

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

    from stress.files.audio import AudioSource
    from stress.model.ring import Rings

# Half an hour at 48 kHz: the analog detector needs about 60 bytes of memory per frame.
MOST_ANALOG_FRAMES = 1800 * 48000

# Frames of a capture in which `auto` looks for the noise: a minute at 48 kHz, 170 MB. Higher:
# a capture of something else takes the memory of a board; lower: noise that begins late is missed.
AUTO_ANALOG_FRAMES = 60 * 48000
# Share of the frames due that an analog judge has to have judged. Source: edges, and laps
# that wait for their echo, are below 5 % of 2 s. Higher: short captures are no PASS;
# lower: a capture that falls silent is.
LEAST_COVERED = 0.9
# Alarms of the device tier told one by one.
MOST_ALARMS = 20


Judge = Callable[["argparse.Namespace", "AudioSource", "Rings"], Found]


def choose(args: argparse.Namespace) -> Judge:
    """Return the judge that the options ask for.

    Raises
    ------
    ConfigError : options that do not go together.
    """
    name = args.detector
    if args.source:
        if args.analog or args.stimulus or name not in ("auto", "exact"):
            raise ConfigError(
                "judges by the frames that were sent, bit for bit",
                where="--source",
                allowed="without --stimulus and --analog, with --detector exact",
            )
        return judged_by_source
    if args.analog:
        if name not in ("auto", "spectral"):
            raise ConfigError(f"{name} keeps to bits", where="--analog", allowed="with --detector spectral")
        name = "spectral"
    if name != "spectral" and (args.html or args.tier == "device"):
        where = "--html" if args.html else "--tier device"
        raise ConfigError("belongs to analog captures", where=where, allowed="with --analog")
    if args.html and args.tier == "device":
        raise ConfigError("the device tier draws no page", where="--html", allowed="with --tier host")
    if args.tier == "device":
        return device
    if args.stimulus:
        if name not in ("auto", "checksum"):
            raise ConfigError(
                f"{name} judges a stimulus of its own", where="--detector", allowed="checksum with --stimulus"
            )
        return recorded
    if name == "checksum":
        raise ConfigError(
            "needs what was played", where="--detector checksum", allowed="with --stimulus FILE.wav"
        )
    return {"exact": exact, "spectral": spectral, "auto": auto}[name]


def exact(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    """Judge by the pattern, each pass of it, in constant memory."""
    judged, exposed = judged_by_pattern(args, source, rings)
    found = Found(
        _placed(args, judged.analysis), {"advice": list(judged.advice)}, judged.advice, exposed=exposed
    )
    if not found.analysis.locked:
        line = auxiliary_line(args, source)
        if line:
            return replace(found, advice=(line,), extra={"advice": [line]}, known=True)
        line = named_wrong(source, 1, QUICK_FRAMES)
        if line:
            return _misnamed(source, found, line)
    behind = _behind_path(args, source, rings, found)
    if source.fmt.native:
        behind = replace(behind, analysis=named_fades(behind.analysis, *frames_of(args, source)))
    if judged.foreign is not None and is_strange(behind.analysis, judged.foreign):
        behind = _without_tail(args, source, rings, behind)
    behind = _unless_unnamed(args, source, behind)
    path = behind.analysis.path
    whole = path is not None and None not in path.channels
    if behind.known or (behind.analysis.locked and whole):
        return behind
    line = named_wrong(source)
    return _misnamed(source, found, line) if line else behind


def _misnamed(source: AudioSource, found: Found, line: str) -> Found:
    # No frame of another layout is judged, whatever was seen of it.
    blank = Analysis("exact", False, source.frames)
    what = "the header does" if source.container else "--format or --channels do"
    return replace(
        found,
        analysis=blank,
        missing=f"{what} not fit the file: nothing is judged",
        ask="",
        advice=(line,),
        extra={"advice": [line]},
        exposed=None,
        known=True,
    )


def _without_tail(args: argparse.Namespace, source: AudioSource, rings: Rings, found: Found) -> Found:
    # No path explains what is there behind the last right frame: it may be anything.
    judged, exposed = judged_by_pattern(args, source, rings, tail=False)
    analysis = replace(_placed(args, judged.analysis), path=found.analysis.path)
    return replace(
        found, analysis=analysis, advice=judged.advice, extra={"advice": list(judged.advice)}, exposed=exposed
    )


def _unless_unnamed(args: argparse.Namespace, source: AudioSource, found: Found) -> Found:
    # Wrong from beginning to end in no known way, and nothing shows a ring: it may be a path.
    path, carried = found.analysis.path, found.analysis.valid_bits
    if not source.fmt.native:
        return found
    if path is not None and path != Path.bit_exact(
        source.channels, source.fmt.bits, path.from_frame, carried
    ):
        return found
    looked = found.analysis, *frames_of(args, source)
    ask = "are effects, sound servers and plugins switched off"
    told = unnamed_path(*looked)
    if not told:
        told, ask = even_steps(*looked), "do player, card and recorder have one sample rate"
    if not told:
        return found
    return replace(
        found,
        analysis=Analysis("exact", False, source.frames),
        missing=f"{told}: nothing is judged bit for bit",
        ask=ask,
        advice=(),
        extra={"advice": []},
        exposed=None,
        known=True,
    )


def _behind_path(args: argparse.Namespace, source: AudioSource, rings: Rings, found: Found) -> Found:
    # What the exact detector says behind the path, where one stands before it.
    analysis = found.analysis
    if not source.fmt.native:
        return found
    suspicion = suspected(analysis, *frames_of(args, source)) if analysis.locked else Suspicion.WHOLLY
    if suspicion is Suspicion.NONE:
        first, bits = analysis.first_frame or 0, source.fmt.bits
        path = Path.bit_exact(source.channels, bits, first, analysis.valid_bits)
        return replace(found, analysis=replace(analysis, path=path))
    behind = path_judgement(args, source, rings, analysis.lock, suspicion)
    if behind.nothing is not None and not analysis.locked:
        settled = behind.nothing.what in ("silence", "constant", "short")
        return replace(found, missing=behind.nothing.why, ask="", known=settled)
    if behind.blind:
        blank = Analysis("exact", False, source.frames, path=behind.path)
        return replace(found, analysis=blank, advice=(), extra={"advice": []}, exposed=None, known=True)
    if behind.analysis is None and behind.path is not None and not analysis.locked:
        return replace(found, analysis=replace(analysis, path=behind.path), known=True)
    if behind.path is not None and behind.path.exact and not behind.changes:
        return replace(found, analysis=replace(analysis, path=behind.path)) if analysis.locked else found
    if behind.analysis is None:
        return found
    placed = _placed(args, replace(behind.analysis, path=behind.path))
    return replace(
        found, analysis=placed, advice=behind.advice, extra={"advice": list(behind.advice)}, exposed=None
    )


def _placed(args: argparse.Namespace, analysis: Analysis) -> Analysis:
    # Without silence before the pattern nobody knows how much of it was played before.
    named = any(finding.ring == "playback" for finding in analysis.findings)
    if args.position is not None or analysis.first_frame != 0 or not named:
        return analysis
    note = (
        "the capture begins inside the pattern: offsets in the playback ring count from its first "
        f"frame, position {analysis.first_position} (--position says which one was played first)"
    )
    return replace(analysis, notes=(*analysis.notes, note))


def auto(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    """Judge by the pattern, by the noise where only that is recognised."""
    found = exact(args, source, rings)
    if found.analysis.locked or found.known or source.frames > MOST_ANALOG_FRAMES:
        return found
    if source.channels > MOST_CHANNELS:
        return found.with_advice(
            f"all {source.channels} channels were taken for one pattern: choose those that carry it, e.g. "
            "--channels 1-2"
        )
    heard = spectral(args, source, rings, AUTO_ANALOG_FRAMES)
    if not heard.analysis.locked and device(args, source, rings, AUTO_ANALOG_FRAMES).analysis.locked:
        line = "the capture is the periodic noise of generate: repeat with --analog --tier device"
        return replace(found, advice=(line,), extra={"advice": [line]})
    if not heard.analysis.locked:
        both = "neither the pattern nor the analog noise was found"
        pattern = found.ask or "is it music, noise or another stimulus"
        ask = (
            f"{pattern}; or was the noise played from another position than about {_first(args)} (--position)"
        )
        return replace(
            found, extra={"advice": list(heard.advice)}, advice=heard.advice, missing=both, ask=ask
        )
    note = "the pattern was not found bit for bit, the analog noise was: judged by the spectral detector"
    heard = replace(heard, analysis=replace(heard.analysis, notes=(*heard.analysis.notes, note)))
    if source.frames <= AUTO_ANALOG_FRAMES:
        return heard
    return heard.with_advice(
        f"only the first {count(AUTO_ANALOG_FRAMES)} of {count(source.frames)} frames were judged: --analog "
        "judges them all, in about 60 bytes of memory per frame"
    )


def spectral(args: argparse.Namespace, source: AudioSource, rings: Rings, most: int | None = None) -> Found:
    """Judge by the noise, through an analog path."""
    from stress.detect.spectral import Options, analyze
    from stress.patterns.noise import NoisePattern

    pattern = NoisePattern(source.rate, source.channels, source.fmt)
    options = Options(line_bytes=args.line, view=(0, source.frames) if args.html else None)
    audio = _analog_audio(args, source, most)
    result = analyze(audio, pattern, rings, first_position=_first(args), options=options)
    channel = result.channel
    lines = () if channel is None else (
        f"channel: latency {channel.latency_frames:.2f} frames, gain {channel.gain_db:.2f} dB, "
        f"SNR {channel.snr_db:.1f} dB, THD+N {channel.thd_n_db:.1f} dB, drift {channel.drift_ppm:.3f} ppm",
    )  # fmt: skip
    ask = f"was it played from about position {_first(args)} on (--position), at this rate"
    missing = "the analog noise was not found"
    found = Found(result.analysis, result.to_json(), result.advice, lines, missing, ask, spectral=result)
    return _covered(args, replace(found, unexplained=result.disturbances), source.rate)


def device(args: argparse.Namespace, source: AudioSource, rings: Rings, most: int | None = None) -> Found:
    """Judge by the periodic noise, in integers."""
    from stress.detect.spectral import analyze_on_device
    from stress.patterns.analog_periodic import PeriodicNoise

    pattern = PeriodicNoise(source.rate, source.channels, source.fmt)
    result = analyze_on_device(_analog_audio(args, source, most), pattern, rings, line_bytes=args.line)
    lines = tuple(
        f"frame {alarm.frame}, channel {alarm.channel + 1}: off by {alarm.difference}, {alarm.mean} is usual"
        f"{'; not undone one period later' if alarm.confirmed is False else ''}"
        for alarm in result.alarms[:MOST_ALARMS]
    )
    missing, ask = "the periodic noise was not found", "was it made by generate --analog --tier device"
    found = Found(result.analysis, result.to_json(), result.advice, lines, missing, ask)
    return _covered(args, replace(found, unexplained=result.count), source.rate)


def _covered(args: argparse.Namespace, found: Found, rate: int) -> Found:
    # An analog judge stops where it hears no more: what was due behind that was not judged.
    analysis = found.analysis
    if not analysis.locked:
        return found
    rest = analysis.frames - (analysis.first_frame or 0)
    length = played(args, rate)
    due = rest if length is None else min(rest, length)
    if analysis.checked_frames >= LEAST_COVERED * due:
        return found
    return found.with_advice(
        f"{count(analysis.checked_frames)} of the {count(due)} frames from the beginning of the noise on "
        "were judged: what follows is silent or is not the noise (--duration says how much was played)"
    )


def recorded(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    """Judge by checksums against the recording that was played.

    Raises
    ------
    CaptureFileError : too long, or not of the format, rate and channels of the stimulus.
    """
    from stress.experiment.method.checksum import judge_recording

    recording = stimulus.load(args.stimulus)
    for what, have, want in (
        ("format", source.fmt.name, recording.fmt.name),
        ("rate", source.rate, recording.rate),
        ("channels", source.channels, recording.channels),
    ):
        if have != want:
            raise CaptureFileError(args.capture, f"has {what} {have}, the stimulus {args.stimulus} {want}")
    heard = judge_recording(
        lambda first, stop: source.blocks(BLOCK_FRAMES, first, stop),
        source.frames,
        recording,
        rings,
        args.line,
        played(args, source.rate),
    )
    return Found(
        heard.analysis,
        {"advice": list(heard.advice)},
        heard.advice,
        missing=f"{args.stimulus} was not found",
        ask="was it played at 0 dB, through a bit-exact path",
        exposed=heard.exposed_frames,
    )


def _first(args: argparse.Namespace) -> int:
    """Return the position that analog noise was played from, 1 where it is not said."""
    return 1 if args.position is None else int(args.position)


def _analog_audio(args: argparse.Namespace, source: AudioSource, most: int | None) -> NDArray[np.uint8]:
    if most is None and source.frames > MOST_ANALOG_FRAMES:
        raise CaptureFileError(
            args.capture, f"holds {source.frames} frames; an analog capture is held in memory, at most "
            f"{MOST_ANALOG_FRAMES} (cut it)"
        )  # fmt: skip
    blocks = source.blocks(BLOCK_FRAMES, 0, most)
    return np.concatenate([np.empty(0, np.uint8), *(np.array(block) for block in blocks)])
