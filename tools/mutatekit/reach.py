# SPDX-License-Identifier: MIT
"""Which tests call the function that a change lies in: only they can notice it.

The calls of one test file are recorded once and kept below build/mutate, under a digest of
all sources and of the file; so a change of one test file is recorded anew and nothing else.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tools.mutatekit.mirror import ROOT, STRESS, TESTS
from tools.mutatekit.recorder import FOLDER, REACH

KEPT = ROOT / "build" / "mutate"
# Longest recording of one test file [s].
LONGEST_S = 900.0
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Reach:
    """Tests that reach a function.

    Attributes
    ----------
    tests : their names in the order in which they are to run, the quick files first.
    files : that hold them.
    seconds : that they take together.
    known : all tests of the module, those that fail without a change among them.
    """

    tests: tuple[str, ...]
    files: tuple[str, ...]
    seconds: float
    known: tuple[str, ...]


def reach(module: str, source: str, line: int, files: Sequence[str]) -> Reach:
    """Return the tests of these files that call the function of a line.

    Where none does, a process of its own may: all tests of the files are returned. A test
    that fails without a change proves nothing and is left out.
    """
    first, last = _function(source, line)
    passed: dict[str, dict[str, dict[str, Any]]] = {}
    known = []
    for name in files:
        every = _recorded(name)
        known += list(every)
        passed[name] = {test: entry for test, entry in every.items() if entry["passed"]}
    chosen = {name: _calling(tests, module, first, last) for name, tests in passed.items()}
    if not any(chosen.values()):
        chosen = passed
    order = sorted((_seconds(tests), name) for name, tests in chosen.items() if tests)
    tests = [
        test
        for _, name in order
        for test in sorted(chosen[name], key=lambda one: float(chosen[name][one]["seconds"]))
    ]
    seconds = sum(taken for taken, _ in order)
    return Reach(tuple(tests), tuple(name for _, name in order), seconds, tuple(known))


def _seconds(tests: dict[str, dict[str, Any]]) -> float:
    return sum(float(entry["seconds"]) for entry in tests.values())


def _calling(tests: dict[str, dict[str, Any]], module: str, first: int, last: int) -> dict[str, Any]:
    return {
        test: entry
        for test, entry in tests.items()
        if any(first <= line <= last for line in entry["calls"].get(module, ()))
    }


def _function(source: str, line: int) -> tuple[int, int]:
    # First and last line of the innermost function around a line, decorators and all.
    spans = [
        (min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return max(span for span in spans if span[0] <= line <= span[1])


@cache
def _sources() -> str:
    # Digest of all that a test may run beside its own file.
    every = list(STRESS.rglob("*.py"))
    every += [path for path in TESTS.rglob("*.py") if not path.name.startswith("test_")]
    return _digest(sorted(every))


def _digest(paths: Sequence[Path]) -> str:
    out = hashlib.sha256()
    for path in paths:
        out.update(f"{path}\0".encode() + path.read_bytes())
    return out.hexdigest()[:16]


@cache
def _recorded(name: str) -> dict[str, dict[str, Any]]:
    own = _digest([ROOT / name])
    kept = KEPT / f"{_sources()}-{Path(name).stem}-{own}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "calls.json"
            environment = {**os.environ, REACH: str(target), FOLDER: str(STRESS), "PYTHONPATH": str(ROOT)}
            command = [*PYTEST, "-p", "tools.mutatekit.recorder", name]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, timeout=LONGEST_S, capture_output=True, check=False
            )
            if not target.exists():
                raise RuntimeError(f"{name} does not run: {done.stdout.decode()[-500:]}")
            kept.write_text(target.read_text(encoding="utf-8"), encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return found
