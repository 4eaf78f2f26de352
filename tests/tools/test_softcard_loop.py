# SPDX-License-Identifier: MIT
"""The whole card, over its socket, against a host without a kernel: what is played comes back."""

from __future__ import annotations

import pytest

from stress.model.formats import sample_format
from tests.tools.softcard_bench import LATENCY, PACKET, MakeBench, expected, faulty, frames_of, pattern
from tools.softcardkit.config import CardConfig, Speed, Sync

CONFIGS = [
    CardConfig(),
    CardConfig(channels=1, formats=(sample_format("S16_LE"),), latency=0),
    CardConfig(channels=2, formats=(sample_format("S24_3LE"),), sync=Sync.SYNCHRONOUS, latency=1000),
    CardConfig(channels=8, formats=(sample_format("S24_3LE"),), speed=Speed.HIGH, sync=Sync.ASYNCHRONOUS),
    CardConfig(channels=3, speed=Speed.HIGH, interval=1, latency=7),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.channels}-{c.formats[0].name}-{c.speed.value}")
def test_loop_without_faults_is_bit_exact_with_constant_latency(make: MakeBench, config: CardConfig) -> None:
    bench = make(config)
    packet = 48000 // config.packets_per_second
    data = pattern(4000, bench.size)
    got = bench.loop(data, packet)
    assert len(got) >= len(data) + config.latency * bench.size
    assert got == expected(data, len(got), config.latency, bench.size)
    assert bench.events("fault") == []


@pytest.mark.parametrize("urb_packets", [1, 2, 5, 6])
def test_loop_is_the_same_however_packets_are_cut_into_urbs(make: MakeBench, urb_packets: int) -> None:
    bench = make(CardConfig())
    data = pattern(3000)
    got = bench.loop(data, urb_packets=urb_packets)
    assert len(got) > len(data)
    assert got == expected(data, len(got))


def test_capture_packet_never_exceeds_one_and_a_half_times_the_nominal_one(make: MakeBench) -> None:
    bench = make(CardConfig(), ["repeat@frame=480,packets=20"])
    bench.loop(pattern(3000), room=1000)
    assert max(bench.host.received.lengths) == 72 * bench.size


def test_stale_chunk_holds_the_frames_of_one_ring_before(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "stale@frame=2001,frames=8,laps=2,ring=500", data)
    sent = frames_of(data)
    assert got[:6000] == sent[:2001] + sent[1001:1009] + sent[2009:]
    fault = bench.fault()
    assert (fault["frame"], fault["frames"], fault["lag"]) == (2001, 8, 1000)
    assert fault["capture_frame"] == 2001 + LATENCY


def test_stale_chunk_across_a_packet_edge_is_one_fault(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "stale@frame=2390,frames=24,lag=777", data)
    sent = frames_of(data)
    assert got[:6000] == sent[:2390] + sent[1613:1637] + sent[2414:]
    assert (bench.fault()["frame"], bench.fault()["frames"]) == (2390, 24)


def test_stale_chunk_before_the_first_lap_is_zero(make: MakeBench, data: bytes) -> None:
    _, got = faulty(make, "stale@frame=100,frames=8,ring=4800", data)
    assert got[:6000] == frames_of(data[:400] + bytes(32) + data[432:])


def test_zero_and_hold_replace_exactly_their_frames(make: MakeBench, data: bytes) -> None:
    sent = frames_of(data)
    _, zeroed = faulty(make, "zero@frame=1000,frames=60", data)
    assert zeroed[:6000] == sent[:1000] + [bytes(4)] * 60 + sent[1060:]
    _, held = faulty(make, "hold@frame=1000,frames=60", data)
    assert held[:6000] == sent[:1000] + [sent[999]] * 60 + sent[1060:]


def test_bitflip_changes_one_bit_of_one_channel(make: MakeBench, data: bytes) -> None:
    _, got = faulty(make, "bitflip@frame=1234,bit=13,channel=1", data)
    sent = frames_of(data)
    assert [at for at in range(6000) if got[at] != sent[at]] == [1234]
    changed = int.from_bytes(got[1234], "little") ^ int.from_bytes(sent[1234], "little")
    assert changed == 1 << (16 + 13)


def test_byteshift_moves_the_bytes_of_its_frames_only(make: MakeBench, data: bytes) -> None:
    _, got = faulty(make, "byteshift@frame=1000,frames=100,shift=1", data)
    assert b"".join(got[:6000]) == data[:4000] + data[3999:4399] + data[4400:]


def test_swap_exchanges_two_channels(make: MakeBench, data: bytes) -> None:
    _, got = faulty(make, "swap@frame=1000,frames=100,channel=0,other=1", data)
    sent = frames_of(data)
    assert got[:6000] == sent[:1000] + [frame[2:] + frame[:2] for frame in sent[1000:1100]] + sent[1100:]


def test_gain_scales_and_clips(make: MakeBench, data: bytes) -> None:
    config = CardConfig(channels=1, formats=(sample_format("S16_LE"),))
    samples = [-32768, 32767, 100, -100, 1, 0, 16000, -16001]
    mono = b"".join(value.to_bytes(2, "little", signed=True) for value in samples * 100)
    _, got = faulty(make, "gain@frame=0,frames=800,db=6.0206", mono, config)
    doubled = [min(max(2 * value, -32768), 32767) for value in samples] * 100
    assert [int.from_bytes(frame, "little", signed=True) for frame in got[:800]] == doubled


def test_dropped_packet_is_a_gap_and_the_host_is_told_nothing(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "drop@frame=2000", data)
    sent = frames_of(data)
    assert got[: 6000 - PACKET] == sent[:1968] + sent[2016:]
    assert (bench.fault()["frame"], bench.fault()["frames"]) == (1968, PACKET)
    assert bench.fault()["capture_frame"] == 1968 + LATENCY
    assert bench.host.received.errors == []


def test_repeated_packet_comes_twice(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "repeat@packet=41", data)
    sent = frames_of(data)
    assert got[: 6000 + PACKET] == sent[:2016] + sent[1968:]
    assert (bench.fault()["frame"], bench.fault()["packet"]) == (1968, 41)


def test_zeroed_packet_keeps_its_length(make: MakeBench, data: bytes) -> None:
    _, got = faulty(make, "zeropacket@frame=2000,packets=2", data)
    sent = frames_of(data)
    assert got[:6000] == sent[:1968] + [bytes(4)] * 96 + sent[2064:]


def test_short_packet_loses_its_last_frames(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "short@frame=2000,frames=5", data)
    sent = frames_of(data)
    assert got[:5995] == sent[:2011] + sent[2016:]
    assert (bench.fault()["frame"], bench.fault()["frames"]) == (2011, 5)


@pytest.mark.parametrize(("spec", "status"), [("missing@frame=2000", 0), ("error@frame=2000,dir=in", -71)])
def test_lost_capture_packet_is_a_gap_at_the_logged_place(
    make: MakeBench, spec: str, status: int, data: bytes
) -> None:
    bench, got = faulty(make, spec, data)
    sent, fault = frames_of(data), bench.fault()
    first, lost = int(str(fault["frame"])), int(str(fault["frames"]))
    assert first <= 2000 < first + lost
    assert fault["capture_frame"] == first + LATENCY
    assert got[: 6000 - lost] == sent[:first] + sent[first + lost :]
    assert [error[2] for error in bench.host.received.errors] == ([status] if status else [])


def test_playback_packet_in_error_is_lost_and_the_host_is_told(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "error@frame=2000,dir=out", data)
    sent = frames_of(data)
    assert got[: 6000 - PACKET] == sent[:1968] + sent[2016:]
    assert bench.host.received.errors == [(0, 41, -71)]
    assert bench.host.received.played_bytes == (bench.host.received.played_packets - 1) * PACKET * 4


def test_short_capture_packet_loses_its_last_frames(make: MakeBench, data: bytes) -> None:
    bench, got = faulty(make, "short@frame=2000,frames=5,dir=in", data)
    sent, fault = frames_of(data), bench.fault()
    first = int(str(fault["frame"]))
    assert (fault["frames"], fault["capture_frame"]) == (5, first + LATENCY)
    assert got[:5995] == sent[:first] + sent[first + 5 :]


def test_faults_of_every_addressing_meet_in_one_burst(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["zero@frame=1000,frames=8", "drop@frame=2000", "stale@frame=3000,lag=100"])
    got = frames_of(bench.loop(data))[LATENCY:]
    sent = frames_of(data)
    spoiled = sent[:1000] + [bytes(4)] * 8 + sent[1008:1968] + sent[2016:3000] + sent[2900:2908] + sent[3008:]
    assert got[: len(spoiled)] == spoiled
    places = [(fault["kind"], fault["capture_frame"]) for fault in bench.events("fault")]
    assert places == [("zero", 1096), ("drop", 2064), ("stale", 3048)]


def test_every_repeats_and_stream_limits(make: MakeBench) -> None:
    bench = make(CardConfig(), ["zero@frame=100,frames=4,every=1000,stream=2"])
    bench.loop(pattern(3000))
    assert bench.events("fault") == []
    bench.host.set_interface(1, 1)
    bench.loop(pattern(3000))
    frames = [fault["frame"] for fault in bench.events("fault")]
    assert frames[:3] == [100, 1100, 2100]


def test_rate_with_the_same_seed_gives_the_same_places(make: MakeBench) -> None:
    places = []
    for seed in (7, 7, 8):
        bench = make(CardConfig(), rates=["stale=50/s,frames=8,ring=480"], seed=seed)
        bench.loop(pattern(20000))
        places.append([fault["frame"] for fault in bench.events("fault")])
    assert places[0] == places[1] != places[2]
    assert 8 <= len(places[0]) <= 40  # 20.8 expected
    assert all(int(str(frame)) % 8 == 0 for frame in places[0])


def test_run_cut_by_the_end_of_the_stream_is_logged_as_far_as_it_got(make: MakeBench) -> None:
    bench = make(CardConfig(), ["zero@frame=1000,frames=0"])
    bench.loop(pattern(1920), more=0)
    bench.host.unlink_all()
    bench.host.set_interface(1, 0)
    assert (bench.fault()["frames"], bench.fault()["cut"]) == (1016, True)
