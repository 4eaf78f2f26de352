"""pcmstress generate: the pattern as a WAV file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.files.wav import write_wav
from stress.model.formats import sample_format
from stress.patterns.word import Pattern
from stress.report.console import Console
from stress.report.table import count

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stress.model.stimulus import Stimulus

BLOCK_FRAMES = 1 << 14
DEFAULT_S = 10.0


def execute(args: argparse.Namespace) -> int:
    """Write the file; return 0."""
    rate = args.rate or 48000
    pattern = _stimulus(args, rate)
    frames = args.frames or round((args.duration or DEFAULT_S) * rate)
    write_wav(args.out, pattern.fmt, pattern.channels, rate, _blocks(pattern, args.position, frames))
    Console(sys.stdout, sys.stderr).line(
        f"{args.out}: {count(frames)} frames of {pattern.name}, {pattern.fmt.name}, "
        f"{pattern.channels} channels, {rate} Hz, from position {args.position}"
    )
    return 0


def _stimulus(args: argparse.Namespace, rate: int) -> Any:
    fmt, channels = sample_format(args.format or "S16_LE"), args.channels or 2
    if args.analog:
        from stress.patterns.noise import NoisePattern

        return NoisePattern(rate, channels, fmt)
    if args.stimulus:
        from stress.patterns.auxiliary import AuxiliaryPattern

        return AuxiliaryPattern(args.stimulus, channels, fmt)
    return Pattern(args.pattern, fmt, channels)


def _blocks(pattern: Stimulus, position: int, frames: int) -> Iterator[NDArray[np.uint8]]:
    block = np.empty(BLOCK_FRAMES * pattern.frame_bytes, dtype=np.uint8)
    for first in range(0, frames, BLOCK_FRAMES):
        part = block[: min(BLOCK_FRAMES, frames - first) * pattern.frame_bytes]
        pattern.fill((position + first) % (1 << 32), part)
        yield part
