# SPDX-License-Identifier: MIT
"""Results of the pieces of `tools/lab lifecycle`: a line of JSON each, added up over many guests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = "results.jsonl"
HEADS = ("part", "event", "times", "table", "card's log", "seconds", "agree")


@dataclass(frozen=True)
class Piece:
    """A number of events of one part, done by one process.

    Parameters
    ----------
    part, event : names; a part with two events gives two pieces.
    times : events done.
    outcomes : how often the table of `pcmstress` says what.
    clean, spoiled : streams in the card's log that came behind the event, without and with a fault.
    seconds : from plugging in to the end [s].
    wrong : where table and log disagree, a sentence each.
    """

    part: str
    event: str
    times: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    clean: int = 0
    spoiled: int = 0
    seconds: float = 0.0
    wrong: Sequence[str] = ()

    def add_to(self, path: Path) -> None:
        """Append this piece to a file, so that a guest that is stopped loses no finished one."""
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(self)) + "\n")


def read(path: Path) -> list[Piece]:
    """Return the pieces in a file, none where it is not there; a torn last line is left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    pieces = []
    for line in lines:
        try:
            pieces.append(Piece(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return pieces


def missing(pieces: Iterable[Piece], due: Mapping[str, int]) -> dict[str, int]:
    """Return how many events of each part are still to be done.

    Parameters
    ----------
    due : events wanted of each part.
    """
    done: dict[tuple[str, str], int] = {}
    for piece in pieces:
        key = (piece.part, piece.event)
        done[key] = done.get(key, 0) + piece.times
    left = {}
    for part, times in due.items():
        least = min((number for (name, _), number in done.items() if name == part), default=0)
        if least < times:
            left[part] = times - least
    return left


def rows(pieces: Sequence[Piece]) -> list[tuple[object, ...]]:
    """Return the lines of the table, one per part and event, in the order they were begun."""
    keys = dict.fromkeys((piece.part, piece.event) for piece in pieces)
    return [_row([piece for piece in pieces if (piece.part, piece.event) == key]) for key in keys]


def _row(mine: Sequence[Piece]) -> tuple[object, ...]:
    outcomes: Counter[str] = Counter()
    for piece in mine:
        outcomes.update(piece.outcomes)
    told = ", ".join(f"{number} {what}" for what, number in outcomes.items()) or "-"
    clean, spoiled = sum(piece.clean for piece in mine), sum(piece.spoiled for piece in mine)
    log = f"{clean} clean, {spoiled} spoiled" if clean + spoiled else "-"
    seconds, times = sum(piece.seconds for piece in mine), sum(piece.times for piece in mine)
    agree = "no" if any(piece.wrong for piece in mine) else "yes"
    return (mine[0].part, mine[0].event, times, told, log, f"{seconds:.0f}", agree)


def wrong(pieces: Iterable[Piece]) -> list[str]:
    """Return what does not agree, a line each."""
    return list(dict.fromkeys(f"{piece.part}: {line}" for piece in pieces for line in piece.wrong))
