"""The command line: arguments, exit codes, logging set-up.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import stress
from stress.errors import (
    BackendUnavailable,
    CaptureFileError,
    ConfigError,
    DeviceGone,
    StressError,
)
from stress.model.verdict import EXIT_DEVICE_LOST, EXIT_ERROR, EXIT_SKIP, EXIT_USAGE
from stress.settings.times import parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

RATES = (4000, 768000)
# The same names as stress.patterns.auxiliary.NAMES, which would load numpy; a test compares them.
AUXILIARY = (
    "walking-ones",
    "walking-zeros",
    "toggle",
    "checker",
    "byte-order",
    "full-scale",
    "extremes",
    "silence",
    "impulse",
    "left-only",
    "right-only",
)
TIERS = ("host", "device")
EXIT_CODES = (
    "Exit status: 0 PASS, 1 FAIL (corruption), 4 SKIP, 5 INCONCLUSIVE, 64 usage, 70 ERROR, 75 device lost."
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse exits with 2, which kselftest reads as an expected failure.
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _duration(text: str) -> float:
    try:
        return parse_duration(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _whole(low: int, high: int) -> Any:
    def convert(text: str) -> int:
        try:
            value = int(text, 0)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return convert


def _rings(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not PLAYBACK,CAPTURE in frames, e.g. 4800,5280")
    playback, capture = int(parts[0]), int(parts[1])
    if not (1 <= playback < 1 << 30 and 1 <= capture < 1 << 30):
        raise argparse.ArgumentTypeError(f"{text!r}: rings hold 1 to 2^30-1 frames")
    return playback, capture


def _early(text: str) -> tuple[float, float]:
    if text == "off":
        return 0.0, 0.0
    try:
        good, bad = (float(part) for part in text.split(","))
    except ValueError:
        good = bad = 0.0
    if not 0 < good < bad <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not GOOD,BAD in episodes an hour, e.g. 36,360, or off")
    return good, bad


def parser() -> argparse.ArgumentParser:
    """Return the argument parser; no side effects."""
    top = _Parser(prog="pcmstress", description="Prove or rule out corruption of an mmapped ALSA PCM ring.")
    top.add_argument("--version", action="version", version=f"pcmstress {stress.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _run(commands)
    _analyze(commands)
    _generate(commands)
    _predict(commands)
    _report(commands)
    _replay(commands)
    _probe(commands)
    return top


def _command(commands: Any, name: str, text: str, epilog: str = "") -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, epilog=epilog)
    return command


def _run(commands: Any) -> None:
    run = _command(
        commands,
        "run",
        "Play the pattern, capture it back, and say whether the ring corrupts it.",
        EXIT_CODES,
    )
    _streaming(run, plan="auto")
    diagnose = _command(
        commands,
        "diagnose",
        "Run the full set of contrasts and name the cause, with its evidence.",
        EXIT_CODES,
    )
    _streaming(diagnose, plan="diagnose")


def _streaming(run: argparse.ArgumentParser, plan: str) -> None:
    run.add_argument(
        "--backend",
        choices=("alsa", "pyalsaaudio", "virtual"),
        default="alsa",
        help="default alsa; pyalsaaudio is a second read/write path to the same card, for cross-checks; "
        "virtual is only ever asked for",
    )
    run.add_argument(
        "--board", metavar="NAME|FILE", default="", help="virtual board: arm926, xscale, ... or a .toml"
    )
    run.add_argument(
        "--plan",
        metavar="NAME|FILE",
        default=plan,
        help=f"a shipped plan or a .toml (default {plan})",
    )
    run.add_argument("--card", metavar="C", default="", help="softcard, Loopback, 1, hw:1,0 or hw:1,0/hw:2,0")
    run.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override a key of the board"
    )
    run.add_argument(
        "--access", choices=("mmap", "rw"), help="override the access of every arm (rw: control)"
    )
    run.add_argument("--duration", type=_duration, default=0.0, metavar="T", help="stream for 90s, 10m, 3h")
    run.add_argument(
        "--stop-early",
        type=_early,
        metavar="GOOD,BAD|off",
        help="end once a sequential test tells these rates apart [episodes an hour], or walk the whole plan",
    )
    run.add_argument(
        "--seed", type=_whole(0, (1 << 63) - 1), help="of the positive control and the virtual board"
    )
    run.add_argument(
        "--loopback",
        choices=("digital", "analog", "none", "auto"),
        default="auto",
        help="what comes back: the same bits, sound through an analog cable, nothing (the USB wire alone "
        "judges); auto tries the lock, digital first",
    )
    _detector(
        run,
        "exact, or spectral where only that recognises what comes back",
        "a recording that is played instead of the pattern, round and round",
    )
    run.add_argument("--out", metavar="DIR", default="", help="run directory; default runs/DATE-TIME")
    run.add_argument("--resume", action="store_true", help="go on with the run in --out where it stopped")
    run.add_argument(
        "--mixer", action="store_true", help="bring the card's volumes to 0 dB first (pyalsaaudio)"
    )
    run.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _detector(command: argparse.ArgumentParser, auto: str, played: str) -> None:
    command.add_argument(
        "--detector",
        choices=("exact", "checksum", "spectral", "auto"),
        default="auto",
        help="exact: kind, place, age and ring of every wrong frame, needs the pattern bit for bit; "
        "checksum: place only, no kind, no age and no ring, for any recording bit for bit; "
        "spectral: place, age and ring of wrong lines through an analog cable, no single bits; "
        f"auto: {auto}, checksum with --stimulus",
    )
    command.add_argument(
        "--stimulus",
        metavar="FILE.wav",
        default="",
        help=f"{played}; judged by checksum",
    )


def _audio(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", help="S16_LE, S24_3LE, S24_LE or S32_LE (a WAV says it itself)")
    command.add_argument("--channels", type=_whole(1, 8))
    command.add_argument("--rate", type=_whole(*RATES), metavar="HZ")
    command.add_argument("--pattern", choices=("mix1", "mix2"), default="mix1")


def _analyze(commands: Any) -> None:
    analyze = _command(commands, "analyze", "Check a WAV or raw capture of the pattern, made by anything.")
    analyze.add_argument("capture", metavar="CAPTURE")
    analyze.add_argument("--rings", type=_rings, metavar="P,C", help="playback and capture ring in frames")
    _audio(analyze)
    analyze.add_argument(
        "--analog", action="store_true", help="through an analog cable: the same as --detector spectral"
    )
    _detector(
        analyze,
        "exact, or spectral where only that recognises the capture",
        "the recording that was played instead of the pattern",
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
        type=_whole(0, (1 << 32) - 1),
        default=1,
        help="first position played (spectral; default 1)",
    )
    analyze.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _generate(commands: Any) -> None:
    generate = _command(commands, "generate", "Write the pattern as a WAV, for aplay or any other player.")
    generate.add_argument("out", metavar="OUT.wav")
    length = generate.add_mutually_exclusive_group()
    length.add_argument("--frames", type=_whole(1, 1 << 32), metavar="N")
    length.add_argument("--duration", type=_duration, metavar="T")
    generate.add_argument("--analog", action="store_true", help="band-limited noise for an analog cable")
    generate.add_argument(
        "--tier",
        choices=TIERS,
        default="host",
        help="--analog: device is noise that repeats every 1021 frames, for analyze --tier device",
    )
    generate.add_argument(
        "--stimulus", choices=AUXILIARY, help="an auxiliary stimulus instead: shows one thing, no stale lines"
    )
    generate.add_argument(
        "--interleave",
        type=_duration,
        metavar="T",
        help="--stimulus: in turn with the pattern (or the noise of --analog), each for 1s, 500ms, ...",
    )
    generate.add_argument(
        "--rings",
        type=_rings,
        metavar="P,C",
        help="rings it will be played and captured on: refused where a whole lap would look right",
    )
    generate.add_argument(
        "--position", type=_whole(0, (1 << 32) - 1), default=1, help="first pattern position"
    )
    _audio(generate)


def _predict(commands: Any) -> None:
    predict = _command(
        commands, "predict", "Tell the expected yield and time to detection per arm, from the cache model."
    )
    predict.add_argument("--board", metavar="NAME|FILE", required=True, help="arm926, xscale, ... or a .toml")
    predict.add_argument(
        "--plan", metavar="NAME|FILE", default="", help="its arms; default: the best for the board"
    )
    predict.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override a key of the board"
    )
    predict.add_argument(
        "--json", action="store_true", help="one JSON object, the plan of the best arms included"
    )


def _report(commands: Any) -> None:
    report = _command(commands, "report", "Tell what a run directory holds.")
    report.add_argument("directory", metavar="DIR")
    report.add_argument(
        "--html", metavar="FILE", help="write one self-contained page with pictures of the rings"
    )
    report.add_argument("--bundle", metavar="FILE.tar.gz", help="pack the run into one file, for `replay`")
    report.add_argument("--junit", metavar="FILE", help="write JUnit XML (GitLab, Jenkins)")
    form = report.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")
    form.add_argument("--ktap", action="store_true", help="KTAP version 1, one test per arm")
    form.add_argument("--lava", action="store_true", help="LAVA test case signals, one per arm")


def _replay(commands: Any) -> None:
    replay = _command(
        commands,
        "replay",
        "Judge the evidence of a run again, from the bytes it kept, or repeat the run.",
        "Exit status: 0 every kept finding comes out as recorded, 1 one does not, 5 nothing to judge; "
        "with --run that of the run.",
    )
    replay.add_argument("bundle", metavar="BUNDLE", help="a run directory, or what report --bundle packed")
    replay.add_argument("--run", action="store_true", help="repeat the run: same plan, seed, card or board")
    replay.add_argument(
        "--out", metavar="DIR", default="", help="with --run: run directory of the repetition"
    )
    replay.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _probe(commands: Any) -> None:
    probe = _command(commands, "probe", "Tell what this board is and what to expect of it.")
    probe.add_argument("--card", metavar="C", default="", help="look at this card only")
    probe.add_argument(
        "--board", metavar="NAME|FILE", default="", help="a virtual board instead: arm926, ... or a .toml"
    )
    probe.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override a key of the virtual board"
    )
    probe.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _terminated(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signum)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    Errors end in one line on stderr; what was recorded before stays.
    """
    args = parser().parse_args(argv)
    # numpy is loaded after this. Its idle algebra threads spin for a while, into a burst if they can.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminated)
    command = importlib.import_module(f"stress.commands.{args.command}")
    try:
        return int(command.execute(args))
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); nothing is left to say.
        sys.stderr.close()
        return EXIT_ERROR
    except KeyboardInterrupt as stop:
        return 128 + int(stop.args[0] if stop.args else signal.SIGINT)
    except StressError as error:
        print(f"pcmstress: {error}", file=sys.stderr)
        return _status(error)
    except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours is one line too
        if os.environ.get("PCMSTRESS_DEBUG"):
            raise
        kind = type(error).__name__
        print(f"pcmstress: internal error: {kind}: {error} (PCMSTRESS_DEBUG=1 shows where)", file=sys.stderr)
        return EXIT_ERROR


def _status(error: StressError) -> int:
    if isinstance(error, (ConfigError, CaptureFileError)):
        return EXIT_USAGE
    if isinstance(error, BackendUnavailable):
        return EXIT_SKIP
    return EXIT_DEVICE_LOST if isinstance(error, DeviceGone) else EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())
