# SPDX-License-Identifier: MIT
"""From a handling to thresholds and loops: what each arm sets up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, CaptureTouch, Direction, Handling, Lever, PlaybackTouch, StreamParams
from stress.pcm import loops
from stress.pcm.alsa import AlsaPcm, transfer_plan

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


@pytest.mark.parametrize(
    ("handling", "playback", "capture"),
    [
        (Handling(), False, False),
        (Handling(queue_periods=1), True, False),
        (Handling(playback=PlaybackTouch.RMW), True, False),
        (Handling(capture=CaptureTouch.WHOLE), False, True),
        (Handling(lever=Lever.CACHEFLUSH), True, True),
    ],
)
def test_mmapped_direction_loops_for_what_one_call_cannot_do_and_rw_never(handling, playback, capture):
    def loops(direction, access):
        stream = SimpleNamespace(granted=SimpleNamespace(access=access), direction=direction)
        return transfer_plan.loops_in(stream, handling)

    assert [loops(direction, Access.MMAP) for direction in Direction] == [playback, capture]
    assert [loops(direction, Access.RW) for direction in Direction] == [False, False]


def test_plain_streams_start_with_their_first_frame_and_wake_a_period_later(ran, asound):
    ran(Handling())
    for handle in (PLAY, CAPTURE):
        software = asound.software[handle]
        assert (software["start_threshold"], software["avail_min"]) == (1, PERIOD)


def test_capture_that_loops_starts_with_its_first_frame_too(ran, asound):
    ran(Handling(capture=CaptureTouch.WHOLE))
    assert asound.software[CAPTURE]["start_threshold"] == 1


class _Stream:
    """Remembers what is transferred; frames of 4 bytes."""

    def __init__(self, access=Access.RW):
        self.granted = StreamParams(48000, 2, FORMATS["S16_LE"], access, PERIOD, RING)
        self.prepared, self.asked = [], []

    def prepare(self, start, wake):
        self.prepared.append((start, wake))

    def ring(self, libc):
        return "ring"

    def transfer(self, address, frames):
        self.asked.append((address, frames))
        return lambda: frames


@pytest.mark.parametrize("access", list(Access))
def test_one_call_takes_the_whole_buffer_and_rw_goes_on_behind_what_was_done(access):
    stream = _Stream(access)
    way = transfer_plan._one_call(stream, 10_000, 500)
    assert stream.asked == [(10_000, 500)]
    assert (way.rest is not None) == (access is Access.RW)
    if way.rest:
        way.rest(0), way.rest(120)
        assert stream.asked[1:] == [(10_000, 500), (10_000 + 120 * 4, 380)]


def test_parts_of_a_burst_with_a_middle_follow_one_another(monkeypatch):
    stream, parts = _Stream(), []
    monkeypatch.setattr(transfer_plan, "in_the_middle", lambda *given: parts.append(given) or (lambda: 0))
    plain = transfer_plan._one_call(stream, 10_000, 500)
    way = transfer_plan._with_middle(plain, "middle", 10_000, "capture")
    ((middle, played, capture, part, frames),) = parts
    assert (middle, played, capture, frames) == ("middle", stream, "capture", 500)
    part(0, 200), part(200, 300)
    assert stream.asked[1:] == [(10_000, 200), (10_000 + 200 * 4, 300)]
    assert way.call is way.middle


@pytest.mark.parametrize(("frames", "prefill"), [(500, 500), (863, 863), (864, 864), (2000, 864)])
def test_start_burst_transfers_what_the_prefill_left(monkeypatch, frames, prefill):
    # 18 ms at 48 kHz are 864 frames of the 4096 that the ring has room for.
    stream, given = _Stream(Access.MMAP), []
    monkeypatch.setattr(loops, "start_burst", lambda *args: given.append(args) or (lambda: 0))
    way = transfer_plan._start_burst(stream, 10_000, frames, None)
    assert stream.asked == [(10_000 + prefill * 4, frames - prefill)]
    assert given[0][:4] == ("ring", 10_000, prefill, int(way.scratch.ctypes.data))
    assert (way.scratch.size, way.frames, stream.prepared) == (prefill * 4, frames, [(BOUNDARY, PERIOD)])


@pytest.mark.parametrize(("asked", "size"), [(0, 1), (1, 1), (2, 2), (4096, 4096), (4097, 4097)])
def test_scratch_has_the_size_asked_for_and_each_page_of_it_is_touched(asked, size):
    scratch = transfer_plan._scratch(asked)
    assert scratch.size == size
    assert np.flatnonzero(scratch).tolist() == list(range(0, size, 4096))
    assert scratch[0] == 1
