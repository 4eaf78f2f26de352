# SPDX-License-Identifier: MIT
"""Life-cycle events counted: outcomes, intervals, times."""

from __future__ import annotations

import pytest

from stress.model.record.events import LifecycleRecord
from stress.plan.plan import read_plan
from stress.verdict.lifecycle import EventRow, missed_events
from stress.verdict.tally import Tally


def _records(*outcomes, arm="a", name="restart", frames=0, took_s=0.25):
    return [
        LifecycleRecord(arm, number, name, outcome, frames, took_s)
        for number, outcome in enumerate(outcomes, 1)
    ]


def rows(records):
    found = {}
    for record in records:
        found.setdefault((record.name, record.arm), EventRow(record.name, record.arm)).add(record)
    return list(found.values())


def test_outcomes_are_counted_with_exact_intervals():
    (row,) = rows(_records(*["right"] * 363, *["lost"] * 37))
    right, lost = row.shares()
    assert right[:2] == ("right", 363)
    assert lost[:2] == ("lost", 37)
    # Clopper and Pearson's interval of 37 in 400, from scipy.stats.beta.ppf.
    assert lost[2:] == pytest.approx((0.06602, 0.12521), abs=2e-4)


def test_arms_and_events_are_rows_of_their_own():
    found = rows(_records("right") + _records("stale", name="xrun") + _records("right", arm="b"))
    assert [(row.name, row.arm, row.total) for row in found] == [
        ("restart", "a", 1),
        ("xrun", "a", 1),
        ("restart", "b", 1),
    ]


def test_table_names_the_largest_damage_and_the_times_once():
    records = _records("right", "right", took_s=0.1) + _records("stale", frames=24, took_s=2.5)
    (row,) = rows(records)
    lines = row.lines()
    assert lines[0][:4] == ("restart", "a", "2", "right")
    assert lines[0][5] == "100 ms, 2.5 s"
    assert lines[1][:4] == ("", "", "1", "stale, up to 24 frames")
    assert lines[1][5] == ""


def test_card_that_never_came_back_has_no_time():
    (row,) = rows([LifecycleRecord("a", 0, "usb-power", "did not come back", 0, 0.0)])
    assert row.to_json()["back_s"] is None
    assert row.lines()[0][3] == "did not come back"


def _missed(events, *seen, skipped="", optional=False):
    arms = [{"name": "a", "event": "restart", "bursts": 2, "optional": optional}, {"name": "b", "bursts": 2}]
    plan = read_plan({"arm": arms, "event": events}, "p")
    parts = [Tally(name, skipped="no" if name in skipped else None) for name in "ab"]
    for part in parts:
        part.outcomes.update((name, "right") for arm, name in seen if arm == part.arm)
    return missed_events(plan, parts)


def test_event_that_did_not_happen_is_told_with_its_arm():
    events = [{"name": "usb-reset", "at_s": "1h"}, {"name": "pause", "arm": "b", "into_s": "500ms"}]
    told = [
        "restart did not happen in a: nothing is known of it",
        "usb-reset did not happen in any arm: nothing is known of it",
        "pause in the middle did not happen in b: nothing is known of it",
    ]
    assert _missed(events) == told
    assert _missed(events, ("a", "restart"), ("b", "usb-reset")) == told[2:]
    # A pause between two bursts is not one in the middle.
    assert _missed(events, ("b", "pause"), skipped="a") == told[1:]
    assert _missed(events, skipped="ab") == []


def test_optional_arm_misses_no_event():
    assert _missed([], optional=True) == []


def test_run_without_events_misses_none():
    plan = read_plan({"arm": [{"name": "a"}]}, "p")
    assert missed_events(plan, [Tally("a")]) == []
