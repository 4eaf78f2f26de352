# SPDX-License-Identifier: MIT
"""plans, boards and kinds: every shipped name with a line of its own."""

from __future__ import annotations

import json

import pytest

from stress.cli.arguments import shipped
from stress.cli.commands import kinds, plans
from stress.cli.main import main
from stress.model.finding import Kind
from stress.plan.plan import load_plan
from stress.settings import find


def _json(capsys, name):
    assert main([name, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_plans_name_every_plan_with_its_time(capsys):
    found = _json(capsys, "plans")["plans"]
    assert [plan["name"] for plan in found] == shipped("plans")
    assert all(plan["title"] and plan["streamed_s"] > 0 for plan in found)


def test_streamed_time_of_a_plan_counts_repeats_and_bursts():
    assert plans.streamed_s(load_plan("demo")) == pytest.approx(10.0)


def test_boards_name_every_board_with_its_cache(capsys):
    found = _json(capsys, "boards")["boards"]
    assert [board["name"] for board in found] == find.names("boards")
    # Of a core whose cache keeps one copy of a line, the size says nothing.
    assert all("KB" in board["title"] or "Cortex-A" in board["title"] for board in found)


def test_kinds_explain_every_kind():
    told = kinds.meanings()
    assert list(told) == [kind.value for kind in Kind]
    assert all(told.values())


@pytest.mark.parametrize("name", ["plans", "boards", "kinds"])
def test_listing_is_a_table_for_people(capsys, name):
    assert main([name]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
