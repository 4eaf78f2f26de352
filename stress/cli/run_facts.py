# SPDX-License-Identifier: MIT
"""What board.json says of the call beside the board: versions, command, kernel command line, date."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from typing import TYPE_CHECKING, Any

from stress.board import system_texts
from stress.cli import version
from stress.settings.find import LARGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stress.record.clock import Clock

CMDLINE = "/proc/cmdline"


def of_run(
    board: Mapping[str, Any], plan: str, clock: Clock, argv: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return `board` with the facts of this call under "run".

    Parameters
    ----------
    plan : its title.
    argv : the command as it was given; that of this process when None.
    """
    given = sys.argv[1:] if argv is None else argv
    # A simulation has no kernel of its own to ask.
    texts = {} if board.get("virtual") else {"texts": system_texts.gather(system_texts.of_board(board))}
    return {
        **board,
        **texts,
        "run": {
            "pcmstress": version.program(),
            "Python": platform.python_version(),
            "numpy": version.numpy(),
            "alsa-lib": version.alsa_lib(),
            "cmdline": _cmdline(),
            "plan": plan,
            "command": shlex.join(["pcmstress", *given]),
            "host": f"{platform.node()} ({platform.machine()}, {os.uname().release})",
            "date": clock.wall_text(),
        },
    }


def _cmdline() -> str:
    try:
        with open(CMDLINE, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST_BYTES).strip()
    except OSError:
        return ""
