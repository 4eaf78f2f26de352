# SPDX-License-Identifier: MIT
"""What has to be undone if this process dies: one small file per change, removed when it is undone.

A driver that is unbound for a test must be bound again. `finally` does that
unless the process is killed with SIGKILL; then the next command finds the file
and tells which line of shell puts things right.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

_PREFIX = "pcmstress-undo-"
# Files read at most, and bytes of each: anybody may write into a shared folder.
_MOST_FILES, _MOST_BYTES = 32, 4096


@dataclass(frozen=True)
class LeftUndone:
    """A change that a dead process left behind.

    Parameters
    ----------
    what : what was done, in words.
    how : a line of shell that undoes it.
    """

    what: str
    how: str


def folder() -> Path:
    """Return where the files lie: a place that a boot empties, as it undoes the changes."""
    if os.geteuid() == 0:
        return Path("/run")
    # Every command asks; what it takes to write or read a note is loaded when there is one.
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")


@contextlib.contextmanager
def changed(
    do: Callable[[], object], back: Callable[[], object], what: str, how: str, place: Path | None = None
) -> Iterator[None]:
    """Change something for the block and change it back, whatever happens in between.

    The note is on disk before `do` and goes after `back`; where `back` fails it
    stays, so that the next command tells it.

    Parameters
    ----------
    do, back : make the change, and undo it.
    what, how : see `LeftUndone`.
    place : folder of the notes, `folder()` where None.

    Raises
    ------
    OSError : the note cannot be written (nothing was changed), or what `do` and `back` raise.
    """
    note = _write(what, how, place or folder())
    try:
        do()
    except BaseException:
        os.unlink(note)
        raise
    try:
        yield
    finally:
        back()
        os.unlink(note)


def _write(what: str, how: str, place: Path) -> str:
    import json
    import tempfile

    text = json.dumps({"pid": os.getpid(), "start": _start_of(os.getpid()), "what": what, "how": how})
    handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=place)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return name


def left(place: Path | None = None) -> list[LeftUndone]:
    """Return what dead processes left undone; a note of a living one is its own affair."""
    where = place or folder()
    try:
        names = sorted(name for name in os.listdir(where) if name.startswith(_PREFIX))
    except OSError:
        return []
    notes = [_read(where / name) for name in names[:_MOST_FILES]]
    return [note for note in notes if note is not None]


def _read(path: Path) -> LeftUndone | None:
    import json

    try:
        # Another user's file is nobody's word; a link may point anywhere.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if os.fstat(handle).st_uid != os.geteuid():
                return None
            note = json.loads(file.read(_MOST_BYTES))
        if _start_of(int(note["pid"])) == note["start"]:
            return None
        return LeftUndone(str(note["what"]), str(note["how"]))
    except (OSError, ArithmeticError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _start_of(pid: int) -> str:
    # Start time in clock ticks since boot: a number that is used again has another.
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
