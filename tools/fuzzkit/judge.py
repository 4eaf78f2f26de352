# SPDX-License-Identifier: MIT
"""Run cases in a child process and say what was wrong with how each ended."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import re
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Exit codes of the README's table, and those of a stop by signal.
ALLOWED = frozenset((0, 1, 4, 5, 64, 74, 75))
# Bounds of one case, with all that the program has loaded: resident memory at its peak, and processor time.
# Source: an ordinary report or analysis takes 100 MB and 2 s. Higher: an input that makes a reader allocate
# or loop passes; lower: slow machines fail.
MOST_BYTES = 300 << 20
MOST_S = 30
# Address space behind which a case is ended, so that the machine lives on: far beyond the bound, as a
# program that is refused memory answers in a line, which would hide the defect.
GUARD_BYTES = 3 << 30
_INTERNAL = re.compile(r"^pcmstress: internal error|Traceback \(most recent", re.M)
_NO_MEMORY = "pcmstress: no memory left"

Case = Callable[[], int]
# Makes a case in a folder of its own.
Maker = Callable[[Path], Case]


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Parameters
    ----------
    wrong : what must not be, "" when the case ended as it should.
    text : what the program printed to stderr, cut to 2000 characters.
    peak_bytes : resident memory at its peak; 0 when the case was ended from outside.
    cpu_s : processor time [s].
    """

    wrong: str
    text: str
    peak_bytes: int = 0
    cpu_s: float = 0.0


def run(case: Case) -> Outcome:
    """Run `case` alone in a forked child under the bounds above.

    Parameters
    ----------
    case : does one thing and returns an exit code; whatever it raises is a defect.
    """
    return next(_in_child([lambda: case]))


def batch(makers: Sequence[Maker], place: Path) -> Iterator[Outcome]:
    """Run cases one after the other in a forked child, and go on in another where one ends it.

    Parameters
    ----------
    makers : of each case; called in the child.
    place : receives a folder for each case, which is removed behind it.
    """
    at = 0
    while at < len(makers):
        folders = [place / str(number) for number in range(at, len(makers))]
        for outcome in _in_child([_within(*pair) for pair in zip(makers[at:], folders)]):
            shutil.rmtree(place / str(at), ignore_errors=True)
            at += 1
            yield outcome


def _within(make: Maker, folder: Path) -> Callable[[], Case]:
    def made() -> Case:
        folder.mkdir(parents=True)
        # Names that the options give may be written to.
        os.chdir(folder)
        case = make(folder)

        def ended() -> int:
            try:
                return case()
            finally:
                os.chdir(folder.parent)
                shutil.rmtree(folder, ignore_errors=True)

        return ended

    return made


def _in_child(made: Sequence[Callable[[], Case]]) -> Iterator[Outcome]:
    """Yield the outcome of each case up to the one that ends the child, if one does."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            _child(made, into)
        finally:
            # Never back into what this process does.
            os._exit(70)
    os.close(into)
    ended = 0
    try:
        with os.fdopen(out, "rb") as pipe:
            for line in pipe:
                code, text, held, peak, cpu_s = json.loads(line)
                ended += 1
                # Where this process, and so the child, is itself large, by what a case adds.
                much = peak > max(MOST_BYTES, held + MOST_BYTES // 2)
                yield Outcome(_wrong(code, text, much, cpu_s), text[-2000:], peak, cpu_s)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    if ended < len(made):
        yield Outcome(_killed(status), "")


def _child(made: Sequence[Callable[[], Case]], into: int) -> None:
    # What a case writes is removed behind it: nothing has to reach a disk.
    os.fsync = _unsynced
    resource.setrlimit(resource.RLIMIT_AS, (_used() + GUARD_BYTES, resource.RLIM_INFINITY))
    with os.fdopen(into, "wb", buffering=0) as pipe:
        for make in made:
            held = _used(resident=True)
            code, text, cpu_s = _one(make)
            text = text.encode("utf-8", "replace")[-60000:].decode("utf-8", "replace")
            pipe.write(json.dumps([code & 0xFF, text, held, _peak(), cpu_s]).encode() + b"\n")


def _unsynced(fd: object) -> None:
    pass


def _one(make: Callable[[], Case]) -> tuple[int, str, float]:
    said = io.StringIO()
    case = make()
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak of this case, not of those before it
    begun = _cpu_s()
    resource.setrlimit(resource.RLIMIT_CPU, (int(begun) + MOST_S + 1, resource.RLIM_INFINITY))
    signal.alarm(4 * MOST_S)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = case()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 70
    except BaseException:  # noqa: BLE001 - what escapes is what is looked for
        said.write(traceback.format_exc())
        code = 70
    return code, said.getvalue(), _cpu_s() - begun


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _used(*, resident: bool = False) -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[int(resident)]) * resource.getpagesize()


def _peak() -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        return next((int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM")), 0)


def _killed(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"ended its process with {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    slow = number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
    return f"more than {MOST_S} s" if slow else f"killed by signal {number}"


def _wrong(code: int, text: str, much: bool, cpu_s: float) -> str:
    found = _INTERNAL.search(text)
    if found:
        lines = text.strip().splitlines()
        return lines[-1] if "Traceback" in found[0] else lines[0]
    if much or _NO_MEMORY in text:
        return f"more than {MOST_BYTES >> 20} MB"
    if cpu_s > MOST_S:
        return f"more than {MOST_S} s"
    return "" if code in ALLOWED else f"exit code {code}"


def warm() -> None:
    """Import what the cases need, so that a child starts at once."""
    import numpy  # noqa: F401

    import stress.cli.commands.analyze
    import stress.cli.commands.replay
    import stress.cli.commands.report
    import stress.cli.commands.run
    import stress.cli.main
    import stress.virtual.spec  # noqa: F401

    # Made once: it takes as long as most cases.
    entry: Any = stress.cli.main
    top = entry.parser()
    entry.parser = lambda: top
    # A collection in a child would walk, and copy, all of it.
    gc.collect()
    gc.freeze()
    sys.stdout.flush()
