# SPDX-License-Identifier: MIT
"""A kernel's source tree, kept between builds: patched in place, compiled incrementally.

The tree remembers the original of every file that a patch ever touched, so any
set of patches can follow any other; only files whose text changes are written,
so make compiles those alone. A build that is cut goes on where it stopped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.labkit import apt, bytecode, cache, patches, steps
from tools.labkit.boards import CONFIGS, PROJECT, Board, Kernel
from tools.labkit.errors import BuildKilled, LabError, LabUsage

_SOURCE, _ORIGINALS, _ADDED = "source", "originals", "added"
BUILD_LOG = "build.log"


def name(board: Board) -> str:
    """Return the cache entry of the tree that a board's kernel is built in."""
    kernel = board.kernel
    what = (release(board), kernel.arch, kernel.cross, kernel.defconfig)
    return f"ktree-{kernel.source}-{cache.key(*what)}"


def release(board: Board) -> str:
    """Return the Debian release whose archive holds the kernel's source package."""
    return board.kernel.release or board.userland.release


def compiled(board: Board) -> bool:
    """Return whether the board's tree was compiled as a whole before, whatever patches it had."""
    return (cache.root() / name(board) / _SOURCE / "vmlinux").is_file()


def build(board: Board, into: Path) -> None:
    """Build the board's kernel and install image, modules, device tree and configuration.

    Raises LabError naming the patch, option or source line that is wrong, and the log.
    """
    folder = cache.root() / name(board)
    if re.search(r"[\s:]", str(folder)):
        raise LabError(f"{folder}: a kernel is not built in a folder whose name holds a blank or a colon")
    folder.mkdir(exist_ok=True)
    with cache.locked(name(board)):
        tree = _unpacked(board, folder)
        given = [PROJECT / path for path in board.kernel.patches]
        try:
            apply(tree, folder, given)
        except LabUsage:
            raise
        except LabError as error:
            raise LabError(f"{error} (the source is Linux {version(tree)})") from error
        fragments = [CONFIGS / board.kernel.fragment, *(PROJECT / path for path in board.kernel.fragments)]
        _configured(board.kernel, tree, fragments)
        changes = f" with {', '.join(path.name for path in given)}" if given else ""
        wanted = [board.kernel.image, "modules", *(["dtbs"] if board.kernel.dtb else [])]
        with cache.step(
            f"kernel {board.kernel.source} {board.kernel.defconfig}{changes} (first 4 to 12 minutes)"
        ):
            _compiled(board.kernel, tree, folder / BUILD_LOG, changes, wanted)
        _make(board.kernel, tree, folder / "install.log", "modules_install", f"INSTALL_MOD_PATH={into}")
        _copied(board.kernel, tree, into)


def version(tree: Path) -> str:
    """Return the version that a kernel's Makefile names, "of unknown version" without one."""
    text = (tree / "Makefile").read_text(encoding="utf-8", errors="replace")
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) = *(\d+)$", text, re.M))
    return ".".join(found.values()) or "of unknown version"


def _compiled(kernel: Kernel, tree: Path, log: Path, changes: str, wanted: Sequence[str]) -> None:
    try:
        _make(kernel, tree, log, *wanted)
    except BuildKilled:
        raise
    except LabError as error:
        raise LabError(f"{kernel.source}{changes} does not compile: {error}") from error


def _copied(kernel: Kernel, tree: Path, into: Path) -> None:
    boot = tree / "arch" / kernel.arch / "boot"
    shutil.copy(boot / kernel.image, into / "image")
    if kernel.dtb:
        # Since Linux 6.5 the device trees of arm have a folder per vendor.
        found = sorted((boot / "dts").rglob(kernel.dtb))
        if not found:
            raise LabError(f"{kernel.source} made no device tree {kernel.dtb}")
        shutil.copy(found[0], into / "board.dtb")
    shutil.copy(tree / ".config", into / "config")


def _unpacked(board: Board, folder: Path) -> Path:
    source = board.kernel.source
    if (folder / _SOURCE).is_dir():
        return folder / _SOURCE
    fresh = folder / "fresh"
    for part in (fresh, folder / _ORIGINALS, folder / _ADDED):
        cache.remove(part)
    fresh.mkdir()
    with cache.step(f"source {source} from {release(board)}"):
        # The package is the same for all; a release's archive of a dying architecture may be torn.
        apt.extract(release(board), bytecode.host_arch() or board.userland.arch, [source], fresh)
        archive = fresh / "usr/src" / f"{source}.tar.xz"
        if not archive.is_file():
            raise LabError(f"package {source} of {release(board)} holds no {archive.name}")
        steps.run(["tar", "-x", "-f", str(archive), "-C", str(fresh)], fresh)
    (fresh / source).rename(folder / _SOURCE)
    cache.remove(fresh)
    return folder / _SOURCE


def apply(tree: Path, folder: Path, given: Sequence[Path]) -> None:
    """Give the tree the originals plus these patches, writing only what differs.

    Parameters
    ----------
    folder : holds the originals of touched files, and the names of added ones.

    Raises LabError when a patch does not fit; the tree stays as it was then.
    """
    originals, added = folder / _ORIGINALS, folder / _ADDED
    originals.mkdir(exist_ok=True)
    staged = folder / "staged"
    cache.remove(staged)
    staged.mkdir()
    before = {str(path.relative_to(originals)) for path in originals.rglob("*") if path.is_file()}
    once_added = set(added.read_text(encoding="utf-8").split("\n")) - {""} if added.is_file() else set()

    def own(name: str) -> Path | None:
        # The kernel's own file, whatever an earlier patch made of it in the tree.
        source = originals / name if name in before else tree / name
        return source if name not in once_added and source.is_file() else None

    touched: list[str] = []
    for patch in given:
        level = patches.level(patch, lambda name: (staged / name).is_file() or own(name) is not None)
        for name in patches.touched(patch, level):
            source = own(name)
            if source and name not in touched:
                _copy(source, originals / name)
                _copy(source, staged / name)
            touched.append(name)
        patches.apply(patch, staged)
    touched = list(dict.fromkeys(touched))
    new = [path for path in touched if path not in once_added and not (originals / path).is_file()]
    # Written before the tree changes: a build that is cut then still knows what is not the kernel's own.
    added.write_text("\n".join(sorted(once_added | set(new))) + "\n", encoding="utf-8")
    for path in sorted(before | set(touched) | once_added):
        kept = staged / path if path in touched else originals / path
        _same(kept, tree / path)
    cache.remove(staged)


def _same(kept: Path, there: Path) -> None:
    if not kept.is_file():
        there.unlink(missing_ok=True)
    elif not there.is_file() or there.read_bytes() != kept.read_bytes():
        # A new time stamp, so that make sees the change.
        _copy(kept, there)


def _copy(source: Path, target: Path) -> None:
    if source == target:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
    target.chmod(source.stat().st_mode & 0o777)


def _configured(kernel: Kernel, tree: Path, fragments: Sequence[Path]) -> None:
    log = tree.parent / "config.log"
    _make(kernel, tree, log, kernel.defconfig)
    plain = tree.parent / "fragments"
    cache.remove(plain)
    plain.mkdir()
    copies = []
    for number, path in enumerate(fragments):
        # The script splits its list at blanks, and takes a CR for part of a value.
        copies.append(plain / f"{number}.config")
        copies[-1].write_text(
            "\n".join(path.read_text(encoding="utf-8").splitlines()) + "\n", encoding="utf-8"
        )
    steps.run(["scripts/kconfig/merge_config.sh", "-m", ".config", *map(str, copies)], tree)
    _make(kernel, tree, log, "olddefconfig")
    granted = (tree / ".config").read_text(encoding="utf-8")
    # A later fragment may change what an earlier one asked for.
    asked = effective("\n".join(path.read_text(encoding="utf-8") for path in fragments))
    refused = refused_options(asked, granted)
    if refused:
        names = " + ".join(path.name for path in fragments)
        told = ", ".join(f"{line} ({why_refused(line, tree, granted)})" for line in refused)
        raise LabError(f"{names}: the kernel's configuration does not grant {told}")


def why_refused(line: str, tree: Path, granted: str) -> str:
    """Return what became of a fragment's line that the configuration lacks."""
    found = re.search(r"CONFIG_(\w+)", line)
    option = found.group(1) if found else ""
    pattern = rf"^[[:space:]]*(menu)?config[[:space:]]+{option}[[:space:]]*$"
    search = ["grep", "-rqE", "--include=Kconfig*", pattern, "."]
    if subprocess.run(search, cwd=tree, capture_output=True, check=False).returncode:
        return f"Linux {version(tree)} has no such option"
    became = re.search(rf"^(?:# )?CONFIG_{option}(?:=.*| is not set)$", granted, re.M)
    return (
        f"{became.group() if became else 'it is off'}: the value is not allowed, or what it depends on is off"
    )


def effective(text: str) -> str:
    """Return a fragment's lines, of each option only the last."""
    last: dict[str, str] = {}
    for line in text.splitlines():
        found = re.match(r"(?:# )?(CONFIG_\w+)(?:=| is not set)", line.strip())
        if found:
            last[found.group(1)] = line.strip()
    return "\n".join(last.values())


def refused_options(fragment: str, granted: str) -> list[str]:
    """Return the fragment's lines that the resulting configuration lacks.

    An option whose dependencies are not met is dropped in silence by Kconfig.
    """
    have = set(granted.splitlines())
    asked = [line.strip() for line in fragment.splitlines()]
    wanted = [line for line in asked if line.startswith(("CONFIG_", "# CONFIG_"))]
    return [line for line in wanted if line not in have and not _absent(line, have)]


def _absent(line: str, have: Iterable[str]) -> bool:
    # An option that does not exist at all is as good as "is not set".
    option = line[2:].split()[0] if line.startswith("# ") else ""
    return bool(option) and not any(entry.startswith(f"{option}=") for entry in have)


def _make(kernel: Kernel, tree: Path, log: Path, *targets: str) -> None:
    jobs = f"-j{os.cpu_count() or 1}"
    cross = (f"ARCH={kernel.arch}", f"CROSS_COMPILE={kernel.cross}")
    steps.watched(["make", jobs, *cross, "KBUILD_BUILD_TIMESTAMP=0", *targets], tree, log, per="files")
