# SPDX-License-Identifier: MIT
"""The bench of diagnoses counts what was named, and knows what a mitigation takes away."""

from __future__ import annotations

from collections import Counter

import pytest

from tools.benchkit import _causes, diagnose


def _cell(expected, mitigation="none", **named):
    return diagnose.Cell("case", mitigation, expected, Counter(named))


def test_cell_a_wrong_mechanism_is_not_right_but_no_false_cause():
    named = Counter(
        {"cache alias/playback/P1": 3, "cache alias/playback/P2": 2, "USB loss": 1, "cannot tell": 4}
    )
    cell = diagnose.Cell("P1", "none", "cache alias/playback/P1", named)
    assert (cell.right, cell.false) == (3, 1)


def test_cell_of_a_clean_board_any_cause_is_false():
    assert _cell("not reproduced", **{"not reproduced": 5, "USB loss": 2, "cannot tell": 1}).false == 2


@pytest.mark.parametrize("mitigation", list(_causes.MITIGATIONS)[1:])
def test_mitigation_takes_an_alias_away_and_nothing_else(mitigation):
    by_name = {case.name: case for case in _causes.CASES}
    assert _causes.expected(by_name["P1"], mitigation) == "not reproduced"
    assert _causes.expected(by_name["DMA"], mitigation) == "stale DMA"


def test_tables_hold_every_case_and_name():
    cells = [_cell("cache alias/playback/P1", **{"cache alias/playback/P1": 4}), _cell("x", "rw access", x=2)]
    head, columns, _, row = diagnose.confusion(cells)
    assert "planted (rows)" in head
    assert columns.split() == ["planted", "P1"]
    assert row.split() == ["case", "4"]
    assert diagnose.matrix(cells)[-1].split() == ["case", "4/4", "cache", "alias", "2/2", "x"]


@pytest.mark.parametrize("name", ["clock slips", "xrun"])
def test_planted_cause_is_named(name):
    case = next(case for case in _causes.CASES if case.name == name)
    assert _causes.key(_causes.run(case, 5)) == case.expected
