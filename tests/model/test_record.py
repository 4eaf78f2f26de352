# SPDX-License-Identifier: MIT
"""The reader names what is wrong with the wire part of a burst."""

from __future__ import annotations

import pytest

from stress.model.record.findings import FindingRecord
from stress.model.record.wire import BlindRecord, WireRecord
from stress.model.shape import Mismatch, read
from stress.model.wire import LANES
from tests.record_cases import FINDING, event

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


def _burst(**fields):
    return event({"event": "burst", **fields})


def test_wire_that_was_seen_or_not_is_right():
    assert isinstance(_burst(wire=WHOLE).seen, WireRecord)
    assert _burst(wire={"blind": "no right"}).wire == BlindRecord("no right")
    assert _burst(wire={}).wire == BlindRecord("")


def test_burst_of_an_older_record_is_right():
    assert _burst().seen is None


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
    with pytest.raises(Mismatch) as caught:
        _burst(wire={**WHOLE, **changes})
    assert caught.value.place == key


def test_wire_that_is_no_object_is_named():
    with pytest.raises(Mismatch, match="wire is not an object"):
        _burst(wire=5)


@pytest.mark.parametrize(
    ("lanes", "key"),
    [({"user": "right"}, "lanes.memory"), (dict.fromkeys(LANES, 1), "lanes.user"), ("right", "lanes")],
)
def test_lanes_of_another_shape_are_named(lanes, key):
    right = {**FINDING, "details": {"lanes": dict.fromkeys(LANES, "right")}}
    assert read(FindingRecord, right).lanes.wire == "right"
    with pytest.raises(Mismatch) as caught:
        read(FindingRecord, {**FINDING, "details": {"lanes": lanes}})
    assert caught.value.place == f"details.{key}"
