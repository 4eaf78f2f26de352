# SPDX-License-Identifier: MIT
"""Read the record of a run while it is written: only what is new, and nothing of it is touched."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from stress.errors import CaptureFileError
from stress.files.regular import open_regular
from stress.record.journal import NAME, is_damaged_tail
from stress.record.reader import LineCheck

if TYPE_CHECKING:
    from pathlib import Path

    from stress.model.record.events import Event

# Read at once [bytes]. Higher: memory; lower: a long record takes many rounds to catch up with.
MOST_BYTES = 1 << 24


class LivingRecord:
    """The events of a run directory as they come.

    A line that is being written has no end yet and waits for the next call. No lock is
    taken and no file is opened for writing.

    Parameters
    ----------
    folder : the run directory; its record need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._check = LineCheck(str(self._path))
        self._offset = 0

    def new(self) -> list[Event]:
        """Return the events written since the last call; empty before the record begins.

        Raises
        ------
        CaptureFileError : a line is not an event or does not follow the one before, the record
            became shorter (it is another one), or it cannot be read.
        """
        found = []
        for line in self._lines():
            if is_damaged_tail(line):
                break
            found.append(self._check.event(line[:-1]))
            self._offset += len(line)
        return found

    def _lines(self) -> list[bytes]:
        try:
            with open_regular(self._path) as file:
                if file.seek(0, 2) < self._offset:
                    raise CaptureFileError(str(self._path), "became shorter: it is another record")
                file.seek(self._offset)
                data = file.read(MOST_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CaptureFileError(str(self._path), f"cannot be read: {error.strerror}") from None
        # A line ends with a line feed and nothing else.
        return io.BytesIO(data).readlines()
