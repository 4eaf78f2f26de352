"""A room imports only from lower floors; third-party modules have one door each."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

STRESS = Path(__file__).resolve().parents[1] / "stress"
FLOOR = {
    "errors": 0,
    "model": 0,
    "patterns": 1,
    "detect": 1,
    "stats": 1,
    "settings": 2,
    "board": 2,
    "files": 2,
    "pcm": 2,
    "virtual": 2,
    "record": 2,
    "experiment": 3,
    "report": 4,
    "commands": 5,
    "cli": 5,
    "__main__": 6,
    "__init__": 0,
}
# Pure files of the virtual board: the cache model may know nothing of boards, files or settings.
PURE_VIRTUAL = ("cache", "engine", "geometry", "stream", "trace")
DOORS = {
    "alsaaudio": {"pcm/pyalsa.py"},
    "psutil": {"board/load.py"},
}
FORBIDDEN_FOR_PCM = {"patterns", "detect"}
CLOCKS = {"time", "datetime"}


def _files() -> list[Path]:
    return sorted(STRESS.rglob("*.py"))


def _room(path: Path) -> str:
    first = path.relative_to(STRESS).parts[0]
    return first[:-3] if first.endswith(".py") else first


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _rooms_used(path: Path) -> set[str]:
    parts = [name.split(".") for name in _imports(path) if name.startswith("stress.")]
    return {part[1] for part in parts if len(part) > 1 and part[1] in FLOOR}


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(STRESS)))
def test_imports_point_only_to_lower_floors(path):
    room = _room(path)
    for used in _rooms_used(path) - {room}:
        assert FLOOR[used] <= FLOOR[room], f"{path}: {room} imports {used}"
        if FLOOR[used] == FLOOR[room]:
            back = [other for other in _files() if _room(other) == used and room in _rooms_used(other)]
            assert not back, f"{room} and {used} import each other: {path}, {back[0]}"


def test_pcm_knows_nothing_of_what_is_right():
    for path in _files():
        if _room(path) == "pcm":
            assert not _rooms_used(path) & FORBIDDEN_FOR_PCM, path


def test_pure_floors_read_no_clock_and_open_no_file():
    for path in _files():
        pure_virtual = _room(path) == "virtual" and path.stem.startswith(PURE_VIRTUAL)
        if _room(path) in ("model", "patterns", "detect", "stats") or pure_virtual:
            assert not CLOCKS & {name.split(".")[0] for name in _imports(path)}, path
            calls = [
                n.func.id
                for n in ast.walk(ast.parse(path.read_text()))
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            ]
            assert "open" not in calls and "print" not in calls, path


def test_stress_never_imports_tools():
    for path in _files():
        assert not [name for name in _imports(path) if name.split(".")[0] == "tools"], path


@pytest.mark.parametrize("module", sorted(DOORS))
def test_third_party_module_has_one_door(module):
    users = {
        str(path.relative_to(STRESS))
        for path in _files()
        if module in {name.split(".")[0] for name in _imports(path)}
    }
    assert users <= DOORS[module], f"{module} is imported in {users}"
