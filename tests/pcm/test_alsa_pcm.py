# SPDX-License-Identifier: MIT
"""AlsaPcm over a stand-in for libasound: negotiation, counts, losses, refusals."""

from __future__ import annotations

import errno
import threading
from functools import partial

import numpy as np
import pytest

from stress.errors import DeviceBusy, DeviceError, ParamsRefused, StreamStateError, StreamTimeout
from stress.model.pcm import CaptureTouch, Handling, Lever, Lost, PlaybackTouch
from stress.pcm import cache_maintenance
from stress.pcm.alsa import AlsaPcm

PLAY, CAPTURE = 1, 2


@pytest.fixture
def pcm(asound):
    with AlsaPcm("hw:0,0", "hw:0,1", lib=asound) as pcm:
        yield pcm


def _buffers(frames=4800):
    return np.zeros(frames * 4, dtype=np.uint8), np.zeros(frames * 4, dtype=np.uint8)


def test_granted_equals_request_when_the_card_has_it(pcm, request_of):
    granted = pcm.open(request_of())
    assert granted.playback == request_of().playback
    assert granted.refused == ()
    assert granted.device.startswith("hw:0,0 playback (/dev/snd/pcmC0D0p sub0) -> hw:0,1 capture")


def test_fifo_that_the_driver_states_is_granted(pcm, asound, request_of):
    asound.card.fifo = 32
    assert pcm.open(request_of()).playback.fifo_frames == 32


def test_other_sizes_are_granted_and_named(pcm, request_of):
    granted = pcm.open(request_of(ring=65536, period=8192))
    assert (granted.capture.buffer_size, granted.capture.period_size) == (16384, 4096)
    assert "capture buffer_size: 65536 frames asked, 16384 granted" in granted.refused
    assert "playback period_size: 8192 frames asked, 4096 granted" in granted.refused


def test_larger_sizes_than_asked_are_named_too(pcm, card, asound, request_of):
    asound.hw_near = lambda handle, space, what, value: space.update({what: value * 2}) or 0
    refused = pcm.open(request_of(ring=4096, period=1024)).refused
    assert "playback period_size: 1024 frames asked, 2048 granted" in refused
    assert len(refused) == 4


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rate": 96000}, ["rate 96000", "44100..48000"]),
        ({"channels": 8}, ["channels 8", "1..2"]),
        ({"name": "S24_3LE"}, ["S24_3LE", "S16_LE S32_LE"]),
    ],
)
def test_refused_parameter_names_request_and_limits(pcm, request_of, asked, words):
    with pytest.raises(ParamsRefused) as caught:
        pcm.open(request_of(**asked))
    for word in words:
        assert word in str(caught.value)


def test_driver_that_refuses_at_the_end_names_the_sizes(pcm, card, request_of):
    card.install_error = -errno.EINVAL
    with pytest.raises(ParamsRefused, match=r"period_size 1024.*allows buffer_size 64\.\.16384") as caught:
        pcm.open(request_of())
    assert caught.value.errno == errno.EINVAL


def test_driver_without_mmap_is_a_plain_device_error(pcm, card, request_of):
    card.accesses = (3,)
    with pytest.raises(DeviceError, match="no mmap access") as caught:
        pcm.open(request_of())
    assert not isinstance(caught.value, ParamsRefused)
    assert pcm.open(request_of("rw")).mappings == ()


def test_failed_open_closes_what_it_opened(pcm, asound, card, request_of):
    card.rates = (44100,)
    with pytest.raises(ParamsRefused):
        pcm.open(request_of())
    assert ("close", PLAY) in asound.calls


def test_busy_card_is_device_busy(pcm, card, request_of):
    card.open_error = -errno.EBUSY
    with pytest.raises(DeviceBusy):
        pcm.open(request_of())


@pytest.mark.parametrize(
    ("access", "names", "backend"),
    [("mmap", ("mmap_writei", "mmap_readi"), "alsa mmap"), ("rw", ("writei", "readi"), "alsa rw")],
)
def test_burst_is_one_transfer_per_direction(pcm, asound, request_of, access, names, backend):
    pcm.open(request_of(access))
    exchange = pcm.exchange(*_buffers(), Handling())
    transfers = [call[0] for call in asound.calls if call[0].endswith("i")]
    assert sorted(transfers) == sorted(names)
    assert (exchange.playback.frames, exchange.capture.frames) == (4800, 4800)
    assert exchange.xruns == 0
    assert exchange.lost is None
    assert (exchange.playback.waits, exchange.capture.waits) == (0, 0)
    assert pcm.backend == backend


def test_software_parameters_keep_the_ring_honest(pcm, asound, request_of):
    pcm.open(request_of())
    pcm.exchange(*_buffers(), Handling())
    for handle in (PLAY, CAPTURE):
        assert asound.software[handle] == {
            "start_threshold": 1,
            "stop_threshold": 4096,
            "silence_threshold": 0,
            "silence_size": 0,
            "avail_min": 1024,
        }


def test_nothing_is_drained_and_both_are_dropped(pcm, asound, request_of):
    pcm.open(request_of())
    pcm.exchange(*_buffers(), Handling())
    called = [call for call in asound.calls if call[0] in ("drain", "drop")]
    assert set(called) == {("drop", PLAY), ("drop", CAPTURE)}


@pytest.mark.parametrize(("handle", "side"), [(PLAY, "playback"), (CAPTURE, "capture")])
def test_short_count_in_xrun_is_one_xrun(pcm, card, request_of, handle, side):
    card.transfer[handle], card.state_after[handle] = 1700, "XRUN"
    pcm.open(request_of())
    exchange = pcm.exchange(*_buffers(), Handling())
    assert getattr(exchange, side).frames == 1700
    assert getattr(exchange, side).xruns == exchange.xruns == 1
    assert exchange.lost is None


def test_xrun_before_the_first_frame_counts_as_zero_frames(pcm, card, request_of):
    card.transfer[CAPTURE], card.state_after[CAPTURE] = -errno.EPIPE, "XRUN"
    card.avail_after[CAPTURE] = 96
    pcm.open(request_of())
    exchange = pcm.exchange(*_buffers(), Handling())
    assert (exchange.capture.frames, exchange.capture.xruns, exchange.capture.hw_ptr) == (0, 1, 96)


@pytest.mark.parametrize(("avail", "limit"), [(4096, 4800), (96, 800), (5000, 4800)])
def test_played_limit_is_what_left_the_ring(pcm, card, request_of, avail, limit):
    # Playback: avail = hw_ptr + ring - appl_ptr, with appl_ptr 4800 and ring 4096.
    card.avail_after[PLAY] = avail
    pcm.open(request_of())
    exchange = pcm.exchange(*_buffers(), Handling())
    assert exchange.playback.hw_ptr == 4800 + avail - 4096
    assert exchange.played_limit == limit


def test_unplugged_card_is_gone_and_keeps_a_ring_back(pcm, card, request_of):
    for handle in (PLAY, CAPTURE):
        card.state_after[handle] = "DISCONNECTED"
    card.transfer = {PLAY: 4500, CAPTURE: -errno.ENODEV}
    pcm.open(request_of())
    exchange = pcm.exchange(*_buffers(), Handling())
    assert exchange.lost is Lost.GONE
    assert exchange.playback.hw_ptr is None
    assert exchange.played_limit == 4500 - 4096
    assert exchange.capture.frames == 0


@pytest.mark.parametrize("handle", [PLAY, CAPTURE])
def test_one_vanished_direction_is_enough(pcm, card, request_of, handle):
    card.state_after[handle] = "DISCONNECTED"
    pcm.open(request_of())
    assert pcm.exchange(*_buffers(), Handling()).lost is Lost.GONE


def test_driver_failure_is_raised(pcm, card, request_of):
    card.transfer[CAPTURE] = -errno.EINVAL
    pcm.open(request_of())
    with pytest.raises(DeviceError, match="capture"):
        pcm.exchange(*_buffers(), Handling())


@pytest.fixture
def quick_looks(monkeypatch):
    monkeypatch.setattr("stress.pcm.alsa.burst.LOOKS", 3)
    monkeypatch.setattr("stress.pcm.alsa.burst.LOOK_S", 0.001)


@pytest.mark.parametrize("returned", [-errno.EIO, 300])
def test_kernel_that_gives_up_on_a_still_device_is_frozen(pcm, card, request_of, quick_looks, returned):
    answers = iter([returned])
    card.transfer[CAPTURE] = lambda frames: next(answers, -errno.EIO)
    pcm.open(request_of("rw"))
    exchange = pcm.exchange(*_buffers(), Handling())
    assert exchange.lost is Lost.FROZEN
    assert any("stands still after" in note for note in exchange.notes)


def test_kernel_that_gives_up_on_a_moving_device_is_asked_again(pcm, card, request_of, quick_looks):
    class Counting(dict):
        count = 0

        def get(self, key, default=None):
            self.count += 1
            return self.count

    pieces = iter([-errno.EIO, -errno.EIO, 300, 1000])
    card.transfer[CAPTURE] = lambda frames: next(pieces, frames)
    card.avail_after = Counting()
    pcm.open(request_of("rw"))
    exchange = pcm.exchange(*_buffers(), Handling())
    assert exchange.lost is None
    assert exchange.capture.frames == 4800
    assert (exchange.playback.waits, exchange.capture.waits) == (0, 4)
    assert any("capture: the kernel gave up waiting 4 times" in note for note in exchange.notes)


def test_xrun_after_a_wait_given_up_keeps_the_frames_before_it(pcm, card, request_of, quick_looks):
    def answer(frames):
        if frames == 4800:
            return 300
        card.state_after[CAPTURE] = "XRUN"
        pcm._lib.states[CAPTURE] = "XRUN"
        return -errno.EPIPE

    card.transfer[CAPTURE] = answer
    pcm.open(request_of("rw"))
    capture = pcm.exchange(*_buffers(), Handling()).capture
    assert (capture.frames, capture.state, capture.xruns) == (300, "XRUN", 1)


def test_short_count_in_mmap_is_not_asked_again(pcm, card, request_of, quick_looks):
    asked = []
    card.transfer[CAPTURE] = lambda frames: asked.append(frames) or 300
    pcm.open(request_of())
    assert pcm.exchange(*_buffers(), Handling()).capture.frames == 300
    assert asked == [4800]


def test_playback_alone_has_an_empty_capture(asound, request_of):
    with AlsaPcm("hw:0,0", None, lib=asound) as pcm:
        granted = pcm.open(request_of())
        exchange = pcm.exchange(_buffers()[0], np.zeros(0, dtype=np.uint8), Handling())
    assert "->" not in granted.device
    assert (exchange.playback.frames, exchange.capture.frames) == (4800, 0)


@pytest.mark.parametrize(
    ("access", "handling", "words"),
    [
        ("rw", Handling(playback=PlaybackTouch.RMW), "need mmap"),
        ("rw", Handling(queue_periods=2), "need mmap"),
        ("rw", Handling(start_burst=True), "need mmap"),
        ("rw", Handling(capture=CaptureTouch.WHOLE), "needs mmap"),
        ("rw", Handling(capture=CaptureTouch.AHEAD), "needs mmap"),
        ("rw", Handling(lever=Lever.CLEAN_INVALIDATE), "nothing for a lever"),
        ("mmap", Handling(queue_periods=5), "ring of 4"),
        ("mmap", Handling(start_burst=True, queue_periods=1), "start burst"),
        ("mmap", Handling(start_burst=True, playback=PlaybackTouch.RMW), "start burst"),
        ("mmap", Handling(start_burst=True, lever=Lever.CLEAN_INVALIDATE), "only one"),
    ],
)
def test_impossible_handling_is_refused_with_its_reason(pcm, request_of, access, handling, words):
    pcm.open(request_of(access))
    assert words in pcm.supports(handling)
    with pytest.raises(StreamStateError, match=words):
        pcm.exchange(*_buffers(), handling)


def test_period_without_a_whole_line_refuses_whole_line_reads(asound, request_of):
    with AlsaPcm("hw:0,0", "hw:0,1", line_bytes=64, lib=asound) as pcm:
        pcm.open(request_of(ring=64, period=8))
        assert "no whole 64-byte line" in pcm.supports(Handling(capture=CaptureTouch.WHOLE))
        assert pcm.supports(Handling()) is None


@pytest.mark.parametrize(("machine", "bits", "has"), [("armv5tel", 31, True), ("x86_64", 63, False)])
def test_cacheflush_exists_on_32_bit_arm_only(monkeypatch, machine, bits, has):
    monkeypatch.setattr(cache_maintenance.platform, "machine", lambda: machine)
    monkeypatch.setattr(cache_maintenance.sys, "maxsize", 2**bits - 1)
    assert (cache_maintenance.supports(Lever.CACHEFLUSH) is None) is has


def test_aarch64_program_has_no_cacheflush(monkeypatch):
    monkeypatch.setattr(cache_maintenance.platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(cache_maintenance.sys, "maxsize", 2**63 - 1)
    assert "32-bit ARM" in cache_maintenance.supports(Lever.CACHEFLUSH)


def test_buffers_must_be_contiguous_bytes(pcm, request_of):
    pcm.open(request_of())
    play, captured = _buffers()
    with pytest.raises(StreamStateError, match="contiguous"):
        pcm.exchange(play[::2], captured, Handling())
    with pytest.raises(StreamStateError, match="contiguous"):
        pcm.exchange(play, captured.view("<u4"), Handling())


def test_refused_memory_lock_is_noted(pcm, request_of, monkeypatch):
    pcm.open(request_of())
    monkeypatch.setattr(pcm._libc, "lock", lambda address, size: errno.ENOMEM)
    notes = pcm.exchange(*_buffers(), Handling()).notes
    assert any("not locked" in note and "memlock" in note for note in notes)


def test_dose_is_measured_and_noted(pcm, card, request_of):
    pcm.open(request_of())
    card.transfer[CAPTURE] = partial(_nap, pcm)
    notes = pcm.exchange(*_buffers(), Handling(switches_per_s=200.0)).notes
    dose = [note for note in notes if note.startswith("context-switch dose")]
    assert len(dose) == 1
    assert float(dose[0].split()[2].rstrip("/s")) > 0
    assert "200/s asked" in dose[0]


def _nap(pcm, frames):
    pcm._libc.bind("usleep", 200_000)()
    return frames


def test_playback_tells_how_near_to_empty_it_ran(pcm, card, request_of):
    card.most_avail[PLAY] = card.most_avail[CAPTURE] = 4000
    pcm.open(request_of(ring=4096))
    exchange = pcm.exchange(*_buffers(), Handling())
    assert (exchange.playback.least_queued, exchange.capture.least_queued) == (96, None)


@pytest.mark.parametrize(
    ("names", "after"),
    [
        (("hw:1,0", "hw:1,0"), ("hw:4,0", "hw:4,0")),
        (("hw:1,0", None), ("hw:4,0", None)),
        (("hw:1,0", "hw:2,0"), ("hw:4,0", "hw:2,0")),
    ],
)
def test_card_that_comes_back_under_another_number_is_opened_there(asound, request_of, names, after):
    with AlsaPcm(*names, lib=asound) as pcm:
        pcm.card_moved(1, 4)
        device = pcm.open(request_of()).device
    assert all(name in device for name in after if name)
    assert (" -> " in device) == (after[1] is not None)


def test_handle_that_a_thread_is_still_inside_is_not_closed(pcm, card, asound, request_of, monkeypatch):
    # libasound has freed it then, and the thread that comes back late ends the process.
    monkeypatch.setattr("stress.pcm.alsa.window.RELEASE_S", 0.05)
    monkeypatch.setattr("stress.pcm.alsa.window.LOOKS", 1)
    monkeypatch.setattr("stress.pcm.alsa.window.OVERDUE_MARGIN_S", 0.01)
    back, kept = threading.Event(), []
    monkeypatch.setattr("stress.pcm.alsa.pcm._KEPT", kept)
    card.transfer[CAPTURE] = lambda frames: back.wait(60.0) and frames
    pcm.open(request_of())
    buffers = _buffers()
    with pytest.raises(StreamTimeout, match="did not return"):
        pcm.exchange(*buffers, Handling())
    pcm.close()
    assert not [call for call in asound.calls if call[0] == "close"]
    assert any(one is buffers[1] for used in kept for one in used)
    back.set()
    for thread in threading.enumerate():
        if thread.name.startswith("pcm-"):
            thread.join(60.0)
    # What is opened next is closed as ever.
    card.transfer.clear()
    pcm.open(request_of())
    assert pcm.exchange(*_buffers(), Handling()).capture.frames == 4800
    pcm.close()
    assert [call for call in asound.calls if call[0] == "close"] == [("close", PLAY), ("close", CAPTURE)]
