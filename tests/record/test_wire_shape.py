"""The reader names what is wrong with the wire part of a burst."""

from __future__ import annotations

import pytest

from stress.model.wire import LANES
from stress.record import reader
from stress.record.shape import mismatch

SIDE = {"frames": 1, "wrong": 0, "failed": 0}
WHOLE = {
    "source": "usbmon1",
    "judged": False,
    "events": 1,
    "dropped": 0,
    "truncated": 0,
    "lost_frames": 0,
    "doubts": [],
    "out": SIDE,
    "in": SIDE,
}


@pytest.mark.parametrize("wire", [WHOLE, {"blind": "no right"}, {}])
def test_wire_that_was_seen_or_not_is_right(wire):
    assert reader._wire_wrong({"event": "burst", "wire": wire}) == ""


def test_burst_of_an_older_record_is_right():
    assert reader._wire_wrong({"event": "burst"}) == ""


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"events": "x"}, "wire.events"),
        ({"out": {}}, "wire.out.frames"),
        ({"doubts": [1]}, "wire.doubts[0]"),
        ({"in": {**SIDE, "planted": "4"}}, "wire.in.planted"),
        ({"judged_sides": [3]}, "wire.judged_sides[0]"),
        ({"memory": 7}, "wire.memory"),
        ({"memory": {"playback": {"frames": 9}}}, "wire.memory.playback.differ"),
    ],
)
def test_wire_of_another_shape_is_named(changes, key):
    assert key in reader._wire_wrong({"event": "burst", "wire": {**WHOLE, **changes}})


def test_wire_that_is_no_object_is_named():
    assert reader._wire_wrong({"event": "burst", "wire": 5}) == "wire is not an object"


@pytest.mark.parametrize(
    ("lanes", "key"),
    [({"user": "right"}, "lanes.memory"), (dict.fromkeys(LANES, 1), "lanes.user"), ("right", "lanes")],
)
def test_lanes_of_another_shape_are_named(lanes, key):
    right, wrong = ({"details": {"lanes": one}} for one in (dict.fromkeys(LANES, ""), lanes))
    findings = {"findings": [{"details": {}}, right, wrong]}
    shape = reader._LATER["burst"]["analysis"]
    assert key in mismatch(findings, shape)
    findings["findings"].pop()
    assert mismatch(findings, shape) == ""
