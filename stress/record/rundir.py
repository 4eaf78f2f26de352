# SPDX-License-Identifier: MIT
"""The run directory: run.jsonl, config.json, board.json, evidence/."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from stress.errors import CaptureFileError, ConfigError, StorageError
from stress.files.regular import lines, open_regular, read_regular
from stress.record import journal
from stress.record.clock import Clock
from stress.record.folder_lock import FolderLock

_FULL = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
)


def create(path: str, clock: Clock) -> Path:
    """Make a new run directory and return it.

    Parameters
    ----------
    path : the directory; empty picks ``runs/YYYYMMDD-HHMMSS`` here.

    Raises
    ------
    ConfigError : the directory holds a run already.
    CaptureFileError : it cannot be made.
    """
    try:
        folder = Path(path) if path else _unused(clock)
        (folder / "evidence").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        name = path or "runs"
        if error.errno in _FULL:
            raise StorageError.of(name, error) from None
        raise CaptureFileError(name, f"cannot be made: {error.strerror}") from None
    except RecursionError:
        # Each folder on the way is made by the one below it.
        raise CaptureFileError(path, "cannot be made: too many folders lie in one another") from None
    return folder


def claim(path: str, clock: Clock) -> tuple[Path, FolderLock]:
    """Make a run directory and hold its lock: of several that try at once, one gets it.

    Raises
    ------
    ConfigError : it holds a run already, or another process makes one in it.
    CaptureFileError, StorageError : it cannot be made.
    """
    folder = create(path, clock)
    lock = FolderLock(folder)
    if begun(folder):
        lock.release()
        raise ConfigError("holds a run already", where=str(folder), allowed="another --out, or --resume")
    return folder, lock


def begun(folder: Path) -> bool:
    """Return whether the record in `folder` has a first event; a kill may leave it without one.

    Raises
    ------
    CaptureFileError : it cannot be read, or is damaged where no kill can have cut it off.
    """
    path = folder / journal.NAME
    try:
        with open_regular(path) as file:
            first = next(lines(file), b"")
            damaged = journal.is_damaged_tail(first)
            if damaged and (b"\r" in first or next(lines(file), b"")):
                # Written again by another program: what it tells of must not be taken for nothing.
                raise CaptureFileError(str(path), "line 1 is damaged, and more follows")
            return not damaged
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CaptureFileError(str(folder / journal.NAME), f"cannot be read: {error.strerror}") from None


def digest(folder: Path, name: str) -> str:
    """Return the digest of a file of the run, as the start event holds it.

    Raises
    ------
    CaptureFileError : it cannot be read.
    """
    try:
        return hashlib.blake2b(read_regular(folder / name), digest_size=16).hexdigest()
    except OSError as error:
        raise CaptureFileError(str(folder / name), f"cannot be read: {error.strerror}") from None


def _unused(clock: Clock) -> Path:
    stamp = clock.wall_text()[:19].replace("-", "").replace(":", "").replace("T", "-")
    for number in range(1, 1000):
        folder = Path("runs") / (f"{stamp}-{number}" if number > 1 else stamp)
        try:
            # Another run may take the name at the same instant: whoever makes the directory has it.
            folder.mkdir(parents=True)
        except FileExistsError:
            if not os.path.lexists(folder):
                # It is `runs` that is in the way: a link to nothing.
                raise
            continue
        return folder
    raise CaptureFileError(f"runs/{stamp}", "cannot be made: so many runs have begun in this second")


def write_json(folder: Path, name: str, value: dict[str, Any]) -> None:
    """Write a JSON document whole or not at all (write aside, then rename).

    Raises
    ------
    CaptureFileError : it cannot be written.
    """
    data = json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"
    aside = folder / f".{name}.{os.getpid()}.part"
    try:
        with open(aside, "w", encoding="utf-8", opener=_fresh) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, folder / name)
        journal.sync_folder(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise StorageError.of(str(folder / name), error) from None


def _fresh(path: str, flags: int) -> int:
    # A link that somebody put there is not followed.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Read a JSON document of a run directory.

    Raises
    ------
    CaptureFileError : it cannot be read, or is no JSON object.
    """
    path = folder / name
    try:
        data = read_regular(path)
        value = json.loads(data.decode("utf-8"))
    except OSError as error:
        raise CaptureFileError(str(path), f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise CaptureFileError(str(path), "is not JSON") from None
    if not isinstance(value, dict):
        raise CaptureFileError(str(path), "is not a JSON object")
    if not is_text(data, value):
        raise CaptureFileError(str(path), "holds text that is no Unicode")
    return value


def is_text(data: bytes, value: Any) -> bool:
    """Return whether `value`, read from `data`, can be written again: JSON may escape half a character."""
    if b"\\u" not in data or b"\\ud" not in data.lower():
        return True
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
