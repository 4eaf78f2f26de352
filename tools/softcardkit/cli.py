# SPDX-License-Identifier: MIT
"""The command line of `tools/softcard`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from stress.errors import BackendUnavailable, ConfigError, StressError, one_of
from stress.model.formats import sample_format
from stress.model.verdict import EXIT_ERROR, EXIT_SKIP, EXIT_USAGE
from tools.softcardkit import control
from tools.softcardkit.config import FORMATS, OFFERED, RATES, CardConfig, Speed, Sync
from tools.softcardkit.faultspec import KEYS, Fault, FaultRate, parse_fault, parse_rate, read_faults
from tools.softcardkit.inject import Injected
from tools.softcardkit.profiles import PROFILES
from tools.softcardkit.wire import ProtocolError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    parser = _make_parser()
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Everything after --run is the command's, options included.
    at = words.index("--run") if "--run" in words else len(words)
    options = parser.parse_args(words[:at])
    command = words[at + 1 :]
    try:
        if at < len(words) and (options.verb != "up" or not command):
            raise ConfigError("a command must follow, and only `up` takes one", key="--run")
        return _control(options) if options.verb == "ctl" else _up(options, command)
    except StressError as error:
        print(f"softcard: {error}", file=sys.stderr)
        return _exit_code(error)
    except (OSError, ProtocolError) as error:
        print(f"softcard: {error}", file=sys.stderr)
        return EXIT_ERROR


def _exit_code(error: StressError) -> int:
    if isinstance(error, ConfigError):
        return EXIT_USAGE
    return EXIT_SKIP if isinstance(error, BackendUnavailable) else EXIT_ERROR


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="softcard",
        description="A virtual USB audio card: playback comes back as capture, bit for bit.",
        epilog="exit codes: 0 done, 4 vhci-hcd or permission missing, 64 usage, 70 error, or that of --run",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)
    raw = argparse.RawDescriptionHelpFormatter
    help_text = "bring a card up, in the foreground"
    _add_up(verbs.add_parser("up", help=help_text, epilog=_fault_help(), formatter_class=raw))
    ctl = verbs.add_parser("ctl", help="control a card that is up")
    ctl.add_argument("--id", default="softcard", help="which card")
    ctl.add_argument("command", choices=control.COMMANDS)
    ctl.add_argument("argument", nargs="?", default="", help="the fault, as for --fault; no place means now")
    return parser


def _fault_help() -> str:
    lines = [f"  {kind.value:<11} {', '.join(sorted(keys)) or '-'}" for kind, keys in KEYS.items()]
    head = "faults (KIND@key=value,...); every kind takes frame or packet, every, stream, rate:"
    return "\n".join([head, *lines])


def _add_up(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--id", help="ALSA card id, hw:ID,0 (softcard)")
    add("--profile", choices=tuple(PROFILES), metavar="NAME", help=f"a real device: {', '.join(PROFILES)}")
    add("--channels", type=int, metavar="N", help="1 to 64 (2)")
    add("--capture-channels", type=int, metavar="N", help="where capture has others")
    add(
        "--format", metavar="F,...", help=f"alternate settings, of {', '.join(OFFERED)} ({','.join(FORMATS)})"
    )
    add("--rate", metavar="HZ,...", help=f"settable rates ({','.join(map(str, RATES))})")
    add("--sync", choices=[sync.value for sync in Sync], help="of playback (adaptive)")
    add("--speed", choices=[speed.value for speed in Speed], help="(full)")
    add("--interval", type=int, metavar="1..4", help="bInterval at high speed: 1 is 125 us (4)")
    add("--volume", action="store_true", default=None, help="with a volume and a mute of its own")
    add("--tells-rate", type=int, metavar="HZ", help="a device that lies: the rate it tells whatever was set")
    add("--latency", type=int, metavar="FRAMES", help="from playback to capture (96)")
    add("--pace", type=float, default=1.0, help="bus time in real time: 1, 0.5 slow motion, 0 free run (1)")
    add("--fault", action="append", default=[], metavar="SPEC", help="e.g. stale@frame=24000,ring=4800")
    add("--faults", action="append", default=[], metavar="FILE", help="TOML with [[fault]] and [[rate]]")
    add("--fault-rate", action="append", default=[], metavar="SPEC", help="e.g. stale=1/s,ring=4800")
    add("--seed", type=int, default=0, help="of the fault rates (0)")
    add("--log", type=Path, metavar="FILE", help="JSON lines: streams and every fault injected")
    add("--patience", type=float, default=0.25, help="seconds that the bus waits for a slow host (0.25)")
    add("--priority", type=int, default=None, help="SCHED_FIFO, 0 for none (50; none at pace 0)")
    add("--timeout", type=float, default=60.0, metavar="S", help="until the ALSA card must be there (60)")
    add("--run", metavar="CMD ...", help="run CMD while the card is up; must come last")


def _up(options: argparse.Namespace, command: Sequence[str]) -> int:
    # Late: `--help` and argument errors need none of it.
    from tools.softcardkit.up import UpOptions, up

    faults, rates = _faults(options)
    if not 0 <= options.pace <= 1000:
        raise ConfigError(f"{options.pace}", key="--pace", allowed="0..1000")
    # Free running, a card above the kernel's USB threads would be woken for every single
    # URB instead of finding several: three times the wakes were measured.
    priority = options.priority if options.priority is not None else 50 if options.pace else 0
    if not 0 <= priority <= 99:
        raise ConfigError(f"{priority}", key="--priority", allowed="0..99")
    if not 0 < options.patience <= 60:
        raise ConfigError(f"{options.patience}", key="--patience", allowed="above 0, at most 60")
    settings = UpOptions(
        _config(options),
        Injected(faults, rates, options.seed),
        options.pace,
        options.timeout,
        priority,
        command,
        options.patience,
    )
    return up(settings, options.log)


def _config(options: argparse.Namespace) -> CardConfig:
    try:
        rates = tuple(int(rate) for rate in options.rate.split(",")) if options.rate else None
    except ValueError:
        raise ConfigError(f"{options.rate!r}", key="--rate", allowed=one_of(RATES)) from None
    names = options.format.split(",") if options.format else None
    asked = {
        "name": options.id,
        "channels": options.channels,
        "capture_channels": options.capture_channels,
        "formats": tuple(sample_format(name, "--format") for name in names) if names else None,
        "rates": rates,
        "sync": Sync(options.sync) if options.sync else None,
        "speed": Speed(options.speed) if options.speed else None,
        "interval": options.interval,
        "latency": options.latency,
        "volume": options.volume,
        "tells_rate": options.tells_rate,
    }
    profile = PROFILES[options.profile] if options.profile else CardConfig()
    return replace(profile, **{key: value for key, value in asked.items() if value is not None})


def _faults(options: argparse.Namespace) -> tuple[list[Fault], list[FaultRate]]:
    faults = [parse_fault(text) for text in options.fault]
    rates = [parse_rate(text) for text in options.fault_rate]
    for path in options.faults:
        more_faults, more_rates = read_faults(path)
        faults += more_faults
        rates += more_rates
    return faults, rates


def _control(options: argparse.Namespace) -> int:
    answer = control.ask(options.id, f"{options.command} {options.argument}")
    print(answer[len("ok ") :] if answer.startswith("ok ") else answer)
    return 0
