"""run.jsonl: append one object per event; a power cut loses at most the last."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from stress.errors import CaptureFileError
from stress.model import shape
from stress.record.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from stress.model.record import Event

VERSION = 1
NAME = "run.jsonl"
TORN = "run.jsonl.torn"


class Journal:
    """The append-only event log of one run directory.

    Each event is one line, in the file before `append` returns and on the
    medium when `sync` is asked for (once per burst).

    Threads: one writer.

    Raises
    ------
    CaptureFileError : the file cannot be written (disk full, read-only).
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / NAME
        self._clock = clock
        try:
            _set_torn_tail_aside(folder)
            self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115 - closed in close()
        except OSError as error:
            raise CaptureFileError(str(self._path), f"cannot be written: {error.strerror}") from None

    def append(self, event: Event, sync: bool = False) -> None:
        """Append one event."""
        line: dict[str, Any] = {
            "v": VERSION,
            "event": event.event,
            "t_ns": self._clock.monotonic_ns(),
            "wall": self._clock.wall_text(),
            **shape.write(event),
        }
        data = json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        try:
            written = self._file.write(data)
            if written != len(data):
                raise CaptureFileError(str(self._path), "disk full: the last event is incomplete")
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise CaptureFileError(str(self._path), f"cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()


def _set_torn_tail_aside(folder: Path) -> None:
    # Appending after a torn line would join two events into one wrong line.
    path = folder / NAME
    if not path.is_file():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with open(folder / TORN, "ab") as aside:
            aside.write(data[whole:] + b"\n")
        os.truncate(path, whole)
