# SPDX-License-Identifier: MIT
"""The programs that a build runs, one after the other."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.labkit import cache, need
from tools.labkit.errors import BuildKilled, LabError

_NICE = ("nice", "-n", "19")
# A build that outlives a killed tools/lab would write into the tree beside the next one. Source: prctl(2),
# PR_SET_PDEATHSIG.
_WITH_US = ("setpriv", "--pdeathsig", "TERM")
_TAIL_LINES, _WORDS = 15, 8
# A build of ten minutes says twenty times that it is alive [s].
_REPORT_S = 30
# What ninja prints before each command, and what kbuild prints for each file it makes.
_NINJA = re.compile(r"^\[(\d+)/(\d+)\]")
_KBUILD = re.compile(r"^  [A-Z]+(?: \[M\])? +\S")


def run(command: Sequence[str], folder: Path, *, nice: bool = False) -> None:
    """Run a build step in a folder; LabError with the end of its output when it fails."""
    done = subprocess.run(
        [*(_NICE if nice else ()), *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env=_environment(),
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-_TAIL_LINES:])
        raise LabError(f"{_short(command)} ended with {done.returncode}:\n{tail}")


def watched(command: Sequence[str], folder: Path, log: Path, *, per: str) -> None:
    """Run a long build step at low priority, its output in `log`, progress on stderr.

    Parameters
    ----------
    per : what a line of progress counts ("files").

    Raises
    ------
    LabError
        The step failed: its first error, and where the whole log is.
    """
    begin = reported = time.monotonic()
    made, last = "", deque[str](maxlen=_TAIL_LINES)
    files, errors = 0, list[str]()
    with log.open("w", 1, encoding="utf-8", errors="replace") as kept, _started(command, folder) as process:
        for line in process.stdout or ():
            kept.write(line)
            last.append(line.rstrip())
            if is_error(line):
                errors.append(line.strip())
            share = _NINJA.match(line)
            files += bool(_KBUILD.match(line))
            made = f"{share.group(1)} of {share.group(2)} {per}" if share else f"{files} {per}"
            if time.monotonic() - reported >= _REPORT_S:
                reported = time.monotonic()
                cache.say(f"... {made}, {reported - begin:.0f} s")
        code = process.wait()
    if code < 0:
        name = Path(command[0]).name
        raise BuildKilled(
            f"{name} was ended by signal {-code} ({signal.strsignal(-code)}): the same command goes on where "
            f"it stopped (whole log: {log})"
        )
    if code:
        first = errors[0] if errors else next((line for line in reversed(last) if line), "no output")
        raise LabError(f"{Path(command[0]).name} ended with {code}: {first} (whole log: {log})")


def is_error(line: str) -> bool:
    """Return whether a line of a compiler's output names what is wrong."""
    return ": error: " in line or ": fatal error: " in line or line.startswith("FAILED: ")


@contextlib.contextmanager
def _started(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*(_WITH_US if need.find(_WITH_US[0]) else ()), *_NICE, *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        try:
            yield process
        except BaseException:
            # Whoever ends us does not wait for the file that is being compiled.
            process.terminate()
            cache.say(f"{Path(command[0]).name} was interrupted: the same command goes on where it stopped")
            raise


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _short(command: Sequence[str]) -> str:
    return " ".join(Path(word).name if word.startswith("/") else word for word in command[:_WORDS])
