# SPDX-License-Identifier: MIT
"""What a burst gave back: xruns, what left the ring, and how the device was lost."""

from __future__ import annotations

import errno

import pytest

from stress.errors import DeviceError
from stress.model.pcm import Lost
from stress.pcm.alsa.outcome import EVENTS, Ended, exchange
from stress.pcm.alsa.transfer_thread import LaneResult
from stress.pcm.alsa.window import WindowResult

RING = 100


def _lane(returned=1000, state="RUNNING"):
    return LaneResult(returned, state, 10, 20, 3, 1, 0, 99, 7)


def _ended(returned=1000, state="RUNNING", hw_ptr=950):
    return Ended("hw:0,0 playback", _lane(returned, state), hw_ptr, RING, 5)


def _window(frozen=False, late_looks=0):
    return WindowResult(_lane(), _lane(), frozen, late_looks)


def test_direction_that_ran_through_is_told_as_it_was():
    result = _ended().result()
    assert (result.frames, result.appl_ptr, result.hw_ptr, result.xruns) == (1000, 1000, 950, 0)
    assert (result.state, result.waits, result.least_queued) == ("RUNNING", 5, 7)


def test_direction_that_was_not_used_has_no_frames_and_is_open():
    unused = Ended("hw:0,0 capture", None, None, RING)
    assert (unused.result().frames, unused.result().state) == (0, "OPEN")
    assert (unused.left_ring, unused.gone) == (0, False)
    assert Ended("hw:0,0 playback", None, 950, RING).left_ring == 0


@pytest.mark.parametrize(
    ("returned", "state", "xruns"),
    [(500, "XRUN", 1), (-errno.EPIPE, "SETUP", 1), (500, "RUNNING", 0), (-errno.EIO, "RUNNING", 0)],
)
def test_xrun_is_told_by_the_state_or_by_the_call(returned, state, xruns):
    result = _ended(returned, state).result()
    assert (result.xruns, result.frames) == (xruns, max(0, returned))


@pytest.mark.parametrize("returned", [0, *EVENTS])
def test_event_of_a_stream_and_a_call_without_frames_are_results(returned):
    assert _ended(returned).result().frames == 0


def test_failure_that_is_no_event_of_a_stream_is_an_error():
    with pytest.raises(DeviceError):
        _ended(-errno.EINVAL).result()


@pytest.mark.parametrize(
    ("returned", "hw_ptr", "left"),
    [
        (1000, 950, 950),
        (1000, 1200, 1000),
        (1000, -1, 0),
        (1000, None, 900),
        (60, None, 0),
        (-errno.EPIPE, 40, 0),
    ],
)
def test_what_left_the_ring_is_never_more_than_is_known(returned, hw_ptr, left):
    assert _ended(returned, hw_ptr=hw_ptr).left_ring == left


@pytest.mark.parametrize(("returned", "state"), [(-errno.ENODEV, "SETUP"), (10, "DISCONNECTED")])
@pytest.mark.parametrize("side", ["playback", "capture"])
def test_device_that_went_away_on_either_side_is_gone_even_where_it_froze(returned, state, side):
    ends = {"playback": _ended(), "capture": _ended(), side: _ended(returned, state)}
    assert exchange(_window(True), ends["playback"], ends["capture"], ()).lost is Lost.GONE


def test_frozen_burst_is_lost_and_a_late_one_is_noted():
    frozen = exchange(_window(True, 2), _ended(), _ended(), ("a",))
    assert (frozen.lost, frozen.notes, frozen.played_limit) == (Lost.FROZEN, ("a",), 950)
    late = exchange(_window(late_looks=2), _ended(), _ended(), ("a",))
    assert late.lost is None
    assert late.notes[0] == "a" and "woke 2 times" in late.notes[1]
    assert exchange(_window(), _ended(), _ended(), ()).notes == ()
