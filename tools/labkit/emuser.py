# SPDX-License-Identifier: MIT
"""A userland of another release and architecture without a kernel: qemu-user.

The host's file system stays visible (``qemu -L``), so a child that is a host
program runs natively; Python children work because ``sys.executable`` is a host
script that starts the emulator again. What does not work: executing the
userland's own binaries from inside it (no binfmt is registered), the host's own
Python as a child (PYTHONHOME is set), and everything that asks the kernel for
more than the host's has, such as sound cards or ARM's cache calls.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stress.errors import one_of
from tools.labkit import cache, need, userland
from tools.labkit.boards import PROJECT
from tools.labkit.errors import LabError, LabUsage, MissingPrograms

_RELEASES = {"11": "bullseye", "12": "bookworm", "13": "trixie"}
# The emulator of each architecture, and the CPU that its baseline stands for ("" is the emulator's
# own choice). mipsel ends with Debian 12; s390x is the big-endian one that every release has.
_EMULATORS = {
    "armel": ("qemu-arm-static", "arm926"),
    "armhf": ("qemu-arm-static", "cortex-a15"),
    "mipsel": ("qemu-mipsel-static", ""),
    "s390x": ("qemu-s390x-static", ""),
}
# What the unit tests import; scipy is their oracle and never on a board.
_PACKAGES = (
    "python3",
    "python3-numpy",
    "python3-alsaaudio",
    "python3-psutil",
    "python3-usb",
    "python3-tomli",
    "python3-pytest",
    "python3-hypothesis",
    "python3-scipy",
)
# Debian 11 has no tomli; the wheel is pure Python.
_FROM_PIP = {"bullseye": ("python3-tomli", "tomli", "3.9")}


@dataclasses.dataclass(frozen=True)
class Emulated:
    """A userland to run in: its root, its wrappers and the emulator."""

    root: Path
    wrappers: Path
    command: tuple[str, ...]


def run(name: str, argv: Sequence[str]) -> int:
    """Run `argv` from the checkout's top in a userland; return its exit code.

    `name` is RELEASE/ARCH. Standard streams are the caller's own.
    """
    if not argv:
        raise LabUsage("no command: tools/lab userland RELEASE/ARCH -- COMMAND ...")
    emulated = prepare(name)
    with cache.locked(emulated.root.name, shared=True):
        done = subprocess.run(located(argv, emulated), env=environment(emulated), cwd=PROJECT, check=False)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def prepare(name: str) -> Emulated:
    """Return a userland, built when absent; LabUsage when there is none of that name."""
    release, _, arch = name.partition("/")
    if arch not in _EMULATORS or release not in {*_RELEASES, *_RELEASES.values()}:
        known = [f"{one}/{two}" for one in _RELEASES for two in _EMULATORS]
        raise LabUsage(f"no userland {name!r}: {one_of(known)}")
    release = _RELEASES.get(release, release)
    binary, cpu = _EMULATORS[arch]
    program = need.find(binary)
    if not program:
        raise MissingPrograms(need.missing_line(["qemu-user-static"]))
    root = userland.build(release, arch, _packages(release))
    command = (program, *(("-cpu", cpu) if cpu else ()), "-L", str(root))
    wrappers = cache.root() / f"emuser-{root.name}"
    _write_wrappers(wrappers, root, command)
    if release in _FROM_PIP:
        _from_pip(release, wrappers / "site")
    return Emulated(root, wrappers, command)


def names() -> set[str]:
    """Return the cache entries that these userlands use as described now."""
    pairs = [(release, arch) for release in _RELEASES.values() for arch in _EMULATORS]
    roots = {userland.name(release, arch, _packages(release)) for release, arch in pairs}
    compilers = {userland.compiler_name(release) for release in _RELEASES.values()}
    return roots | compilers | {f"emuser-{root}" for root in roots}


def _packages(release: str) -> list[str]:
    absent = _FROM_PIP.get(release, ("",))[0]
    return [package for package in _PACKAGES if package != absent]


def located(argv: Sequence[str], emulated: Emulated) -> list[str]:
    """Return the host command that runs `argv` in the userland."""
    wrapper = emulated.wrappers / argv[0]
    if "/" not in argv[0] and wrapper.is_file():
        return [str(wrapper), *argv[1:]]
    for folder in ("usr/bin", "bin", "usr/sbin", "sbin"):
        program = emulated.root / folder / argv[0].lstrip("/").rpartition("/")[2]
        if program.is_file():
            return [*emulated.command, str(program), *argv[1:]]
    raise LabUsage(f"no program {argv[0]!r} in {emulated.root.name}")


def environment(emulated: Emulated) -> dict[str, str]:
    """Return the environment of a command in the userland."""
    path = os.pathsep.join([str(emulated.wrappers), os.environ.get("PATH", os.defpath)])
    modules = os.pathsep.join([str(PROJECT), str(emulated.wrappers / "site")])
    return {
        **os.environ,
        "PATH": path,
        "PYTHONHOME": str(emulated.root / "usr"),
        "PYTHONPATH": modules,
        "PCMSTRESS_PYTHON": str(emulated.wrappers / "python3"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
        "LC_ALL": "C.UTF-8",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(emulated.wrappers / "hypothesis"),
    }


def _write_wrappers(folder: Path, root: Path, command: Sequence[str]) -> None:
    start = " ".join(map(shlex.quote, [*command, "-0"]))
    python = shlex.quote(str(root / "usr/bin/python3"))
    # -0: Python takes its own name, and with it sys.executable, from argv[0].
    scripts = {
        "python3": f'exec {start} "$0" {python} "$@"',
        "pytest": 'exec "$(dirname "$0")/python3" -m pytest "$@"',
        "pcmstress": 'exec "$(dirname "$0")/python3" -m stress "$@"',
    }
    folder.mkdir(exist_ok=True)
    for name, text in scripts.items():
        fresh = folder / f".{name}.{os.getpid()}"
        fresh.write_text(f"#!/bin/sh\n{text}\n")
        fresh.chmod(0o755)
        fresh.replace(folder / name)


def _from_pip(release: str, into: Path) -> None:
    _, package, version = _FROM_PIP[release]
    if (into / package).is_dir():
        return
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--platform=any",
        f"--python-version={version}",
        f"--target={into}",
        package,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"pip cannot fetch {package} for {release}: {done.stderr.strip()[-300:]}")
