# SPDX-License-Identifier: MIT
"""Which boards there are, and what of them is in the cache."""

from __future__ import annotations

from pathlib import Path

from tools.labkit import assemble, boards, cache, emuser, kernel, userland
from tools.labkit.boards import Board

_HEAD = ("board", "kernel", "emulator", "userland", "built", "cache", "")
_DESCRIBED = ("userland-", "kernel-", "initramfs-", "emuser-", "qemu-vivt-", "ktree-", "qtree-")
_PREFIXES = (*_DESCRIBED, "qemu-", "runs", "experiments")


def table(configs: Path) -> str:
    """Return the boards as text, one line each; no board is built for it."""
    rows = [_HEAD, *(_row(boards.load(name, configs)) for name in boards.names(configs))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def entries(board: Board | None) -> list[str]:
    """Return the cache entries of a board that exist, or all entries."""
    present = [path.name for path in sorted(cache.root().iterdir()) if path.is_dir()]
    if board is None:
        return [name for name in present if name.startswith(_PREFIXES)]
    own = assemble.names(board) - {userland.compiler_name(board.userland.release)}
    return [name for name in present if name in own or name.startswith(f"initramfs-{board.name}-")]


def stale(configs: Path = boards.CONFIGS) -> list[str]:
    """Return the userlands, kernels, archives and emulators that no description asks for now."""
    all_boards = [boards.load(name, configs) for name in boards.names(configs)]
    used = emuser.names().union(*map(assemble.names, all_boards))
    return [name for name in entries(None) if name.startswith(_DESCRIBED) and name not in used]


def _row(board: Board) -> tuple[str, ...]:
    found = entries(board)
    wanted = {kernel.userland_name(board), *([kernel.name(board.kernel)] if board.kernel.source else [])}
    size_mb = sum(cache.size_bytes(cache.root() / name) for name in found) // 1_000_000
    words = board.emulator.args
    machine = " ".join(value for option, value in zip(words, words[1:]) if option in ("-M", "-cpu"))
    return (
        board.name,
        _version(found) or board.kernel.package or board.kernel.source,
        f"{board.emulator.program or board.emulator.builder} {machine}",
        f"{board.userland.release}/{board.userland.arch}",
        "yes" if wanted <= set(found) else "no",
        f"{size_mb} MB" if found else "-",
        board.title,
    )


def _version(found: list[str]) -> str:
    for name in found:
        for path in (cache.root() / name / "lib/modules").glob("*"):
            return path.name
    return ""
