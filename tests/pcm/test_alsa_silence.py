# SPDX-License-Identifier: MIT
"""What a stream of AlsaPcm does for a life-cycle event between two bursts: pause, drain, run dry."""

from __future__ import annotations

import errno

import pytest

from stress.errors import DeviceError, StreamStateError
from stress.model.pcm import Direction
from stress.pcm.alsa import AlsaPcm

PLAY, CAPTURE = 1, 2


@pytest.fixture
def pcm(asound):
    with AlsaPcm("hw:0,0", "hw:0,1", lib=asound) as pcm:
        yield pcm


def test_pause_and_drain_run_on_silence_and_stop(pcm, asound, request_of):
    pcm.open(request_of())
    asound.calls.clear()
    pcm.pause()
    assert [name for name, handle in asound.calls if handle == PLAY][-4:] == [
        "start",
        "pause",
        "pause",
        "drop",
    ]
    asound.calls.clear()
    pcm.drain()
    assert [name for name, handle in asound.calls if handle == PLAY][-2:] == ["start", "drain"]
    assert [name for name, handle in asound.calls if handle == CAPTURE][-2:] == ["start", "drop"]


def test_pause_that_the_driver_refuses_is_a_device_error(pcm, asound, request_of):
    pcm.open(request_of())
    call = asound.call
    asound.call = lambda handle, name, *more: -errno.ENOSYS if name == "pause" else call(handle, name, *more)
    with pytest.raises(DeviceError, match="snd_pcm_pause"):
        pcm.pause()


def test_pause_of_a_ring_that_ran_out_before_is_tried_again(pcm, asound, request_of):
    pcm.open(request_of())
    call, dry = asound.call, [2]

    def slow(handle, name, *more):
        if name == "pause" and more == (1,) and dry[0]:
            dry[0] -= 1
            asound.states[handle] = "XRUN"
            return -errno.EBADFD
        return call(handle, name, *more)

    asound.call = slow
    pcm.pause()
    dry[0] = 9
    with pytest.raises(DeviceError, match="snd_pcm_pause"):
        pcm.pause()
    assert dry[0] == 6


@pytest.mark.parametrize("opened", [True, False])
def test_both_directions_have_to_pause(pcm, asound, request_of, opened):
    if opened:
        pcm.open(request_of())
    asound.can_pause = lambda handle: handle == PLAY
    assert not pcm.can_pause()
    asound.can_pause = lambda handle: True
    assert pcm.can_pause()


def test_pcm_that_is_not_open_is_neither_paused_nor_drained(pcm):
    for event in (pcm.pause, pcm.drain):
        with pytest.raises(StreamStateError):
            event()


@pytest.mark.parametrize(("way", "dry", "other"), [("playback", PLAY, CAPTURE), ("capture", CAPTURE, PLAY)])
def test_one_direction_runs_dry_while_the_other_goes_on(pcm, card, asound, request_of, way, dry, other):
    pcm.open(request_of())
    asound.calls.clear()
    fed = []

    def feed(frames):
        fed.append(frames)
        # Dry only once the other one was fed three times.
        asound.states[dry] = "XRUN" if len(fed) >= 3 else asound.states[dry]
        return frames

    card.transfer[other] = feed
    pcm.starve_one(Direction(way))
    assert len(fed) >= 3
    assert asound.calls[-1] == ("drop", other)
    assert ("drop", dry) not in asound.calls


def test_one_direction_alone_has_no_other_to_go_on(asound, request_of):
    with AlsaPcm("hw:0,0", None, lib=asound) as pcm:
        pcm.open(request_of())
        with pytest.raises(StreamStateError, match="one direction"):
            pcm.starve_one(Direction.PLAYBACK)
