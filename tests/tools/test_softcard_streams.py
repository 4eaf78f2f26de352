# SPDX-License-Identifier: MIT
"""Streams of the softcard that begin, stop, freeze, drift or are told so from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from stress.model.formats import sample_format
from tests.tools.softcard_bench import LATENCY, PACKET, Bench, MakeBench, expected, faulty, frames_of, pattern
from tools.softcardkit.card import SoftCard
from tools.softcardkit.config import CardConfig, Speed, Sync
from tools.softcardkit.control import execute
from tools.softcardkit.wire import Submit, Unlink, ret_submit, ret_unlink


@pytest.mark.parametrize(("ppm", "operation"), [(1000, "repeat"), (-1000, "drop")])
def test_synchronous_card_with_its_clock_off_slips_a_frame_at_a_time(
    make: MakeBench, ppm: int, operation: str, data: bytes
) -> None:
    bench, got = faulty(make, f"ppm@frame=0,ppm={ppm}", data)
    sent = frames_of(data)
    slips = [(fault["frame"], fault["operation"]) for fault in bench.events("fault")]
    assert slips[:5] == [(place, operation) for place in (1000, 2000, 3000, 4000, 5000)]
    if ppm > 0:
        assert got[:3002] == sent[:1001] + sent[1000:2001] + sent[2000:3000]
    else:
        assert got[:2998] == sent[:1000] + sent[1001:2000] + sent[2001:3000]


def test_asynchronous_card_with_its_clock_off_says_so_by_feedback(make: MakeBench) -> None:
    bench = make(CardConfig(sync=Sync.ASYNCHRONOUS), ["ppm@frame=0,ppm=500"])
    data = pattern(2000)
    bench.host.capture(1, 3, endpoint=1)
    got = bench.loop(data)
    assert got == expected(data, len(got))
    assert int.from_bytes(bench.host.feedback, "little") == round(48.024 * (1 << 14))


def test_high_speed_feedback_counts_frames_of_a_microframe(make: MakeBench) -> None:
    bench = make(CardConfig(sync=Sync.ASYNCHRONOUS, speed=Speed.HIGH))
    bench.host.capture(1, 4, endpoint=1)
    bench.loop(pattern(2000))
    assert bench.host.feedback == (6 << 16).to_bytes(4, "little")


def test_new_stream_counts_from_zero_and_begins_with_the_latency(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["zero@frame=480,frames=1"])
    bench.loop(data)
    bench.host.capture(1, 64)
    bench.host.unlink_all()
    bench.host.received.data.clear()
    got = bench.loop(data)
    assert got == expected(data[:1920] + bytes(4) + data[1924:], len(got))
    assert [fault["frame"] for fault in bench.events("fault")] == [480, 480]
    starts = [e for e in bench.events("stream") if e["state"] == "start" and e["direction"] == "playback"]
    assert [start["stream"] for start in starts] == [1, 2]


def test_stale_data_never_comes_from_an_earlier_stream(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["stale@frame=500,frames=8,lag=1000", "stale@frame=2000,frames=8,lag=1000"])
    for _ in range(2):
        bench.host.received.data.clear()
        bench.host.set_interface(1, 1)
        got = frames_of(bench.loop(data))
        first = next(at for at, frame in enumerate(got) if frame == data[:4])
        sent = frames_of(data)
        spoiled = sent[:500] + [bytes(4)] * 8 + sent[508:2000] + sent[1000:1008] + sent[2008:]
        assert got[first : first + 6000] == spoiled


def test_faults_in_the_packet_of_a_freeze_happen_once_when_it_thaws(make: MakeBench) -> None:
    bench = make(CardConfig(), ["freeze@frame=50", "zero@frame=60,frames=2", "drop@frame=200"])
    data = pattern(480)
    for at in range(0, len(data), 192):
        bench.host.play([data[at : at + 192]])
        bench.host.capture(1, 288)
    bench.host.exchange()
    assert bench.card.engine.playback.frames == 48
    execute("thaw", bench.card.engine)
    bench.card.engine.advance(20)
    assert [fault["kind"] for fault in bench.events("fault")] == ["freeze", "zero", "drop"]


def test_unplug_in_the_middle_of_a_burst_closes_the_connection(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "unplug@frame=2000", data)
    assert not bench.open
    assert bench.fault()["frame"] == 1968
    assert len(got) <= 1968
    assert got == frames_of(data)[: len(got)]


@pytest.fixture
def frozen(make: MakeBench) -> Iterator[Bench]:
    bench = make(CardConfig(), ["freeze@frame=480"])
    for number in range(4):
        bench.host.play([pattern(PACKET, seed=number + 1)] * 6)
        bench.host.capture(6, 72 * 4)
    bench.host.exchange()
    yield bench


def test_frozen_card_answers_control_requests_but_no_isochronous_ones(frozen: Bench) -> None:
    assert frozen.card.engine.frozen
    assert frozen.card.engine.playback.frames == 480
    assert frozen.host.control((0x80, 8, 0, 0, 1)) == (0, b"\0")
    assert frozen.host.pending(1, 0) == 3


def test_thawed_card_goes_on_without_loss(frozen: Bench) -> None:
    assert execute("thaw", frozen.card.engine) == "ok"
    while frozen.host.pending(2, 1):
        frozen.host.capture(1, 0, endpoint=1)  # wakes the loop; a real host would resubmit
        frozen.host.exchange()
    sent = b"".join(pattern(PACKET, seed=number + 1) * 6 for number in range(4))
    assert bytes(frozen.host.received.data) == expected(sent, len(sent))


def test_unlinked_urbs_of_a_frozen_card_come_back(frozen: Bench) -> None:
    frozen.host.unlink_all()
    assert frozen.host.pending(1, 0) == frozen.host.pending(2, 1) == 0


def test_capture_alone_is_silence_at_the_nominal_rate(make: MakeBench) -> None:
    bench = make(CardConfig(rates=(44100,)))
    bench.host.capture(10, 66 * 4)
    while bench.host.pending(2, 1):
        bench.host.exchange()
    assert bench.host.received.lengths == [44 * 4] * 9 + [45 * 4]
    assert not any(bench.host.received.data)


def test_control_socket_fault_happens_at_the_next_packet(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig())
    bench.host.play([data[:192]])
    bench.host.capture(1, 72 * 4)
    bench.host.exchange()
    assert execute("fault zero@frames=3", bench.card.engine) == "ok"
    bench.host.play([data[192:384]])
    bench.host.capture(1, 72 * 4)
    bench.host.exchange()
    assert (bench.fault()["frame"], bench.fault()["frames"]) == (48, 3)


def test_control_socket_fault_without_a_stream_waits_for_the_next_one_only(make: MakeBench) -> None:
    bench = make(CardConfig())
    assert execute("fault zero@frame=480,frames=1", bench.card.engine) == "ok"
    for _ in range(2):
        bench.host.set_interface(1, 1)
        bench.loop(pattern(960))
    assert [(fault["stream"], fault["frame"]) for fault in bench.events("fault")] == [(1, 480)]


def test_unlink_that_overtakes_its_submit_is_answered_after_it(make: MakeBench) -> None:
    bench = make(CardConfig())
    card = bench.card
    iso = (0).to_bytes(4, "big") + (192).to_bytes(4, "big") + bytes(8)
    submit = Submit(1001, 0, 1, 192, 1, bytes(8), bytes(192), iso)
    card.handle(submit._replace(seqnum=1000))
    card.handle(Unlink(1002, 1001))
    assert card.take_replies() == b""
    card.handle(submit)
    assert card.take_replies() == ret_unlink(1002, -104)
    card.handle(Unlink(1003, 999))
    assert card.take_replies() == ret_unlink(1003, 0)
    card.handle(Unlink(1004, 1000))
    assert card.take_replies() == ret_unlink(1004, -104)


def test_urb_to_an_interface_at_rest_is_refused(make: MakeBench) -> None:
    bench = make(CardConfig())
    bench.host.set_interface(2, 0)
    iso = (0).to_bytes(4, "big") + (192).to_bytes(4, "big") + bytes(8)
    bench.card.handle(Submit(1000, 1, 2, 192, 1, bytes(8), b"", iso))
    assert bench.card.take_replies() == ret_submit(1000, -32, 0)
    assert not bench.card.engine.live


def test_underrun_that_unlinks_nothing_lets_the_capture_go_on(make: MakeBench) -> None:
    bench = make(CardConfig())
    data = pattern(480)
    for at in range(0, len(data), 192):
        bench.host.play([data[at : at + 192]])
    for _ in range(12):
        bench.host.capture(1, 288)
    while bench.host.pending(2, 1):
        bench.host.exchange()
    assert bytes(bench.host.received.data) == bytes(LATENCY * 4) + data
    for at in range(0, len(data), 192):
        bench.host.play([data[at : at + 192]])
        bench.host.capture(1, 288)
    while bench.host.pending(1, 0):
        bench.host.exchange()
    # The latency had been played out and is built up again; nothing is lost or invented.
    assert bytes(bench.host.received.data) == bytes(LATENCY * 4) + data + data[: (480 - LATENCY) * 4]


def test_directions_of_different_formats_carry_the_same_samples(make: MakeBench) -> None:
    bench = make(CardConfig())
    bench.host.set_interface(2, 2)
    got = bytes(bench.loop(pattern(960), room=6 * 72))
    assert set(bench.host.received.lengths) == {PACKET * 6}
    samples = [got[at + 1 : at + 3] for at in range(LATENCY * 6, (LATENCY + 480) * 6, 3)]
    assert b"".join(samples) == pattern(960)[: 480 * 4]
    assert not any(got[LATENCY * 6 :: 3][:960])


def test_a_mono_microphone_hears_the_left_of_a_stereo_output(make: MakeBench) -> None:
    bench = make(CardConfig(capture_channels=1))
    got = bytes(bench.loop(pattern(960), room=2 * 72))
    sent = pattern(960)
    left = b"".join(sent[at : at + 2] for at in range(0, 480 * 4, 4))
    assert got[LATENCY * 2 : (LATENCY + 480) * 2] == left


def test_control_socket_refuses_what_it_does_not_know() -> None:
    engine = SoftCard(CardConfig()).engine
    assert execute("explode", engine).startswith("error: unknown command 'explode'")
    assert execute("fault nonsense@frame=1", engine).startswith("error: fault: kind: unknown fault")
    assert json.loads(execute("status", engine)[3:])["playback"]["live"] is False


def test_implicit_feedback_paces_playback_by_capture_packets_and_loses_nothing(make: MakeBench) -> None:
    config = CardConfig(
        sync=Sync.IMPLICIT,
        speed=Speed.HIGH,
        uac=2,
        rates=(48000,),
        formats=(sample_format("S16_LE"),),
        latency=480,
    )
    bench = make(config)
    data = pattern(960)
    # Playback has no URB yet: capture goes on at the nominal rate, and playback follows it.
    bench.host.capture(4, 288)
    while bench.host.pending(2, 1):
        bench.host.exchange()
    assert bench.host.received.lengths == [192] * 4
    for at in range(0, len(data), 192):
        bench.host.play([data[at : at + 192]])
        bench.host.capture(1, 288)
        while bench.host.pending(2, 1):
            bench.host.exchange()
    for _ in range(10):
        bench.host.capture(1, 288)
        while bench.host.pending(2, 1):
            bench.host.exchange()
    got = bytes(bench.host.received.data)
    assert set(bench.host.received.lengths) == {192}
    assert got[4 * 192 + 480 * 4 :][: len(data)] == data
