# SPDX-License-Identifier: MIT
"""From a handling to thresholds and loops: what each arm sets up."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.pcm import CaptureTouch, Handling, Lever, PlaybackTouch
from stress.pcm import loops
from stress.pcm.alsa import AlsaPcm

PLAY, CAPTURE = 1, 2
BOUNDARY = -1
RING, PERIOD = 4096, 1024


@pytest.fixture
def ran(asound, request_of, monkeypatch):
    """Run one burst whose loops do nothing; return what they were given."""
    given = {}

    def loop(name):
        def make(ring, address, frames, way, lever):
            given[name] = (ring, frames, way, lever)
            return lambda: frames

        return make

    def burst(ring, address, prefill, scratch, rest):
        given["start burst"] = (ring, prefill)
        return lambda: prefill

    monkeypatch.setattr(loops, "playback_loop", loop("playback"))
    monkeypatch.setattr(loops, "capture_loop", loop("capture"))
    monkeypatch.setattr(loops, "start_burst", burst)

    def run(handling, access="mmap", line_bytes=None, rate=48000):
        buffers = np.zeros(4800 * 4, dtype=np.uint8), np.zeros(4800 * 4, dtype=np.uint8)
        with AlsaPcm("hw:0,0", "hw:0,1", line_bytes=line_bytes, lib=asound) as pcm:
            pcm.open(request_of(access, RING, PERIOD, rate))
            given["notes"] = pcm.exchange(*buffers, handling).notes
        return given

    return run


def test_plain_handling_needs_no_loop(ran):
    assert set(ran(Handling())) == {"notes"}


@pytest.mark.parametrize(("queue", "limit", "step"), [(0, 4096, 1024), (1, 1024, 512), (2, 2048, 1024)])
def test_playback_loop_starts_by_hand_and_wakes_when_there_is_room(ran, asound, queue, limit, step):
    way = ran(Handling(playback=PlaybackTouch.RMW, queue_periods=queue))["playback"][2]
    assert (way.limit, way.step, way.rmw) == (limit, step, True)
    assert asound.software[PLAY]["start_threshold"] == BOUNDARY
    assert asound.software[PLAY]["avail_min"] == RING - limit + step


def test_store_with_a_queue_reads_nothing_first(ran):
    assert not ran(Handling(queue_periods=2))["playback"][2].rmw


def test_only_the_direction_that_needs_it_loops(ran):
    given = ran(Handling(playback=PlaybackTouch.RMW))
    assert "capture" not in given
    assert sum("per period" in note for note in given["notes"]) == 1


@pytest.mark.parametrize(
    ("touch", "line", "ahead"), [(CaptureTouch.WHOLE, 32, 0), (CaptureTouch.AHEAD, 32, PERIOD)]
)
def test_capture_loop_reads_whole_lines(ran, touch, line, ahead):
    given = ran(Handling(capture=touch))
    way = given["capture"][2]
    assert (way.wake, way.line_bytes, way.ahead) == (PERIOD, line, ahead)
    assert "playback" not in given


def test_capture_loop_takes_the_line_of_the_board(ran):
    assert ran(Handling(capture=CaptureTouch.WHOLE), line_bytes=16)["capture"][2].line_bytes == 16


def test_lever_loops_both_directions_and_keeps_reads_exact(ran):
    given = ran(Handling(lever=Lever.CLEAN_INVALIDATE))
    assert given["capture"][2].line_bytes == 1
    assert given["playback"][2].rmw is False
    levers = [given[side][3] for side in ("playback", "capture")]
    assert None not in levers
    assert levers[0].__self__ is not levers[1].__self__


@pytest.mark.parametrize(("rate", "prefill"), [(48000, 864), (44100, 793)])
def test_start_burst_prefills_what_start_copies_at_once(ran, asound, rate, prefill):
    given = ran(Handling(start_burst=True), rate=rate)
    assert given["start burst"][1] == prefill
    assert asound.software[PLAY]["start_threshold"] == BOUNDARY
    assert any(f"{prefill} frames prefilled" in note for note in given["notes"])


def test_ring_of_a_loop_is_the_mapped_one(ran):
    ring = ran(Handling(capture=CaptureTouch.WHOLE))["capture"][0]
    assert (ring.base, ring.size, ring.frame_bytes) == (0x1000 * CAPTURE, RING, 4)


def test_buffers_keep_what_they_held_when_nothing_comes(asound, card, request_of):
    card.transfer[CAPTURE] = 0
    captured = np.full(4096 * 4, 0xA5, dtype=np.uint8)
    with AlsaPcm("hw:0,0", "hw:0,1", lib=asound) as pcm:
        pcm.open(request_of())
        pcm.exchange(np.zeros(4096 * 4, dtype=np.uint8), captured, Handling())
    assert (captured == 0xA5).all()
