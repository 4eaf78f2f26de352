# SPDX-License-Identifier: MIT
"""Run pytest in a fork of this process, which has imported what every test needs and nothing of stress.

Half of the time of a quick test is the start of Python, pytest and numpy.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence

import hypothesis  # noqa: F401  tests need it, a fork has it
import numpy as np  # noqa: F401  the same
import pytest

from tools.mutatekit import plugin
from tools.mutatekit.mirror import ROOT

# Exit code of pytest where it has run none: nobody has noticed anything.
NO_TESTS = 5
# Codes that say that tests were run, or could not even be loaded.
_RAN = (0, 1, 2, NO_TESTS)
_LOOK_S = 0.02
_OPTIONS: tuple[str, ...] = ("-q", "-x", "-p", "no:cacheprovider", "-p", plugin.__name__)
# What is imported here already has no assertions of ours to rewrite.
_OPTIONS += ("-W", "ignore::pytest.PytestAssertRewriteWarning")


def status(environment: Mapping[str, str], files: Sequence[str], longest_s: float) -> int:
    """Return the exit code of pytest on these files, -1 where it did not come to an end.

    Parameters
    ----------
    environment : that the plugin reads, beside this process's own.
    longest_s : time it is given [s].

    Raises
    ------
    RuntimeError : pytest itself failed: that says nothing of the tests.
    """
    pid = os.fork()
    if not pid:
        _run(environment, files)
    end = time.monotonic() + longest_s
    while time.monotonic() < end:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            return _checked(os.WEXITSTATUS(code)) if os.WIFEXITED(code) else -1
        time.sleep(_LOOK_S)
    # What its tests have started goes as well.
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def _checked(code: int) -> int:
    if code not in _RAN:
        raise RuntimeError(f"pytest ends with {code}: no test was run")
    return code


def _run(environment: Mapping[str, str], files: Sequence[str]) -> None:
    code = 3
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.environ.update(environment)
        os.chdir(ROOT)
        sys.path.insert(0, str(ROOT))
        plugin.install()
        code = int(pytest.main([*_OPTIONS, *files]))
    finally:
        os._exit(code)
