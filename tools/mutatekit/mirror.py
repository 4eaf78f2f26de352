# SPDX-License-Identifier: MIT
"""Which tests are a module's own: those of its name, or those that tests/mirror.txt names."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRESS, TESTS = ROOT / "stress", ROOT / "tests"
# Rooms whose results are pinned with those of another one as well.
PINNED_WITH = dict.fromkeys(("verdict", "record", "pcm"), ("experiment",))


def own(module: str) -> list[str]:
    """Return the test files of a module's name: in its room, with its folder's name before it or without.

    Parameters
    ----------
    module : path below stress/, "experiment/burst.py".
    """
    parts = Path(module).with_suffix("").parts
    stem = parts[-1].lstrip("_")
    names = [f"test_{stem}.py", *(f"test_{folder}_{stem}.py" for folder in parts[1:-1])]
    room = TESTS / parts[0] if len(parts) > 1 else TESTS
    return [str(path.relative_to(ROOT)) for name in names for path in sorted(room.rglob(name))]


def listed() -> list[tuple[str, list[str], str]]:
    """Return the lines of tests/mirror.txt, one entry a module: module, test files, why there."""
    lines = (TESTS / "mirror.txt").read_text(encoding="utf-8").splitlines()
    parts = (line.split(" | ") for line in lines if line and not line.startswith("#"))
    return [(module, files.split(), why) for modules, files, why in parts for module in modules.split()]


def tests_of(module: str) -> list[str]:
    """Return the test files of a module: those of its name, of its line, and the pins of its room."""
    more = [name for one, files, _ in listed() if one == module for name in files]
    return list(dict.fromkeys([*own(module), *more, *pins(module)]))


def pins(module: str) -> list[str]:
    """Return the files of tests/pinned for the folders that a module lies in."""
    folders = Path(module).parts[:-1]
    rooms = [room for folder in folders for room in (folder, *PINNED_WITH.get(folder, ()))]
    names = [f"tests/pinned/test_{room}.py" for room in rooms]
    return [name for name in names if (ROOT / name).is_file()]


def modules(room: str) -> list[str]:
    """Return the modules below a room, as paths below stress/."""
    found = sorted((STRESS / room).rglob("*.py"))
    return [str(path.relative_to(STRESS)) for path in found if not path.name.startswith("__")]
