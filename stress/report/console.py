"""What a person or a log sees: lines, and one status line that moves."""

from __future__ import annotations

import shutil
from typing import TextIO


class Console:
    """Writes result lines to one stream and status to another.

    On a terminal the status is one line that is rewritten; elsewhere (serial
    consoles, CI logs) a status becomes a line of its own once per interval.

    Parameters
    ----------
    out, status : streams for results and for progress.
    interval_s : least time between two status lines that are not rewritten [s].
    """

    def __init__(self, out: TextIO, status: TextIO, interval_s: float = 10.0) -> None:
        self._out = out
        self._status = status
        self._moves = status.isatty()
        self._interval_s = interval_s
        self._due_s = 0.0
        self._shown = False

    def line(self, text: str = "") -> None:
        """Write one line of result."""
        self._clear()
        self._out.write(text + "\n")
        self._out.flush()

    def note(self, text: str) -> None:
        """Write one line beside the result (stderr)."""
        self._clear()
        self._status.write(text + "\n")
        self._status.flush()

    def status(self, text: str, now_s: float) -> None:
        """Show where the work stands."""
        if self._moves:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._status.write("\r" + text[:width].ljust(width))
            self._shown = True
        elif now_s >= self._due_s:
            self._due_s = now_s + self._interval_s
            self._status.write(text + "\n")
        self._status.flush()

    def _clear(self) -> None:
        if self._shown:
            self._status.write("\r" + " " * max(20, shutil.get_terminal_size().columns - 1) + "\r")
            self._shown = False
