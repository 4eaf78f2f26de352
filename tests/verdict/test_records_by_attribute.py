# SPDX-License-Identifier: MIT
"""Verdict and report use records by attribute: a key of a JSON object is read in one place only."""

from __future__ import annotations

import ast
from pathlib import Path

STRESS = Path(__file__).resolve().parents[2] / "stress"
# Counters that a tally keeps, and tables of a report's own: no records.
COUNTERS = {"tops", "wire", "shapes", "seen", "totals", "values", "outcomes", "statuses", "numbers"}


def _subscripts(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            base = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if isinstance(node.slice.value, str) and base not in COUNTERS:
                yield f"{path.relative_to(STRESS)}:{node.lineno}"


def test_no_record_is_read_by_a_key_in_verdict_and_report():
    files = [path for room in ("verdict", "report") for path in sorted((STRESS / room).rglob("*.py"))]
    assert len(files) > 20
    assert [place for path in files for place in _subscripts(path)] == []
