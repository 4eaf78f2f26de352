# SPDX-License-Identifier: MIT
"""What a report shows is bounded and spread evenly, and planted faults are not in it."""

from __future__ import annotations

from stress.verdict import samples
from stress.verdict.samples import Samples, Thinned
from tests.record_cases import event


def _burst(number=1, findings=(), **more):
    return event({"event": "burst", "number": number, "analysis": {"findings": list(findings)}, **more})


def test_thinned_values_stay_bounded_and_evenly_spread(monkeypatch):
    monkeypatch.setattr(samples, "MOST_POINTS", 4)
    kept = Thinned()
    for value in range(20):
        kept.add(value)
    assert len(kept.kept) <= 4
    steps = {after - before for before, after in zip(kept.kept, kept.kept[1:])}
    assert kept.kept[0] == 0
    assert steps == {8}


def test_thinned_keeps_all_while_there_is_room(monkeypatch):
    monkeypatch.setattr(samples, "MOST_POINTS", 4)
    kept = Thinned()
    for value in range(4):
        kept.add(value)
    assert kept.kept == [0, 1, 2, 3]


def test_examples_are_counted_past_what_is_kept(monkeypatch):
    monkeypatch.setattr(samples, "MOST_EXAMPLES", 2)
    seen = Samples()
    for number in range(5):
        seen.add(_burst(number, [{"text": "one", "ring": "capture"}]), None)
    sort = seen.sorts["stale", "capture"]
    assert (sort.number, [one.number for one in sort.first]) == (5, [0, 1])


def test_planted_faults_are_no_example():
    seen = Samples()
    seen.add(_burst(1, [{"text": "one", "injected": True, "ring": "capture", "ring_offset": 0}]), None)
    assert (seen.sorts, seen.rings) == ({}, {})


def test_finding_without_a_sentence_or_a_place_is_left_out_of_that_list_only():
    seen = Samples()
    seen.add(_burst(1, [{"ring": "capture", "ring_offset": 64}, {"text": "two"}]), None)
    assert list(seen.sorts) == [("stale", None)]
    assert list(seen.rings) == [("a", "capture")]


def test_evidence_files_are_the_first_of_the_run(monkeypatch):
    monkeypatch.setattr(samples, "MOST_FILES", 3)
    seen = Samples()
    seen.add(_burst(1, evidence=["a", "b"]), None)
    seen.add(_burst(2, evidence=["c", "d"]), None)
    seen.add(_burst(3, evidence=["e"]), None)
    assert seen.files == ["a", "b", "c"]
