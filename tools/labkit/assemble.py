# SPDX-License-Identifier: MIT
"""Put a board together: userland, kernel, initramfs and emulator."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.labkit import cache, initramfs, kernel, kernel_tree, need, userland
from tools.labkit.boards import PROJECT, Board
from tools.labkit.errors import LabError


@dataclasses.dataclass(frozen=True)
class Parts:
    """What a board is made of; `names` are its entries in the cache."""

    program: Path
    rootfs: Path
    kernel: kernel.Built
    initrd: Path
    names: tuple[str, ...]


def build(board: Board, *, force: bool = False) -> Parts:
    """Return the parts of a board, building what the cache lacks."""
    # Every package that any step lacks, in one line and before the first minute.
    need.require(needs(board, all_of_it=force))
    program = emulator(board, force=force)
    rootfs = userland.build(board.userland.release, board.userland.arch, kernel.packages(board), force=force)
    linux = kernel.build(board, force=force)
    initrd = initramfs.build(board, rootfs, linux.modules, force=force)
    used = [rootfs.name, initrd.parent.name]
    if board.kernel.source:
        used.append(kernel.name(board.kernel))
    if board.emulator.builder:
        used.append(program.parent.name)
    return Parts(program, rootfs, linux, initrd, tuple(used))


def emulator(board: Board, *, force: bool = False) -> Path:
    """Return the emulator's path: from PATH, or made by the board's builder."""
    if board.emulator.builder:
        return _built_emulator(board.emulator.builder, force)
    need.require(needs(board))
    return Path(need.find(board.emulator.program))


def needs(board: Board, *, all_of_it: bool = False) -> dict[str, str]:
    """Return program or file -> package of all that this board still takes on this machine.

    Parameters
    ----------
    all_of_it : as if nothing of the board were built.
    """
    wanted: dict[str, str] = {}
    if not board.emulator.builder:
        wanted[board.emulator.program] = board.emulator.package or board.emulator.program
    elif all_of_it or not built_emulator(board):
        wanted.update(_builder(board.emulator.builder)[0].BUILD_NEEDS)
    if all_of_it or not (cache.root() / kernel.userland_name(board)).is_dir():
        wanted.update(need.USERLAND)
    if board.kernel.source and (all_of_it or not (cache.root() / kernel.name(board.kernel)).is_dir()):
        wanted.update(kernel.needs(board))
    return wanted


def _built_emulator(builder: str, force: bool) -> Path:
    return Path(_builder(builder)[1](cache.root(), force))


def _builder(builder: str) -> tuple[Any, Callable[[Path, bool], Path]]:
    """Return the module that builds an emulator, and its function for it."""
    name, _, function = builder.partition(":")
    try:
        module = importlib.import_module(name)
        return module, getattr(module, function)
    except (ImportError, AttributeError) as error:
        raise LabError(f"emulator.builder {builder}: {error}") from error


def built_emulator(board: Board) -> Path | None:
    """Return what the board's builder made earlier, or None."""
    found: Path | None = _builder(board.emulator.builder)[0].cached(cache.root())
    return found


def names(board: Board) -> set[str]:
    """Return the cache entries that a board uses as described now."""
    found = {kernel.userland_name(board), userland.compiler_name(board.userland.release)}
    with contextlib.suppress(LabError):
        rootfs = cache.root() / kernel.userland_name(board)
        found.add(initramfs.name(board, rootfs, kernel.cached(board).modules))
    if board.emulator.builder:
        built = built_emulator(board)
        found |= {built.parent.name} if built else set()
        found.add(_builder(board.emulator.builder)[0].tree_name())
    return found | ({kernel.name(board.kernel), kernel_tree.name(board)} if board.kernel.source else set())


def shares(parts: Parts, out: Path, logs: Path) -> dict[str, tuple[Path, bool]]:
    """Return the 9p shares of a run: tag -> (directory, read-only)."""
    return {
        "root": (parts.rootfs, True),
        "project": (PROJECT, True),
        "work": (out, False),
        "ctl": (logs, False),
    }
