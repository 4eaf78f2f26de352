# SPDX-License-Identifier: MIT
"""A guest as a place of labgrid: the environment in which its QEMUDriver boots it."""

from __future__ import annotations

import dataclasses
import json
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tools.labkit import cache, qemu, runner, shell
from tools.labkit.boards import PROJECT, Board
from tools.labkit.errors import LabUsage

# What QEMUDriver has a name of its own for, and what it gives itself.
_NAMED = {
    "-M": "machine",
    "-cpu": "cpu",
    "-m": "memory",
    "-kernel": "kernel",
    "-dtb": "dtb",
    "-append": "boot_args",
}
_DROPPED = ("-display", "-serial", "-monitor")
# A guest with a modelled cache on a busy machine needs minutes to its prompt [s].
_LOGIN_TIMEOUT_S = 900
# Starts PCMSTRESS_QEMU and keeps what it prints out of labgrid's monitor.
_EMULATOR = PROJECT / "integrations" / "labgrid" / "qemu-json.sh"


def write(board: Board, options: runner.Options, file: Path) -> int:
    """Write the environment of a board, and a script that starts its emulator beside it; return 0.

    Raises
    ------
    LabUsage : the board hands its results over by serial ports, which QEMUDriver has one of.
    """
    if board.boot.root != "9p":
        raise LabUsage(
            f"labgrid {board.name}: its root is {board.boot.root}: only a board with a 9p root works"
        )
    options = dataclasses.replace(options, append=[*options.append, shell.PLAIN])
    with ExitStack() as held:
        machine, _ = runner.prepared(board, options, None, held)
    emulator = file.absolute().with_suffix(".sh")
    emulator.write_text(_script(machine), encoding="utf-8")
    emulator.chmod(0o755)
    described = environment(qemu.command(machine), str(emulator))
    file.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    cache.say(f"{file}: pytest --lg-env {file} integrations/labgrid/test_pcmstress.py")
    return 0


def _script(machine: qemu.Machine) -> str:
    # labgrid gives an emulator no environment of its own.
    given = {**machine.board.emulator.env, **machine.env, "PCMSTRESS_QEMU": str(machine.program)}
    words = ["env", *(f"{key}={value}" for key, value in given.items()), str(_EMULATOR)]
    return f'#!/bin/sh\nexec {" ".join(map(shlex.quote, words))} "$@"\n'


def environment(command: list[str], emulator: str) -> dict[str, Any]:
    """Return labgrid's environment for an emulator's command line: plain values, for JSON is YAML too."""
    named: dict[str, str] = {}
    extra: list[str] = []
    words = iter(command[1:])
    for word in words:
        if word in _NAMED:
            named[_NAMED[word]] = next(words)
        elif word in _DROPPED:
            next(words)
        else:
            extra.append(word)
    images = {key: named[key] for key in ("kernel", "dtb") if key in named}
    memory = named["memory"]
    driver: dict[str, Any] = {
        **named,
        **{key: key for key in images},
        "qemu_bin": "qemu",
        "memory": f"{memory}M" if memory.isdigit() else memory,
        "extra_args": " ".join(map(shlex.quote, extra)),
    }
    login = {"prompt": "root@[^ ]*# ", "login_prompt": "login: ", "username": "root"}
    target: dict[str, Any] = {
        "resources": {},
        "drivers": {
            "QEMUDriver": driver,
            "ShellDriver": {**login, "login_timeout": _LOGIN_TIMEOUT_S},
            "ShellStrategy": {},
        },
    }
    return {"tools": {"qemu": emulator}, "images": images, "targets": {"main": target}}
