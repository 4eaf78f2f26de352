# SPDX-License-Identifier: MIT
"""A pause in the middle of a burst: what is called, in which order, and what is told."""

from __future__ import annotations

import errno
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from stress.model.lifecycle import LifecycleEvent
from stress.model.middle import Middle
from stress.model.pcm import Handling, PlaybackTouch
from stress.pcm.alsa import AlsaPcm, middle

PLAY, CAPTURE = 1, 2
PAUSE = Handling(middle=Middle(LifecycleEvent.PAUSE, 1000, 0.001))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(middle, "SETTLE_S", 0.001)


@pytest.fixture
def pcm(asound, request_of):
    """A card that pauses, and says so."""
    call = asound.call

    def pausing(handle, name, *arguments):
        returned = call(handle, name, *arguments)
        if name == "pause":
            asound.calls[-1] = ("pause" if arguments[0] else "release", handle)
            asound.states[handle] = "PAUSED" if arguments[0] else "RUNNING"
        return returned

    asound.call = pausing
    made = AlsaPcm("hw:0,0", "hw:0,0", lib=asound)
    made.open(request_of())
    return made


def _exchange(pcm, handling, frames=4000):
    return pcm.exchange(np.zeros(frames * 4, dtype=np.uint8), np.zeros(frames * 4, dtype=np.uint8), handling)


def _events(asound, *names):
    return [(name, handle) for name, handle in asound.calls if name in names]


def test_pause_stops_playback_first_and_releases_it_last(pcm, asound):
    done = _exchange(pcm, PAUSE)
    assert _events(asound, "pause", "release") == [
        ("pause", PLAY),
        ("pause", CAPTURE),
        ("release", CAPTURE),
        ("release", PLAY),
    ]
    assert done.playback.frames == 4000
    assert done.stood.refused == ""
    assert done.stood.playback_ns >= done.stood.capture_ns > 0
    assert any(
        note.startswith("Python ran once in the middle: pause after 1000 frames") for note in done.notes
    )


def test_both_streams_stand_still_as_long_as_was_asked(pcm):
    done = _exchange(pcm, Handling(middle=Middle(LifecycleEvent.PAUSE, 1000, 0.02)))
    assert done.stood.playback_ns > done.stood.capture_ns >= 20_000_000


def test_burst_without_a_middle_says_nothing_of_one(pcm, asound):
    done = _exchange(pcm, Handling())
    assert done.stood is None
    assert _events(asound, "pause") == []


def test_frames_before_and_behind_the_event_are_one_transfer_each(pcm, card, asound):
    asked = []

    def transfer(frames):
        asked.append((frames, len(_events(asound, "release"))))
        return frames

    card.transfer[PLAY] = transfer
    assert _exchange(pcm, PAUSE).playback.frames == 4000
    assert asked == [(1000, 0), (3000, 2)]


def test_pause_that_the_driver_refuses_ends_the_stream_there(pcm, asound):
    call = asound.call
    asound.call = lambda handle, name, *more: -errno.ENOSYS if name == "pause" else call(handle, name, *more)
    done = _exchange(pcm, PAUSE)
    assert "snd_pcm_pause" in done.stood.refused
    assert done.playback.frames == 1000
    assert any("not done" in note for note in done.notes)


def test_stream_that_ends_before_the_event_has_none(pcm, card, asound):
    card.transfer[PLAY] = 400
    done = _exchange(pcm, PAUSE)
    assert done.playback.frames == 400
    assert "ended before" in done.stood.refused
    assert _events(asound, "pause") == []


def test_stream_that_was_dropped_meanwhile_is_not_waited_for(pcm, card, asound):
    handling = Handling(middle=Middle(LifecycleEvent.PAUSE, 1000, 600.0))
    call = asound.call

    def stopping(handle, name, *more):
        returned = call(handle, name, *more)
        if name == "pause" and handle == CAPTURE:
            asound.states[PLAY] = "SETUP"
        return returned

    asound.call = stopping
    assert _exchange(pcm, handling).stood.playback_ns < 60e9


def test_event_in_the_middle_needs_a_burst_of_one_call(pcm):
    told = pcm.supports(Handling(playback=PlaybackTouch.RMW, middle=PAUSE.middle))
    assert "pause in the middle of a burst needs one call per direction" in told
    assert pcm.supports(PAUSE) is None


def test_playback_alone_pauses_alone(asound, request_of):
    with AlsaPcm("hw:0,0", None, lib=asound) as pcm:
        pcm.open(request_of())
        asound.status = partial(_running, asound)
        done = _exchange(pcm, PAUSE)
    assert _events(asound, "pause") == [("pause", PLAY)] * 2
    assert (done.stood.refused, done.stood.capture_ns) == ("", 0)


def _running(asound, handle):
    return 0, 3, 0, 0


def test_release_that_is_refused_is_told_and_ends_the_stream_there(pcm, asound):
    call = asound.call

    def stuck(handle, name, *more):
        if name == "pause" and handle == PLAY and more == (0,):
            return -errno.EBADFD
        return call(handle, name, *more)

    asound.call = stuck
    done = _exchange(pcm, PAUSE)
    assert "snd_pcm_pause" in done.stood.refused
    assert done.playback.frames == 1000


def test_pause_asks_for_a_one_and_release_for_a_zero(pcm, asound):
    call, asked = asound.call, []

    def noting(handle, name, *more):
        if name == "pause":
            asked.append((handle, *more))
        return call(handle, name, *more)

    asound.call = noting
    _exchange(pcm, PAUSE)
    assert asked == [(PLAY, 1), (CAPTURE, 1), (CAPTURE, 0), (PLAY, 0)]


def test_parts_before_and_behind_the_event_cover_the_buffer():
    parts = []
    middle.in_the_middle(PAUSE.middle, None, None, lambda *part: parts.append(part), 4000)
    assert parts == [(0, 1000), (1000, 3000)]


@pytest.mark.parametrize(
    ("seconds", "sleeps"), [(0.0, []), (0.003, [0.003]), (0.005, [0.005]), (0.012, [0.005, 0.005, 0.002])]
)
def test_wait_looks_now_and_then_and_ends_in_time(monkeypatch, seconds, sleeps):
    clock, slept = [100.0], []

    def sleep(time_s):
        slept.append(time_s)
        clock[0] += time_s

    monkeypatch.setattr(middle, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    paused = SimpleNamespace(status=lambda: SimpleNamespace(state="PAUSED"))
    middle.MiddleCall(PAUSE.middle, paused, None, None, None)._wait(seconds, paused)
    assert slept == pytest.approx(sleeps)


@pytest.mark.parametrize("status", [None, SimpleNamespace(state="SETUP")])
def test_wait_ends_where_the_stream_is_not_paused_any_more(status):
    gone = SimpleNamespace(status=lambda: status)
    middle.MiddleCall(PAUSE.middle, gone, None, None, None)._wait(600.0, gone)
