# SPDX-License-Identifier: MIT
"""Life-cycle events counted: outcomes, intervals, times."""

from __future__ import annotations

import pytest

from stress.model.record.events import LifecycleRecord
from stress.plan.plan import read_plan
from stress.verdict import lifecycle
from stress.verdict.lifecycle import EventRow, behind_events, missed_events
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


def test_sentence_of_an_event_names_each_damage_and_how_often_it_was_done():
    outcomes = {
        ("restart", "right"): 5,
        ("restart", "stale"): 2,
        ("restart", "lost"): 1,
        ("restart", "xrun"): 4,
        ("usb-reset", "right"): 3,
        ("usb-reset", "xrun"): 1,
        ("pause", "stale"): 1,
    }
    told = behind_events(outcomes)
    assert len(told) == 2
    assert told[0].startswith("the first lap after restart is ") and told[0].endswith(" of 12 times")
    assert {"stale in 2", "lost in 1"} == set(told[0].split(" is ")[1].split(" of ")[0].split(", "))
    assert told[1] == "the first lap after pause is stale in 1 of 1 time"


def test_times_of_a_row_are_kept_up_to_the_most_and_the_worst_of_them_is_told(monkeypatch):
    monkeypatch.setattr(lifecycle, "_MOST_TIMES", 3)
    row = EventRow("restart", "a")
    for number, took_s in ((1, 0.2), (0, 9.0), (2, 0.6), (3, 0.3), (4, 7.0)):
        row.add(LifecycleRecord("a", number, "restart", "right", 0, took_s))
    assert row.times == [0.2, 0.6, 0.3]
    assert row.to_json()["back_s"] == {"median": 0.3, "worst": 0.6}


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, "0 ms"), (0.999, "999 ms"), (1.0, "1.0 s"), (1.5, "1.5 s"), (2.0, "2.0 s")]
)
def test_time_is_told_in_seconds_from_one_on(seconds, words):
    assert lifecycle._time(seconds) == words
