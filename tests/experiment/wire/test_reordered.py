# SPDX-License-Identifier: MIT
"""Packets in another order are set apart: each frame once, on USB with several CPUs, in the ring, rarely."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment.wire.reordered import MOST, REORDERED, exchanged, out_of_order, set_apart_reordered
from stress.experiment.wire.views import HostBuffers, attribute, look
from stress.model.finding import Analysis, Finding, Kind
from stress.model.ring import Rings
from stress.model.transport import PCI, USB, TransportRecord
from stress.model.verdict import Verdict
from stress.model.wire import BUS, PLAYBACK_RING
from stress.pcm.virtual import VirtualPcm
from stress.plan.plan import read_plan
from stress.virtual.spec import BoardSpec
from tests.detect.exact.edited import FIRST, capture, judge
from tests.experiment.walking import walked
from tests.experiment.wire.wire_cases import FRAMES, LATENCY, POSITION, RINGS, STEP, Burst, detector

SMP = TransportRecord(kind=USB, cpus=2)
RING = Rings(playback=4096, capture=4096)


def late(rows, at, size, behind):
    """Return `rows` with `size` frames at `at` sent behind the `behind` packets that followed them."""
    end = at + (behind + 1) * size
    return np.concatenate([rows[:at], rows[at + size : end], rows[at : at + size], rows[end:]])


def found(rows, rings=RING):
    return judge(rows, rings=rings, first_position=FIRST)


def marks(analysis, rings=RING, transport=SMP):
    done = set_apart_reordered(analysis, exchanged(analysis, rings, transport)).findings
    assert len(done) == len(analysis.findings)
    return [one.details.get("transport") == REORDERED for one in done]


@pytest.mark.parametrize("behind", [1, 2, 3])
@pytest.mark.parametrize("size", [6, 44, 48, 96, 240, 256, 480, 1000])
def test_packet_behind_others_is_one_stretch_out_of_order(size, behind):
    # Short ones are misplaced pieces, longer ones slips there and back, some whole laps of a ring old.
    for rings in (RING, Rings(playback=480, capture=528)):
        analysis = found(late(capture(frames=16000), 7000, size, behind), rings)
        ((group, frames),) = exchanged(analysis, RING, SMP)
        assert frames == range(7000, 7000 + (behind + 1) * size)
        assert group == list(range(len(analysis.findings)))
        assert all(marks(analysis))


def test_packets_in_reverse_order_are_one_stretch_with_the_middle_in_its_place():
    rows = capture()
    rows[5000:5144] = np.concatenate([rows[5096:5144], rows[5048:5096], rows[5000:5048]])
    assert [frames for _, frames in exchanged(found(rows), RING, SMP)] == [range(5000, 5144)]


@pytest.mark.parametrize("transport", [TransportRecord(kind=USB, cpus=1), TransportRecord(kind=PCI, cpus=2)])
def test_one_cpu_and_other_buses_keep_their_order(transport):
    analysis = found(late(capture(), 7000, 48, 2))
    assert marks(analysis, transport=transport) == [False, False]


def test_stretch_past_the_ring_cannot_come_from_packets_under_way():
    analysis = found(late(capture(), 7000, 48, 2))
    assert marks(analysis, Rings(playback=144)) == [True, True]
    assert marks(analysis, Rings(playback=95, capture=4096)) == [False, False]
    assert marks(analysis, Rings(capture=144)) == [True, True]
    assert marks(analysis, Rings()) == [False, False]


def test_old_and_lost_packets_are_no_other_order():
    rows = capture()
    rows[5000:5048] = rows[4952:5000]
    assert marks(found(rows)) == [False]
    lost = np.delete(capture(), slice(5000, 5048), axis=0)
    assert marks(found(lost)) == [False]
    twice = late(capture(), 7000, 48, 2)
    twice[7096:7144] = twice[7000:7048]
    assert not any(marks(found(twice)))
    torn = late(capture(), 7000, 48, 1)
    torn[7060] ^= 0x55
    assert not any(marks(found(torn)))


def test_dense_old_lines_are_left_at_the_first_that_was_due_before(monkeypatch):
    # A burst holds a thousand of them: no search from each of them over a whole ring.
    looked = []

    class Looked(tuple):
        def __getitem__(self, index):
            looked.append(index)
            return super().__getitem__(index)

    old = [Finding(Kind.STALE, 100 + 16 * n, 8, 0, lag=4096) for n in range(500)]
    analysis = Analysis("exact", True, 100_000, findings=Looked(old))
    monkeypatch.setattr("stress.experiment.wire.reordered._are_all", lambda *_: pytest.fail("sorted"))
    assert exchanged(analysis, RING, SMP) == []
    assert len(looked) <= 4 * len(old)


def test_lines_exchanged_again_and_again_are_corruption():
    for number in (MOST, MOST + 1):
        rows = capture(frames=16000)
        for at in range(2000, 2000 + number * 2000, 2000):
            rows = late(rows, at, 48, 1)
        analysis = found(rows)
        assert set(marks(analysis)) == {number == MOST}
        assert out_of_order(exchanged(analysis, RING, SMP), 0, 16000).sum() == (number == MOST) * number * 96


def test_each_of_two_stretches_and_what_lies_between_is_looked_at():
    rows = late(late(capture(), 4000, 48, 1), 7000, 48, 1)
    rows[5000:5008] = rows[4520:4528]
    analysis = found(rows, Rings(playback=480, capture=528))
    assert [one.frame for one in analysis.findings] == [4000, 4048, 5000, 7000, 7048]
    assert exchanged(analysis, RING, SMP) == [([0, 1], range(4000, 4096)), ([3, 4], range(7000, 7096))]


def test_injected_fault_within_the_stretch_hides_its_frames_and_stays_injected():
    misplaced = [Finding(Kind.MISPLACED, 7000, 60, 0, lag=-48), Finding(Kind.MISPLACED, 7076, 20, 0, lag=-48)]
    misplaced += [Finding(Kind.MISPLACED, 7096, 48, 0, lag=96)]
    planted = Finding(Kind.BITFLIP, 7060, 16, 0, injected=True)
    analysis = Analysis("exact", True, 9000, findings=(misplaced[0], planted, misplaced[1], misplaced[2]))
    assert marks(analysis) == [True, False, True, True]
    before = Finding(Kind.BITFLIP, 6999, 1, 0, injected=True)
    assert marks(Analysis("exact", True, 9000, findings=(before, *misplaced[:1]))) == [False, False]


def test_frames_of_a_stretch_are_counted_from_the_first_asked_for():
    analysis = found(late(capture(), 7000, 48, 1))
    flags = out_of_order(exchanged(analysis, RING, SMP), 6990, 200)
    assert np.flatnonzero(flags).tolist() == list(range(10, 106))


class _Unordered(VirtualPcm):
    # The card's host hands it two packets in each other's place, once in a burst.
    def exchange(self, play, captured, handling):
        exchange = super().exchange(play, captured, handling)
        rows = captured.reshape(-1, STEP)
        rows[6000:6096] = np.concatenate([rows[6048:6096], rows[6000:6048]])
        return exchange


@pytest.mark.parametrize(("cpus", "verdict"), [(2, Verdict.INCONCLUSIVE), (1, Verdict.FAIL)])
def test_run_with_packets_in_another_order_is_not_judged_where_several_cpus_send(tmp_path, cpus, verdict):
    card = _Unordered(BoardSpec.load("x86_64", {}), 7)
    arm = {"name": "one", "playback_buffer": 960, "capture_buffer": 960, "burst_s": "500ms"}
    plan = read_plan({"bound": 1e-2, "arm": [arm]}, "plan")
    carries = TransportRecord(kind=USB, cpus=cpus)
    judgement = walked(tmp_path, plan, card, 64, loopback="digital", transport=carries)
    assert judgement.verdict is verdict
    told = any("packets sent in another order" in one for one in judgement.reasons)
    assert told == (cpus == 2)


def test_wire_shows_the_order_and_blames_no_ring():
    burst = Burst()
    burst.out = late(burst.out, 480, 48, 2)
    burst.loop()
    written, read = burst.written.reshape(-1), np.ascontiguousarray(burst.read).reshape(-1)

    def seen(cpus):
        transport = TransportRecord(kind=USB, cpus=cpus)
        sent = HostBuffers(written, read, POSITION, FRAMES, RINGS, STEP, 32, 48000, (), transport=transport)
        views = look(burst.wire(), sent, burst.exchange(), detector)
        looped = detector(read, RINGS, POSITION, FRAMES)
        return views, attribute(looped, views, POSITION)

    views, looped = seen(2)
    assert not views.out_wrong.any()
    assert [one.details["transport"] for one in views.playback.findings] == [REORDERED, REORDERED]
    assert [(one.frame, one.details["view"]) for one in looped.findings] == [
        (480 + LATENCY, BUS),
        (480 + 96 + LATENCY, BUS),
    ]
    views, looped = seen(1)
    assert views.out_wrong.sum() == 144
    assert [one.details["view"] for one in looped.findings] == [PLAYBACK_RING, PLAYBACK_RING]
