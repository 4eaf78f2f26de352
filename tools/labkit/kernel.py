# SPDX-License-Identifier: MIT
"""The guest's kernel: a distribution package's, or one built from its source."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tools.labkit import cache, kernel_tree, need, userland
from tools.labkit.boards import CONFIGS, PROJECT, Board, Kernel
from tools.labkit.errors import LabError

# The package that holds a cross compiler, by its prefix.
_CROSS = {"arm-linux-gnueabi-": "gcc-arm-linux-gnueabi", "arm-linux-gnueabihf-": "gcc-arm-linux-gnueabihf"}


# Where a distribution's package puts it.
_IMAGE = "boot/vmlinuz-{version}"


@dataclasses.dataclass(frozen=True)
class Built:
    """Where the parts of a kernel are; `dtb` is None where QEMU makes the tree."""

    image: Path
    modules: Path
    dtb: Path | None

    @property
    def version(self) -> str:
        """The kernel release, as uname -r prints it."""
        return self.modules.name


def name(kernel: Kernel) -> str:
    """Return the cache entry of a kernel built from source."""
    fragment = (CONFIGS / kernel.fragment).read_text(encoding="utf-8")
    own = (
        kernel.source,
        kernel.arch,
        kernel.cross,
        kernel.defconfig,
        kernel.fragment,
        kernel.image,
        kernel.dtb,
    )
    more = [Path(path).read_text(encoding="utf-8", errors="replace") for path in _added(kernel)]
    what = (own, fragment, kernel.release, more) if more or kernel.release else (own, fragment)
    return f"kernel-{kernel.source}-{cache.key(*what)}"


def _added(kernel: Kernel) -> tuple[str, ...]:
    return tuple(str(PROJECT / path) for path in (*kernel.fragments, *kernel.patches))


def cached(board: Board) -> Built:
    """Return the board's kernel from its cache entry; LabError when it is not there."""
    if board.kernel.package:
        return find(cache.root() / userland_name(board), _IMAGE, "")
    return find(cache.root() / name(board.kernel), "image", "board.dtb" if board.kernel.dtb else "")


def userland_name(board: Board) -> str:
    """Return the cache entry of a board's userland, its kernel package included."""
    return userland.name(board.userland.release, board.userland.arch, packages(board))


def packages(board: Board) -> list[str]:
    """Return the packages of a board's userland, its kernel included."""
    return [*board.userland.packages, *([board.kernel.package] if board.kernel.package else [])]


def build(board: Board, *, force: bool = False) -> Built:
    """Return the board's kernel, built from source when it has no package."""
    if board.kernel.source:
        cache.artifact(name(board.kernel), lambda into: compile_source(board, into), force=force)
    return cached(board)


def find(base: Path, image: str, dtb: str) -> Built:
    """Return the one kernel under `base`; LabError when there is not exactly one."""
    found = sorted((base / "lib/modules").glob("*"))
    if len(found) != 1:
        raise LabError(f"{base}: {len(found)} kernels, not one")
    path = base / image.format(version=found[0].name)
    if not path.is_file():
        raise LabError(f"{path} is missing")
    return Built(path, found[0], base / dtb if dtb else None)


def needs(board: Board) -> dict[str, str]:
    """Return program -> package of what building this board's kernel takes; empty without a source."""
    if not board.kernel.source:
        return {}
    cross = board.kernel.cross
    return {**need.KERNEL, **need.USERLAND, f"{cross}gcc": _CROSS.get(cross, f"gcc for {cross}")}


def compile_source(board: Board, into: Path) -> None:
    """Build the source package's kernel with the board's fragments and patches, at low priority."""
    need.require(needs(board))
    kernel_tree.build(board, into)
    version = next((into / "lib/modules").iterdir())
    for extra in ("build", "source"):
        (version / extra).unlink(missing_ok=True)
    userland.depmod(into, version.name)
