# SPDX-License-Identifier: MIT
"""What a person or a log sees: lines, colour on verdicts, and one status line that moves.

Nothing but the standard library: the same console serves a board and a desk.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import textwrap
from collections.abc import Iterable
from typing import TextIO

from stress.errors import StorageError
from stress.model.words import plain

# ECMA-48 colours of what a verdict word says; legible on dark and on light terminals.
_COLOURS = {"PASS": "1;32", "FAIL": "1;31", "ERROR": "1;35", "INCONCLUSIVE": "1;33", "SKIP": "1;36"}
_VERDICT = re.compile(rf"\b({'|'.join(_COLOURS)})\b")
# Narrower terminals get this width: tables and sentences become illegible below.
LEAST_COLUMNS = 40
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}\b)")


class Console:
    """Writes result lines to one stream and status to another.

    On a terminal the status is one line that is rewritten; elsewhere (serial
    consoles, CI logs) a status becomes a line of its own once per interval.

    Parameters
    ----------
    out, status : streams for results and for progress.
    interval_s : least time between two status lines that are not rewritten [s].
    color : "always", "never", or "auto": on a terminal that wants it.
    quiet : show no status.
    """

    def __init__(
        self,
        out: TextIO,
        status: TextIO,
        interval_s: float = 10.0,
        color: str = "auto",
        quiet: bool = False,
    ) -> None:
        self._out = out
        self._status = status
        self._quiet = quiet
        self._coloured = color == "always" or (color == "auto" and _wants_colour(out))
        # A terminal without a cursor to move gets lines.
        self._moves = status.isatty() and os.environ.get("TERM") != "dumb"
        self._redraws = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._interval_s = interval_s
        self._due_s = 0.0
        self._shown = False
        self._unread = False

    def line(self, text: str = "", signal: bool = False) -> None:
        """Write one line of result.

        Parameters
        ----------
        signal : it is a signal for LAVA, made of names without a blank: see `words.plain`.

        Raises
        ------
        StorageError : it cannot be written. A reader who has seen enough
            (`| head`) is no error: the rest is left out.
        """
        self._clear()
        if self._unread:
            return
        try:
            self._out.write((text if signal else self._painted(_flat(text))) + "\n")
            self._out.flush()
        except BrokenPipeError:
            self._unread = True
        except OSError as error:
            raise StorageError("standard output", f"cannot be written: {error.strerror}") from None

    @property
    def columns(self) -> int:
        """Columns to write in: of COLUMNS, else of the terminal, 0 where there is neither."""
        asked = os.environ.get("COLUMNS", "")
        if asked.isascii() and asked.isdigit() and len(asked) < 9 and int(asked):
            return max(LEAST_COLUMNS, int(asked))
        return max(LEAST_COLUMNS, shutil.get_terminal_size().columns) if self._out.isatty() else 0

    @property
    def moves(self) -> bool:
        """Whether the status is one line that is rewritten."""
        return self._moves and not self._quiet

    @property
    def redraws(self) -> bool:
        """Whether results can be drawn over those before: standard output is a terminal with a cursor."""
        return self._redraws

    def redraw(self, texts: Iterable[str]) -> None:
        """Draw lines of result from the top of the screen, in place of what stands there.

        What does not fit on the screen is left out: it would scroll the first lines away.
        """
        width, rows = self.columns, shutil.get_terminal_size().lines
        parts = [part for text in texts for part in wrapped(text, width)]
        shown = (
            parts if len(parts) < rows else [*parts[: rows - 2], f"... {len(parts) - rows + 2} more lines"]
        )
        # ECMA-48: cursor home, erase to the end.
        self._out.write("\x1b[H\x1b[J" + "".join(f"{self._painted(_flat(part))}\n" for part in shown))
        self._out.flush()

    def _painted(self, text: str) -> str:
        if not self._coloured:
            return text
        return _VERDICT.sub(lambda found: f"\x1b[{_COLOURS[found[1]]}m{found[1]}\x1b[0m", text)

    def prose(self, texts: Iterable[str]) -> None:
        """Write lines of result, broken between words where the terminal ends."""
        width = self.columns
        for text in texts:
            for part in wrapped(text, width) if width else [text]:
                self.line(part)

    def note(self, text: str) -> None:
        """Write one line beside the result (stderr)."""
        self._clear()
        self._beside(_flat(text) + "\n")

    def status(self, text: str, now_s: float) -> None:
        """Show where the work stands."""
        if self._quiet:
            return
        if self._moves:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._beside("\r" + _flat(text)[:width].ljust(width))
            self._shown = True
        elif now_s >= self._due_s:
            self._due_s = now_s + self._interval_s
            self._beside(_flat(text) + "\n")

    def _clear(self) -> None:
        if self._shown:
            self._beside("\r" + " " * max(20, shutil.get_terminal_size().columns - 1) + "\r")
            self._shown = False

    def _beside(self, text: str) -> None:
        # A closed stderr must not abort a run.
        with contextlib.suppress(OSError):
            self._status.write(text)
            self._status.flush()


def _flat(text: str) -> str:
    # A name or a reason of a record from elsewhere makes no lines of its own.
    return plain(text).replace("\n", "\\n")


def _wants_colour(out: TextIO) -> bool:
    # Source: no-color.org; a dumb terminal would show the codes.
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def wrapped(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` columns, those after the first indented by two more."""
    if len(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    # The thousands of a number stay together.
    parts = textwrap.wrap(
        _THOUSANDS.sub("\0", text),
        max(20, width),
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part.replace("\0", " ") for part in parts]
