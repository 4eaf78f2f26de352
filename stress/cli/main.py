# SPDX-License-Identifier: MIT
"""The command line: one command run, its errors in a line, its exit status.

Nothing heavy is imported here: ``--help`` and argument errors load no numpy.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from stress.cli import streams
from stress.cli.memory_limit import numpy_fits
from stress.cli.options import parser
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

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import FrameType

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
# Of an error [characters]: a path may have 4096, and what is wrong with it comes behind it.
MOST_LINE = 6000
# As setup.cfg says; the one file that is copied to a board asks nobody else.
FLOOR = (3, 9)


def _terminated(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signum)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    Errors end in one line on stderr; what was recorded before stays.
    """
    streams.open_standard()
    if sys.version_info[:2] < FLOOR:
        here, least = (".".join(map(str, version)) for version in (sys.version_info[:3], FLOOR))
        print(f"pcmstress: needs Python {least} or later, this is {here}", file=sys.stderr)
        return EXIT_SKIP
    try:
        top = parser()
        args = _parsed(top, sys.argv[1:] if argv is None else argv)
        if args.command is None:
            top.print_help()
            return 0
        return _answered(_command_of(args), getattr(args, "exit_skip", 0))
    except KeyboardInterrupt as stop:
        # Before or behind the command, which answers by itself.
        return 128 + int(stop.args[0] if stop.args else signal.SIGINT)
    except MemoryError:
        return _no_memory()
    except BrokenPipeError:
        # Nobody reads the versions; a command leaves the rest out by itself.
        return 0
    except OSError as error:
        print(f"pcmstress: standard output: cannot be written: {error.strerror}", file=sys.stderr)
        return EXIT_IO
    finally:
        streams.flush_standard()


def _parsed(top: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    try:
        # argparse takes the two dashes away and gives a list of nothing for the value.
        bare = next(
            (word for word in argv if word.startswith("--") and word[2:].partition("=")[2] == "--"), ""
        )
        if bare:
            top.error(f"argument {bare[:-3]}: expected one argument")
        return top.parse_args(argv)
    except SystemExit as stop:
        # `git bisect run` would take a mistyped option for a bad revision.
        asked = [two for one, two in zip(argv, argv[1:]) if one == "--exit-skip"]
        skip = int(asked[0]) if asked and asked[0].isascii() and asked[0].isdigit() else 0
        raise SystemExit(_answered(stop.code if isinstance(stop.code, int) else EXIT_USAGE, skip)) from None


def _answered(status: int, skip: int) -> int:
    """Return the exit status: PASS, FAIL and signals stay; anything else is what --exit-skip says."""
    return skip if skip and status not in (0, 1) and status < 128 else status


def _command_of(args: argparse.Namespace) -> int:
    # numpy is loaded after this. Its idle algebra threads spin for a while, into a burst if they can.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not _without_numpy(args) and not numpy_fits():
        return _no_memory()
    signal.signal(signal.SIGTERM, _terminated)
    # A dropped connection to the board; under nohup it is ignored, and stays so.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _terminated)
    _tell_undone()
    try:
        command = importlib.import_module(f"stress.cli.commands.{args.command}")
        return int(command.execute(args))
    except KeyboardInterrupt as stop:
        return 128 + int(stop.args[0] if stop.args else signal.SIGINT)
    except StressError as error:
        # One line, whatever a file is called.
        line = shortened(plain(str(error)).replace("\n", "\\n"), MOST_LINE)
        print(f"pcmstress: {line}", file=sys.stderr)
        return _status(error)
    except MemoryError:
        return _no_memory()
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
        reason = next((told for kind, words, told in _NO_NAMES if _is(error, kind, words)), "")
        if reason and not os.environ.get("PCMSTRESS_DEBUG"):
            print(f"pcmstress: a name of a file {reason}", file=sys.stderr)
            return EXIT_USAGE
        return _internal(error)


def _no_memory() -> int:
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


def _without_numpy(args: argparse.Namespace) -> bool:
    # They work where there is no memory for it, as they do where it is not installed.
    # A virtual board is modelled with it.
    modelled = getattr(args, "board", "") or getattr(args, "set", ())
    return args.command in ("boards", "kinds") or (args.command == "probe" and not modelled)


def _tell_undone() -> None:
    # A run that was killed between, say, unbind and bind of a driver cannot put it right; a user can.
    from stress.board import undo

    for left in undo.left():
        line = f"pcmstress: a run that was killed left this: {left.what}; to undo it: {left.how}"
        print(plain(line).replace("\n", "\\n"), file=sys.stderr)


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


if __name__ == "__main__":
    sys.exit(main())
