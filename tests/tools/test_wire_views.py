# SPDX-License-Identifier: MIT
"""The table of faults by views: what counts as right, and what a record becomes in it."""

from __future__ import annotations

import json

import pytest

from stress.model.wire import BUS, CAPTURE_RING, PLAYBACK_RING
from tests.record_cases import log
from tools.labkit import wire_cost, wire_views
from tools.labkit.wire_cost import Cost

CLEAN = {"views": {}, "out": 0, "in": 0, "cause": "not reproduced", "layer": ""}
SEEN = {"views": {BUS: 2}, "out": 0, "in": 0, "cause": "USB loss", "layer": BUS}


def test_clean_run_is_right_without_findings_only():
    assert wire_views.right("clean", CLEAN)
    assert not wire_views.right("clean", SEEN)


@pytest.mark.parametrize(
    "change",
    [
        {"views": {PLAYBACK_RING: 2}},
        {"views": {BUS: 2, PLAYBACK_RING: 1}},
        {"views": {}},
        {"layer": PLAYBACK_RING},
        {"cause": "cache alias"},
        {"out": 8},
        {"in": 8},
    ],
)
def test_fault_of_the_card_is_right_on_bus_or_device_only(change):
    assert wire_views.right("drop", SEEN)
    assert not wire_views.right("drop", {**SEEN, **change})


def _event(out, into, *views):
    findings = [
        {
            "kind": "drop",
            "frames": 48,
            "injected": view == "planted",
            "details": {"view": view} if view else {},
        }
        for view in views
    ]
    side = {"frames": 9600, "failed": 0}
    counts = dict.fromkeys(("events", "dropped", "truncated", "lost_frames"), 0)
    sides = {"out": {**side, "wrong": out}, "in": {**side, "wrong": into}}
    wire = {"source": "usbmon1", "judged": False, "doubts": [], **counts, **sides}
    return {"event": "burst", "analysis": {"findings": findings}, "wire": wire}


def test_row_adds_up_both_arms_and_leaves_out_what_was_planted(tmp_path, monkeypatch):
    folder = tmp_path / "drop"
    events = [_event(8, 1, BUS, "planted"), _event(0, 2, "")]
    monkeypatch.setattr(wire_views, "read_run", lambda path: log({"event": "start"}, *events))
    named = {"cause": "USB loss", "layer": BUS, "headline": "USB loss (wire or device)"}
    (tmp_path / "drop.json").write_text(json.dumps({"diagnosis": named, "verdict": "FAIL"}))
    seen, line = wire_views.row("drop", folder)
    assert seen == {"views": {BUS: 1, "not seen": 1}, "out": 8, "in": 3, "cause": "USB loss", "layer": BUS}
    assert line == ("drop", "2 drop", 8, 3, f"1 {BUS}, 1 not seen", "USB loss (wire or device)", "FAIL")


def test_unknown_fault_is_refused_before_anything_is_run(capsys):
    assert wire_views.main(["drop", "nonsense"]) == 64
    assert "nonsense" in capsys.readouterr().err


def test_costs_are_told_as_mean_and_range():
    tapped = [Cost(10.0, 4.0, 30.0, 17.0, 1.0, events=9600), Cost(20.0, 6.0, 50.0, 17.0, 0.0, events=9600)]
    text = "\n".join(wire_cost.lines({True: tapped, False: [Cost(8.0, 4.0, 0.0, 17.0, 1.0)]}))
    for part in (
        "15.0 (10.0 to 20.0)",
        "40.0 (30.0 to 50.0)",
        "8.0 (8.0 to 8.0)",
        "2400 events",
        "0 dropped",
    ):
        assert part in text


def test_reads_that_raced_with_the_driver_are_told_and_lay_nothing_on_a_ring(tmp_path, monkeypatch):
    event = _event(0, 48, BUS, CAPTURE_RING)
    event["analysis"]["findings"][1]["details"]["transport"] = "read while the driver copied"
    monkeypatch.setattr(wire_views, "read_run", lambda path: log({"event": "start"}, event))
    named = {"cause": "USB loss", "layer": BUS, "headline": "USB loss"}
    (tmp_path / "drop.json").write_text(json.dumps({"diagnosis": named, "verdict": "FAIL"}))
    seen, line = wire_views.row("drop", tmp_path / "drop")
    assert (seen["views"], seen["in"]) == ({BUS: 1}, 0)
    assert line[1] == "1 drop (48 frames raced)"
    assert wire_views.right("drop", seen)
