# SPDX-License-Identifier: MIT
"""What a board takes on this machine: packages, parts, time and room, before anything is built."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence

from stress.report.table import table
from tools.labkit import assemble, cache, initramfs, kernel, kernel_tree, need
from tools.labkit.boards import Board
from tools.labkit.errors import EX_SKIP, LabError

_GB = 1e9


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of a board: whether it is built, and what building it takes.

    `minutes` is from an idle machine of two cores to a busy one, `room_gb` what it
    leaves in the cache [GB].
    """

    name: str
    entry: str
    built: bool
    minutes: tuple[int, int]
    room_gb: float


def parts(board: Board) -> list[Part]:
    """Return the parts of a board in the order in which they are built."""
    found = []
    if board.emulator.builder:
        program = assemble.built_emulator(board)
        entry = program.parent.name if program else board.emulator.builder
        found.append(Part("emulator", entry, program is not None, (2, 15), 0.8))
    userland = kernel.userland_name(board)
    found.append(Part("userland", userland, _there(userland), (1, 4), 0.5))
    if board.kernel.source:
        entry = kernel.name(board.kernel)
        # Out of a tree that is already compiled, only what a patch changes is compiled.
        kept = kernel_tree.compiled(board)
        found.append(Part("kernel", entry, _there(entry), (1, 4) if kept else (9, 30), 0.0 if kept else 2.0))
    built = _initramfs(board)
    found.append(Part("initramfs", built or "follows userland and kernel", bool(built), (0, 1), 0.1))
    return found


def _there(entry: str) -> bool:
    return (cache.root() / entry).is_dir()


def _initramfs(board: Board) -> str:
    try:
        rootfs = cache.root() / kernel.userland_name(board)
        entry = initramfs.name(board, rootfs, kernel.cached(board).modules)
    except (LabError, OSError):
        return ""
    return entry if _there(entry) else ""


def report(boards: Sequence[Board]) -> tuple[list[str], int]:
    """Return the lines of the report, and 4 when a package is missing, else 0."""
    lines: list[str] = []
    wanted: dict[str, str] = {}
    for board in boards:
        wanted.update(assemble.needs(board))
        lines += [f"{board.name}: {board.title}", *_described(board), ""]
    missing = need.missing(wanted)
    named = f": {', '.join(sorted(set(wanted.values())))}" if wanted else ""
    all_there = f"packages: all that is needed is installed{named}"
    lines.append(need.missing_line(missing) if missing else all_there)
    return lines, EX_SKIP if missing else 0


def _described(board: Board) -> list[str]:
    found = parts(board)
    rows = [
        (
            part.name,
            "built" if part.built else "to build",
            "" if part.built else _time(part.minutes),
            part.entry,
        )
        for part in found
    ]
    left = [part for part in found if not part.built]
    low, high = (sum(part.minutes[end] for part in left) for end in (0, 1))
    room, free = sum(part.room_gb for part in left), shutil.disk_usage(cache.root()).free / _GB
    short = " (NOT ENOUGH)" if free < room else ""
    last = f"to build: {_time((low, high))} on two cores, {room:.1f} GB of {free:.0f} GB free{short}"
    return [
        *table(("part", "state", "takes", "cache entry"), rows, "llll"),
        last if left else "all of it is built",
    ]


def _time(minutes: tuple[int, int]) -> str:
    return f"{minutes[0]} to {minutes[1]} min"


def packages(boards: Sequence[Board]) -> list[str]:
    """Return the packages that these boards lack on this machine."""
    wanted: dict[str, str] = {}
    for board in boards:
        wanted.update(assemble.needs(board))
    return need.missing(wanted)
