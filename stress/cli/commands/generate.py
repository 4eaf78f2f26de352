# SPDX-License-Identifier: MIT
"""pcmstress generate: the pattern, or another stimulus, as a WAV file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from stress.errors import ConfigError
from stress.files.wav import write_wav
from stress.model.arrays import Bytes
from stress.model.formats import sample_format
from stress.model.ring import Rings
from stress.model.stimulus import ONE_SIDED, POSITIONS
from stress.model.words import count, counted
from stress.patterns.analog_periodic import PeriodicNoise, commensurate
from stress.patterns.auxiliary import Interleaved, auxiliary
from stress.patterns.noise import NoisePattern
from stress.patterns.word import Pattern
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stress.model.stimulus import Source

BLOCK_FRAMES = 1 << 14
DEFAULT_S = 10.0


def execute(args: argparse.Namespace) -> int:
    """Write the file; return 0."""
    rate = args.rate or 48000
    source = _source(args, rate)
    if args.rings:
        commensurate(getattr(source, "period", None), Rings(*args.rings))
    frames = args.frames or round((args.duration or DEFAULT_S) * rate)
    write_wav(args.out, source.fmt, source.channels, rate, _blocks(source, args.position, frames))
    Console(sys.stdout, sys.stderr).line(
        f"{args.out}: {count(frames)} frames of {source.name}, {source.fmt.name}, "
        f"{counted(source.channels, 'channel')}, {rate} Hz, from position {args.position}"
    )
    return 0


def _source(args: argparse.Namespace, rate: int) -> Source:
    fmt, channels = sample_format(args.format or "S16_LE"), args.channels or 2
    if args.tier == "device" and (args.stimulus or not args.analog):
        raise ConfigError(
            "device names a stimulus of --analog", where="--tier", allowed="with --analog alone"
        )
    if args.interleave is not None and not args.stimulus:
        raise ConfigError("nothing to take turns with", where="--interleave", allowed="with --stimulus")
    if args.stimulus and args.analog and args.interleave is None:
        raise ConfigError(
            "names another stimulus", where="--stimulus", allowed="with --analog --interleave T"
        )
    if args.analog and args.tier == "device":
        return PeriodicNoise(rate, channels, fmt)
    main: Source = Pattern(args.pattern, fmt, channels)
    if args.analog:
        main = NoisePattern(rate, channels, fmt)
    if not args.stimulus:
        return main
    if args.stimulus in ONE_SIDED[channels:]:
        raise ConfigError(
            f"{args.stimulus} needs a right channel", where="--stimulus", allowed="with --channels 2 or more"
        )
    other = auxiliary(args.stimulus, rate, channels, fmt)
    if args.interleave is None:
        return other
    turn = round(args.interleave * rate)
    if turn < 1:
        raise ConfigError(
            f"a turn is shorter than one frame of {rate} Hz", where="--interleave", allowed="1ms or longer"
        )
    return Interleaved(main, other, turn)


def _blocks(source: Source, position: int, frames: int) -> Iterator[Bytes]:
    block = np.empty(BLOCK_FRAMES * source.frame_bytes, dtype=np.uint8)
    for first in range(0, frames, BLOCK_FRAMES):
        part = block[: min(BLOCK_FRAMES, frames - first) * source.frame_bytes]
        source.fill((position + first) % POSITIONS, part)
        yield part
