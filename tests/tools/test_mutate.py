# SPDX-License-Identifier: MIT
"""tools/mutate: which places it changes, that a change is what it says, and that a survivor is told."""

from __future__ import annotations

import ast

import pytest

from tools.mutatekit import __main__ as mutate
from tools.mutatekit import mirror
from tools.mutatekit.sites import changed, sites

SOURCE = '''
LIMIT = 3


def judge(found: int | None, most: list[int]) -> bool:
    """Return 1 + 1."""
    if found is None or not most:
        raise ValueError(1 + 2)
    total = -found + max(most)
    total -= 2
    return 0 < total <= LIMIT and f"{total + 1}" != ""
'''


def _said(source):
    return {str(site) for site in sites(source)}


def test_sites_are_the_operators_inside_functions_but_no_types_errors_or_texts():
    assert _said(SOURCE) == {
        "line 7: Is -> IsNot",
        "line 7: Or -> And",
        "line 7: Not -> nothing",
        "line 9: Add -> Sub",
        "line 9: USub -> nothing",
        "line 9: max -> min",
        "line 10: Sub -> Add",
        "line 10: 2 -> 3",
        "line 11: 0 -> 1",
        "line 11: And -> Or",
        "line 11: Lt -> LtE",
        "line 11: Lt -> Gt",
        "line 11: LtE -> Lt",
        "line 11: LtE -> Gt",
        "line 11: NotEq -> Eq",
    }


@pytest.mark.parametrize("site", sites(SOURCE), ids=str)
def test_change_changes_exactly_one_place(site):
    was, now = changed_lines(SOURCE, site)
    assert len(was) == len(now)
    assert sum(one != other for one, other in zip(was, now)) == 1


def changed_lines(source, site):
    return ast.unparse(ast.parse(source)).splitlines(), changed(source, site).splitlines()


def test_same_seed_chooses_the_same_changes_and_another_others():
    first = mutate.choose(("stats",), 20, 1)
    assert first == mutate.choose(("stats",), 20, 1) != mutate.choose(("stats",), 20, 2)
    assert len(set(first)) == 20


def test_module_has_the_tests_of_its_name_and_of_its_line():
    assert mirror.tests_of("stats/dose.py")[0] == "tests/stats/test_dose.py"
    assert "tests/faults/test_matrix.py" in mirror.tests_of("detect/exact/track.py")


def test_module_has_the_pins_of_its_room():
    every = [f"tests/pinned/test_{room}.py" for room in ("detect", "exact")]
    assert mirror.pins("detect/exact/track.py") == every
    every = [f"tests/pinned/test_{room}.py" for room in ("record", "experiment")]
    assert mirror.pins("record/tail.py") == every
    assert every[0] in mirror.tests_of("record/tail.py")


def test_parts_of_a_choice_are_the_whole_choice():
    whole = mutate.choose(["stats"], 7, 3)
    parts = [whole[mutate.part_of(f"{part}/3")[0] - 1 :: 3] for part in (1, 2, 3)]
    assert sorted(map(str, whole)) == sorted(str(one) for part in parts for one in part)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/2"])
def test_part_out_of_range_is_refused(text):
    with pytest.raises(mutate.argparse.ArgumentTypeError, match="is no part"):
        mutate.part_of(text)


def test_choice_is_taken_up_and_survivors_are_tried_again(tmp_path, monkeypatch, capsys):
    tried = []
    monkeypatch.setattr(mutate, "tried", lambda module, site: tried.append(site) or len(tried) % 2 == 0)
    file = tmp_path / "kept.json"
    common = ["stats", "--seed", "3", "--keep", str(file)]
    assert mutate.main([*common, "--number", "4", "--part", "1/2"]) == 1
    assert len(tried) == 2
    assert "1 of 2 changes noticed: 50.0 %" in capsys.readouterr().out
    assert mutate.main([*common, "--number", "4"]) == 1
    assert len(tried) == 4
    assert "2 of 4 changes noticed: 50.0 %" in capsys.readouterr().out
    monkeypatch.setattr(mutate, "tried", lambda module, site: tried.append(site) or True)
    assert mutate.main([*common, "--number", "4", "--again"]) == 0
    assert len(tried) == 6
    assert "4 of 4 changes noticed: 100.0 %" in capsys.readouterr().out
