# SPDX-License-Identifier: MIT
"""What a report shows is bounded and spread evenly, and planted faults are not in it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

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


def _opened(rate):
    return SimpleNamespace(granted=SimpleNamespace(capture=SimpleNamespace(rate=rate)))


def _with_lanes(*some):
    burst = _burst(1, [{} for _ in some])
    found = [
        SimpleNamespace(
            injected=False, lanes=object() if has else None, text="", ring=None, ring_offset=None, frame=0
        )
        for has in some
    ]
    return replace(burst, analysis=replace(burst.analysis, findings=tuple(found)))


@pytest.mark.parametrize(
    ("lanes", "kept"),
    [((), 0), ((False,), 0), ((True,), 1), ((True, False), 1), ((False, True), 1), ((False, False), 0)],
)
def test_burst_with_one_finding_that_has_lanes_is_a_strip(lanes, kept):
    seen = Samples()
    seen.add(_with_lanes(*lanes), None)
    assert len(seen.strips) == kept


def test_strips_and_notes_are_the_first_of_the_run(monkeypatch):
    monkeypatch.setattr(samples, "MOST_STRIPS", 2)
    monkeypatch.setattr(samples, "MOST_NOTES", 2)
    seen = Samples()
    bursts = [replace(_with_lanes(True), number=number) for number in (1, 2, 3)]
    for burst in bursts:
        noted = SimpleNamespace(notes=(f"note {burst.number}", "of all"))
        seen.add(_Noted(burst, noted), None)
    assert [strip.number for strip in seen.strips] == [1, 2]
    assert list(seen.notes) == ["note 1", "of all"]


class _Noted:
    """A burst with something to say of its tap."""

    def __init__(self, burst, seen):
        self._burst, self.seen = burst, seen

    def __getattr__(self, name):
        return getattr(self._burst, name)


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ({"ring": "capture", "ring_offset": 0}, 1),
        ({"ring": "capture"}, 0),
        ({"ring_offset": 64}, 0),
    ],
)
def test_finding_has_a_place_where_its_ring_and_its_offset_are_known(place, kept):
    seen = Samples()
    seen.add(_burst(1, [place]), None)
    assert len(seen.rings) == kept


CHANNEL = {"latency_frames": 1.0, "gain_db": 0.0, "drift_ppm": 0.0, "snr_db": 60.0, "thd_n_db": -50.0}


def test_levels_and_marks_lie_on_the_time_of_all_bursts_end_to_end():
    seen = Samples()
    findings = [{"frame": 4000}, {"frame": 8000, "injected": True}]
    for number in (1, 2):
        channel = {**CHANNEL, "seconds": [[0, 60.0, -50.0], [8000, 61.0, -51.0]]}
        analysis = {"findings": findings, "frames": 12000}
        burst = event({"event": "burst", "number": number, "channel": channel, "analysis": analysis})
        seen.add(burst, _opened(8000))
    # A level stands in the middle of its second; a burst of 12000 frames at 8000 Hz lasts 1.5 s.
    assert [level.at_s for level in seen.levels.kept] == [0.5, 1.5, 2.0, 3.0]
    assert [level[1:] for level in seen.levels.kept[:2]] == [(60.0, -50.0), (61.0, -51.0)]
    assert [(at, one.number, one.finding.frame) for at, one in seen.marks.kept] == [
        (0.5, 1, 4000),
        (2.0, 2, 4000),
    ]
    assert seen.length_s == 3.0
