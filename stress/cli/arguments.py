# SPDX-License-Identifier: MIT
"""What arguments are made of: a parser whose errors are one line, and readers of values."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from stress.errors import ConfigError, near
from stress.model.lifecycle import LifecycleEvent
from stress.model.verdict import EXIT_USAGE
from stress.settings.times import parse_duration

BACKENDS = ("alsa", "pyalsaaudio", "virtual")
DETECTORS = ("exact", "checksum", "spectral", "auto")
LOOPBACKS = ("digital", "analog", "none", "auto")
EVENTS = tuple(event.value for event in LifecycleEvent if event is not LifecycleEvent.NONE)
LARGEST_SEED = (1 << 63) - 1
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(k|khz|kHz)?", re.ASCII)
_FORMAT = re.compile(r"([su](?:8|16|20|24|32))(?:_?le)?", re.ASCII | re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_BUILD = re.compile(r"[a-z0-9_]{1,64}:[\x21-\x7e]{1,200}")
_CHOICE = re.compile(r"invalid choice: '(?P<given>[^']*)' \(choose from (?P<known>.*)\)")


class _Help(argparse.HelpFormatter):
    # Every line of an epilog is a paragraph of its own, and an indented one an example to copy.
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = []
        for line in text.splitlines():
            if not line.startswith("  "):
                parts.append(super()._fill_text(line, width, indent))
                continue
            # An example stays one line to copy; its comment goes below it where both do not fit.
            command, mark, comment = line.partition("  # ")
            parts += [line] if len(line) <= width or not mark else [command.rstrip(), f"      # {comment}"]
        return "\n".join(parts)


class Parser(argparse.ArgumentParser):
    """An argument parser that names the nearest word for a mistyped one, and exits with 64."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": _Help, **options})

    def error(self, message: str) -> NoReturn:
        """Write one line on stderr and exit."""
        # argparse exits with 2, which kselftest reads as an expected failure.
        wrong = _CHOICE.search(message)
        if wrong:
            message += near(wrong["given"], re.findall(r"[\w-]+", wrong["known"]))
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    # The parser of a command hands what it does not know to the one above it, which knows less of it.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse what is not known here, where the known options are."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            hint = near(unknown[0].partition("=")[0], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return found, unknown


def shipped(kind: str) -> list[str]:
    """Return the shipped configurations of a kind that people are told of."""
    # Found when somebody asks: it loads json.
    from stress.settings import find

    # The mechanisms one by one are for experiments, not for a board in question.
    return [name for name in find.names(kind) if not name.startswith("vivt-")]


def duration(text: str) -> float:
    """Return the seconds of "90s", "10m", ..., or of "90"."""
    try:
        return parse_duration(f"{text}s" if _SECONDS.fullmatch(text) else text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def whole(low: int, high: int) -> Any:
    """Return a reader of whole numbers from `low` to `high`."""

    def convert(text: str) -> int:
        try:
            # int() reads the digits of every script, and 1_0; nobody else does.
            value = int(text, 0) if text.isascii() and "_" not in text else low - 1
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return convert


def decibels(text: str) -> float:
    """Return a level in dB: -40dB, -40 or 0."""
    try:
        level = float(text[:-2] if text.lower().endswith("db") else text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no level (allowed: 0dB to -60dB)") from None
    if not -60 <= level <= 0:
        raise argparse.ArgumentTypeError(f"{text} is out of range (allowed: 0dB to -60dB)")
    return level


def rate(low: int, high: int) -> Any:
    """Return a reader of sample rates from `low` to `high` [Hz]: 44100, 44.1k, 48 kHz without its space."""

    def convert(text: str) -> int:
        found = _RATE.fullmatch(text)
        exact = float(found[1]) * (1000 if found[2] else 1) if found else 0.0
        if not low <= exact <= high or exact != int(exact):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a sample rate from {low} to {high} Hz, e.g. 44100 or 44.1k"
            )
        return int(exact)

    return convert


def pcm_format(text: str) -> str:
    """Return ALSA's name of a sample format: s16, S16LE and s16_le are S16_LE."""
    found = _FORMAT.fullmatch(text)
    if not found:
        return {"FLOAT": "FLOAT_LE"}.get(text.upper(), text.upper())
    return found[1].upper() if found[1][1:] == "8" else f"{found[1]}_LE".upper()


class Version(argparse.Action):
    """Print the versions and exit with 0; nothing is looked up before it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(
            option_strings, argparse.SUPPRESS, nargs=0, **{"default": argparse.SUPPRESS, **options}
        )

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """See `argparse.Action`."""
        # What it looks in takes longer to load than the rest of a --help.
        from stress.cli import version
        from stress.cli.memory_limit import numpy_fits

        # The library of ALSA is looked for by what loads numpy.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        text = version.line() if numpy_fits() else f"pcmstress {version.program()}"
        sys.stdout.write(text + "\n")
        parser.exit(0)


class Cards(argparse.Action):
    """Collects every --card; the last one is `card`, all of them are `cards`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        made: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take one value while the arguments are made."""
        made.cards = [*getattr(made, "cards", []), values]
        made.card = values


def channel_counts(text: str) -> tuple[int, int]:
    """Return the channels of "N" for both directions, or "PLAYBACK,CAPTURE"."""
    parts = text.split(",")
    if len(parts) > 2 or not all(
        part.isascii() and part.isdigit() and len(part) < 12 and 1 <= int(part) <= 64 for part in parts
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is not N or PLAYBACK,CAPTURE, 1 to 64 each, e.g. 2,1")
    return int(parts[0]), int(parts[-1])


def label(text: str) -> str:
    """Return a name for a suite: letters, digits, ".", "_" and "-", at most 64 of them."""
    if not _LABEL.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a label: 1 to 64 letters, digits, '.', '_' or '-', the first no '-' or '.'"
        )
    return text


def build_id(text: str) -> str:
    """Return the id of a build in KernelCI's database: ORIGIN:ID."""
    if not _BUILD.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not ORIGIN:ID, the origin in small letters, digits and '_', e.g. maestro:65f1a2"
        )
    return text


def rings(text: str) -> tuple[int, int]:
    """Return the sizes of "PLAYBACK,CAPTURE" [frames]."""
    parts = text.split(",")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not PLAYBACK,CAPTURE in frames, e.g. 4800,5280")
    playback, capture = int(parts[0]), int(parts[1])
    if not (1 <= playback < 1 << 30 and 1 <= capture < 1 << 30):
        raise argparse.ArgumentTypeError(f"{text!r}: rings hold 1 to 2^30-1 frames")
    return playback, capture


def channels(text: str) -> Any:
    """Return the channels of a file that are meant, a `ChannelChoice`."""
    from stress.files.channels import parse_channels

    try:
        return parse_channels(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def early(text: str) -> tuple[float, float]:
    """Return the rates of "GOOD,BAD" [episodes an hour], zeros for "off"."""
    if text == "off":
        return 0.0, 0.0
    try:
        good, bad = (float(part) for part in text.split(","))
    except ValueError:
        good = bad = 0.0
    if not (text.isascii() and 0 < good < bad <= 1e6):
        raise argparse.ArgumentTypeError(f"{text!r} is not GOOD,BAD in episodes an hour, e.g. 36,360, or off")
    return good, bad
