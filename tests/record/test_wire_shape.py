"""The reader names what is wrong with the wire part of a burst."""

from __future__ import annotations

import pytest

from stress.record.reader import _wire_mismatch

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
    assert _wire_mismatch({"event": "burst", "wire": wire}) == ""


def test_burst_of_an_older_record_is_right():
    assert _wire_mismatch({"event": "burst"}) == ""


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"events": "x"}, "wire.events"), ({"out": {}}, "wire.out.frames"), ({"doubts": [1]}, "wire.doubts[0]")],
)
def test_wire_of_another_shape_is_named(changes, key):
    assert key in _wire_mismatch({"event": "burst", "wire": {**WHOLE, **changes}})


def test_wire_that_is_no_object_is_named():
    assert _wire_mismatch({"event": "burst", "wire": 5}) == "wire is not an object"
