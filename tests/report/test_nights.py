# SPDX-License-Identifier: MIT
"""Trends as text, JSON and page: at any width, whatever a name holds, and what changed before it broke."""

from __future__ import annotations

import json

import pytest

from stress.plan.plan import read_plan
from stress.report import nights, nights_picture
from stress.report.console import wrapped
from stress.report.facts import Facts
from stress.report.nights import TrendShown
from tests.verdict.test_nights import _trend

PLAN = read_plan({"arm": [{"name": "a"}]}, "p")


def _shown(*counts, unread=()):
    known = [Facts((("kernel", "6.12" if one else "6.1"),)) for one in counts]
    return TrendShown(_trend(*counts), known, [PLAN] * len(counts), unread)


def test_text_names_the_first_bad_run_and_what_changed():
    told = nights.lines([_shown(0, 0, 9, 9, unread=["x: is not JSON"])])
    assert (
        told[1]
        == "first bad run: n3 (2026-11-03 01:00), in a; last good run before it: n2 (2026-11-02 01:00)"
    )
    assert told[2:4] == ["between the two:", "  kernel: 6.1 -> 6.12"]
    assert "not read: x: is not JSON" in told
    row = next(line.split() for line in told if line.startswith("a "))
    assert row[:6] == ["a", "..FF", "2", "2", "324/h", "n3"]


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_text_fits_the_terminal(columns):
    told = nights.lines([_shown(*[0] * 20, *[4] * 20)], columns)
    assert all(len(line) <= columns for line in told if line.startswith(("arm", "---", "a ", "2026", "date")))
    assert all(len(part) <= columns for line in told for part in wrapped(line, columns))


def test_clean_boards_say_that_there_is_no_bad_run():
    assert nights.head(_trend(0, 0))[1].startswith("no bad run")


def test_json_has_every_run_of_every_arm():
    (board,) = json.loads(json.dumps(nights.to_json([_shown(0, 5)]), allow_nan=False))["boards"]
    assert board["first_bad"] == "n2"
    assert [run["state"] for run in board["arms"][0]["runs"]] == ["clean", "corrupted"]
    assert board["changed"] == [{"name": "kernel", "good": "6.1", "bad": "6.12"}]


def test_page_is_one_picture_a_board_and_escapes():
    page = nights.page([_shown(0, 5, unread=["<script>"]), _shown(0)])
    # One for a broad screen and one for a narrow one.
    assert page.count("<svg") == 4
    assert "<script>" not in page


def test_picture_draws_a_mark_for_each_run_of_an_arm():
    drawn = nights_picture.svg(_trend(0, 5, 0, 7), ["a"])
    assert (drawn.count("<rect"), drawn.count("<circle"), drawn.count('class="lap"')) == (4, 4, 2)
    assert "NaN" not in drawn and "nan" not in drawn and "inf" not in drawn.replace("inform", "")


def test_page_of_years_of_nights_stays_below_400_kilobytes_and_says_what_it_draws():
    page = nights.page([_shown(*[0, 5] * 600)])
    assert len(page.encode()) < 400_000
    assert "The last 600 of 1200 runs are drawn." in page
    assert "and 1 100 earlier runs" in page


def test_picture_of_one_run_that_proved_nothing_has_no_bar():
    assert "<rect" not in nights_picture.svg(_trend(0, seconds=0.0), ["a"])
