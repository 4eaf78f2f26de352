# SPDX-License-Identifier: MIT
"""Public functions say what they raise and how their arrays lie: all of them, not a sample."""

from __future__ import annotations

import ast
import re
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


def _arrays() -> set[str]:
    """Return the names of the kinds of array that annotations use."""
    tree = ast.parse((ROOT / "stress" / "model" / "arrays.py").read_text(encoding="utf-8"))
    return {part.target.id for part in tree.body if isinstance(part, ast.AnnAssign)}


ARRAYS = _arrays()
# "(n, channels)", "(n,)", "any shape", "of its shape".
SHAPE = r"(?:\([^()]*,[^()]*\)|\bshape\b)"
# What may stand between a name and its shape: not the entry of another name, and no blank line.
NEAR = r"(?:(?!\n *[\w, ]+ : |\n\n).){0,140}?"
# Another docstring says it: "see the contract", "see `Detector`".
ELSEWHERE = re.compile(r"\bsee (?:the contract|`)")


def _is_array(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(
        isinstance(node, ast.Name) and node.id in ARRAYS for node in ast.walk(annotation)
    )


def shapeless(function: ast.FunctionDef, owner: str) -> list[str]:
    """Return the array parameters whose shape is not stated near their name, and "return" for the result."""
    said = ast.get_docstring(function) or ""
    if ELSEWHERE.search(said):
        return []
    asked = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    names, returned = [one.arg for one in asked if _is_array(one.annotation)], _is_array(function.returns)
    whole = f"{said}\n{owner if function.name == '__init__' else ''}"
    if re.search(r"\b(?:all|both) \(", whole) or (
        len(names) == 1 and not returned and re.search(SHAPE, whole)
    ):
        return []
    unsaid = [name for name in names if not re.search(rf"\b{name}\b{NEAR}{SHAPE}", whole, re.DOTALL)]
    result = said.partition("Returns\n---")[2] or said.partition("Parameters\n---")[0]
    return unsaid + (["return"] if returned and not re.search(SHAPE, result) else [])


# `Samples` of stress.verdict.samples are examples of findings.
EXAMPLES = ("stress.report.levels", "stress.report.listing", "stress.report.text")

PUBLIC = _public()


@pytest.mark.parametrize(("name", "function", "owner"), PUBLIC, ids=[name for name, _, _ in PUBLIC])
def test_public_function_says_what_it_raises(name, function, owner):
    assert not missing(function, owner), f"{name} {missing(function, owner)}"


@pytest.mark.parametrize(("name", "function", "owner"), PUBLIC, ids=[name for name, _, _ in PUBLIC])
def test_public_function_states_the_shape_of_each_array(name, function, owner):
    if not name.startswith(EXAMPLES):
        assert shapeless(function, owner) == []


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


def test_array_without_a_shape_is_found():
    (bare,) = ast.parse(
        'def f(a: Bytes, b: Ints | None, c: int) -> Flags:\n    """Compare `a` and `b`."""'
    ).body
    assert shapeless(bare, "") == ["a", "b", "return"]
    said = """def f(a: Bytes, b: Ints | None, c: int) -> Flags:
    '''Compare.

    Parameters
    ----------
    a : (n, frame_bytes) uint8.
    b : (n,) int64.

    Returns
    -------
    (n,) bool.
    '''
"""
    assert shapeless(*ast.parse(said).body, "") == []
    assert shapeless(*ast.parse(said.replace("(n,) bool", "Which")).body, "") == ["return"]
    assert shapeless(*ast.parse(said.replace("(n,) int64", "lags")).body, "") == ["b"]
    assert (
        shapeless(*ast.parse("def f(a: Bytes) -> None:\n    'As it was: see the contract.'").body, "") == []
    )
