# SPDX-License-Identifier: MIT
"""The options of every command, and what `--help` says of them.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stress.cli import minimise_options, report_options, run_options
from stress.cli.arguments import (
    BACKENDS,
    Parser,
    Version,
    channel_counts,
    channels,
    decibels,
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
USAGE_CODES = "64 usage or an unreadable file"
EXIT_CODES = (
    f"Exit status: 0 PASS, 1 FAIL (corruption), 4 SKIP, 5 INCONCLUSIVE, {USAGE_CODES}, 70 ERROR, "
    "75 device lost; 129, 130, 143 after SIGHUP, SIGINT, SIGTERM."
)


def parser() -> argparse.ArgumentParser:
    """Return the argument parser; no side effects. The commands stand in the order of work."""
    top = Parser(
        prog="pcmstress",
        description="Prove or rule out corruption of an mmapped ALSA PCM ring.",
        epilog=_examples(
            "pcmstress probe                       # what this board is, and what to expect of it",
            "pcmstress run --card softcard         # play, record, judge",
            "pcmstress diagnose --card softcard    # after a FAIL: name the cause",
            "pcmstress run --backend virtual       # no card: a simulated ARM926",
        )
        + "\n`pcmstress COMMAND --help` has the options and examples of a command.",
    )
    top.add_argument("--version", action=Version, help="print the versions of everything that matters")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for add in (
        _probe,
        _run,
        _path,
        _diagnose,
        _report,
        _replay,
        _minimise,
        _analyze,
        _generate,
        _predict,
        *_LISTS,
    ):
        add(commands)
    return top


def _examples(*lines: str) -> str:
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def _command(
    commands: Any, name: str, text: str, examples: tuple[str, ...], epilog: str = ""
) -> argparse.ArgumentParser:
    more = "\n\n".join(part for part in (_examples(*examples), epilog) if part)
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, epilog=more)
    return command


def _run(commands: Any) -> None:
    run = _command(
        commands,
        "run",
        "Play a test pattern, record it and report whether the mmapped ring corrupts it.",
        (
            "pcmstress run --card softcard                  # card with a loopback cable",
            "pcmstress run --card 1 --duration 10m          # more exposure, a smaller bound",
            "pcmstress run --card 1 --loopback none         # no cable: judged from the USB wire",
            "pcmstress run --backend virtual --board arm926 --plan demo",
        ),
        EXIT_CODES,
    )
    run_options.streaming(run, plan="auto")


def _diagnose(commands: Any) -> None:
    diagnose = _command(
        commands,
        "diagnose",
        "Run the full set of contrasts, one thing changed at a time, and name the cause with its evidence.",
        (
            "pcmstress diagnose --card softcard",
            "pcmstress diagnose --card softcard --html cause.html --bundle run.tar.gz",
            "pcmstress diagnose --card softcard --reload   # the kernel's own switch as the proof; root",
            "pcmstress diagnose --backend virtual --board arm926 --seed 1",
        ),
        EXIT_CODES,
    )
    run_options.streaming(diagnose, plan="diagnose")
    diagnose.add_argument(
        "--reload",
        action="store_true",
        help="compare snd-usb-audio loaded with use_vmalloc=1 and =0, in turn, and nothing else; the "
        "driver is put back as it was at the end (root; all its cards go away meanwhile)",
    )


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


def _analyze(commands: Any) -> None:
    analyze = _command(
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
        f"Exit status: 0 PASS, 1 FAIL, 5 INCONCLUSIVE (the pattern was not found), {USAGE_CODES}.",
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


def _generate(commands: Any) -> None:
    generate = _command(
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


def _predict(commands: Any) -> None:
    predict = _command(
        commands,
        "predict",
        "Compute the expected rate of corruption and the time to detect it per arm, from the cache model.",
        (
            "pcmstress predict --board xscale",
            "pcmstress predict --board arm926 --plan demo --set kernel.use_vmalloc=false",
        ),
    )
    predict.add_argument(
        "--board", metavar="NAME|FILE", required=True, help="a name of `pcmstress boards`, or a .toml"
    )
    predict.add_argument(
        "--plan", metavar="NAME|FILE", default="", help="its arms; default: the best for the board"
    )
    predict.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=run_options.SET,
    )
    predict.add_argument(
        "--json", action="store_true", help="one JSON object, the plan of the best arms included"
    )


def _path(commands: Any) -> None:
    path = _command(
        commands,
        "path",
        "Tell which bits get through a loopback, or what the path does and the control that mends it.",
        (
            "pcmstress path --card Loopback",
            "pcmstress path --card 1 --level -40dB      # softly, for cards with loudspeakers",
            "pcmstress path --backend virtual --set path.gain_db=-3",
        ),
        f"Exit status: 0 every bit gets through, 1 not, 5 nothing was heard, {USAGE_CODES}. Only the path "
        "is judged, not the ring.",
    )
    # A level begins with a minus and is no option.
    path._negative_number_matcher = re.compile(r"^-\d[\d.]*(dB)?$", re.IGNORECASE)
    path.add_argument(
        "--card", metavar="C", default="", help="softcard, Loopback, 1, hw:1,0 or hw:1,0/hw:2,0"
    )
    path.add_argument(
        "--level",
        type=decibels,
        default=0.0,
        metavar="L",
        help="level of the sound, 0dB to -60dB (default 0dB: full scale, for cables)",
    )
    path.add_argument("--backend", choices=BACKENDS, default="alsa", help="default alsa")
    path.add_argument("--board", metavar="NAME|FILE", default="", help="with --backend virtual")
    path.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help=run_options.SET)
    path.add_argument("--rate", type=rate(4000, 768000), default=0, metavar="HZ", help="default 48000")
    path.add_argument("--format", type=pcm_format, default="", metavar="F", help="default: the card's widest")
    path.add_argument("--channels", type=channel_counts, metavar="N", help="default: the card's own")
    path.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")
    path.set_defaults(plan="smoke")


def _report(commands: Any) -> None:
    report = _command(commands, "report", report_options.TEXT, report_options.EXAMPLES, report_options.STATUS)
    report_options.add(report)


def _replay(commands: Any) -> None:
    replay = _command(
        commands,
        "replay",
        "Apply the detector to the bytes that a run kept once more, or repeat the run.",
        (
            "pcmstress replay run.tar.gz",
            "pcmstress replay run.tar.gz --run --out again",
        ),
        "Exit status: 0 every kept finding reproduced, 1 one was not, 5 nothing was kept, "
        f"{USAGE_CODES}; with --run that of the run.",
    )
    replay.add_argument("bundle", metavar="BUNDLE", help="a run directory, or what report --bundle packed")
    replay.add_argument("--run", action="store_true", help="repeat the run: same plan, seed, card or board")
    replay.add_argument(
        "--out", metavar="DIR", default="", help="with --run: run directory of the repetition"
    )
    replay.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _minimise(commands: Any) -> None:
    texts = (minimise_options.TEXT, minimise_options.EXAMPLES, minimise_options.STATUS)
    minimise_options.add(_command(commands, "minimise", *texts))


def _probe(commands: Any) -> None:
    probe = _command(
        commands,
        "probe",
        "Show what this board is and what to expect of it.",
        (
            "pcmstress probe",
            "pcmstress probe --card Loopback --json",
            "pcmstress probe --board xscale       # a virtual board",
        ),
        f"Exit status: 0, 4 no such card, {USAGE_CODES}.",
    )
    probe.add_argument("--card", metavar="C", default="", help="look at this card only")
    probe.add_argument(
        "--ask-device",
        action="store_true",
        help="ask a USB card for its own sample rate, clock, volumes and mutes (needs pyusb; the card leaves "
        "ALSA for the while)",
    )
    probe.add_argument(
        "--board",
        metavar="NAME|FILE",
        default="",
        help="a virtual board instead: a name of `pcmstress boards`, or a .toml",
    )
    probe.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override a key of the virtual board"
    )
    probe.add_argument(
        "--kernel-config",
        nargs="?",
        const="running",
        default="",
        metavar="FILE",
        help="name the options that the running kernel (or this .config) lacks, each with the line to add",
    )
    run_options.as_object(probe)


def _plans(commands: Any) -> None:
    _listing(
        commands,
        "plans",
        "List the plans that come with the program, and the time each takes.",
        "run --plan qa",
    )


def _boards(commands: Any) -> None:
    _listing(commands, "boards", "List the virtual boards.", "run --backend virtual --board xscale")


def _kinds(commands: Any) -> None:
    _listing(commands, "kinds", "List the kinds of corruption that a finding can have.", "kinds --json")


def _listing(commands: Any, name: str, text: str, example: str) -> None:
    command = _command(commands, name, text, (f"pcmstress {name}", f"pcmstress {example}"))
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


_LISTS = (_plans, _boards, _kinds)
