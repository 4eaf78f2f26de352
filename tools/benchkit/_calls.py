# SPDX-License-Identifier: MIT
"""The calls by which a run changes its directory: count, kill at one, have one fail (see _syscalls.c)."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from stress.errors import StressError
from tools.benchkit._runs import Run

SOURCE = Path(__file__).with_name("_syscalls.c")
_LIBRARY = "PCMSTRESS_BENCH_CALLS"


class Act(IntEnum):
    """What happens at the n-th call, as _syscalls.c numbers it."""

    COUNT = 0
    KILL = 1  #: the process ends before the call
    TEAR = 2  #: half of what is written, then the process ends
    FAIL_ONCE = 3  #: this call fails
    FAIL_ON = 4  #: this call fails, and all that follow


def preloaded(module: str, argv: list[str]) -> None:
    """Start the program again with the library preloaded, unless it is.

    Raises
    ------
    StressError : there is no C compiler.
    """
    if os.environ.get(_LIBRARY):
        return
    folder = tempfile.mkdtemp(prefix="pcmstress-calls-")
    library = f"{folder}/calls.so"
    command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", library, str(SOURCE), "-ldl"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StressError(f"needs a C compiler: {' '.join(command)}: {error}") from None
    words = [sys.executable, "-m", "tools.benchkit", module, *argv]
    os.execve(sys.executable, words, {**os.environ, "LD_PRELOAD": library, _LIBRARY: library})


def arm(out: Path, number: int, act: Act, error: int = 0, log: int = -1) -> Callable[[], None]:
    """Return what a child calls before its command: from then on calls that change `out` are counted.

    Parameters
    ----------
    number : of the call that something happens at, from 1.
    error : errno of a call that fails.
    log : file descriptor that each call is written to, -1 for none.
    """

    def armed() -> None:
        library = ctypes.CDLL(os.environ[_LIBRARY])
        library.arm_calls(str(out).encode(), ctypes.c_long(number), int(act), error, log)

    return armed


def calls_of(run: Run, out: Path) -> list[str]:
    """Run into `out`; return its calls in order, each as "name file"."""
    with tempfile.TemporaryFile() as log:
        run.begin(out, first=arm(out, 0, Act.COUNT, log=log.fileno()))
        log.seek(0)
        return log.read().decode().splitlines()


def kind(call: str) -> str:
    """Return a call without what differs from file to file: "write run.jsonl", "rename evidence"."""
    name, _, path = call.partition(" ")
    what = "folder" if path in ("", ".") else "evidence" if path.startswith("evidence") else path
    if what.startswith("."):
        # Names of files that are written aside hold the process.
        what = what.split(".")[1] + " aside"
    return f"{name} {what}"


NAMES = {getattr(errno, name): name for name in ("ENOSPC", "EDQUOT", "EIO", "EROFS", "ENOMEM", "EMFILE")}
