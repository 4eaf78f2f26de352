# SPDX-License-Identifier: MIT
"""Tables: as wide as the terminal, columns dropped or broken, never out of line."""

from __future__ import annotations

import pytest

from stress.report.table import table

ROWS = [("bringup", 11, "every way of touching, the most provoking one first"), ("x", 4, "short")]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_sentences_are_broken_into_their_own_column(width):
    told = table(("plan", "arms", "what it is for"), ROWS, "lrl", width, (), True)
    assert all(len(line) <= width for line in told)
    start = told[0].index("what")
    assert all(line[:start].strip() == "" or line[start - 1] == " " for line in told[2:])
    assert " ".join(line[start:].strip() for line in told[2:-1]) == ROWS[0][2]


def test_wide_table_is_left_as_it_is():
    told = table(("plan", "arms", "what it is for"), ROWS, "lrl", 0, (), True)
    assert len(told) == 4


def test_columns_are_dropped_in_the_order_asked_for():
    told = table(("a", "b", "c"), [("x" * 10, "y" * 10, "z" * 10)], "lll", 24, (1,))
    assert told[2] == f"{'x' * 10}  {'z' * 10}"
