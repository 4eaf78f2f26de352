# SPDX-License-Identifier: MIT
"""A shell on a guest's console: on this terminal, or on a port of this machine."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack

from tools.labkit import qemu, runner
from tools.labkit.boards import Board

# No escape sequences around a prompt that a program reads: what the kernel does not know goes to init.
PLAIN = "TERM=dumb"
_HERE = ("-serial", "mon:stdio")


def shell(board: Board, options: runner.Options, port: int = 0) -> int:
    """Boot a guest with its console on this terminal; return the emulator's code.

    Parameters
    ----------
    port : its console is on this TCP port of the loopback instead, raw, as labgrid's NetworkSerialPort
        takes it; 0 is the terminal.
    """
    console: Sequence[str] = _HERE
    if port:
        options = dataclasses.replace(options, append=[*options.append, PLAIN])
        console = ("-monitor", "none", "-serial", f"tcp:127.0.0.1:{port},server=on,wait=off")
    with ExitStack() as held:
        machine, _ = runner.prepared(board, options, None, held)
        command = qemu.command(machine, console=console)
        return subprocess.run(command, env=qemu.environment(machine), check=False).returncode
