# SPDX-License-Identifier: MIT
"""The small archive every guest boots into, and the whole userland as one."""

from __future__ import annotations

import fnmatch
import gzip
import shlex
import subprocess
from pathlib import Path
from typing import BinaryIO, cast

from tools.labkit import cache, need
from tools.labkit.boards import Board
from tools.labkit.cpio import Archive
from tools.labkit.errors import LabError

_GUEST = Path(__file__).parent / "guest"
_RUNNER = ("runner", "entropy", "pcmstress")


def build(board: Board, rootfs: Path, modules: Path, *, force: bool = False) -> Path:
    """Return the initramfs of a board.

    Parameters
    ----------
    rootfs : the userland on this machine.
    modules : the kernel's /lib/modules/VERSION, wherever it is.
    """

    def make(into: Path) -> None:
        with cache.step(f"initramfs for {board.name}"), _opened(into / "initrd", board) as out:
            archive = Archive(out)
            _boot_part(archive, board, rootfs, modules)
            if board.boot.root == "initramfs":
                archive.tree(rootfs, "root", lambda path: not trimmed(path, board.userland.trim))
            archive.close()

    return cache.artifact(name(board, rootfs, modules), make, force=force) / "initrd"


def name(board: Board, rootfs: Path, modules: Path) -> str:
    """Return the name of the cache entry."""
    scripts = [path.read_text() for path in sorted(_GUEST.iterdir()) if path.is_file()]
    return f"initramfs-{board.name}-{cache.key(board.boot, board.userland, scripts, rootfs, modules)}"


def _opened(path: Path, board: Board) -> BinaryIO:
    # Unpacking a whole compressed userland in an emulated CPU costs more than it saves.
    if board.boot.root == "initramfs":
        return path.open("wb")
    return cast(BinaryIO, gzip.GzipFile(path, "wb", compresslevel=1, mtime=0))


def _boot_part(archive: Archive, board: Board, rootfs: Path, modules: Path) -> None:
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3)
    archive.file("bin/busybox", (rootfs / "bin/busybox").read_bytes(), 0o755)
    archive.file("init", (_GUEST / "init").read_bytes(), 0o755)
    for script in _RUNNER:
        archive.file(f"lab/{script}", (_GUEST / script).read_bytes(), 0o755)
    drivers = driver_files(board.boot.drivers, modules)
    for number, path in enumerate(drivers):
        archive.file(f"drivers/{number:02}-{path.name}", path.read_bytes())
    loaded = [f"{number:02}-{path.name}" for number, path in enumerate(drivers)]
    for place in ("lab.conf", "lab/lab.conf"):
        archive.file(place, conf(board, loaded).encode())
    if not modules.is_relative_to(rootfs):
        archive.tree(modules, f"modules/{modules.name}", lambda path: True)


def conf(board: Board, drivers: list[str]) -> str:
    """Return the shell variables that the guest's scripts read."""
    values = {
        "BOARD": board.name,
        "ROOT": board.boot.root,
        "CONSOLE": board.boot.console,
        "DRIVERS": " ".join(drivers),
    }
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())


def driver_files(drivers: tuple[str, ...], modules: Path) -> list[Path]:
    """Return the files to insert for `drivers` in order, without built-in ones."""
    base, version = modules.parents[2], modules.name
    files: dict[Path, None] = {}
    for driver in drivers:
        command = [need.find("modprobe"), "-d", str(base), "-S", version, "--show-depends", driver]
        done = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"})
        if done.returncode:
            raise LabError(f"kernel {version} has no driver {driver}: {done.stderr.strip()}")
        for line in done.stdout.splitlines():
            if line.startswith("insmod "):
                files[Path(line.split()[1])] = None
    return list(files)


def trimmed(path: str, globs: tuple[str, ...]) -> bool:
    """Return whether an initramfs omits `path` (relative to the root)."""
    return any(fnmatch.fnmatchcase(path, glob) for glob in globs)
