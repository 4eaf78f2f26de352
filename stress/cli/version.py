# SPDX-License-Identifier: MIT
"""`--version`: the program with its commit, and what it runs on."""

from __future__ import annotations

import platform
from importlib import metadata, resources
from pathlib import Path

import stress

# Written by tools/pack: a file that is copied to a board has no repository beside it.
STAMP = "commit.txt"
_SHORT = 12


def line() -> str:
    """Return the versions in one line."""
    return (
        f"pcmstress {program()}, Python {platform.python_version()}, numpy {numpy()}, alsa-lib {alsa_lib()}"
    )


def program() -> str:
    """Return the version of this program, with its commit where that is known."""
    found = commit()
    return f"{stress.__version__} (commit {found})" if found else stress.__version__


def commit() -> str:
    """Return the commit of the packed file or of the checkout, "" where neither says one."""
    stamp = resources.files("stress").joinpath(STAMP)
    if stamp.is_file():
        return stamp.read_text(encoding="utf-8").strip()[:_SHORT]
    return _checked_out(Path(stress.__file__).resolve().parents[1])


def _checked_out(root: Path) -> str:
    # Read, not asked of git: a board has none, and a checkout of another user is refused by it.
    try:
        folder = root / ".git"
        if folder.is_file():
            folder = root / folder.read_text(encoding="utf-8").partition("gitdir: ")[2].strip()
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head[:_SHORT]
        return _reference(folder, head[5:])[:_SHORT]
    except (OSError, UnicodeDecodeError):
        return ""


def _reference(folder: Path, name: str) -> str:
    common = folder / "commondir"
    homes = [folder, *([folder / common.read_text(encoding="utf-8").strip()] if common.is_file() else [])]
    for home in homes:
        if (home / name).is_file():
            return (home / name).read_text(encoding="ascii").strip()
        packed = home / "packed-refs"
        lines = packed.read_text(encoding="ascii").splitlines() if packed.is_file() else []
        found = next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")
        if found:
            return found
    return ""


def numpy() -> str:
    """Return numpy's version without loading it."""
    try:
        return metadata.version("numpy")
    except metadata.PackageNotFoundError:
        return _loaded_numpy()


def _loaded_numpy() -> str:
    # A system built without package metadata (Buildroot, Yocto).
    try:
        import numpy as loaded
    except ImportError:
        return "not installed"
    return loaded.__version__


def alsa_lib() -> str:
    """Return alsa-lib's version."""
    from stress.errors import BackendUnavailable

    try:
        from stress.pcm.alsa._lib import Asound

        return Asound().version
    except (BackendUnavailable, ImportError):
        return "not installed"
