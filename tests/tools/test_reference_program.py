# SPDX-License-Identifier: MIT
"""tools/bench vivt and tools/bench virtual as programs."""

from __future__ import annotations

import json

import pytest

from tools.benchkit import virtual, vivt

NAMES = {"lines", "badlines", "badhalves", "badwords", "zerohalves", "k1", "k2", "k3", "k4", "runs", "fills"}
CLASSES = {"P1", "P2", "P3", "PZ", "C1", "C2", "C3", "CT"}


def test_vivt_prints_one_object_per_case(capsys):
    assert vivt.main(["geo=926-16-rr ring=4096 ms=200", "mode=cap ring=8192 ms=100"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 2
    assert all(set(row) >= NAMES | CLASSES for row in rows)
    assert [row["lines"] for row in rows] == [200 * 6, 100 * 6]
    assert [row["case"] for row in rows] == ["geo=926-16-rr ring=4096 ms=200", "mode=cap ring=8192 ms=100"]


def test_vivt_with_the_oracle_prints_the_same(capsys):
    for option in ([], ["--oracle"]):
        assert vivt.main([*option, "geo=926-16-rnd ring=1536 xk=9 ms=150"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


@pytest.mark.parametrize("argv", [["ring=x"], ["ms=10", "nope=1"], ["--fast"], []])
def test_vivt_with_bad_arguments_says_so_in_one_line(argv, capsys):
    assert vivt.main(argv) == 64
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1


def test_virtual_prints_a_line_per_arm_and_the_target(capsys):
    assert virtual.main(["1"]) in (0, 1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and lines[-1].startswith("target 100x: ")


def test_virtual_with_a_bad_argument_is_refused(capsys):
    assert virtual.main(["soon"]) == 64
    assert "1 to 3600" in capsys.readouterr().err
