# SPDX-License-Identifier: MIT
"""Public functions say what they raise: all of them, not a sample."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _public() -> list[tuple[str, ast.FunctionDef, str]]:
    """Return every public function of stress: its name, its tree, and the docstring of its class."""
    found = []
    for path in sorted((ROOT / "stress").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for owner in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(owner, ast.FunctionDef) and not owner.name.startswith("_"):
                found.append((f"{module}.{owner.name}", owner, ""))
            elif isinstance(owner, ast.ClassDef) and not owner.name.startswith("_"):
                said = ast.get_docstring(owner) or ""
                for part in owner.body:
                    if isinstance(part, ast.FunctionDef) and (part.name[0] != "_" or part.name == "__init__"):
                        found.append((f"{module}.{owner.name}.{part.name}", part, said))
    return found


def _raised(function: ast.FunctionDef) -> set[str]:
    """Return the exceptions that a function raises by itself and does not catch in the same place."""
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            called = node.exc.func
            names.add(called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", ""))
    # A helper that makes the exception, or one of the caller's making, has no name of its own here.
    return {name for name in names if name[:1].isupper()} - {
        "NotImplementedError",
        "KeyboardInterrupt",
        "ArgumentTypeError",
    }


def missing(function: ast.FunctionDef, owner: str) -> str:
    """Return what the docstring of a public function leaves out, "" for nothing."""
    said = f"{ast.get_docstring(function) or ''}\n{owner if function.name == '__init__' else ''}"
    unsaid = sorted(name for name in _raised(function) if name not in said)
    if unsaid:
        return f"does not say that it raises {', '.join(unsaid)}"
    return ""


PUBLIC = _public()


@pytest.mark.parametrize(("name", "function", "owner"), PUBLIC, ids=[name for name, _, _ in PUBLIC])
def test_public_function_says_what_it_raises(name, function, owner):
    assert not missing(function, owner), f"{name} {missing(function, owner)}"


def test_what_is_left_out_is_found():
    source = '''
def f(a: bytes) -> int:
    """Return the length."""
    raise ValueError("no")
'''
    (bare,) = ast.parse(source).body
    assert missing(bare, "") == "does not say that it raises ValueError"
    (said,) = ast.parse(source.replace("length.", "length. ValueError: no.")).body
    assert missing(said, "") == ""
