# SPDX-License-Identifier: MIT
"""What the files of a tree say of the release: its version, once; its licence, everywhere; its changes."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable
from pathlib import Path

# Final releases and candidates, as PEP 440 writes them: what tools/deb makes a Debian version of.
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(rc[1-9][0-9]*)?")
PLACE = "stress/__init__.py"
# What is built or read by a builder; the pages and the list of changes may name a version.
_BUILT = ("stress", "tools", "packaging", "integrations", "setup.cfg", "pyproject.toml", "Makefile")
_SOURCES = ("stress", "tools", "tests", "packaging", "integrations")


def version(root: Path) -> str:
    """Return the version that the tree gives itself, "" where it gives none."""
    found = re.search(r'^__version__ = "(.*)"$', _text(root / PLACE), re.MULTILINE)
    return found.group(1) if found else ""


def form(root: Path) -> list[str]:
    """Return what is wrong with the version itself."""
    said = version(root)
    if VERSION.fullmatch(said):
        return []
    return [f"{PLACE}: __version__ is {said!r}: allowed are 1.2.3 and 1.2.3rc1"]


def one_place(root: Path) -> list[str]:
    """Return the files that state the version a second time."""
    said = version(root)
    return [
        f"{path.relative_to(root)}: states {said}, which {PLACE} alone may"
        for path in _files(root, _BUILT)
        if said and said in _text(path) and path != root / PLACE
    ]


def changes(root: Path) -> list[str]:
    """Return what is wrong with the first section of the list of changes."""
    heads = re.findall(r"^## +(.*)$", _text(root / "CHANGELOG.md"), re.MULTILINE)
    first = heads[0] if heads else "no section"
    if re.match(rf"\[?{re.escape(version(root))}\]?(\s|$)", first):
        return []
    return [f"CHANGELOG.md: begins with {first!r}: the release needs a section {version(root)!r} there"]


def licences(root: Path) -> list[str]:
    """Return the places that lack the licence, or name another."""
    setup = _setup(root)
    found = [
        f"{path.relative_to(root)}: has no SPDX-License-Identifier"
        for path in _files(root, _SOURCES)
        if path.suffix == ".py"
        and _text(path).strip()
        and "SPDX-License-Identifier: MIT" not in _text(path)[:400]
    ]
    if "Permission is hereby granted" not in _text(root / "LICENSE"):
        found.append("LICENSE: is not the text of the MIT licence")
    if (setup.get("license"), setup.get("license_files")) != ("MIT", "LICENSE"):
        found.append("setup.cfg: license and license_files have to be MIT and LICENSE")
    shipped = _text(root / "packaging/debian/copyright").rpartition("License: Expat")[2]
    if _words(shipped) != _words(_text(root / "LICENSE")):
        found.append("packaging/debian/copyright: differs from LICENSE")
    return found


def maintainer(root: Path) -> list[str]:
    """Return the places that name another maintainer than setup.cfg, or one who cannot be written to."""
    setup = _setup(root)
    name, address = setup.get("maintainer", ""), setup.get("maintainer_email", "")
    if not name or "@" not in address:
        return ["setup.cfg: has no maintainer with an address"]
    stated = {
        "packaging/debian/control": f"\nMaintainer: {name} <{address}>\n",
        "integrations/lava/pcmstress.yaml": f"- {address}\n",
    }
    return [
        f"{place}: does not name {name} <{address}>"
        for place, text in stated.items()
        if text not in _text(root / place)
    ]


CHECKS: dict[str, Callable[[Path], list[str]]] = {
    "version": form,
    "version in one place": one_place,
    "changes": changes,
    "licences": licences,
    "maintainer": maintainer,
}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _words(licence: str) -> list[str]:
    return [word for word in licence.partition("Permission")[2].split() if word != "."]


def _setup(root: Path) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read_string(_text(root / "setup.cfg"))
    return dict(parser["metadata"]) if parser.has_section("metadata") else {}


def _files(root: Path, names: tuple[str, ...]) -> list[Path]:
    found = [path for name in names for path in [root / name, *(root / name).rglob("*")]]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
