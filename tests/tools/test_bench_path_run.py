# SPDX-License-Identifier: MIT
"""Runs behind a path from frame 0: path, advice and the stale line behind it."""

from __future__ import annotations

import pytest

from stress.cli import new_run
from stress.virtual.card.path_spec import PathSpec
from tools.benchkit._path_cases import CASES
from tools.benchkit._path_run import SITE, assignments, behind, ran, wrong
from tools.benchkit._path_truth import Truth


def test_settings_of_a_path_are_those_that_differ():
    assert assignments(PathSpec()) == []
    assert assignments(PathSpec(gains_db=(-1.0, -2.0), words="unsigned", inverted=True)) == [
        "path.gains_db=[-1.0, -2.0]",
        "path.inverted=true",
        'path.words="unsigned"',
    ]


# Each was named wrong, or judged wrong behind its name, by the first run of the bench.
@pytest.mark.parametrize("name", ["unsigned", "two bits exchanged", "gain and 12 bits", "serial data late"])
def test_run_behind_a_path_names_it_and_finds_the_stale_line(name):
    said, found = behind(next(case for case in CASES if case.name == name), 5)
    assert said == []
    assert found.status == 1 and dict(found.run.whole.sites) == SITE


# Where the pattern begins follows the clock; at the first three a run was FAIL, the whole or a burst of it.
@pytest.mark.parametrize("first", [12345, 2345678901, 3254087975, 777777777])
def test_run_behind_soft_clipping_is_judged_from_the_bus_wherever_the_pattern_begins(first, monkeypatch):
    monkeypatch.setattr(new_run, "first_position", lambda wall_s, rate: first)
    found = ran(PathSpec(shape="soft-clip"), "S16_LE", 3, stale=False)
    assert found.status == 5
    assert "are bent: a limiter or soft clipping" in found.head[0]
    assert "switch limiter" in found.head[1]
    assert "judged from the USB bus" in found.head[2]
    assert all(burst.analysis.path.encoding == "bent" for burst in found.bursts)


def test_what_a_run_says_wrong_is_told():
    found = ran(PathSpec(gain_db=-6.0), "S16_LE", 3)
    right = Truth([0, 1], [-6.0, -6.0], [1, 1], [0, 0])
    assert wrong(found, right) == []
    assert wrong(found, Truth([1, 0], [-6.0, -5.0])) == ["channels=[0, 1]", "gain_db=[-6.0, -6.0]"]
