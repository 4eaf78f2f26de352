# SPDX-License-Identifier: MIT
"""The streams in virtual time: URBs as the driver cuts them, pointers that keep their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.model.pcm import CaptureTouch, Handling, Lever, PlaybackTouch
from stress.virtual.card.timeline import Timeline
from stress.virtual.card.urbs import PacketClock, UrbShape, capture_urbs, playback_urbs
from stress.virtual.planning import Asked, capture_plan, events, packet_clock, play_plan
from stress.virtual.spec import BoardSpec
from stress.virtual.steps import END, FIRST, KIND, TICK, StepKind, StepList, with_background
from tests.virtual.board_kit import stream

FULL, HIGH = PacketClock(48000, 1000), PacketClock(48000, 125)
WRITES = (StepKind.USER_STORE,)


@pytest.mark.parametrize(
    ("clock", "period", "buffer", "wanted"),
    [
        # 48 frames are one packet on full speed; the ring of 4 periods limits the URBs.
        (FULL, 48, 192, UrbShape(1, 4, 48)),
        # 512 frames: 11 packets, so 2 URBs of 6; 18 ms in flight are 3 of them.
        (FULL, 512, 1024, UrbShape(6, 3, 256)),
        # 240 frames: 5 packets, one URB; 3 of them make 15 of the 18 ms.
        (FULL, 240, 4800, UrbShape(5, 3, 240)),
        # High speed: 8 packets of 6 frames; 144 packets are 18 URBs, of which 12 at most.
        (HIGH, 48, 4800, UrbShape(8, 12, 48)),
    ],
)
def test_playback_urbs_fall_as_in_the_driver(clock, period, buffer, wanted):
    assert playback_urbs(clock, period, buffer) == wanted


@pytest.mark.parametrize(
    ("clock", "period", "packets"),
    [(FULL, 48, 1), (HIGH, 480, 8), (HIGH, 48, 4), (HIGH, 24, 2), (HIGH, 12, 1)],
)
def test_capture_urbs_last_a_millisecond_or_less_than_a_period(clock, period, packets):
    assert capture_urbs(clock, period) == UrbShape(packets, 12)


def test_packet_clock_carries_the_rate_and_the_ratio():
    assert PacketClock(44100, 1000).table(10) == [0, 44, 88, 132, 176, 220, 264, 308, 352, 396, 441]
    assert PacketClock(44100, 1000).cycle_packets == 10
    fast = PacketClock(48000, 125, 1000).table(8000)
    assert fast[-1] == 48048 and {b - a for a, b in zip(fast, fast[1:])} == {6, 7}


def timeline(spec, playback, capture, handling, played, wanted, walk=False):
    clock = packet_clock(spec, playback.rate)
    carried = clock.table(int((max(played, wanted) / playback.rate * 1.2 + 2) * 1e6 / spec.usb.packet_us))
    asked = Asked(handling, spec.fault, {})
    plan = capture_plan(spec, capture, wanted, asked)
    around = events(spec, clock, len(carried) // plan.packets, np.random.RandomState(0), spec.fault)
    made = Timeline(play_plan(spec, playback, played, asked), plan, carried, around)
    if walk:
        made._leap = lambda: False
    made.run()
    return made


HANDLINGS = {
    "one call": Handling(),
    "loops": Handling(PlaybackTouch.RMW, 3, CaptureTouch.AHEAD),
    "lever": Handling(capture=CaptureTouch.WHOLE, lever=Lever.CLEAN_INVALIDATE),
}
CHANGES = {
    "plain": {},
    "late": {"user.wake_us": 3000},
    "drift": {"usb.ratio_ppm": 100},
    "writer stops": {"fault": [{"kind": "playback-stop", "frame": 7000}]},
    "reader stops": {"fault": [{"kind": "capture-stop", "frame": 7000}]},
    "freeze": {"fault": [{"kind": "freeze", "frame": 9000}]},
    "not low latency": {"kernel.lowlatency": False},
    "timer": {"usb.tick_packets": 2},
    "plays only": {"usb.captures": False},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("handling", HANDLINGS)
@pytest.mark.parametrize(("core", "rate", "ring"), [("arm926", 48000, 192), ("feroceon", 44100, 960)])
def test_copied_turns_equal_the_walk(core, rate, ring, handling, change):
    spec = BoardSpec.load(core, CHANGES[change])
    streams = stream(ring, 48, rate), stream(ring + 48, 48, rate)
    for played, wanted in ((20000, 20000), (9000, 20000), (20000, 7000)):
        walked, leapt = (
            timeline(spec, *streams, HANDLINGS[handling], played, wanted, walk) for walk in (True, False)
        )
        np.testing.assert_array_equal(leapt.steps.table(), walked.steps.table())
        for name in ("hw", "appl", "state", "wakes"):
            assert getattr(leapt.playing, name) == getattr(walked.playing, name), name
            assert getattr(leapt.capturing, name) == getattr(walked.capturing, name), name
        assert (leapt.tick, leapt.halted) == (walked.tick, walked.halted)


def test_copied_turns_save_the_walking():
    made = timeline(BoardSpec.load("arm926"), stream(192), stream(240), Handling(), 480000, 480000)
    calls = []
    made = Timeline(made.playing.plan, made.capturing.plan, made.carried, made.events)
    made._kernel = lambda tick, kernel=made._kernel: calls.append(tick) or kernel(tick)
    made.run()
    assert made.tick == 10000 and len(calls) < 100


@pytest.mark.parametrize("core", ["arm926", "feroceon"])
@pytest.mark.parametrize("handling", HANDLINGS)
def test_pointers_keep_their_order_and_every_frame_moves_once(core, handling):
    playback, capture = stream(960, 44, 44100), stream(1056, 44, 44100)
    made = timeline(BoardSpec.load(core), playback, capture, HANDLINGS[handling], 44100, 44100)
    appl = hw = stored = read = 0
    for _, kind, first, end in made.steps.table().tolist():
        if kind in WRITES:
            assert first == appl and end <= hw + playback.buffer_size
            appl = end
        elif kind == StepKind.KERNEL_LOAD:
            assert first == hw and end < appl, "the driver keeps the last packet"
            hw = end
        elif kind == StepKind.KERNEL_STORE:
            assert first == stored and end - read < capture.buffer_size
            stored = end
        elif kind == StepKind.USER_READ:
            assert first == read and end <= stored
            read = end
        elif kind == StepKind.USER_AHEAD:
            assert first >= read and end <= read + capture.buffer_size
    assert (appl, hw, read) == (44100, made.playing.hw, 44100)
    assert 44100 - made.playing.hw <= 44100 * 0.05


def test_urbs_end_at_the_period_or_after_their_share_of_it():
    made = timeline(BoardSpec.load("arm926"), stream(4096, 512), stream(4800), Handling(), 9600, 9600)
    table = made.steps.table()
    copies = table[table[:, KIND] == StepKind.KERNEL_LOAD]
    # 512 frames are two URBs of 256: packets of 48 pass 256, 512, 768, ... after 6, 11, 16, 22, 27, 32.
    assert (copies[:6, END] // 48).tolist() == [6, 11, 16, 22, 27, 32]


@pytest.mark.parametrize("capture", [CaptureTouch.WHOLE, CaptureTouch.AHEAD])
def test_whole_line_reads_end_on_lines_of_the_ring(capture):
    handling = Handling(capture=capture)
    ring = 1059  # 4236 bytes: the last line of a lap is a part of one
    sides = stream(960, 44, 44100), stream(ring, 44, 44100)
    table = timeline(BoardSpec.load("arm926"), *sides, handling, 9600, 9600).steps.table()
    reads = table[table[:, KIND] == StepKind.USER_READ]
    ends = reads[:-1, END] % ring * 4
    assert len(ends) > 150 and not (ends % 32).any()
    ahead = table[table[:, KIND] == StepKind.USER_AHEAD]
    assert bool(len(ahead)) == (capture is CaptureTouch.AHEAD)
    assert not (ahead[:, FIRST] % ring * 4 % 32).any()


def test_queue_limits_what_is_written_ahead_of_the_copy():
    handling = Handling(PlaybackTouch.RMW, 2, CaptureTouch.EXACT)
    table = timeline(BoardSpec.load("arm926"), stream(4800), stream(4800), handling, 9600, 9600).steps.table()
    hw, most = 0, 0
    for _, kind, _, end in table.tolist():
        hw = end if kind == StepKind.KERNEL_LOAD else hw
        most = max(most, end - hw if kind in WRITES else 0)
    assert most == 96


def test_one_queued_period_moves_only_when_it_is_more_than_a_packet():
    one = Handling(PlaybackTouch.RMW, 1)
    stuck = timeline(BoardSpec.load("arm926"), stream(960), stream(960), one, 9600, 9600)
    assert stuck.playing.stuck and stuck.playing.hw == 0 and stuck.capturing.appl == 9600
    moving = timeline(BoardSpec.load("feroceon"), stream(960), stream(960), one, 9600, 9600)
    assert not moving.playing.stuck and moving.playing.hw > 9000
    keeps_none = BoardSpec.load("arm926", {"kernel.keeps_last_packet": False})
    assert timeline(keeps_none, stream(960), stream(960), one, 9600, 9600).playing.hw > 9000


def test_late_writer_underruns_and_late_reader_overruns():
    late = BoardSpec.load("arm926", {"user.wake_us": 6000})
    made = timeline(late, stream(192), stream(4800), Handling(), 48000, 48000)
    assert made.playing.state == "XRUN" and made.playing.cut_short and made.playing.appl < 48000
    assert made.capturing.appl == 48000
    made = timeline(late, stream(4800), stream(192), Handling(), 48000, 48000)
    assert made.capturing.state == "XRUN" and made.capturing.appl < 48000
    assert made.playing.appl == 48000


def test_played_out_stream_is_no_underrun_of_the_call():
    made = timeline(BoardSpec.load("arm926"), stream(960), stream(960), Handling(), 9600, 48000)
    assert made.playing.state == "XRUN" and not made.playing.cut_short and made.playing.appl == 9600


def test_start_burst_prefills_by_rmw_what_start_can_copy():
    handling = Handling(start_burst=True)
    made = timeline(BoardSpec.load("arm926"), stream(4800), stream(4800), handling, 9600, 9600)
    kinds = made.steps.table()
    rmw = kinds[kinds[:, KIND] == StepKind.USER_LOAD]
    assert rmw[:, [FIRST, END]].tolist() == [[0, 864]]
    started = kinds[(kinds[:, TICK] == made.events.play_tick) & (kinds[:, KIND] == StepKind.KERNEL_LOAD)]
    assert started[-1, END] == 12 * 48, "twelve URBs in flight"


def test_raced_urb_shows_frames_before_they_are_stored():
    spec = BoardSpec.load("cortex-a", {"kernel.smp_race": 1.0})
    table = timeline(spec, stream(960), stream(960), Handling(), 9600, 9600).steps.table()
    stored, early = 0, 0
    for _, kind, _, end in table.tolist():
        stored = end if kind == StepKind.KERNEL_STORE else stored
        early += kind == StepKind.USER_READ and end > stored
    assert early > 50


def test_background_fills_the_ticks_evenly_and_before_the_streams():
    steps = StepList()
    for tick in (2, 5, 9):
        steps.tick = tick
        steps.add(StepKind.KERNEL_STORE, tick, tick + 1)
    merged = with_background(steps.table(), {StepKind.NOISE: 2.5}, (1, 5, 12), 9)
    kinds = [(int(row[TICK]), int(row[KIND]), int(row[END])) for row in merged]
    assert kinds == [
        (1, StepKind.NOISE, 2), (1, StepKind.FLUSH, 1),
        (2, StepKind.NOISE, 3), (2, StepKind.KERNEL_STORE, 3),
        (5, StepKind.NOISE, 7), (5, StepKind.FLUSH, 1), (5, StepKind.KERNEL_STORE, 6),
        (9, StepKind.NOISE, 10), (9, StepKind.KERNEL_STORE, 10),
    ]  # fmt: skip


def test_each_kind_of_background_comes_at_its_own_rate():
    steps = StepList()
    steps.add(StepKind.KERNEL_STORE, 0, 1)
    merged = with_background(steps.table(), {StepKind.NOISE: 0.5, StepKind.KERNEL_WORK: 3.0}, (4,), 10)
    for kind, lines in ((StepKind.NOISE, 5), (StepKind.KERNEL_WORK, 30)):
        mine = merged[merged[:, KIND] == kind]
        assert (mine[:, END] - mine[:, FIRST]).sum() == lines


def test_timer_copies_behind_the_wire_a_tick_at_a_time():
    spec = BoardSpec.load("arm926", {"usb.tick_packets": 20})
    made = timeline(spec, stream(4096, 1024), stream(5120, 1024), Handling(), 48000, 48000, True)
    table = made.steps.table()
    loads, stores = (table[table[:, KIND] == kind] for kind in (StepKind.KERNEL_LOAD, StepKind.KERNEL_STORE))
    began = made.playing.started_tick
    assert len(loads) > 40 and len(stores) > 40
    for number, row in enumerate(loads):
        assert row.tolist() == [
            began + 20 * (number + 1),
            StepKind.KERNEL_LOAD,
            960 * number,
            960 * (number + 1),
        ]
    for number, row in enumerate(stores):
        assert row.tolist() == [20 * (number + 1), StepKind.KERNEL_STORE, 960 * number, 960 * (number + 1)]


def order(made, tick):
    """Return the kinds of a tick that tell who does what."""
    table = made.steps.table()
    return [StepKind(kind) for kind in table[table[:, TICK] == tick][:, KIND].tolist()]


WRITER = [StepKind.CALL_WORK, StepKind.USER_STORE]
READER = [StepKind.CALL_WORK, StepKind.USER_READ]
COPIES = [StepKind.KERNEL_STORE, StepKind.KERNEL_LOAD]


def with_call_work(spec, streams, walk=False):
    made = timeline(spec, *streams, Handling(), 96000, 96000, True)
    work = ((StepKind.CALL_WORK, 5),)
    plans = replace(made.playing.plan, work=work), replace(made.capturing.plan, work=work)
    made = Timeline(*plans, made.carried, made.events)
    if walk:
        made._leap = lambda: False
    made.run()
    return made


def test_threads_that_one_timer_wakes_take_turns_behind_the_copies_of_both_rings():
    spec = BoardSpec.load("arm926", {"usb.tick_packets": 20, "kernel.in_order": True})
    made = with_call_work(spec, (stream(4096, 960), stream(5760, 960)))
    assert made.playing.started_tick == 20
    for tick in (60, 100, 220, 1020):
        assert order(made, tick) == [*COPIES, *WRITER, *READER]
        assert order(made, tick + 20) == [*COPIES, *READER, *WRITER]
    walked = with_call_work(spec, (stream(4096, 960), stream(5760, 960)), walk=True)
    np.testing.assert_array_equal(made.steps.table(), walked.steps.table())


def test_threads_of_a_timer_keep_their_order_where_order_is_not_modelled():
    spec = BoardSpec.load("arm926", {"usb.tick_packets": 20, "user.start_us": 20000})
    made = with_call_work(spec, (stream(4096, 960), stream(5760, 960)))
    for tick in (40, 60, 80, 100):
        assert order(made, tick) == [*COPIES, *READER, *WRITER]


@pytest.mark.parametrize("in_order", [False, True])
def test_start_is_a_call_between_the_prefill_and_its_copies_where_order_counts(in_order):
    spec = BoardSpec.load("arm926", {"kernel.in_order": in_order, "usb.captures": False})
    lines = {StepKind.CALL_WORK: 199, StepKind.URB_WORK: 232}
    plan = play_plan(spec, stream(960), 9600, Asked(Handling(), (), lines))
    assert plan.start_work == (tuple(lines.items()) if in_order else ())
    made = timeline(spec, stream(960), stream(960), Handling(), 9600, 9600)
    made = Timeline(plan, made.capturing.plan, made.carried, made.events)
    made.run()
    work = [StepKind.CALL_WORK, StepKind.URB_WORK] if in_order else []
    began = [StepKind.USER_STORE, *work, StepKind.KERNEL_LOAD]
    assert order(made, made.events.play_tick)[: len(began)] == began


def test_start_on_a_timer_copies_nothing_and_loads_nothing():
    spec = BoardSpec.load("arm926", {"usb.tick_packets": 20, "kernel.in_order": True})
    asked = Asked(Handling(), (), {StepKind.CALL_WORK: 199, StepKind.URB_WORK: 232})
    assert play_plan(spec, stream(4096, 960), 9600, asked).start_work == ()


def test_loop_on_a_timer_loads_what_a_call_does_and_its_own():
    asked = Asked(Handling(PlaybackTouch.RMW), (), {StepKind.CALL_WORK: 160, StepKind.LOOP_WORK: 900})
    for tick, wanted in ((20, [StepKind.CALL_WORK, StepKind.LOOP_WORK]), (0, [StepKind.LOOP_WORK])):
        spec = BoardSpec.load("arm926", {"usb.tick_packets": tick, "user.loop_fills": 0})
        assert [kind for kind, _ in play_plan(spec, stream(4096, 960), 9600, asked).work] == wanted


def test_timer_overruns_a_ring_shorter_than_its_tick():
    spec = BoardSpec.load("arm926", {"usb.tick_packets": 20})
    made = timeline(spec, stream(768, 192), stream(5120, 192), Handling(), 48000, 48000)
    assert (made.playing.state, made.playing.hw, made.playing.cut_short) == ("XRUN", 768, True)


@pytest.mark.parametrize(("captures", "wanted"), [(True, range(1, 401)), (False, range(7, 403, 5))])
def test_interrupt_of_urbs_loads_its_lines_once_a_tick(captures, wanted):
    # Capture URBs of 1 ms; playback URBs of 5 from tick 2 on, together with every fifth of them.
    spec = BoardSpec.load("arm926", {"usb.captures": captures})
    made = timeline(spec, stream(960, 240), stream(960, 240), Handling(), 19200, 19200)
    events = replace(made.events, urb_lines=9)
    made = Timeline(made.playing.plan, made.capturing.plan, made.carried, events)
    made.run()
    table = made.steps.table()
    work = table[table[:, KIND] == StepKind.URB_WORK]
    assert set((work[:, END] - work[:, FIRST]).tolist()) == {9}
    ticks = work[:, TICK].tolist()
    assert ticks[: len(wanted) - 5] == list(wanted)[: len(wanted) - 5]


def test_stop_from_another_thread_ends_the_walk():
    made = timeline(BoardSpec.load("arm926"), stream(192), stream(240), Handling(), 480000, 480000)
    made = Timeline(replace(made.playing.plan), made.capturing.plan, made.carried, made.events)
    made.stopping = True
    made.run()
    assert made.capturing.appl == 0 and len(made.steps) == 0
