# SPDX-License-Identifier: MIT
"""The places of a module where one operator can be changed, and the module with one of them changed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

# What an operator is changed to: its boundary, its opposite, its neighbour.
_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_BINARY: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_UNION = (ast.arg, ast.AnnAssign)


@dataclass(frozen=True)
class Site:
    """One change.

    Attributes
    ----------
    index : of the node in `ast.walk` order of its tree; `part` of its operator list.
    to : what it becomes, an operator's class name, a function's name or a number.
    line : in the file.
    """

    index: int
    part: int
    to: str
    line: int
    was: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.was} -> {self.to}"


def sites(source: str) -> list[Site]:
    """Return every change that can be made inside the functions of a module, in order of line."""
    tree = ast.parse(source)
    order = {id(node): index for index, node in enumerate(ast.walk(tree))}
    skipped = _types_and_texts(tree)
    found = []
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for statement in function.body:
                for node in ast.walk(statement):
                    if id(node) not in skipped:
                        found += list(_of(node, order[id(node)]))
    return sorted(set(found), key=lambda site: (site.line, site.index, site.part, site.to))


def _types_and_texts(tree: ast.AST) -> set[int]:
    # Types are never evaluated, and a sentence for people is no decision.
    out: set[int] = set()
    for node in ast.walk(tree):
        roots: list[ast.AST | None] = []
        if isinstance(node, _UNION):
            roots.append(node.annotation)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            roots.append(node.returns)
        elif isinstance(node, (ast.JoinedStr, ast.Raise)):
            roots.append(node)
        for root in roots:
            if root is not None:
                out |= {id(part) for part in ast.walk(root)}
    return out


def _of(node: ast.AST, index: int) -> Iterator[Site]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Compare):
        for part, operator in enumerate(node.ops):
            for to in _COMPARE.get(type(operator), ()):
                yield Site(index, part, to.__name__, line, type(operator).__name__)
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        for other in _BINARY.get(type(node.op), ()):
            yield Site(index, 0, other.__name__, line, type(node.op).__name__)
    elif isinstance(node, ast.BoolOp):
        to_bool = "Or" if isinstance(node.op, ast.And) else "And"
        yield Site(index, 0, to_bool, line, type(node.op).__name__)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield Site(index, 0, "nothing", line, type(node.op).__name__)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        yield Site(index, 0, _CALLS[node.func.id], line, node.func.id)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield Site(index, 0, str(value), line, str(node.value))


def changed(source: str, site: Site) -> str:
    """Return the module with one place changed; comments go, line numbers may move."""
    tree = copy.deepcopy(ast.parse(source))
    node = list(ast.walk(tree))[site.index]
    if isinstance(node, ast.Compare):
        node.ops[site.part] = getattr(ast, site.to)()
    elif isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        node.op = getattr(ast, site.to)()
    elif isinstance(node, ast.UnaryOp):
        _replace(tree, node, node.operand)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        node.func.id = site.to
    elif isinstance(node, ast.Constant):
        node.value = site.to == "True" if isinstance(node.value, bool) else int(site.to)
    return ast.unparse(ast.fix_missing_locations(tree))


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and old in value:
                value[value.index(old)] = new
