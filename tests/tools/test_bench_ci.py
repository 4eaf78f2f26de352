# SPDX-License-Identifier: MIT
"""What `tools/bench ci` makes of the times that a guest gives, and the plan that it times."""

from __future__ import annotations

import json

import pytest

from stress.plan.plan import load_plan
from tools.benchkit import ci
from tools.labkit.errors import MissingPrograms

SAID = {"verdict": "PASS", "wall_s": 20.0, "cpu_s": 4.0}


def test_ci_plan_streams_a_quarter_of_what_it_promises_and_has_both_rings_and_the_control():
    plan = load_plan("ci")
    streamed = plan.repeats * sum(arm.burst_s * arm.bursts for arm in plan.arm)
    assert streamed <= ci.PROMISE_S / 4
    assert {arm.side for arm in plan.arm if arm.provoking} == {"playback", "capture"}
    assert [arm.name for arm in plan.arm if not arm.mapped] == ["rw-control"]


def test_ci_instructions_are_the_processor_s_time_by_what_one_takes():
    taken = ci.read("armv5", 3, SAID)
    assert taken.instructions == pytest.approx(4.0 / 8e-9)
    assert taken.cycles == pytest.approx(3.2)
    assert ci.read("armv5", 2, SAID).instructions == pytest.approx(1e9)


@pytest.mark.parametrize(("wall_s", "status", "word"), [(44.9, 0, ": kept"), (45.1, 1, "NOT KEPT")])
def test_ci_promise_that_is_not_kept_is_said_and_ends_with_one(monkeypatch, capsys, wall_s, status, word):
    monkeypatch.setattr(
        ci, "measure", lambda board, shift, plan: ci.read(board, shift, {**SAID, "wall_s": wall_s})
    )
    assert ci.main(["--board", "armv5-ram"]) == status
    head, *rows = capsys.readouterr().out.splitlines()
    assert "promised: 45 s" in head
    assert len(rows) == len(ci.SHIFTS)
    assert all(row.endswith(word.lstrip(": ")) for row in rows)


def test_ci_json_has_a_row_for_each_board_and_assumption(monkeypatch, capsys):
    monkeypatch.setattr(ci, "measure", lambda board, shift, plan: ci.read(board, shift, SAID))
    assert ci.main(["--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["board"], row["nanoseconds"]) for row in rows] == [
        (board, 1 << shift) for board in ci.BOARDS for shift in ci.SHIFTS
    ]


def test_ci_without_what_a_guest_needs_is_skipped_with_its_name(monkeypatch, capsys):
    def missing(board, shift, plan):
        raise MissingPrograms("missing qemu-system-arm: apt-get install qemu-system-arm")

    monkeypatch.setattr(ci, "measure", missing)
    assert ci.main([]) == 0
    assert "SKIPPED, missing qemu-system-arm" in capsys.readouterr().out
