"""The whole card, over its socket, against a host without a kernel."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from stress.model.formats import sample_format
from tools.softcardkit.card import SoftCard
from tools.softcardkit.config import CardConfig, Speed, Sync
from tools.softcardkit.control import execute
from tools.softcardkit.fakehost import FakeHost
from tools.softcardkit.faultspec import parse_fault, parse_rate
from tools.softcardkit.log import EventLog
from tools.softcardkit.serve import Server
from tools.softcardkit.wire import Submit, Unlink, ret_submit, ret_unlink

PACKET = 48
LATENCY = 96


class Bench:
    """A card, its server and a host on the two ends of a socket pair."""

    def __init__(
        self, config: CardConfig, faults: Sequence[str] = (), rates: Sequence[str] = (), seed: int = 0
    ) -> None:
        self.config = config
        self._text = io.StringIO()
        self.card = SoftCard(
            config,
            faults=[parse_fault(text) for text in faults],
            rates=[parse_rate(text) for text in rates],
            seed=seed,
            log=EventLog(self._text),
        )
        ours, self._theirs = socket.socketpair()
        self.server = Server(self.card, ours, pace=0)
        self.host = FakeHost(self._theirs, self.server.step)
        self.size = config.formats[0].frame_bytes(config.channels)
        self.open = True

    def close(self) -> None:
        """Close both ends."""
        self.server.close()
        self.server.release()
        self._theirs.close()

    def start(self, rate: int = 48000) -> None:
        """Select the first format of both directions at `rate`."""
        assert self.host.control((0x22, 0x01, 0x0100, 0x01, 3), rate.to_bytes(3, "little"))[0] == 0
        for interface in (1, 2):
            self.host.set_interface(interface, 1)

    def loop(
        self, data: bytes, packet: int = PACKET, urb_packets: int = 6, more: int = 40, room: int = 0
    ) -> bytes:
        """Play `data` and `more` packets of silence; return all that was captured."""
        room = room or packet * 3 // 2 * self.size
        step = packet * self.size
        padded = data + bytes(-len(data) % step + more * step)
        packets = [padded[at : at + step] for at in range(0, len(padded), step)]
        packets += [bytes(step)] * (-len(packets) % urb_packets)
        sent = captured = 0
        while (sent < len(packets) or self.host.pending(1, 0)) and self.open:
            while sent < len(packets) and self.host.pending(1, 0) < 3:
                self.host.play(packets[sent : sent + urb_packets])
                sent += urb_packets
            while captured < len(packets) and self.host.pending(2, 1) < 12:
                self.host.capture(1, room)
                captured += 1
            self.open = self.host.exchange()
        return bytes(self.host.received.data)

    def events(self, name: str) -> list[dict[str, object]]:
        """Return the log's events of one name."""
        lines = [json.loads(line) for line in self._text.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]

    def fault(self) -> dict[str, object]:
        """Return the only fault logged."""
        (only,) = self.events("fault")
        return only


MakeBench = Callable[..., Bench]


@pytest.fixture
def make() -> Iterator[MakeBench]:
    """Make benches that are closed at the end of the test."""
    made: list[Bench] = []

    def build(*args: Any, **kwargs: Any) -> Bench:
        made.append(Bench(*args, **kwargs))
        made[-1].start(made[-1].config.rates[0] if len(made[-1].config.rates) == 1 else 48000)
        return made[-1]

    yield build
    for bench in made:
        bench.close()


def pattern(frames: int, size: int = 4, seed: int = 1) -> bytes:
    """Return frames that all differ: a linear congruential walk, little endian."""
    out, word = bytearray(), seed
    for _ in range(frames):
        word = (word * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        out += (word.to_bytes(8, "little") * 3)[:size]
    return bytes(out)


def frames_of(data: bytes, size: int = 4) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def expected(data: bytes, length: int, latency: int = LATENCY, size: int = 4) -> bytes:
    """What a clean card gives back: the latency in zeros, the data, zeros."""
    return (bytes(latency * size) + data).ljust(length, b"\0")[:length]


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


@pytest.fixture
def data() -> bytes:
    return pattern(6000)


def faulty(
    make: MakeBench, spec: str, data: bytes, config: CardConfig | None = None
) -> tuple[Bench, list[bytes]]:
    bench = make(config or CardConfig(), [spec])
    got = bench.loop(data)
    return bench, frames_of(got, bench.size)[LATENCY:]


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


def test_directions_of_different_formats_do_not_mix(make: MakeBench) -> None:
    bench = make(CardConfig())
    bench.host.set_interface(2, 2)
    got = bench.loop(pattern(960), room=6 * 72)
    assert len(got) > 960 * 4
    assert not any(got)
    assert set(bench.host.received.lengths) == {PACKET * 6}


def test_control_socket_refuses_what_it_does_not_know() -> None:
    engine = SoftCard(CardConfig()).engine
    assert execute("explode", engine).startswith("error: unknown command 'explode'")
    assert execute("fault nonsense@frame=1", engine).startswith("error: fault: kind: unknown fault")
    assert json.loads(execute("status", engine)[3:])["playback"]["live"] is False
