# SPDX-License-Identifier: MIT
"""A burst: what comes back, what is counted, what is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from stress.errors import StreamStateError
from stress.model.pcm import CaptureTouch, Handling, Lever, Load, PlaybackTouch

HANDLINGS = {
    "one call": Handling(),
    "rmw": Handling(playback=PlaybackTouch.RMW),
    "rmw two periods": Handling(playback=PlaybackTouch.RMW, queue_periods=2),
    "store two periods": Handling(queue_periods=2),
    "whole lines": Handling(capture=CaptureTouch.WHOLE),
    "ahead": Handling(capture=CaptureTouch.AHEAD),
    "clean+invalidate": Handling(lever=Lever.CLEAN_INVALIDATE),
    "ahead with clean+invalidate": Handling(capture=CaptureTouch.AHEAD, lever=Lever.CLEAN_INVALIDATE),
    "cacheflush": Handling(playback=PlaybackTouch.RMW, lever=Lever.CACHEFLUSH),
    "start burst": Handling(start_burst=True),
    "dose": Handling(switches_per_s=50.0),
    "load memory": Handling(load=Load.MEMORY),
    "load syscalls": Handling(load=Load.SYSCALLS),
    "load usb": Handling(load=Load.USB),
}


def test_exchange_before_open_is_a_state_error(backend):
    buffer = np.zeros(4096, dtype=np.uint8)
    with pytest.raises(StreamStateError, match="not open"):
        backend.make().exchange(buffer, buffer.copy(), Handling())


def test_exchange_after_close_is_a_state_error(opened):
    play, captured = opened.buffers(4800)
    opened.pcm.close()
    with pytest.raises(StreamStateError, match="not open"):
        opened.pcm.exchange(play, captured, Handling())


@pytest.mark.parametrize("name", HANDLINGS)
def test_exchange_does_what_supports_promises(opened, name):
    handling = HANDLINGS[name]
    reason = opened.pcm.supports(handling)
    if reason is not None:
        with pytest.raises(StreamStateError) as caught:
            opened.burst(handling=handling)
        assert reason in str(caught.value)
        return
    expected, observed = opened.burst(handling=handling).compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)


@pytest.mark.parametrize("ring", [4096, 8192, 16384])
def test_captured_equals_played_inside_the_counts(opening, ring):
    burst = opening(ring).burst()
    expected, observed = burst.compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)


def test_second_burst_starts_anew(opened):
    opened.burst(9600)
    expected, observed = opened.burst(19200).compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)


def test_counts_stay_inside_the_buffers(opened):
    burst = opened.burst()
    exchange = burst.exchange
    assert 0 < exchange.capture.frames <= burst.captured.size // 4
    assert 0 < exchange.playback.frames <= burst.play.size // 4
    assert 0 < exchange.played_limit <= exchange.playback.frames


def test_play_buffer_is_left_alone(opened):
    play, captured = opened.buffers(9600)
    before = play.copy()
    opened.pcm.exchange(play, captured, Handling())
    np.testing.assert_array_equal(play, before)


def test_bytes_past_the_returned_count_keep_what_they_held(opened):
    burst = opened.burst()
    rest = burst.captured[burst.exchange.capture.frames * 4 :]
    assert (rest == 0xA5).all()


def test_times_enclose_the_calls_and_capture_goes_first(opened):
    exchange = opened.burst().exchange
    for stream in (exchange.playback, exchange.capture):
        assert stream.started_ns < stream.ended_ns
    assert exchange.capture.started_ns <= exchange.playback.started_ns


def test_undisturbed_burst_reports_no_loss(opened):
    assert opened.burst().exchange.lost is None


@pytest.mark.parametrize("name", ["rmw", "ahead", "clean+invalidate"])
def test_python_per_period_is_noted(opened, name):
    handling = HANDLINGS[name]
    if opened.pcm.supports(handling) is None:
        assert any("per period" in note for note in opened.burst(handling=handling).exchange.notes)
    else:
        assert not opened.granted.mappings


@pytest.mark.parametrize("which", ["play", "captured"])
def test_buffer_that_ends_inside_a_frame_is_a_state_error(opened, which):
    play, captured = opened.buffers(4800)
    if which == "play":
        play = play[:-1].copy()
    else:
        captured = captured[:-1].copy()
    with pytest.raises(StreamStateError, match="frame"):
        opened.pcm.exchange(play, captured, Handling())


def test_stop_between_bursts_leaves_the_next_one_whole(opened):
    opened.pcm.stop()
    expected, observed = opened.burst().compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)
