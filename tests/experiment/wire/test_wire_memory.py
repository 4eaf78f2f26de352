# SPDX-License-Identifier: MIT
"""The last lap in memory against what was written and what came in."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment.wire.memory import Held, _compare, last_lap
from stress.model.pcm import Direction, Exchange, StreamResult
from tests.experiment.wire.wire_cases import RINGS, STEP, Burst

AHEAD = 30


def _case():
    # The reader stopped AHEAD frames before the last packet the driver copied.
    burst = Burst()
    wire = burst.wire()
    memory = {}
    for way, stream, ring in (
        (Direction.PLAYBACK, burst.written, RINGS.playback),
        (Direction.CAPTURE, burst.into, RINGS.capture),
    ):
        held = np.zeros((ring, STEP), np.uint8)
        for frame, row in enumerate(stream):
            held[frame % ring] = row
        memory[way] = held.reshape(-1)
    playback = StreamResult(len(burst.written), "RUNNING")
    capture = StreamResult(len(burst.into) - AHEAD, "RUNNING", hw_ptr=len(burst.into) - AHEAD)
    exchange = Exchange(playback, capture, len(burst.written))
    return burst, dataclasses.replace(wire, memory=memory), exchange


def _laps(burst, wire, exchange):
    found = last_lap(wire, burst.written.reshape(-1), exchange, RINGS, STEP)
    return {way.value: _counts(held) for way, held in found.items()}


def _counts(held):
    json = held.to_json()
    assert json.pop("first") == held.first
    return json


def test_rings_that_hold_the_last_lap_do_not_differ():
    assert _laps(*_case()) == {
        "playback": {"frames": RINGS.playback, "differ": 0},
        "capture": {"frames": RINGS.capture - AHEAD, "differ": 0},
    }


@pytest.mark.parametrize("way", list(Direction))
def test_frames_that_are_old_in_memory_are_counted(way):
    burst, wire, exchange = _case()
    end = exchange.playback.frames if way is Direction.PLAYBACK else exchange.capture.hw_ptr
    ring = RINGS.playback if way is Direction.PLAYBACK else RINGS.capture
    first = (end - 5) % ring
    wire.memory[way].reshape(-1, STEP)[first : first + 2] ^= 0xFF
    assert _laps(burst, wire, exchange)[way.value]["differ"] == 2


def test_ring_that_could_not_be_read_is_not_told_of():
    burst, wire, exchange = _case()
    assert _laps(burst, dataclasses.replace(wire, memory={}), exchange) == {}


def test_burst_shorter_than_the_ring_is_compared_as_far_as_it_went():
    burst, wire, exchange = _case()
    short = dataclasses.replace(exchange, playback=StreamResult(100, "XRUN"))
    wire.memory[Direction.PLAYBACK].reshape(-1, STEP)[:100] = burst.written[:100]
    assert _laps(burst, wire, short)["playback"] == {"frames": 100, "differ": 0}


def test_frames_that_were_stored_but_not_returned_are_a_lap_newer_and_not_wrong():
    burst, wire, exchange = _case()
    short = dataclasses.replace(exchange, playback=StreamResult(len(burst.written) - 20, "SETUP"))
    assert _laps(burst, wire, short)["playback"] == {"frames": RINGS.playback, "differ": 0}


def test_memory_speaks_for_frames_of_the_last_lap_only():
    held = Held(100, np.array([False, False, True, False]))
    assert held.says(90, 5) == held.says(104, 9) == held.says(0, 100) == ""
    assert held.says(100, 2) == held.says(103, 50) == held.says(95, 6) == "right"
    assert held.says(101, 2) == held.says(0, 500) == "wrong"


def test_pointer_beyond_what_came_in_is_compared_as_far_as_it_came():
    burst, wire, exchange = _case()
    ahead = dataclasses.replace(exchange.capture, hw_ptr=len(burst.into) + 10)
    found = _laps(burst, wire, dataclasses.replace(exchange, capture=ahead))
    assert found["capture"] == {"frames": RINGS.capture, "differ": 0}


def test_part_of_a_frame_at_the_end_of_a_stream_is_left_out():
    stream = np.arange(1, 43, dtype=np.uint8)  # ten frames of 4 bytes and a half
    ring = stream[:40].reshape(-1, 4)[[8, 9, 2, 3, 4, 5, 6, 7]].reshape(-1).copy()
    held = _compare(ring, stream, 2, 11, 4)
    assert (held.first, held.wrong.tolist()) == (2, [False] * 8)
    ring[0] ^= 1
    assert _compare(ring, stream, 2, 10, 4).wrong.tolist() == [False] * 6 + [True, False]
