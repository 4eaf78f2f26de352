# SPDX-License-Identifier: MIT
"""analyze --source: a capture of a counter, a ramp or a known file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stress.cli.analyze_exact import BLOCK_FRAMES, played
from stress.cli.found import Found
from stress.detect.foreign.counter import counter_in
from stress.detect.foreign.judge import judge_by
from stress.detect.foreign.recording import LOCK, FileSource
from stress.errors import CaptureFileError, ConfigError
from stress.files.audio import AudioSource, open_audio
from stress.model.arrays import Bytes
from stress.model.formats import MOST_CHANNELS, SampleFormat
from stress.model.words import count
from stress.patterns.layout import Layout

if TYPE_CHECKING:
    import argparse

    from stress.detect.foreign.source import KnownSource
    from stress.model.finding import Analysis
    from stress.model.ring import Rings

#: Words that name a source; anything else is a file.
WORDS = ("counter", "ramp")

# Most bytes of a capture, or of a known file [bytes]: both are held in memory. Source: as for
# recordings that are played. Higher: a board swaps; lower: captures have to be cut.
MOST_BYTES = 1 << 28


def judged_by_source(args: argparse.Namespace, source: AudioSource, rings: Rings) -> Found:
    """Judge a capture by what `--source` says was sent.

    Raises
    ------
    ConfigError : neither a word nor a file.
    CaptureFileError : the file, or the capture, and what is wrong with it.
    """
    if source.channels > MOST_CHANNELS:
        raise CaptureFileError(
            args.capture, f"has {source.channels} channels: choose those to judge, e.g. --channels 1-2"
        )
    rows = _held(source, args.capture).reshape(-1, source.frame_bytes)
    known: KnownSource | None
    if args.source in WORDS:
        known = counter_in(rows, source.fmt, source.channels, args.source == "ramp")
        missing = f"no {args.source} was found"
        ask = "" if args.source == "ramp" else "has it another step (--source ramp)"
    else:
        known = _file(args.source, source)
        missing = f"{args.source} was not found"
        ask = "was it played at 0 dB, through a bit-exact path"
    if known is None or not rows.any():
        return _nothing(source, missing, ask if rows.any() else "")
    judged = judge_by(known, rows, rings, args.line, played(args, source.rate))
    advice = list(judged.advice)
    return Found(judged.analysis, {"advice": advice}, judged.advice, missing=missing, ask=ask)


def _nothing(source: AudioSource, missing: str, ask: str) -> Found:
    from stress.model.finding import Analysis

    unlocked: Analysis = Analysis("exact", False, source.frames)
    return Found(unlocked, {"advice": []}, missing=missing, ask=ask)


def _file(path: str, capture: AudioSource) -> FileSource:
    if not Path(path).exists():
        raise ConfigError(
            f"{path} is no source, and no such file",
            where="--source",
            allowed="counter, ramp or an audio file",
        )
    with open_audio(path) as file:
        for what, have, want in (
            ("rate", file.rate, capture.rate),
            ("channels", file.channels, capture.channels),
        ):
            if have != want:
                raise CaptureFileError(path, f"has {what} {have}, the capture {want}")
        if file.fmt.bits > capture.fmt.bits:
            raise CaptureFileError(
                path,
                f"has {file.fmt.bits} bits a sample, the capture {capture.fmt.bits}: it was not sent whole",
            )
        rows = _widened(_held(file, path), file.fmt, capture.fmt, capture.channels)
    if len(rows) < 2 * LOCK:
        raise CaptureFileError(path, f"holds {count(len(rows))} frames; a source has {2 * LOCK} or more")
    if (rows == rows[0]).all():
        raise CaptureFileError(path, "is one frame over and over: no place in it can be told from another")
    return FileSource(Path(path).name, capture.fmt, capture.channels, rows)


def _held(source: AudioSource, path: str) -> Bytes:
    size = source.frames * source.frame_bytes
    if size > MOST_BYTES:
        raise CaptureFileError(
            path, f"holds {size} bytes of audio; --source holds it in memory, at most {MOST_BYTES}"
        )
    return np.concatenate(
        [
            np.empty(0, np.uint8),
            *(np.array(block, np.uint8).reshape(-1) for block in source.blocks(BLOCK_FRAMES)),
        ]
    )


def _widened(raw: Bytes, stored: SampleFormat, fmt: SampleFormat, channels: int) -> Bytes:
    # A player puts the samples of a narrower file into the upper bits.
    frames = raw.size // stored.frame_bytes(channels)
    if stored == fmt:
        return raw.reshape(frames, -1)
    samples = Layout(stored, channels).samples(raw) >> np.int32(32 - fmt.bits)
    cells = np.ascontiguousarray(samples.astype("<i4")).view(np.uint8).reshape(frames, channels, 4)
    return np.ascontiguousarray(cells[:, :, : fmt.sample_bytes]).reshape(frames, -1)
