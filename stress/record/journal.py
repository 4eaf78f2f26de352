# SPDX-License-Identifier: MIT
"""run.jsonl: append one object per event; a power cut loses at most the last.

Each line ends with a digest of itself and of the digest before it, so that a line
that was deleted, doubled or edited is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from stress.errors import StorageError
from stress.files.regular import lines, open_regular
from stress.model import shape
from stress.record.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from stress.model.record.events import Event

VERSION = 2
# Records without a chain of digests.
UNCHAINED = 1
NAME = "run.jsonl"
TORN = "run.jsonl.torn"
_CHAIN = b',"chain":"'
# 64 bits: what is to be seen are accidents and edits, not an attack.
_DIGEST_BYTES = 8
_ENDING = len(_CHAIN) + 2 * _DIGEST_BYTES + len(b'"}')


class Journal:
    """The append-only event log of one run directory.

    Each event is one line, in the file before `append` returns and on the
    medium when `sync` is asked for (once per burst).

    Threads: one writer.

    Raises
    ------
    StorageError : the file cannot be written (disk full, read-only).
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / NAME
        self._clock = clock
        try:
            self._digest = _resumed(folder)
            # What is no regular file was refused just now: nothing else may come in its place.
            self._file = open(self._path, "ab", buffering=0, opener=_not_followed)  # noqa: SIM115
            # Size of the file behind the line that is being written, and the digest of that line.
            self._pending = (os.fstat(self._file.fileno()).st_size, self._digest)
            sync_folder(folder)
        except OSError as error:
            raise StorageError.of(str(self._path), error) from None

    def append(self, event: Event, sync: bool = False) -> None:
        """Append one event.

        Raises
        ------
        StorageError : the record cannot be written.
        """
        line: dict[str, Any] = {
            "v": VERSION,
            "event": event.event,
            "t_ns": self._clock.monotonic_ns(),
            "wall": self._clock.wall_text(),
            **shape.write(event),
        }
        body = json.dumps(line, separators=(",", ":"), allow_nan=False).encode()
        try:
            before = self._settle()
            digest = chained(self._digest, body)
            data = sealed(body, digest)
            self._pending = (before + len(data), digest)
            written = self._file.write(data)
            if written != len(data):
                raise StorageError(str(self._path), "disk full: the last event is incomplete")
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageError.of(str(self._path), error) from None

    def _settle(self) -> int:
        # A signal ends `append` anywhere, most often while it waits for the medium: whether its line
        # was written, and the next one has to follow it, is what the file says.
        size = os.fstat(self._file.fileno()).st_size
        if size == self._pending[0]:
            self._digest = self._pending[1]
        return size

    def close(self) -> None:
        """Close the file; idempotent.

        Raises
        ------
        StorageError : the file system reports only now that something was not written.
        """
        try:
            self._file.close()
        except OSError as error:
            raise StorageError.of(str(self._path), error) from None


def chained(before: str, body: bytes) -> str:
    """Return the digest of a line behind the digest `before`.

    Parameters
    ----------
    body : the line as JSON without its "chain", compact.
    """
    return hashlib.blake2b(before.encode() + body, digest_size=_DIGEST_BYTES).hexdigest()


def sealed(body: bytes, digest: str) -> bytes:
    """Return the line of a compact JSON object and its digest."""
    return body[:-1] + _CHAIN + digest.encode() + b'"}\n'


def unchained(line: bytes) -> tuple[bytes, str]:
    """Return a line without its digest, and the digest, "" where it ends with none."""
    ending = line[-_ENDING:]
    if not (ending.startswith(_CHAIN) and ending.endswith(b'"}')):
        return line, ""
    return line[:-_ENDING] + b"}", ending[len(_CHAIN) : -2].decode("ascii", "replace")


def is_damaged_tail(line: bytes) -> bool:
    """Return whether the last bytes of a record are what a power cut leaves: no end, or zeros."""
    return not line.endswith(b"\n") or b"\0" in line


def sync_folder(folder: Path) -> None:
    """Bring the names in a directory to the medium, where its file system can."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError:
        # Some file systems sync files only.
        pass
    finally:
        os.close(handle)


def _not_followed(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)


def _resumed(folder: Path) -> str:
    """Set a damaged last line aside, as another behind it would join two events; return the last digest."""
    path = folder / NAME
    if not path.exists() and not path.is_symlink():
        return ""
    end, last = 0, b""
    with open_regular(path) as file:
        for line in lines(file):
            if is_damaged_tail(line):
                rest = line + file.read()
                break
            end, last = end + len(line), line
        else:
            return _digest_of(last)
    with open(folder / TORN, "ab", opener=_not_followed) as aside:
        aside.write(rest.rstrip(b"\n") + b"\n")
    os.truncate(path, end)
    return _digest_of(last)


def _digest_of(line: bytes) -> str:
    # A line that went through another program may have other spaces or another end, and is still read.
    found = unchained(line.rstrip())[1]
    if found:
        return found
    try:
        value = json.loads(line)
    except ValueError:
        return ""
    return str(value.get("chain", "")) if isinstance(value, dict) else ""
