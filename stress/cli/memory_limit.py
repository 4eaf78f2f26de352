# SPDX-License-Identifier: MIT
"""Whether numpy can be loaded under the memory limit of this process.

The algebra library that numpy loads ends the process itself, with status 1, where it is
refused its memory: that status means FAIL. So a child loads it first.
"""

from __future__ import annotations

import os
import resource


def numpy_fits() -> bool:
    """Return False where the address space is limited and numpy does not fit into it.

    Without a limit nothing is tried. That numpy is missing is for others to say.
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        return True
    try:
        child = os.fork()
    except OSError:
        return False
    if child == 0:
        _load()
    _, status = os.waitpid(child, 0)
    return status == 0


def _load() -> None:
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # What the library prints is in no words of ours.
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        import numpy  # noqa: F401

        code = 0
    except ModuleNotFoundError as error:
        code = 0 if error.name == "numpy" else 1
    finally:
        os._exit(code)
