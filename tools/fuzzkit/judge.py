# SPDX-License-Identifier: MIT
"""Run one case in a child process and say what was wrong with how it ended."""

from __future__ import annotations

import contextlib
import io
import os
import re
import resource
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import Callable

# Exit codes of the README's table, and those of a stop by signal.
ALLOWED = frozenset((0, 1, 4, 5, 64, 74, 75))
# Bounds of one case. Source: small inputs need some 60 MB and under 2 s. Higher:
# an input that makes the reader allocate or loop passes; lower: slow machines fail.
MOST_BYTES = 600 << 20
MOST_S = 20
_INTERNAL = re.compile(r"^pcmstress: internal error|Traceback \(most recent", re.M)


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Parameters
    ----------
    wrong : what must not be, "" when the case ended as it should.
    text : what the program printed to stderr, cut to 2000 characters.
    """

    wrong: str
    text: str


def run(case: Callable[[], int]) -> Outcome:
    """Run `case` in a forked child under the bounds above.

    Parameters
    ----------
    case : does one thing and returns an exit code; whatever it raises is a defect.
    """
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _child(case, into)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        text = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    return Outcome(_wrong(status, text), text[-2000:])


def _child(case: Callable[[], int], into: int) -> None:
    said = io.StringIO()
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_used() + MOST_BYTES, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_S, MOST_S + 1))
        signal.alarm(4 * MOST_S)
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = case()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 70
    except BaseException:  # noqa: BLE001 - what escapes is what is looked for
        said.write(traceback.format_exc())
        code = 70
    os.write(into, said.getvalue().encode("utf-8", "replace")[-60000:])
    os._exit(code & 0xFF)


def _used() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _wrong(status: int, text: str) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        slow = number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
        return f"more than {MOST_S} s" if slow else f"killed by signal {number}"
    code = os.WEXITSTATUS(status)
    found = _INTERNAL.search(text)
    if found:
        lines = text.strip().splitlines()
        return lines[-1] if "Traceback" in found[0] else lines[0]
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

    sys.stdout.flush()
