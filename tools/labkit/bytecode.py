# SPDX-License-Identifier: MIT
"""Compile a userland's Python modules once, on this machine.

An emulated CPU needs 5 to 40 s to compile what a test imports, at every boot,
for the guest's root is read-only. Byte code depends on Python's version and not
on the architecture, so the same release's Python for this machine's own
architecture makes it. That Python is started by its own dynamic loader.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tools.labkit.errors import LabError

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}


def host_arch() -> str:
    """Return this machine's Debian architecture, empty when its name is not known."""
    return _MACHINES.get(os.uname().machine, "")


def compile_modules(python_root: Path, rootfs: Path) -> None:
    """Write byte code beside every module of `rootfs`.

    Parameters
    ----------
    python_root : a userland of the same release for this machine's architecture.

    The byte code is not checked against its source at import, because times do not
    survive in every kind of root file system.
    """
    folders = sorted(rootfs.glob("usr/lib/python3*"))
    # One process: newer Pythons start workers by sys.executable, without the loader.
    command = [
        *interpreter(python_root),
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        str(rootfs),
        "-p",
        "/",
        *map(str, folders),
    ]
    environment = {"PYTHONHOME": str(python_root / "usr"), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    # Code 1: some file does not compile; releases ship a few such (templates, test data).
    wanted, made = (sum(1 for folder in folders for _ in folder.rglob(name)) for name in ("*.py", "*.pyc"))
    if done.returncode not in (0, 1) or made < 0.9 * wanted:
        raise LabError(f"compiling Python modules made {made} of {wanted}: {done.stderr.strip()[-300:]}")


def interpreter(root: Path) -> list[str]:
    """Return the command that starts the Python below `root` on this machine."""
    folders = [root / base / _TRIPLETS[host_arch()] for base in ("lib", "usr/lib")]
    loaders = [path for folder in folders for path in folder.glob("ld-linux-*.so.*")]
    if not loaders:
        raise LabError(f"{root} has no dynamic loader for this machine")
    libraries = ":".join(map(str, folders))
    return [str(loaders[0]), "--library-path", libraries, str(root / "usr/bin/python3")]
