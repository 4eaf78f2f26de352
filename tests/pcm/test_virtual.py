# SPDX-License-Identifier: MIT
"""The virtual PCM: grants like a driver, and short counts, xruns and losses as measured on real ones."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from stress.errors import DeviceGone, ParamsRefused, StreamStateError
from stress.model.formats import FORMATS
from stress.model.pcm import (
    Access,
    CaptureTouch,
    Direction,
    Handling,
    Lever,
    Load,
    Lost,
    PcmRequest,
    PlaybackTouch,
    StreamParams,
)
from stress.pcm.virtual import VirtualPcm
from stress.pcm.virtual_tap import VirtualTap
from stress.virtual.spec import BoardSpec

STEREO = FORMATS["S16_LE"]


def params(ring=960, period=48, rate=48000, access=Access.MMAP, channels=2, fmt=STEREO):
    return StreamParams(rate, channels, fmt, access, period, ring)


def opened(board="x86_64", playback=None, capture=None, seed=7, **changes):
    spec = BoardSpec.load(board, {key.replace("__", "."): value for key, value in changes.items()})
    pcm = VirtualPcm(spec, seed)
    pcm.open(PcmRequest(playback or params(), capture or params()))
    return pcm


def exchange(pcm, frames=9600, handling=None, width=4, seed=3):
    play = np.random.RandomState(seed).randint(1, 256, size=frames * width).astype(np.uint8)
    captured = np.zeros(frames * width, dtype=np.uint8)
    return pcm.exchange(play, captured, handling or Handling()), play, captured


def test_grant_takes_what_the_driver_takes_and_lists_the_rest():
    pcm = VirtualPcm(BoardSpec.load("arm926"))
    granted = pcm.open(PcmRequest(params(ring=960, period=20), params(ring=200000)))
    assert (granted.playback.period_size, granted.playback.buffer_size) == (48, 960)
    assert (granted.capture.period_size, granted.capture.buffer_size) == (94, 96000)
    assert granted.refused == (
        "playback period_size: 20 frames asked, 48 granted",
        "capture period_size: 48 frames asked, 94 granted",
        "capture buffer_size: 200000 frames asked, 96000 granted",
    )
    assert granted.line_bytes == 32 and pcm.backend == "virtual arm926" and pcm.is_virtual


@pytest.mark.parametrize(
    ("playback", "capture", "named"),
    [
        (params(rate=500), params(rate=500), "8000 to 192000"),
        (params(channels=65), params(), "1 to 64"),
        (params(rate=44100), params(), "rate"),
    ],
)
def test_open_with_what_no_card_has_is_refused(playback, capture, named):
    with pytest.raises(ParamsRefused, match=named):
        VirtualPcm(BoardSpec.load("arm926")).open(PcmRequest(playback, capture))


def test_open_refuses_an_access_the_board_lacks():
    pcm = VirtualPcm(BoardSpec.load("arm926", {"limits.mmap": False}))
    with pytest.raises(ParamsRefused, match="access mmap"):
        pcm.open(PcmRequest(params(), params()))


def test_mappings_show_page_frames_only_for_coherent_memory():
    for vmalloc, wanted in ((True, False), (False, True)):
        spec = BoardSpec.load("arm926", {"kernel.use_vmalloc": vmalloc})
        pcm = VirtualPcm(spec)
        granted = pcm.open(PcmRequest(params(), params(access=Access.RW)))
        assert [mapping.path for mapping in granted.mappings] == ["/dev/snd/pcmC0D0p"]
        assert ("pf io" in granted.mappings[0].vm_flags) == wanted


def test_default_board_corrupts_and_coherent_memory_and_physical_tags_do_not():
    small = params(ring=192)
    for board, changes, corrupts in (
        ("arm926", {}, True),
        ("arm926", {"kernel__use_vmalloc": False}, False),
        ("cortex-a", {}, False),
    ):
        pcm = opened(board, small, small, **changes)
        result, play, captured = exchange(pcm, 48000)
        lead = pcm.outcome.lead
        due = min(result.played_limit, 48000 - lead)
        wrong = (captured.reshape(-1, 4)[lead : lead + due] != play.reshape(-1, 4)[:due]).any(axis=1)
        assert len(wrong) == due > 47000
        assert (wrong.mean() > 0.3) if corrupts else not wrong.any()


def test_equal_seeds_give_equal_bursts():
    runs = [exchange(opened("arm926", params(192), params(240), seed=seed))[2] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_finished_call_leaves_the_stream_running_and_the_last_frames_unplayed():
    pcm = opened(playback=params(4800), capture=params(4800))
    result, _, _ = exchange(pcm, 9600)
    assert result.playback.frames == 9600 and result.playback.state == "RUNNING" and result.xruns == 0
    assert result.played_limit == result.playback.hw_ptr < 9600
    assert result.capture.frames == 9600 and result.capture.hw_ptr >= 9600


def test_writer_that_stops_gives_a_short_count_and_an_xrun():
    pcm = opened(fault=[{"kind": "playback-stop", "frame": 4000}])
    result, play, captured = exchange(pcm, 48000)
    assert result.playback.state == "XRUN" and result.playback.xruns == 1
    assert 4000 <= result.playback.frames < 4100
    assert result.played_limit < result.playback.frames
    assert result.playback.frames - result.played_limit <= 6, "at most the packet the driver keeps"
    assert result.capture.frames == 48000 and result.capture.xruns == 0
    lead, due = pcm.outcome.lead, result.played_limit
    np.testing.assert_array_equal(captured[lead * 4 : (lead + due) * 4], play[: due * 4])
    assert not captured[(lead + due) * 4 :].any()


def test_reader_that_stops_loses_the_unread_ring():
    pcm = opened(fault=[{"kind": "capture-stop", "frame": 4000}])
    result, _, captured = exchange(pcm, 48000)
    assert result.capture.state == "XRUN" and result.capture.xruns == 1
    assert 4000 <= result.capture.frames < 4100
    assert result.capture.hw_ptr - result.capture.frames >= 960
    assert not captured[result.capture.frames * 4 :].any()
    assert result.playback.frames == 48000


def test_frozen_card_gives_short_counts_and_is_named():
    result, _, _ = exchange(opened(fault=[{"kind": "freeze", "frame": 4000}]), 48000)
    assert result.lost is Lost.FROZEN
    assert result.playback.state == result.capture.state == "SETUP"
    assert 4000 < result.playback.frames < 6000 and 3000 < result.capture.frames < 5000


def test_unplugged_card_is_gone_for_good():
    pcm = opened(fault=[{"kind": "unplug", "frame": 4000}])
    result, _, _ = exchange(pcm, 48000)
    assert result.lost is Lost.GONE and result.capture.state == "DISCONNECTED"
    with pytest.raises(DeviceGone):
        exchange(pcm)
    with pytest.raises(DeviceGone):
        pcm.open(PcmRequest(params(), params()))


def test_burst_after_an_xrun_is_whole_again():
    pcm = opened(fault=[{"kind": "playback-stop", "frame": 4000, "burst": 0}])
    exchange(pcm, 48000)
    result, play, captured = exchange(pcm, 9600)
    lead = pcm.outcome.lead
    due = min(result.played_limit, 9600 - lead)
    assert due > 9000
    np.testing.assert_array_equal(captured[lead * 4 : (lead + due) * 4], play[: due * 4])


def test_virtual_time_runs_on_from_burst_to_burst():
    pcm = opened()
    first, second = (exchange(pcm, 48000)[0].capture for _ in range(2))
    assert first.started_ns == 0 and second.started_ns == first.ended_ns
    assert first.ended_ns == pytest.approx(1e9, rel=0.01)


@pytest.mark.parametrize(
    ("handling", "reason"),
    [
        (Handling(PlaybackTouch.RMW, start_burst=True), "start burst"),
        (Handling(PlaybackTouch.RMW, 1), "48 frames queued never start"),
        (Handling(PlaybackTouch.RMW, 30), "30 periods cannot be queued"),
    ],
)
def test_supports_says_why_not_and_exchange_refuses(handling, reason):
    pcm = opened("arm926")
    assert reason in pcm.supports(handling)
    with pytest.raises(StreamStateError, match=reason):
        exchange(pcm, handling=handling)


def test_supports_says_why_rw_access_cannot_touch_lines():
    rw = params(access=Access.RW)
    assert "read before it is written" in opened(playback=rw).supports(Handling(PlaybackTouch.RMW))
    assert "touch" in opened(capture=rw).supports(Handling(capture=CaptureTouch.AHEAD))
    assert "lever" in opened(playback=rw, capture=rw).supports(Handling(lever=Lever.CACHEFLUSH))
    assert opened(playback=rw, capture=rw).supports(Handling()) is None


def test_stop_from_another_thread_ends_the_burst_with_short_counts():
    pcm = opened("arm926", usb__ratio_ppm=137)  # a drifting clock is walked tick by tick
    done = threading.Event()

    def stop_again_and_again():
        while not done.wait(0.001):
            pcm.stop()

    stopper = threading.Thread(target=stop_again_and_again)
    stopper.start()
    result, _, captured = exchange(pcm, 480000)
    done.set()
    stopper.join()
    assert result.capture.frames < 480000 and not captured[result.capture.frames * 4 :].any()


def test_ring_keeps_its_data_from_burst_to_burst_and_loses_it_at_open():
    quiet = {"kernel__noise_lines_per_ms": 0, "user__between_fills": 0}
    rw = params(access=Access.RW)
    pcm = opened("xscale", params(192), rw, **quiet)
    exchange(pcm, 960, seed=1)
    exchange(pcm, 960, seed=2)
    assert (pcm.outcome.played.number[:192] > 0).any(), "the first lap shows the burst before"
    assert (pcm.outcome.played.number[:192] < pcm.outcome.played.base).any()
    pcm.open(PcmRequest(params(192), rw))
    exchange(pcm, 960, seed=3)
    anew = pcm.outcome.played
    np.testing.assert_array_equal(anew.number[:192], anew.truth[:192])


@pytest.mark.parametrize(("name", "switched"), [("arm926", True), ("cortex-a", False)])
def test_load_costs_one_cpu_two_switches_a_wake_up_and_says_so(name, switched):
    spec = BoardSpec.load(name, {})
    pcm = VirtualPcm(spec, 1)
    params = StreamParams(48000, 2, FORMATS["S16_LE"], Access.MMAP, 48, 480)
    pcm.open(PcmRequest(params, params))
    buffer = np.zeros(48000 * 4, dtype=np.uint8)
    exchange = pcm.exchange(buffer, buffer.copy(), Handling(load=Load.MEMORY))
    # Two directions of 1000 wake-ups each, away and back: 4000 a second, Poisson.
    assert (3500 < exchange.playback.involuntary < 4500) is switched
    assert any("load memory beside it" in note for note in exchange.notes)


def test_tap_of_a_card_that_only_plays_shows_no_capture():
    pcm = opened(usb__captures=False)
    tap = VirtualTap(pcm)
    tap.start(pcm.open(PcmRequest(params(), params())), 1.0)
    exchange(pcm)
    tap.grab()
    wire = tap.finish()
    assert not wire.has_capture and not wire.into.data.size and wire.out.data.size
    assert Direction.CAPTURE not in wire.memory


LAYOUTS = [(1, "S24_3LE"), (1, "S16_LE"), (2, "S24_3LE"), (3, "S16_LE"), (3, "S24_3LE"), (5, "S24_3LE")]


@pytest.mark.parametrize(("channels", "fmt"), LAYOUTS)
@pytest.mark.parametrize("name", ["cortex-a", "x86_64", "mips24k-16k", "arm1176"])
@pytest.mark.parametrize(("rate", "ppm"), [(44100, 0), (48000, -200), (16000, 300)])
def test_core_without_aliases_corrupts_no_frame_of_any_length(name, channels, fmt, rate, ppm):
    # Packets and periods of these frames end inside words and lines.
    layout = {"rate": rate, "channels": channels, "fmt": FORMATS[fmt]}
    sizes = params(**layout), params(ring=1061, period=51, **layout)
    pcm = opened(name, *sizes, usb__ratio_ppm=ppm)
    width = sizes[0].frame_bytes
    went, play, captured = exchange(pcm, frames=rate // 10, width=width)
    frames, played = captured.reshape(-1, width), play.reshape(-1, width)
    lead = next(at for at in range(len(frames)) if (frames[at] == played[0]).all())
    assert went.playback.xruns == went.capture.xruns == 0
    np.testing.assert_array_equal(frames[lead:], played[: len(frames) - lead])


def test_faults_of_a_run_that_goes_on_keep_their_burst_numbers():
    spec = BoardSpec.load("x86_64", {"fault": [{"kind": "freeze", "frame": 4000, "burst": 1}]})

    def frozen(before, bursts):
        pcm = VirtualPcm(spec, 7, before)
        pcm.open(PcmRequest(params(), params()))
        return [exchange(pcm)[0].lost is Lost.FROZEN for _ in range(bursts)]

    assert frozen(0, 2) == [False, True]
    assert frozen(1, 1) == [True]
    assert frozen(2, 1) == [False]


@pytest.mark.parametrize(
    ("playback", "capture", "sides"),
    [("MMAP", "MMAP", "pc"), ("MMAP", "RW", "p"), ("RW", "MMAP", "c"), ("RW", "RW", "")],
)
def test_mappings_are_the_rings_in_whole_pages_of_the_mmapped_directions(playback, capture, sides):
    pcm = VirtualPcm(BoardSpec.load("arm926"))
    # 960 frames of 4 bytes are 3840 bytes, less than a page; 1920 are 7680, less than two.
    asked = params(960, access=Access[playback]), params(1920, access=Access[capture])
    found = pcm.open(PcmRequest(*asked)).mappings
    wanted = {"p": (Direction.PLAYBACK, "p", 4096), "c": (Direction.CAPTURE, "c", 8192)}
    assert [(one.direction, one.path, one.size_bytes, one.is_ring) for one in found] == [
        (direction, f"/dev/snd/pcmC0D0{side}", size, True)
        for direction, side, size in (wanted[side] for side in sides)
    ]


def test_plain_burst_takes_no_note_and_no_page_fault_and_ends_with_its_last_packet():
    pcm = opened("x86_64")
    result, _, _ = exchange(pcm, 960)
    packets = pcm.outcome.timeline.tick
    assert result.notes == ()
    for stream in (result.playback, result.capture):
        assert (stream.started_ns, stream.ended_ns) == (0, packets * pcm.spec.usb.packet_us * 1000)
        assert stream.minor_faults == 0
    assert result.lost is None and packets > 0


def test_cache_lever_is_noted():
    result, _, _ = exchange(opened("arm926"), 960, Handling(lever=Lever.CACHEFLUSH))
    assert "cache lever: cacheflush" in result.notes


@pytest.mark.parametrize(
    "buffer",
    [
        np.zeros(4001, dtype=np.uint8),
        np.zeros(4000, dtype=np.int8),
        np.zeros((1000, 4), dtype=np.uint8),
    ],
    ids=["part of a frame", "another type", "two dimensions"],
)
@pytest.mark.parametrize("side", ["play", "captured"])
def test_buffer_that_is_no_row_of_whole_frames_is_refused_by_name(buffer, side):
    sound = np.zeros(4000, dtype=np.uint8)
    buffers = (buffer, sound) if side == "play" else (sound, buffer)
    with pytest.raises(StreamStateError, match=f"{side} is no row of bytes"):
        opened().exchange(*buffers, Handling())
