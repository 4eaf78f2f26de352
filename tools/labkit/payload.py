# SPDX-License-Identifier: MIT
"""What a guest without shares needs for one run, appended to its initramfs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.labkit.cpio import Archive

_FOLDERS = ("stress", "tools", "configs", "tests", "setup.cfg")


def joined(initrd: Path, files: dict[str, bytes], project: Path, into: Path) -> Path:
    """Write the initramfs, the run's control files and the checkout as one archive."""
    with into.open("wb") as out:
        with initrd.open("rb") as cached:
            shutil.copyfileobj(cached, out)
        archive = Archive(out)
        for name, data in files.items():
            archive.file(f"root/lab/ctl/{name}", data)
        archive.tree(project, "root/project", keep)
        archive.close()
    return into


def keep(path: str) -> bool:
    """Return whether a path of the checkout belongs into the guest."""
    parts = path.split("/")
    return parts[0] in _FOLDERS and not any(part.startswith(".") or part == "__pycache__" for part in parts)
