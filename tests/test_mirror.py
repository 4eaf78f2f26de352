"""Every module has a test file of its name, or a line that says where it is tested and why."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STRESS, TESTS = ROOT / "stress", ROOT / "tests"


def _modules() -> list[str]:
    found = (path.relative_to(STRESS) for path in sorted(STRESS.rglob("*.py")))
    return [str(path) for path in found if not path.name.startswith("__")]


def _own(module: str) -> list[Path]:
    """Return the test files of a module's name: in its room, with its folder's name before it or without."""
    parts = Path(module).with_suffix("").parts
    stem = parts[-1].lstrip("_")
    names = [f"test_{stem}.py", *(f"test_{folder}_{stem}.py" for folder in parts[1:-1])]
    room = TESTS / parts[0] if len(parts) > 1 else TESTS
    return [path for name in names for path in room.rglob(name)]


def _listed() -> list[tuple[str, list[str], str]]:
    lines = (TESTS / "mirror.txt").read_text().splitlines()
    parts = (line.split(" | ") for line in lines if line and not line.startswith("#"))
    return [(pattern, files.split(), why) for pattern, files, why in parts]


@pytest.mark.parametrize("module", _modules())
def test_module_has_a_test_file_or_a_line(module):
    assert _own(module) or any(fnmatch.fnmatch(module, pattern) for pattern, _, _ in _listed())


@pytest.mark.parametrize(("pattern", "files", "why"), _listed())
def test_line_is_needed_and_names_tests_that_exist(pattern, files, why):
    needy = [module for module in _modules() if not _own(module)]
    # The first line that fits a module is its own.
    mine = [
        module
        for module in needy
        if next((line for line, _, _ in _listed() if fnmatch.fnmatch(module, line)), "") == pattern
    ]
    assert mine, f"nothing needs the line of {pattern}"
    assert len(why) > 10
    assert [name for name in files if not (ROOT / name).is_file()] == []
