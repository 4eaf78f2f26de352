# SPDX-License-Identifier: MIT
"""The options of `analyze` and `generate`, which read and write files of sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stress.cli import run_options, subcommand
from stress.cli.arguments import (
    channels,
    duration,
    pcm_format,
    rate,
    rings,
    whole,
)
from stress.model.stimulus import AUXILIARY, ONE_SIDED

if TYPE_CHECKING:
    import argparse

NAMED_STIMULI = AUXILIARY + ONE_SIDED
RATES = (4000, 768000)
_NATIVE = "S16_LE, S24_3LE, S24_LE or S32_LE"
TIERS = ("host", "device")
LINES = (16, 32, 64)


def _audio(
    command: argparse.ArgumentParser, said: str, channels: Any, many: str, formats: str = _NATIVE
) -> None:
    command.add_argument(
        "--format",
        type=pcm_format,
        metavar="F",
        help=f"{formats}; s16, s24, s32 are understood ({said.format('S16_LE')})",
    )
    command.add_argument("--channels", type=channels, metavar="N", help=f"{many} ({said.format(2)})")
    command.add_argument(
        "--rate",
        type=rate(*RATES),
        metavar="HZ",
        help=f"{RATES[0]} to {RATES[1]}, also 44.1k ({said.format(48000)})",
    )
    command.add_argument(
        "--pattern", choices=("mix1", "mix2"), default="mix1", help="mix2 is the thorough variant"
    )


def analyze(commands: Any) -> None:
    """Add `analyze`: a capture made by anything."""
    analyze = subcommand.add(
        commands,
        "analyze",
        "Check a WAV or raw capture of the pattern, made by anything.",
        (
            "pcmstress analyze capture.wav --rings 4800,5280     # ring sizes in frames: names stale data",
            "pcmstress analyze capture.raw --format s16 --channels 2 --rate 44.1k",
            "pcmstress analyze capture.wav --stimulus song.wav   # a recording was played instead",
            "pcmstress analyze capture.wav --source counter      # the device sends a counter by itself",
            "pcmstress analyze capture.wav --analog --html cable.html",
        ),
        f"Exit status: 0 PASS, 1 FAIL, 5 INCONCLUSIVE (the pattern was not found), {subcommand.USAGE_CODES}.",
    )
    analyze.add_argument(
        "capture", metavar="CAPTURE", help="an audio file, or raw frames with --format and --channels"
    )
    analyze.add_argument("--rings", type=rings, metavar="P,C", help="playback and capture ring in frames")
    _audio(
        analyze,
        "a WAV says it itself",
        channels,
        "how many, or which of them to judge: 1-8, 1,2,7, of raw frames 3-4/10",
        "of raw frames any linear format of ALSA, as S16_LE, S24_3BE, U8 or FLOAT_LE",
    )
    analyze.add_argument(
        "--analog", action="store_true", help="through an analog cable: the same as --detector spectral"
    )
    run_options.detector(
        analyze,
        "exact, or spectral where only that recognises the capture",
        "the recording that was played instead of the pattern",
    )
    analyze.add_argument(
        "--source",
        metavar="counter|ramp|FILE",
        help="what was sent instead of the pattern: counter, 1 a frame or 1 a sample over all channels; "
        "ramp, any step of each channel; or the frames of FILE, once or in a loop. Judged as the pattern "
        "is; what such a source cannot show is said",
    )
    analyze.add_argument(
        "--tier",
        choices=TIERS,
        default="host",
        help="--analog: device compares periods in integers, for a board without a floating-point unit",
    )
    analyze.add_argument(
        "--html", metavar="FILE", help="--analog: write a page with spectrograms and levels over time"
    )
    analyze.add_argument(
        "--position",
        type=whole(0, (1 << 32) - 1),
        metavar="N",
        help="first position played; default: exact takes the first it finds, spectral 1",
    )
    length = analyze.add_mutually_exclusive_group()
    length.add_argument(
        "--frames",
        type=whole(1, 1 << 31),
        metavar="N",
        help="length that was played: a pattern that ends before is cut",
    )
    length.add_argument("--duration", type=duration, metavar="T", help="the same as a time: 10s, 2m, ...")
    analyze.add_argument(
        "--line",
        type=int,
        choices=LINES,
        default=LINES[1],
        help="cache line of the board in bytes (default %(default)s)",
    )
    run_options.as_object(analyze)


def generate(commands: Any) -> None:
    """Add `generate`: the pattern as a file."""
    generate = subcommand.add(
        commands,
        "generate",
        "Write the pattern as a WAV, for aplay or any other player.",
        (
            "pcmstress generate pattern.wav --duration 60",
            "pcmstress generate pattern.wav --format s32 --channels 8 --rate 96k",
            "pcmstress generate noise.wav --analog               # for an analog cable",
        ),
    )
    generate.add_argument("out", metavar="OUT.wav", help="file to write; it appears when it is complete")
    length = generate.add_mutually_exclusive_group()
    length.add_argument("--frames", type=whole(1, 1 << 32), metavar="N", help="length")
    length.add_argument("--duration", type=duration, metavar="T", help="length: 10s (default), 2m, ...")
    generate.add_argument("--analog", action="store_true", help="band-limited noise for an analog cable")
    generate.add_argument(
        "--tier",
        choices=TIERS,
        default="host",
        help="--analog: device is noise that repeats every 1021 frames, for analyze --tier device",
    )
    generate.add_argument(
        "--stimulus",
        choices=NAMED_STIMULI,
        metavar="NAME",
        help=f"an auxiliary stimulus instead: shows one thing, no stale lines; {', '.join(NAMED_STIMULI)}",
    )
    generate.add_argument(
        "--interleave",
        type=duration,
        metavar="T",
        help="--stimulus: in turn with the pattern (or the noise of --analog), each for 1s, 500ms, ...",
    )
    generate.add_argument(
        "--rings",
        type=rings,
        metavar="P,C",
        help="rings it will be played and captured on: refused where a whole lap would look right",
    )
    generate.add_argument(
        "--position",
        type=whole(0, (1 << 32) - 1),
        default=1,
        metavar="N",
        help="first pattern position (default 1)",
    )
    _audio(generate, "default {}", whole(1, 8), "1 to 8")
