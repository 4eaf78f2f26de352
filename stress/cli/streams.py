# SPDX-License-Identifier: MIT
"""The streams a command writes to, made fit for whatever they are: closed, a pipe, ASCII only."""

from __future__ import annotations

import contextlib
import io
import os
import sys


def open_standard() -> None:
    """Give every standard stream that is closed a place to write to, and no text it cannot write.

    A file name may hold bytes of no encoding, and a serial console may know
    ASCII only: such text is shown escaped and ends nothing.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for good
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush_standard() -> None:
    """Write out what is left, so that the interpreter does not fail at it on its way out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _forget(stream)


def _forget(stream: object) -> None:
    # The text stays in the buffer, and is written once more at the very end: to nowhere then.
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        if isinstance(stream, io.TextIOWrapper):
            os.dup2(nowhere.fileno(), stream.fileno())
