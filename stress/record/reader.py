# SPDX-License-Identifier: MIT
"""Read run.jsonl back; a torn last line is tolerated, anything else wrong is named."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from stress.errors import CaptureFileError
from stress.files.regular import lines, open_regular
from stress.model import shape
from stress.model.record.burst import BurstRecord
from stress.model.record.events import Event, OpenRecord, StartRecord, event_of
from stress.record import rundir
from stress.record.journal import NAME, UNCHAINED, VERSION, chained, is_damaged_tail, unchained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

E = TypeVar("E")
# The beginning of a burst's event, as the journal writes it.
_BURST = re.compile(rb'\{"v":[0-9]+,"event":"burst",[^{}]{0,400}?"arm":"([^"\\]{1,200})"')


@dataclass(frozen=True)
class RunLog:
    """The events of one run; `torn` when the last line was cut off."""

    events: list[Event]
    torn: bool

    @property
    def start(self) -> StartRecord:
        """The start event, which every record begins with."""
        first = self.events[0]
        assert isinstance(first, StartRecord)
        return first

    @property
    def bursts(self) -> list[BurstRecord]:
        """The bursts, in the order they were recorded."""
        return self.all(BurstRecord)

    @property
    def opened(self) -> dict[str, OpenRecord]:
        """The last open event of each arm."""
        return {event.arm: event for event in self.all(OpenRecord)}

    def all(self, cls: type[E]) -> list[E]:
        """Return the events of one class."""
        return [event for event in self.events if isinstance(event, cls)]

    def first(self, cls: type[E]) -> E | None:
        """Return the first event of that class, None without one."""
        return next((event for event in self.events if isinstance(event, cls)), None)

    def last(self, cls: type[E]) -> E | None:
        """Return the last event of that class, None without one."""
        return next((event for event in reversed(self.events) if isinstance(event, cls)), None)


class LineCheck:
    """Makes an event of each line of a record, once it is known to follow the one before it.

    Parameters
    ----------
    digest, burst : digest of the last line, and number of the last burst.

    Attributes
    ----------
    number : of the last line.
    """

    def __init__(self, path: str, number: int = 0, digest: str = "", burst: int = 0) -> None:
        self._path = path
        self.number = number
        self._digest, self._burst = digest, burst

    def event(self, line: bytes) -> Event:
        """Return the event of the next line, which comes without its end.

        Raises
        ------
        CaptureFileError : it is not an event, or does not follow the one before; the message names the line.
        """
        self.number += 1
        value = _object(line, self._path, self.number)
        event = parse(value, self._path, self.number)
        if self.number == 1 and not isinstance(event, StartRecord):
            raise _no_start(self._path)
        self._follows(line, value)
        if isinstance(event, BurstRecord):
            self._rises(event)
        return event

    def _follows(self, line: bytes, value: dict[str, Any]) -> None:
        body, digest = unchained(line)
        if value["v"] == UNCHAINED and not self._digest:
            return
        if not digest or chained(self._digest, body) != digest:
            # The same object, written with other spaces.
            bare = {key: item for key, item in value.items() if key != "chain"}
            body, digest = json.dumps(bare, separators=(",", ":")).encode(), str(value.get("chain", ""))
            if chained(self._digest, body) != digest:
                raise CaptureFileError(
                    self._path,
                    f"line {self.number}: its digest does not follow from the line before: "
                    "a line was edited, deleted, doubled or moved",
                )
        self._digest = digest

    def _rises(self, burst: BurstRecord) -> None:
        if burst.number <= self._burst:
            raise CaptureFileError(
                self._path, f"line {self.number}: burst {burst.number} follows burst {self._burst}"
            )
        self._burst = burst.number


class Reading:
    """The events of a run directory, read one by one.

    Attributes
    ----------
    torn : the last line was cut off; known once all events were read.
    torn_arm : the arm whose burst that line was to tell of, "" where it is of another event.

    Raises
    ------
    CaptureFileError : no record, or a line that is not an event, or does not follow the one before;
        the message names the line.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self.torn = False
        self.torn_arm = ""

    def __iter__(self) -> Iterator[Event]:
        check = LineCheck(str(self._path))
        for line in self._lines():
            yield check.event(line)
        if not check.number:
            raise _no_start(str(self._path))

    def objects(self) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
        """Give number, bytes and JSON object of each line."""
        number = 0
        for number, line in enumerate(self._lines(), 1):
            yield number, line, _object(line, str(self._path), number)
        if not number:
            raise _no_start(str(self._path))

    def _lines(self) -> Iterator[bytes]:
        try:
            with open_regular(self._path) as file:
                for line in lines(file):
                    if is_damaged_tail(line) and not file.read(1):
                        self.torn = True
                        burst = _BURST.match(line)
                        self.torn_arm = burst[1].decode("utf-8", "replace") if burst else ""
                        return
                    yield line[:-1]
        except OSError as error:
            raise CaptureFileError(str(self._path), f"cannot be read: {error.strerror}") from None


def _no_start(path: str) -> CaptureFileError:
    return CaptureFileError(path, "line 1: the record does not begin with a start event")


def read_run(folder: Path) -> RunLog:
    """Return the events of the run directory `folder`.

    Raises
    ------
    CaptureFileError : no record, or a line that is not an event, or does not follow the one before;
        the message names the line.
    """
    reading = Reading(folder)
    events = list(reading)
    return RunLog(events, reading.torn)


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the events of a run as plain JSON objects, checked as `read_run` does."""
    read_run(folder)
    return [value for _, _, value in Reading(folder).objects()]


def _object(line: bytes, path: str, number: int) -> dict[str, Any]:
    try:
        event = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise CaptureFileError(path, f"line {number}: is not JSON") from None
    if not rundir.is_text(line, event):
        raise CaptureFileError(path, f"line {number}: holds text that is no Unicode")
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise CaptureFileError(path, f"line {number}: is not an event")
    return event


def parse(event: dict[str, Any], path: str, number: int) -> Event:
    """Return one event of the record, from the JSON object of its line.

    Raises
    ------
    CaptureFileError : another version, no event that is known, or another shape.
    """
    if event.get("v") not in (UNCHAINED, VERSION):
        found = event.get("v")
        raise CaptureFileError(
            path, f"line {number}: version {found!r}, this program reads {UNCHAINED} and {VERSION}"
        )
    try:
        return event_of(event)
    except shape.Mismatch as error:
        raise CaptureFileError(path, f"line {number}: {event['event']}: {error}") from None
