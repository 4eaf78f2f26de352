# SPDX-License-Identifier: MIT
"""What a command answers when it ends in an error: one line on stderr, and an exit status."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Callable

from stress.errors import (
    BackendUnavailable,
    CaptureFileError,
    ConfigError,
    DeviceError,
    DeviceGone,
    ParamsRefused,
    StorageError,
    StressError,
)
from stress.model.verdict import EXIT_DEVICE_LOST, EXIT_ERROR, EXIT_IO, EXIT_SKIP, EXIT_USAGE
from stress.model.words import plain, shortened

# What a file system, or a limit of this process, says: no defect of the program.
_STORAGE = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN),
)
# What it says of a name that was given: too long, links in a circle, a file where a folder should be or the
# other way round, not to be read by this user.
_NAMES = (
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.EEXIST, errno.ENXIO),
    *(errno.EACCES, errno.EPERM),
)
# What Python itself says of a name, which may be one that a plan, a board or a record gives.
_NO_NAMES: tuple[tuple[type[Exception], str, str], ...] = (
    (ValueError, "embedded null", "has a null character in it"),
    # Path.resolve before Python 3.13.
    (RuntimeError, "Symlink loop", "leads round and round from link to link"),
)
# Python reads no longer ones, 3.11 and later; in what is given to a command no number has so many digits.
_TOO_LONG = "Exceeds the limit"
# Of an error [characters]: a path may have 4096, and what is wrong with it comes behind it.
MOST_LINE = 6000


def answer(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; an error of any kind is one line on stderr."""
    try:
        return command()
    except KeyboardInterrupt as stop:
        return 128 + int(stop.args[0] if stop.args else signal.SIGINT)
    except StressError as error:
        # One line, whatever a file is called.
        line = shortened(plain(str(error)).replace("\n", "\\n"), MOST_LINE)
        print(f"pcmstress: {line}", file=sys.stderr)
        return _status(error)
    except MemoryError:
        return no_memory()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename is None:
            # As the kernel answers getcwd.
            print("pcmstress: the directory that this is run in was removed", file=sys.stderr)
            return EXIT_USAGE
        known = error.errno in _STORAGE or (error.errno in _NAMES and error.filename is not None)
        if os.environ.get("PCMSTRESS_DEBUG") or not known:
            return _internal(error)
        if error.errno in _NAMES:
            print(f"pcmstress: {_place(error)}{error.strerror}", file=sys.stderr)
            return EXIT_USAGE
        print(f"pcmstress: {_place(error)}{error.strerror}; what was recorded before stays", file=sys.stderr)
        return EXIT_IO
    except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours is one line too
        if isinstance(error, ModuleNotFoundError) and error.name == "numpy":
            # A board that was given the one file only.
            print(f"pcmstress: needs numpy for {sys.executable} (apt install python3-numpy)", file=sys.stderr)
            return EXIT_SKIP
        if _is(error, ValueError, _TOO_LONG) and not os.environ.get("PCMSTRESS_DEBUG"):
            print("pcmstress: a number has more digits than any that is taken", file=sys.stderr)
            return EXIT_USAGE
        reason = next((told for kind, words, told in _NO_NAMES if _is(error, kind, words)), "")
        if reason and not os.environ.get("PCMSTRESS_DEBUG"):
            print(f"pcmstress: a name of a file {reason}", file=sys.stderr)
            return EXIT_USAGE
        return _internal(error)


def no_memory() -> int:
    """Say that there is no memory left; return the exit status."""
    line = "no memory left: shorter bursts (burst_s) or captures take less; what was recorded stays valid"
    print(f"pcmstress: {line}", file=sys.stderr)
    return EXIT_IO


def _is(error: Exception, kind: type[Exception], words: str) -> bool:
    return isinstance(error, kind) and str(error).startswith(words)


def _internal(error: Exception) -> int:
    # Called where the error is handled: raised anew it shows where.
    if os.environ.get("PCMSTRESS_DEBUG"):
        raise error
    text = " ".join(f"{type(error).__name__}: {error}".split())
    print(f"pcmstress: internal error: {text} (PCMSTRESS_DEBUG=1 shows where)", file=sys.stderr)
    return EXIT_ERROR


def _place(error: OSError) -> str:
    name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    return f"{plain(name)}: ".replace("\n", "\\n") if name else ""


def _status(error: StressError) -> int:
    if isinstance(error, StorageError):
        return EXIT_IO
    if isinstance(error, (ConfigError, CaptureFileError)):
        return EXIT_USAGE
    if isinstance(error, DeviceGone):
        return EXIT_DEVICE_LOST
    absent = isinstance(error, (BackendUnavailable, ParamsRefused))
    # No such device, no permission, held by another program: nothing was run.
    closed = isinstance(error, DeviceError) and (error.errno == errno.ENODEV or error.call == "snd_pcm_open")
    return EXIT_SKIP if absent or closed else EXIT_ERROR
