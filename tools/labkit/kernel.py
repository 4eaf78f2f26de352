"""The guest's kernel: a distribution package's, or one built from its source."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

from tools.labkit import apt, cache, need, steps, userland
from tools.labkit.boards import CONFIGS, Board, Kernel
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
    fragment = (CONFIGS / kernel.fragment).read_text()
    return f"kernel-{kernel.source}-{cache.key(dataclasses.astuple(kernel)[1:-1], fragment)}"


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


def compile_source(board: Board, into: Path) -> None:
    """Build the source package's kernel with the board's fragment, at low priority."""
    kernel = board.kernel
    need.require({**need.KERNEL, f"{kernel.cross}gcc": _CROSS.get(kernel.cross, f"gcc for {kernel.cross}")})
    # In the cache entry being built: /tmp may be small, and a killed build is cleared with it.
    scratch = into / "scratch"
    scratch.mkdir()
    with cache.step(f"source {kernel.source} from {board.userland.release}"):
        tree = _unpacked(board, scratch)
    _configured(kernel, tree)
    with cache.step(f"kernel {kernel.source} {kernel.defconfig} + {kernel.fragment}, 4 to 12 minutes"):
        _make(kernel, tree, kernel.image, "modules", *(["dtbs"] if kernel.dtb else []))
    _installed(kernel, tree, into)
    cache.remove(scratch)


def _installed(kernel: Kernel, tree: Path, into: Path) -> None:
    _make(kernel, tree, "modules_install", f"INSTALL_MOD_PATH={into}")
    boot = tree / "arch" / kernel.arch / "boot"
    shutil.copy(boot / kernel.image, into / "image")
    if kernel.dtb:
        shutil.copy(boot / "dts" / kernel.dtb, into / "board.dtb")
    shutil.copy(tree / ".config", into / "config")
    version = next((into / "lib/modules").iterdir())
    for extra in ("build", "source"):
        (version / extra).unlink(missing_ok=True)
    userland.depmod(into, version.name)


def _unpacked(board: Board, scratch: Path) -> Path:
    packed = scratch / "packed"
    packed.mkdir()
    apt.extract(board.userland.release, board.userland.arch, [board.kernel.source], packed)
    archive = packed / "usr/src" / f"{board.kernel.source}.tar.xz"
    if not archive.is_file():
        raise LabError(f"package {board.kernel.source} holds no {archive.name}")
    steps.run(["tar", "-x", "-f", str(archive), "-C", str(scratch)], scratch)
    return scratch / board.kernel.source


def _configured(kernel: Kernel, tree: Path) -> None:
    _make(kernel, tree, kernel.defconfig)
    fragment = CONFIGS / kernel.fragment
    steps.run(["scripts/kconfig/merge_config.sh", "-m", ".config", str(fragment)], tree)
    _make(kernel, tree, "olddefconfig")
    refused = refused_options(fragment.read_text(), (tree / ".config").read_text())
    if refused:
        raise LabError(f"{fragment.name}: the kernel's configuration does not grant {', '.join(refused)}")


def refused_options(fragment: str, granted: str) -> list[str]:
    """Return the fragment's lines that the resulting configuration lacks.

    An option whose dependencies are not met is dropped in silence by Kconfig.
    """
    have = set(granted.splitlines())
    asked = [line.strip() for line in fragment.splitlines()]
    wanted = [line for line in asked if line.startswith(("CONFIG_", "# CONFIG_"))]
    return [line for line in wanted if line not in have and not _absent(line, have)]


def _absent(line: str, have: set[str]) -> bool:
    # An option that does not exist at all is as good as "is not set".
    option = line[2:].split()[0] if line.startswith("# ") else ""
    return bool(option) and not any(entry.startswith(f"{option}=") for entry in have)


def _make(kernel: Kernel, tree: Path, *targets: str) -> None:
    jobs = f"-j{os.cpu_count() or 1}"
    cross = (f"ARCH={kernel.arch}", f"CROSS_COMPILE={kernel.cross}")
    steps.run(["make", jobs, *cross, "KBUILD_BUILD_TIMESTAMP=0", *targets], tree, nice=True)
