# SPDX-License-Identifier: MIT
"""The QEMU whose ARM926 has a real data cache: built from source, once.

Source, patch and model are in tools/vivt-qemu; this is how they become a
program in the cache. A patch that does not fit leaves nothing behind.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.labkit import apt, cache, cache_names, need, patches, steps
from tools.labkit.boards import PROJECT, Board
from tools.labkit.errors import LabError, LabUsage

OURS = PROJECT / "tools" / "vivt-qemu"
PROGRAM = "qemu-system-arm"
# The release whose qemu source package the hooks were written against.
RELEASE = "bookworm"
# ours -> where it goes in QEMU's tree
_FILES = {
    "vivt.c": "target/arm/vivt.c",
    "vivt.h": "include/exec/vivt.h",
    "devices.mak": "configs/devices/arm-softmmu/vivt.mak",
}
_HOOKS = "hooks.patch"
_VARIABLE = "QEMU_VIVT"
# What it says before the reason, and how long a busy machine may take to say it [s].
_REFUSED, _ANSWER_S = f"{_VARIABLE}: ", 60
_OBJECTS, _VERSION = "objects", "version"
# Bump when the way of building changes what comes out.
_RECIPE = 1
_CONFIGURE = (
    "--target-list=arm-softmmu",
    "--without-default-features",
    "--without-default-devices",
    "--with-devices-arm=vivt",
    "--enable-system",
    "--enable-tcg",
    "--enable-virtfs",
    "--enable-attr",
    "--enable-cap-ng",
    "--enable-fdt=system",
    "--disable-docs",
    "--disable-tools",
    "--disable-install-blobs",
    # A newer compiler than the release's own may warn about its sources.
    "--disable-werror",
)
BUILD_NEEDS = {
    "apt-get": "apt",
    "dpkg-source": "dpkg-dev",
    "patch": "patch",
    "xz": "xz-utils",
    "gcc": "gcc",
    "strip": "binutils",
    "meson": "meson",
    "ninja": "ninja-build",
    "pkg-config": "pkg-config",
    "/usr/include/glib-2.0/glib.h": "libglib2.0-dev",
    "/usr/include/pixman-1/pixman.h": "libpixman-1-dev",
    "/usr/include/libfdt.h": "libfdt-dev",
    "/usr/include/cap-ng.h": "libcap-ng-dev",
}


def build(cache_dir: Path, force: bool = False) -> Path:
    """Return the emulator's path, built when the cache lacks it.

    Parameters
    ----------
    cache_dir : where built things are kept; a cached build needs no network.

    Raises
    ------
    MissingPrograms
        One line naming every package the build lacks.
    LabError
        The download, the patch or the compilation failed, and where.
    """
    found = cached(cache_dir)
    if found and not force:
        return found
    need.require(BUILD_NEEDS)
    folder = cache_dir / tree_name()
    folder.mkdir(exist_ok=True)
    with cache.locked(tree_name()):
        tree = _prepared(folder)
        _copy_ours(tree)
        if force:
            cache.remove(folder / _OBJECTS)
        name = f"qemu-vivt-{(folder / _VERSION).read_text(encoding='utf-8')}-{mark()}"
        made = cache.artifact(name, lambda into: _compile(folder, into), force=force)
    return made / PROGRAM


def tree_name() -> str:
    """Return the cache entry of QEMU's patched tree and its objects, kept between builds."""
    return f"qtree-{RELEASE}-{cache.key(_RECIPE, _CONFIGURE, (OURS / _HOOKS).read_text(encoding='utf-8'))}"


def _prepared(folder: Path) -> Path:
    tree = folder / "tree"
    if not tree.is_dir():
        fresh = folder / "fresh"
        for part in (fresh, folder / _OBJECTS):
            cache.remove(part)
        fresh.mkdir()
        unpacked = unpack(fresh)
        apply_hooks(unpacked)
        (folder / _VERSION).write_text(_version(fresh), encoding="utf-8")
        unpacked.rename(tree)
        cache.remove(fresh)
    return tree


def cached(cache_dir: Path) -> Path | None:
    """Return the built emulator for these sources, or None."""
    found = sorted(cache_dir.glob(f"qemu-vivt-*-{mark()}/{PROGRAM}"))
    return found[-1] if found else None


def cache_options(board: Board, text: str) -> dict[str, str]:
    """Return the emulator's environment for ``--cache``: ``off``, a board's name or ``name=value,...``.

    What the text does not name stays as the board has it; the emulator itself
    refuses wrong names and values. Raises LabUsage for a board without a cache.
    """
    own = board.emulator.env.get(_VARIABLE)
    if own is None:
        asked = f"--cache {text}: " if text else ""
        raise LabUsage(f"{asked}board {board.name} has no modelled cache (armv5-vivt has one)")
    text = cache_names.expanded(text)
    if text == "off":
        return {_VARIABLE: "mode=off"}
    # The 926's kernel maintains ranges in steps of 32 bytes (CACHE_DLINESIZE, proc-arm926.S).
    short = "line=16" in text.split(",") and "stride=" not in text
    return {_VARIABLE: f"{own},{text}{',stride=32' if short else ''}"}


def check_options(board: Board, settings: Sequence[str]) -> None:
    """Raise LabUsage for a ``--cache`` that the emulator refuses, before anything is built or booted.

    An emulator that is not built yet is not asked: it refuses at the first boot.
    """
    program = cached(cache.root())
    for text in settings:
        options = cache_options(board, text)
        if text and program:
            refused = _refusal(program, board.emulator.args, options)
            if refused:
                raise LabUsage(f"--cache {text}: {refused}")


def _refusal(program: Path, machine: Sequence[str], options: dict[str, str]) -> str:
    """Return why the emulator does not take these options, "" when it does."""
    quiet = ("-S", "-display", "none", "-serial", "none", "-monitor", "stdio")
    done = subprocess.run(
        [str(program), *machine, *quiet],
        env={**os.environ, **options},
        input=b"quit\n",
        capture_output=True,
        timeout=_ANSWER_S,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    return next(
        (line.partition(_REFUSED)[2] for line in said.splitlines() if _REFUSED in line),
        "",
    )


def mark() -> str:
    """Return what tells this emulator, and how it is built, from any other."""
    texts = [(OURS / name).read_text(encoding="utf-8") for name in (*_FILES, _HOOKS)]
    return cache.key(_RECIPE, _CONFIGURE, texts)


def unpack(scratch: Path) -> Path:
    """Download the release's QEMU source package and return its unpacked tree.

    apt gets a configuration of its own: this machine's lists stay as they are, and
    it need not have any source entries.
    """
    lines = [f"deb-src{line[3:]}" for line in apt.sources(RELEASE).splitlines() if line.startswith("deb ")]
    (scratch / "sources.list").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for folder in ("lists/partial", "archives/partial", "none"):
        (scratch / folder).mkdir(parents=True)
    options = {
        "Dir::Etc::sourcelist": scratch / "sources.list",
        "Dir::Etc::sourceparts": scratch / "none",
        "Dir::State::lists": scratch / "lists",
        "Dir::Cache": scratch,
        "APT::Sandbox::User": "root",
    }
    client = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in options.items())]
    with cache.step(f"source qemu from {RELEASE}"):
        steps.run([*client, "update"], scratch)
        steps.run([*client, "source", "--only-source", "--download-only", f"qemu/{RELEASE}"], scratch)
        steps.run(["dpkg-source", "--no-check", "-x", _description(scratch).name, "tree"], scratch)
    return scratch / "tree"


def _description(scratch: Path) -> Path:
    found = sorted(scratch.glob("qemu_*.dsc"))
    if len(found) != 1:
        raise LabError(f"apt brought {len(found)} source descriptions of qemu, not one")
    return found[0]


def _version(scratch: Path) -> str:
    match = re.search(r"^Version: (?:\d+:)?(\S+)$", _description(scratch).read_text(encoding="utf-8"), re.M)
    if not match:
        raise LabError(f"{_description(scratch).name} names no version")
    return match.group(1)


def apply_hooks(tree: Path) -> None:
    """Patch QEMU's tree and copy our files into it.

    Raises LabError naming every file and line where a hook finds other code; the
    tree is untouched then.
    """
    try:
        patches.apply(OURS / _HOOKS, tree)
    except LabError as error:
        raise LabError(f"QEMU {_upstream(tree)}: {error}") from error
    _copy_ours(tree)


def _copy_ours(tree: Path) -> None:
    for name, place in _FILES.items():
        there = tree / place
        # What is the same keeps its time stamp: ninja compiles only what changed.
        if not there.is_file() or there.read_bytes() != (OURS / name).read_bytes():
            shutil.copy(OURS / name, there)


def _upstream(tree: Path) -> str:
    try:
        return (tree / "VERSION").read_text(encoding="utf-8").strip()
    except OSError:
        return "of unknown version"


def _compile(folder: Path, into: Path) -> None:
    objects = folder / _OBJECTS
    objects.mkdir(exist_ok=True)
    with cache.step("emulator with a data cache (first 2 to 5 minutes)"):
        if not (objects / "build.ninja").is_file():
            configure = [str(folder / "tree" / "configure"), *_CONFIGURE]
            steps.watched(configure, objects, folder / "configure.log", per="checks")
        compiler = ["ninja", f"-j{os.cpu_count() or 1}", PROGRAM]
        steps.watched(compiler, objects, folder / "build.log", per="files")
    steps.run(["strip", "-o", str(into / PROGRAM), str(objects / PROGRAM)], objects)
