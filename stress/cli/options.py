"""The options of every command, and what `--help` says of them.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import stress
from stress.cli.arguments import (
    AUXILIARY,
    BACKENDS,
    BOARDS,
    DETECTORS,
    LARGEST_SEED,
    LOOPBACKS,
    PLANS,
    Parser,
    duration,
    early,
    rings,
    whole,
)

if TYPE_CHECKING:
    import argparse

RATES = (4000, 768000)
TIERS = ("host", "device")
LINES = (16, 32, 64)
DEFAULT_PLANS = {
    "auto": "bringup where the cache can be to blame, else smoke; on a virtual board its most yielding arms",
    "diagnose": "diagnose",
}
NAMED_BOARDS = f"Boards: {', '.join(BOARDS)}."
NAMED_PLANS = f"Plans: {', '.join(PLANS)}."
DURATION = "stream for 90s, 10m, 3h; the plan is walked again and again, and always to its end"
USAGE_CODES = "64 usage or an unreadable file"
EXIT_CODES = (
    f"Exit status: 0 PASS, 1 FAIL (corruption), 4 SKIP, 5 INCONCLUSIVE, {USAGE_CODES}, 70 ERROR, "
    "75 device lost; 129, 130, 143 after SIGHUP, SIGINT, SIGTERM."
)


def parser() -> argparse.ArgumentParser:
    """Return the argument parser; no side effects."""
    top = Parser(prog="pcmstress", description="Prove or rule out corruption of an mmapped ALSA PCM ring.")
    top.add_argument("--version", action="version", version=f"pcmstress {stress.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
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
        f"{NAMED_PLANS}\n{NAMED_BOARDS}\n{EXIT_CODES}",
    )
    _streaming(run, plan="auto")
    diagnose = _command(
        commands,
        "diagnose",
        "Run the full set of contrasts and name the cause, with its evidence.",
        f"{NAMED_PLANS}\n{NAMED_BOARDS}\n{EXIT_CODES}",
    )
    _streaming(diagnose, plan="diagnose")


def _streaming(run: argparse.ArgumentParser, plan: str) -> None:
    run.add_argument(
        "--backend",
        choices=BACKENDS,
        default="alsa",
        help="default alsa; pyalsaaudio is a second read/write path to the same card, for cross-checks; "
        "virtual is only ever asked for",
    )
    run.add_argument(
        "--board",
        metavar="NAME|FILE",
        default="",
        help="which virtual board: a name below or a .toml (default arm926)",
    )
    run.add_argument(
        "--plan",
        metavar="NAME|FILE",
        default=plan,
        help=f"a name below or a .toml (default {DEFAULT_PLANS[plan]})",
    )
    run.add_argument(
        "--card",
        metavar="C",
        default="",
        help="softcard, Loopback, 1, hw:1,0 or hw:1,0/hw:2,0 (needed where there are several)",
    )
    run.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a key of the board, as often as wanted: kernel.use_vmalloc=false",
    )
    run.add_argument(
        "--access", choices=("mmap", "rw"), help="override the access of every arm (rw: control)"
    )
    run.add_argument("--duration", type=duration, default=0.0, metavar="T", help=DURATION)
    run.add_argument(
        "--stop-early",
        type=early,
        metavar="GOOD,BAD|off",
        help="end once a sequential test tells these rates apart [episodes an hour], or walk the whole plan",
    )
    run.add_argument(
        "--seed",
        type=whole(0, LARGEST_SEED),
        metavar="N",
        help="of the positive control and the virtual board (default random, recorded)",
    )
    run.add_argument(
        "--loopback",
        choices=LOOPBACKS,
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
        choices=DETECTORS,
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


def _audio(command: argparse.ArgumentParser, said: str) -> None:
    command.add_argument(
        "--format", metavar="F", help=f"S16_LE, S24_3LE, S24_LE or S32_LE ({said.format('S16_LE')})"
    )
    command.add_argument("--channels", type=whole(1, 8), metavar="N", help=f"1 to 8 ({said.format(2)})")
    command.add_argument(
        "--rate", type=whole(*RATES), metavar="HZ", help=f"{RATES[0]} to {RATES[1]} ({said.format(48000)})"
    )
    command.add_argument(
        "--pattern", choices=("mix1", "mix2"), default="mix1", help="mix2 is the thorough variant"
    )


def _analyze(commands: Any) -> None:
    analyze = _command(
        commands,
        "analyze",
        "Check a WAV or raw capture of the pattern, made by anything.",
        f"Exit status: 0 PASS, 1 FAIL, 5 INCONCLUSIVE (the pattern was not found), {USAGE_CODES}.",
    )
    analyze.add_argument("capture", metavar="CAPTURE", help="a WAV file, or raw frames with --format")
    analyze.add_argument("--rings", type=rings, metavar="P,C", help="playback and capture ring in frames")
    _audio(analyze, "a WAV says it itself")
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
        type=whole(0, (1 << 32) - 1),
        metavar="N",
        help="first position played; default: exact takes the first it finds, spectral 1",
    )
    analyze.add_argument(
        "--line",
        type=int,
        choices=LINES,
        default=LINES[1],
        help="cache line of the board in bytes (default %(default)s)",
    )
    analyze.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _generate(commands: Any) -> None:
    generate = _command(commands, "generate", "Write the pattern as a WAV, for aplay or any other player.")
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
        choices=AUXILIARY,
        metavar="NAME",
        help=f"an auxiliary stimulus instead: shows one thing, no stale lines; {', '.join(AUXILIARY)}",
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
    _audio(generate, "default {}")


def _predict(commands: Any) -> None:
    predict = _command(
        commands,
        "predict",
        "Tell the expected yield and time to detection per arm, from the cache model.",
        f"{NAMED_BOARDS}\n{NAMED_PLANS}",
    )
    predict.add_argument("--board", metavar="NAME|FILE", required=True, help="a name below or a .toml")
    predict.add_argument(
        "--plan", metavar="NAME|FILE", default="", help="its arms; default: the best for the board"
    )
    predict.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a key of the board, as often as wanted: kernel.use_vmalloc=false",
    )
    predict.add_argument(
        "--json", action="store_true", help="one JSON object, the plan of the best arms included"
    )


def _report(commands: Any) -> None:
    report = _command(
        commands,
        "report",
        "Tell what a run directory holds.",
        f"Exit status: 0 when the record could be read, whatever its verdict; {USAGE_CODES}.",
    )
    report.add_argument(
        "directory", metavar="DIR", help="a run directory (what `run` calls record), or a bundle of one"
    )
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
        "Exit status: 0 every kept finding comes out as recorded, 1 one does not, 5 nothing to judge, "
        f"{USAGE_CODES}; with --run that of the run.",
    )
    replay.add_argument("bundle", metavar="BUNDLE", help="a run directory, or what report --bundle packed")
    replay.add_argument("--run", action="store_true", help="repeat the run: same plan, seed, card or board")
    replay.add_argument(
        "--out", metavar="DIR", default="", help="with --run: run directory of the repetition"
    )
    replay.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _probe(commands: Any) -> None:
    probe = _command(
        commands,
        "probe",
        "Tell what this board is and what to expect of it.",
        f"{NAMED_BOARDS}\nExit status: 0, 4 no such card, {USAGE_CODES}.",
    )
    probe.add_argument("--card", metavar="C", default="", help="look at this card only")
    probe.add_argument(
        "--ask-device",
        action="store_true",
        help="ask a USB card for its own sample rate, clock, volumes and mutes (needs pyusb; the card leaves "
        "ALSA for the while)",
    )
    probe.add_argument(
        "--board", metavar="NAME|FILE", default="", help="a virtual board instead: a name below or a .toml"
    )
    probe.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override a key of the virtual board"
    )
    probe.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")
