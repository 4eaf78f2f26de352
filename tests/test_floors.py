# SPDX-License-Identifier: MIT
"""A room imports only from lower floors; modules that reach outside have few doors each."""

from __future__ import annotations

import ast
import functools
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
    "plan": 3,
    "verdict": 4,
    "predict": 5,
    "experiment": 5,
    "report": 5,
    "cli": 6,
    "__main__": 7,
    "__init__": 0,
}
# The cache model may know nothing of boards, files or settings.
PURE_ROOMS = ("model", "patterns", "detect", "stats", "virtual/cache")
# All a pure file may import: nothing here reads a clock, a file, a device or the environment.
PURE_MODULES = {"__future__", "collections", "dataclasses", "enum", "functools", "numpy", "stress", "typing"}
PURE_MODULES |= {"abc", "bisect", "math", "re", "zlib"}
# memcmp and memmem on memory the caller hands in: no state, no system call.
PURE_EXCEPTIONS = {
    "detect/exact/compare.py": {"ctypes"},
    # Read by the type checker alone.
    "model/arrays.py": {"typing_extensions"},
}
DOORS = {
    "alsaaudio": {"pcm/pyalsa.py"},
    "ctypes": {"board/conditions.py", "detect/exact/compare.py", "pcm/alsa/_lib.py"},
    "psutil": {"board/load.py"},
    "usb": {"board/usb_control.py"},
    "soundfile": {"files/foreign.py"},
}
FORBIDDEN_FOR_PCM = {"patterns", "detect"}


def _files() -> list[Path]:
    return sorted(STRESS.rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(STRESS))


def _room(path: Path) -> str:
    first = path.relative_to(STRESS).parts[0]
    return first[:-3] if first.endswith(".py") else first


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imported(nodes) -> list[str]:
    names = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            names += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return names


@functools.cache
def _imports(path: Path) -> list[str]:
    return _imported(ast.walk(_tree(path)))


@functools.cache
def _rooms_used(path: Path) -> set[str]:
    parts = [name.split(".") for name in _imports(path) if name.startswith("stress.")]
    return {part[1] for part in parts if len(part) > 1 and part[1] in FLOOR}


def _pure(path: Path) -> bool:
    return _name(path).startswith(tuple(f"{room}/" for room in PURE_ROOMS))


@pytest.mark.parametrize("path", _files(), ids=_name)
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


@pytest.mark.parametrize("path", [path for path in _files() if _pure(path)], ids=_name)
def test_pure_file_imports_and_calls_nothing_of_the_outside(path):
    used = {name.split(".")[0] for name in _imports(path)}
    assert used <= PURE_MODULES | PURE_EXCEPTIONS.get(_name(path), set())
    calls = {
        node.func.id
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"open", "print", "input"}


def _modules() -> dict[str, Path]:
    found = {}
    for path in _files():
        parts = path.relative_to(STRESS.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _circle(needs: dict[str, set[str]]) -> list[str]:
    # What is left when modules that need nothing, or nothing that is left, are taken away, and what needs
    # nobody else's loading: the circles themselves.
    left = {name: set(needed) for name, needed in needs.items()}
    while True:
        free = {name for name, needed in left.items() if not needed & left.keys()}
        unused = left.keys() - set().union(*left.values())
        if not free | unused:
            return sorted(left)
        left = {name: needed for name, needed in left.items() if name not in free | unused}


def test_no_circle_of_imports_counting_those_for_the_type_checker():
    modules = _modules()
    needs = {}
    for name, path in modules.items():
        used = {one if one in modules else one.rpartition(".")[0] for one in _imports(path)}
        needs[name] = used & modules.keys() - {name}
    assert _circle(needs) == []


def test_circle_is_found_wherever_it_hangs():
    needs = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert _circle(needs) == ["b", "c"]
    assert _circle({"a": {"b"}, "b": set()}) == []


def test_verdict_and_report_need_no_experiment_and_experiment_no_virtual_board():
    for path in _files():
        if _room(path) in ("verdict", "report"):
            assert "experiment" not in _rooms_used(path), path
        if _room(path) == "experiment":
            assert "virtual" not in _rooms_used(path), path
            assert not {"stress.pcm.virtual", "stress.pcm.virtual_tap"} & {
                name.rpartition(".")[0] for name in _imports(path)
            }, path


def test_no_public_class_name_stands_for_two_things():
    homes: dict[str, list[str]] = {}
    for path in _files():
        for node in _tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(_name(path))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_stress_never_imports_tools():
    for path in _files():
        assert not [name for name in _imports(path) if name.split(".")[0] == "tools"], path


@pytest.mark.parametrize("module", sorted(DOORS))
def test_module_has_these_doors_and_no_other(module):
    users = {_name(path) for path in _files() if module in {name.split(".")[0] for name in _imports(path)}}
    assert users == DOORS[module]
