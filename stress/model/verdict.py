# SPDX-License-Identifier: MIT
"""Verdicts, and the exit codes they become."""

from __future__ import annotations

from enum import Enum

EXIT_PASS = 0
EXIT_FAIL = 1
EXIT_SKIP = 4
EXIT_INCONCLUSIVE = 5
EXIT_USAGE = 64
EXIT_ERROR = 70
EXIT_IO = 74
EXIT_DEVICE_LOST = 75


class Verdict(str, Enum):
    """What a run says; see `exit_code` for the process status."""

    SKIP = "SKIP"  #: nothing could be run
    PASS = "PASS"  #: enough exposure, positive control whole, no corruption
    INCONCLUSIVE = "INCONCLUSIVE"  #: ran, but cannot vouch
    ERROR = "ERROR"  #: the tester or the driver broke
    FAIL = "FAIL"  #: corruption found


_EXIT = {
    Verdict.PASS: EXIT_PASS,
    Verdict.FAIL: EXIT_FAIL,
    Verdict.SKIP: EXIT_SKIP,
    Verdict.INCONCLUSIVE: EXIT_INCONCLUSIVE,
    Verdict.ERROR: EXIT_ERROR,
}


def exit_code(verdict: Verdict, device_lost: bool = False) -> int:
    """Return the exit status; a lost device is 75 unless corruption was found."""
    if device_lost and verdict is not Verdict.FAIL:
        return EXIT_DEVICE_LOST
    return _EXIT[verdict]
