# SPDX-License-Identifier: MIT
"""Write initramfs archives in the "newc" format.

The kernel unpacks archives that follow each other, so a cached one and one made
for a single run can simply be joined. Source: the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


class Archive:
    """One archive being written to `out`; `close` ends it, 512-byte aligned."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._ino, self._written = out, 0, 0
        self._dirs: set[str] = set()

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Add a regular file and the directories above it."""
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, os.fsencode(target))

    def directory(self, name: str) -> None:
        """Add a directory and those above it."""
        self._parents(f"{name}/x")

    def device(self, name: str, major: int, minor: int) -> None:
        """Add a character device."""
        self._parents(name)
        self._entry(name, stat.S_IFCHR | 0o600, b"", major, minor)

    def tree(self, root: Path, prefix: str, keep: Callable[[str], bool]) -> None:
        """Add a directory tree; `keep` gets each path relative to `root`."""
        for folder, folders, files in os.walk(root):
            base = os.path.relpath(folder, root)
            inside = {entry: os.path.normpath(f"{base}/{entry}") for entry in sorted(folders + files)}
            folders[:] = [entry for entry in folders if keep(inside[entry])]
            for relative in inside.values():
                if keep(relative):
                    self._path(root / relative, f"{prefix}/{relative}" if prefix else relative)

    def close(self) -> None:
        """End the archive."""
        self._ino = -1
        self._entry("TRAILER!!!", 0, b"")
        self._write(b"\0" * (-self._written % 512))

    def _path(self, path: Path, name: str) -> None:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            self.link(name, os.readlink(path))
        elif stat.S_ISDIR(status.st_mode):
            self.directory(name)
        elif stat.S_ISREG(status.st_mode):
            self.file(name, path.read_bytes(), stat.S_IMODE(status.st_mode))

    def _parents(self, name: str) -> None:
        parts = name.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[:count])
            if folder not in self._dirs:
                self._dirs.add(folder)
                self._entry(folder, stat.S_IFDIR | 0o755, b"")

    def _entry(self, name: str, mode: int, data: bytes, major: int = 0, minor: int = 0) -> None:
        self._ino += 1
        label = os.fsencode(name) + b"\0"
        numbers = (self._ino, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(label), 0)
        self._write(b"070701" + b"".join(b"%08X" % number for number in numbers) + label)
        self._write(b"\0" * (-self._written % 4))
        self._write(data)
        self._write(b"\0" * (-self._written % 4))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._written += len(data)
