# SPDX-License-Identifier: MIT
"""The log: one JSON object a line."""

from __future__ import annotations

import json
from typing import IO, Any


class EventLog:
    """Write events as JSON lines and count them.

    Events are ``stream`` (start and stop of a direction), ``fault`` (what was
    really injected, with its place) and ``card``.

    Parameters
    ----------
    file : open text file, or None to count only.
    """

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = file
        self.counts: dict[str, int] = {}

    def write(self, event: str, **values: Any) -> None:
        """Append one event; it is on disk (in the page cache) when this returns."""
        name = f"{event}:{values['kind']}" if "kind" in values else event
        self.counts[name] = self.counts.get(name, 0) + 1
        if self._file is not None:
            self._file.write(json.dumps({"event": event, **values}) + "\n")
            self._file.flush()
