# SPDX-License-Identifier: MIT
"""An interactive shell on a guest's console."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack

from tools.labkit import qemu, runner
from tools.labkit.boards import Board


def shell(board: Board, options: runner.Options) -> int:
    """Boot a guest with its console on this terminal; return the emulator's code."""
    with ExitStack() as held:
        machine, _ = runner.prepared(board, options, None, held)
        command = qemu.command(machine, interactive=True)
        return subprocess.run(command, env=qemu.environment(machine), check=False).returncode
