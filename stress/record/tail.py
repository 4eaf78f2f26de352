# SPDX-License-Identifier: MIT
"""The end of a long record: its last tally and what follows, once every line before is known to be there.

A resume needs what the bursts add up to, and parsing them takes a second for each 15 000.
Their chain of digests is checked over the bytes, which takes a tenth of that; what they
hold is not looked at. A report reads all of it, see `stress.record.reader.Reading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.errors import CaptureFileError
from stress.files.regular import lines, open_regular
from stress.model.record.events import LoopbackRecord, StartRecord
from stress.model.record.tally import TallyRecord
from stress.record.journal import NAME, VERSION, chained, is_damaged_tail, unchained
from stress.record.reader import LineCheck

if TYPE_CHECKING:
    from pathlib import Path

    from stress.model.record.events import Event

_EVENT = f'{{"v":{VERSION},"event":"'.encode()


@dataclass
class _Place:
    # A line of the record: where it begins, its number, the digest before it, the bursts before it.
    line: bytes
    offset: int
    number: int
    digest: str
    bursts: int


@dataclass(frozen=True)
class RecordTail:
    """The last tally of a record, and what a resume needs beside it.

    Attributes
    ----------
    bursts : lines of bursts before the tally.
    loopback : the last one before the tally, None where none was recorded.
    events : behind the tally; `torn` when the last line was cut off.
    """

    start: StartRecord
    loopback: LoopbackRecord | None
    tally: TallyRecord
    bursts: int
    events: list[Event]
    torn: bool


def read_tail(folder: Path) -> RecordTail | None:
    """Return the end of the record in `folder`, None where it has no tally or was not written by this format.

    Raises
    ------
    CaptureFileError : it cannot be read, or a line behind the tally is damaged.
    """
    path = folder / NAME
    try:
        places = _places(path)
        if places is None or "tally" not in places:
            return None
        made = {name: _event(str(path), place) for name, place in places.items()}
        start, said, tally = made["start"], made.get("loopback"), made["tally"]
        if not isinstance(start, StartRecord) or not isinstance(tally, TallyRecord):
            return None
        at = places["tally"]
        check = LineCheck(str(path), at.number, unchained(at.line)[1], tally.number)
        events, torn = _behind(path, at.offset + len(at.line) + 1, check)
    except OSError as error:
        raise CaptureFileError(str(path), f"cannot be read: {error.strerror}") from None
    loopback = said if isinstance(said, LoopbackRecord) else None
    return RecordTail(start, loopback, tally, at.bursts, events, torn)


def _event(path: str, place: _Place) -> Event:
    return LineCheck(path, place.number - 1, place.digest).event(place.line)


def _places(path: Path) -> dict[str, _Place] | None:
    # The first start, the last tally, and the last loopback before it; None where a line is not as the
    # journal writes it: spaces, another version, a digest that does not follow.
    found: dict[str, _Place] = {}
    digest, offset, bursts, loopback = "", 0, 0, None
    with open_regular(path) as file:
        for number, ended in enumerate(lines(file), 1):
            if is_damaged_tail(ended):
                return None if file.read(1) else found
            line = ended[:-1]
            body, said = unchained(line)
            if not said or not line.startswith(_EVENT) or chained(digest, body) != said:
                return None
            name = line[len(_EVENT) : line.find(b'"', len(_EVENT))]
            if (number == 1) != (name == b"start"):
                return None
            if name == b"burst":
                bursts += 1
            elif name in (b"start", b"loopback", b"tally"):
                place = _Place(line, offset, number, digest, bursts)
                if name == b"start":
                    found["start"] = place
                elif name == b"loopback":
                    loopback = place
                else:
                    found["tally"] = place
                    if loopback:
                        found["loopback"] = loopback
            digest, offset = said, offset + len(ended)
    return found


def _behind(path: Path, offset: int, check: LineCheck) -> tuple[list[Event], bool]:
    events: list[Event] = []
    with open_regular(path) as file:
        file.seek(offset)
        for line in lines(file):
            if is_damaged_tail(line):
                return events, True
            events.append(check.event(line[:-1]))
    return events, False
