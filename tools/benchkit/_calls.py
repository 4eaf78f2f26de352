# SPDX-License-Identifier: MIT
"""The calls by which a run changes its directory: count, kill at one, have one fail (see _syscalls.c)."""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

from stress.errors import StressError
from tools.benchkit._runs import Kept, Run, totals

SOURCE = Path(__file__).with_name("_syscalls.c")
_LIBRARY = "PCMSTRESS_BENCH_CALLS"
_Case = TypeVar("_Case")


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


def disturbed(
    bench: str,
    about: str,
    unit: str,
    argv: list[str],
    cases: Callable[[list[str]], Mapping[str, _Case]],
    one: Callable[[Run, dict[str, Any], list[str], _Case], dict[str, Any]],
) -> tuple[dict[str, dict[str, Any]], int]:
    """Disturb a run in each of these cases; return what each gave, and the number still to be done.

    Parameters
    ----------
    unit : what the texts call a case.
    cases : gives them, by name, for the calls of an undisturbed run.
    one : disturbs one run; gets the tallies and the calls of the undisturbed one.

    Raises
    ------
    StressError : there is no C compiler.
    """
    parser = argparse.ArgumentParser(prog=f"tools/bench {bench}", description=about)
    parser.add_argument(
        "--keep", default="", metavar="FILE", help=f"go on behind the {unit}s done in this file"
    )
    parser.add_argument("--minutes", type=float, default=1e9, metavar="N", help="stop after so long")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help=f"only each N-th {unit} (default 1)"
    )
    args = parser.parse_args(argv)
    preloaded(bench, argv)
    end = time.monotonic() + 60 * args.minutes
    kept = Kept(args.keep)
    with tempfile.TemporaryDirectory() as place:
        run = Run(Path(place).resolve())
        run.prepare()
        calls = calls_of(run, run.place / "whole")
        whole = totals(run.place / "whole")
        print(f"undisturbed: {len(calls)} calls, {json.dumps(whole)}", flush=True)
        chosen = list(cases(calls).items())[:: args.every]
        for name, case in chosen:
            if name not in kept.done and time.monotonic() < end:
                kept.add(name, one(run, whole, calls, case))
    return kept.done, len(chosen) - len(kept.done)


NAMES = {getattr(errno, name): name for name in ("ENOSPC", "EDQUOT", "EIO", "EROFS", "ENOMEM", "EMFILE")}
