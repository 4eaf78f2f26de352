# SPDX-License-Identifier: MIT
"""What the host tells the guest, and what the guest's answer means."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from tools.labkit.errors import EX_BROKEN, EX_TIMEOUT, LabUsage

_UNITS = {"s": 1, "m": 60, "h": 3600}


def command_script(argv: Sequence[str]) -> str:
    """Return a POSIX shell script that becomes `argv`, every byte preserved.

    Raises LabUsage when there is no command or an argument holds a zero byte.
    """
    if not argv:
        raise LabUsage("no command: tools/lab run BOARD -- COMMAND ...")
    if any("\0" in word for word in argv):
        raise LabUsage("an argument holds a zero byte")
    return f"exec {' '.join(map(shlex.quote, argv))}\n"


def job_conf(modules: Sequence[str], *, memory: bool, shell: bool) -> str:
    """Return the shell variables of one run."""
    values = {
        "MODULES": " ".join(modules),
        "MEMORY": "1" if memory else "",
        "SHELL_ONLY": "1" if shell else "",
    }
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())


def module_options(specs: Sequence[str], default: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the modules to load and their options as kernel arguments.

    On the kernel's command line (``snd_aloop.index=0``) an option reaches a module
    and a built-in driver alike: modprobe reads it there too. A module named in
    `specs` that is in `default` keeps its place in the order.
    """
    names, arguments = list(default), []
    for spec in specs:
        words = shlex.split(spec)
        if not words:
            raise LabUsage("--modprobe needs a module name")
        name = words[0]
        if _plain(name) not in map(_plain, names):
            names.append(name)
        for option in words[1:]:
            if any(char in option for char in ' "'):
                raise LabUsage(f"--modprobe {name}: option {option!r} holds a blank or a quote")
            arguments.append(f"{_plain(name)}.{option}")
    return names, arguments


def _plain(module: str) -> str:
    return module.replace("-", "_")


def seconds(text: str) -> int:
    """Return a time written 90s, 10m or 3h [s]; LabUsage when it is not one."""
    match = re.fullmatch(r"([0-9]+)([smh]?)", text)
    if not match or int(match.group(1)) == 0:
        raise LabUsage(f"{text!r} is not a time: write 90s, 10m or 3h")
    return int(match.group(1)) * _UNITS[match.group(2) or "s"]


def panic(console: str) -> str:
    """Return the kernel's reason for a panic on the console, empty when there is none."""
    match = re.search(r"Kernel panic - not syncing: *(.*)", console)
    return match.group(0).strip() if match else ""


def outcome(
    answer: str | None,
    *,
    limit_s: int = 0,
    stuck_s: int = 0,
    emulator_code: int = 0,
    console: str = "",
) -> tuple[int, str]:
    """Return the exit code of a run and, unless the guest ended well, why.

    Parameters
    ----------
    answer : what the guest left as its command's exit code, None when nothing came.
    limit_s : the time limit that ended the run [s], 0 when none did.
    stuck_s : the time after which a kernel that had not started the job was ended [s], 0 when none was.
    emulator_code : QEMU's own exit code.
    console : the guest's console, searched for a panic.

    A guest that gives no whole number from 0 to 255 never passes.
    """
    if limit_s:
        return EX_TIMEOUT, f"time limit of {limit_s} s reached{_cause(console)}"
    if answer is None and stuck_s:
        return EX_BROKEN, f"the kernel did not start the job within {stuck_s} s{_cause(console)}"
    if answer is None:
        died = f", the emulator ended with {emulator_code}" if emulator_code else ""
        cause = _cause(console) or ": the guest crashed or never started"
        return EX_BROKEN, f"no exit code came back{cause}{died}"
    text = answer.strip()
    if text == "broken":
        return EX_BROKEN, "the guest could not be prepared for the command"
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 255:
        return EX_BROKEN, f"the guest's exit code is unreadable: {text[:40]!r}"
    return int(text), ""


def _cause(console: str) -> str:
    return f": {panic(console)}" if panic(console) else ""
