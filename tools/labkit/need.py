# SPDX-License-Identifier: MIT
"""Check for the programs and packages a step needs, all of them at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.labkit.errors import MissingPrograms

# program on PATH, or a file when it starts with "/" -> Debian package
USERLAND = {"mmdebstrap": "mmdebstrap", "tar": "tar", "depmod": "kmod"}
KERNEL = {
    "make": "make",
    "patch": "patch",
    "gcc": "gcc",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "xz": "xz-utils",
    "/usr/include/openssl/opensslv.h": "libssl-dev",
    "/usr/include/libelf.h": "libelf-dev",
}
# depmod lives where a user's PATH does not look.
_SBIN = ("/usr/sbin", "/sbin")


def find(program: str) -> str:
    """Return the path of a program or file, or an empty text."""
    if program.startswith("/"):
        return program if Path(program).exists() else ""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SBIN])
    return shutil.which(program, path=path) or ""


def missing_line(packages: Sequence[str]) -> str:
    """Return the one line that names missing packages and the remedy."""
    unique = list(dict.fromkeys(packages))
    return f"missing {', '.join(unique)}: apt-get install {' '.join(unique)}"


def missing(programs: Mapping[str, str]) -> list[str]:
    """Return the packages of the programs that are not found."""
    return list(dict.fromkeys(package for program, package in programs.items() if not find(program)))


def require(programs: Mapping[str, str]) -> None:
    """Raise MissingPrograms, naming every package of a program not found."""
    packages = missing(programs)
    if packages:
        raise MissingPrograms(missing_line(packages))
