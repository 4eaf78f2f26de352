# SPDX-License-Identifier: MIT
"""Numbers of the three views: what is compared with what, from where, and what is said of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment import positive_control
from stress.experiment.wire import views as module
from stress.experiment.wire.memory import Held
from stress.experiment.wire.views import LEAST_TELLING, HostBuffers, attribute, look
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.pcm import Direction
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING, RIGHT, UNKNOWN, WRONG, Wire, WireStream
from stress.patterns.layout import Layout
from tests.experiment.wire.wire_cases import (
    FRAMES,
    LATENCY,
    NONE,
    POSITION,
    RINGS,
    STEP,
    Burst,
    compared,
    detector,
    stream,
)

PLAYBACK, CAPTURE = Direction.PLAYBACK, Direction.CAPTURE


def _sent(burst, **changes):
    written = burst.written.reshape(-1)
    read = np.ascontiguousarray(burst.read).reshape(-1)
    sent = HostBuffers(written, read, POSITION, FRAMES, RINGS, STEP, 32, 48000, ())
    return dataclasses.replace(sent, **changes)


@pytest.mark.parametrize(("telling", "doubts"), [(25, 0), (24, 1)])
def test_capture_is_doubted_where_less_than_the_least_share_of_its_lines_tells(telling, doubts):
    assert LEAST_TELLING == 0.25
    views = compared(telling_lines=telling, in_lines=100)
    assert len(views.doubts()) == doubts
    assert dataclasses.replace(views, judged=(PLAYBACK,)).doubts() == ()


def test_planted_bytes_are_compared_in_the_frames_of_the_stimulus():
    layout = Layout(FORMATS["S16_LE"], 2)
    burst = Burst()
    out, stimulus = np.ones(8, np.uint8), np.full(8, 2, np.uint8)
    plain = _sent(burst, layout=layout).carried(out)
    assert np.array_equal(plain.sent, burst.written.reshape(-1))
    known = _sent(burst, layout=layout, stimulus=stimulus).carried(out)
    assert known.sent is stimulus and known.arrived is out
    assert _sent(burst).carried(out) is None


# -- what look() compares ---------------------------------------------------------------------


def test_comparison_of_a_clean_burst_names_all_it_looked_at():
    views = Burst().views()
    assert (views.out_frames, views.in_frames, views.lost_frames) == (FRAMES, FRAMES + LATENCY, 0)
    assert views.in_lines == (FRAMES + LATENCY) * STEP // 32
    assert (views.out_lead, views.frame_bytes, views.out_frame_bytes) == (0, STEP, STEP)
    assert views.out.size == FRAMES * STEP and views.judged == (PLAYBACK, CAPTURE)
    assert views.memory == {}


def test_planted_faults_are_due_as_far_as_they_left_the_ring_and_were_compared():
    burst = Burst()
    burst.written[3000:3008] = 0
    burst.out = burst.written.copy()
    burst.loop()
    fault = positive_control.Planted(Kind.ZERO, 3000, 8)
    wire, exchange = burst.wire(), burst.exchange()
    for due, planted in ((3008, 1), (3007, 0)):
        views = look(wire, _sent(burst, faults=(fault,), due=due), exchange, detector)
        assert (views.control.planted, views.out_frames) == (planted, due)
    # Cut on the wire before it: never due, whatever left the ring.
    burst.out = burst.out[:2000]
    views = look(burst.wire(), _sent(burst, faults=(fault,)), burst.exchange(), detector)
    assert (views.control.planted, views.out_frames) == (0, 2000)


@pytest.mark.parametrize(
    ("mapped", "has_capture", "judged", "planted"),
    [
        ((PLAYBACK, CAPTURE), True, (PLAYBACK, CAPTURE), 1),
        ((CAPTURE,), True, (CAPTURE,), 1),
        ((PLAYBACK,), True, (PLAYBACK,), 0),
        ((), True, (PLAYBACK, CAPTURE), 1),  # rw both ways: both are what is looked at
        ((PLAYBACK, CAPTURE), False, (PLAYBACK,), 0),
    ],
)
def test_direction_that_is_not_mapped_is_neither_judged_nor_planted_in(mapped, has_capture, judged, planted):
    burst = Burst(has_capture=has_capture)
    over = (positive_control.Planted(Kind.ZERO, 2000, 8),)
    views = look(burst.wire(), _sent(burst, mapped=mapped, over_read=over), burst.exchange(), detector)
    assert (views.judged, views.read_control.planted, views.read_control.found) == (judged, planted, planted)


def test_findings_of_the_read_past_the_cap_make_room_for_the_planted_ones(monkeypatch):
    monkeypatch.setattr(module, "CAP", 1)
    burst = Burst()
    burst.read[1000, 2] ^= 4
    burst.read[1500, 2] ^= 4
    over = (positive_control.Planted(Kind.ZERO, 2000, 8), positive_control.Planted(Kind.ZERO, 3000, 8))
    views = look(burst.wire(), _sent(burst, over_read=over), burst.exchange(), detector)
    assert [(one.frame, one.injected) for one in views.capture.findings] == [
        (1000, False),
        (1500, False),
        (2000, True),
    ]
    assert views.capture.found == 4


def test_comparison_of_nothing_has_no_frames():
    burst = Burst()
    burst.out, burst.into = burst.out[:0], burst.into[:0]
    views = look(burst.wire(), _sent(burst), burst.exchange(), detector)
    assert (views.out_frames, views.in_frames, views.lost_frames) == (0, 0, 2 * FRAMES + LATENCY)


def test_frames_of_capture_may_be_longer_than_those_of_playback():
    burst = Burst()
    wide = np.random.RandomState(4).randint(0, 256, (600, 8)).astype(np.uint8)
    into = WireStream(
        np.concatenate([wide.reshape(-1), np.zeros(5, np.uint8)]),
        np.array([0, 384], np.int64),
        np.zeros(2, np.int64),
    )
    wire = dataclasses.replace(burst.wire(), into=into)
    sent = _sent(burst, read=wide.reshape(-1), capture_bytes=8)
    views = look(wire, sent, burst.exchange(), detector)
    assert (views.frame_bytes, views.out_frame_bytes) == (8, 4)
    # The odd bytes behind the last whole frame are none.
    assert (views.in_frames, views.in_lines, views.capture.found) == (600, 150, 0)
    assert views.in_wrong.size == 600 and not views.in_wrong.any()


# -- where the stream began -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lead", "first", "starts"),
    [
        (47, 0, [0, 1, 49]),  # the packet that holds the first frame begins with it
        (48, 1, [0, 48, 96]),
        (50, 1, [0, 46, 94]),
    ],
)
def test_packets_before_the_first_frame_that_was_read_are_left_out(lead, first, starts):
    burst = Burst()
    burst.into = np.random.RandomState(5).randint(0, 256, (3000, STEP)).astype(np.uint8)
    into = burst.wire().into
    into = dataclasses.replace(into, statuses=np.arange(len(into.starts)))
    read = burst.into[lead:].reshape(-1)
    taken, ahead = module._from_first_taken(into, read, STEP)
    assert ahead == lead * STEP
    assert taken.starts[:3].tolist() == [frame * STEP for frame in starts]
    assert taken.statuses.tolist() == list(range(first, len(into.statuses)))
    assert (taken.data == read).all() and taken.data.size == read.size
    assert module._from_first_taken(into, burst.into.reshape(-1), STEP) == (into, 0)


@pytest.mark.parametrize(
    ("joined_differs", "taken"), [(0, "joined"), (99, "joined"), (100, "apart"), (101, "apart")]
)
def test_packets_are_joined_by_bytes_where_more_frames_of_the_read_are_the_same(joined_differs, taken):
    burst = Burst()
    into = burst.wire().into
    apart, joined = into.data.copy(), into.data.copy()
    apart[-100 * STEP :] ^= 1
    joined[joined.size - joined_differs * STEP :] ^= 1
    wire = dataclasses.replace(
        burst.wire(),
        into=dataclasses.replace(into, data=apart),
        joined=dataclasses.replace(into, data=joined),
    )
    found = module._as_taken(wire, burst.read.reshape(-1), STEP)
    assert found.into.data is (joined if taken == "joined" else apart)
    assert found.joined is None
    assert found.notes == ("packets end within a frame, and the driver joins them by bytes",) * (
        taken == "joined"
    )


def _heard(first_frame, first_position, locked=True):
    return Analysis("exact", locked, 4000, 900, first_frame, first_position)


@pytest.mark.parametrize(
    ("analysis", "played", "xruns", "lead", "laps"),
    [
        (_heard(0, POSITION), 1000, 0, 0, 0),
        (_heard(96, POSITION), 1000, 0, 96, 0),
        (_heard(96, POSITION + 10), 1000, 0, 86, 0),  # ten frames of the pattern did not arrive
        (_heard(0, POSITION + 10), 1000, 0, 0, 0),
        (_heard(255, POSITION), 1000, 0, 255, 0),
        (_heard(256, POSITION), 1000, 0, 0, 1),  # a lap of the ring late
        (_heard(600, POSITION), 1000, 0, 0, 2),
        (_heard(256, POSITION), 1000, 1, 256, 0),  # an xrun explains it
        (_heard(256, POSITION), None, 0, 0, 1),
        (_heard(256, POSITION), 999, 0, 256, 0),  # one frame went out that no pointer counts
        (_heard(513, POSITION), 999, 0, 0, 2),
        (_heard(512, POSITION), 999, 0, 0, 1),
        (_heard(256, POSITION), 2000, 0, 0, 1),
        (_heard(96, POSITION, locked=False), 1000, 0, 0, 0),
        (_heard(None, POSITION), 1000, 0, 0, 0),
        (_heard(96, None), 1000, 0, 0, 0),
    ],
)
def test_silence_before_the_stream_is_a_lead_and_whole_laps_are_old_data(analysis, played, xruns, lead, laps):
    burst = Burst(xruns=xruns)
    exchange = burst.exchange()
    exchange = dataclasses.replace(exchange, playback=dataclasses.replace(exchange.playback, hw_ptr=played))
    asked = []

    def says(out, rings, position, due, planted):
        asked.append((rings, position, due, planted))
        return analysis

    fault = positive_control.Planted(Kind.ZERO, 600, 8)
    sent = _sent(burst, faults=(fault,), due=900)
    found, silent = module._playback(np.zeros(4000, np.uint8), 1000, sent, exchange, says)
    assert asked == [(Rings(256, None), POSITION, 900, 1)]
    assert silent == lead
    assert [one.laps for one in found.findings if one.laps] == [laps] * bool(laps)


def test_stream_that_is_late_by_laps_is_one_finding_over_all_that_was_checked():
    first = (POSITIONS - 100) % POSITIONS
    analysis = Analysis("exact", True, 4000, 900, 512, first, wrong_frames=7, episodes=3)
    late = module._late(analysis, 2, 256)
    (whole,) = late.findings
    assert (whole.kind, whole.frame, whole.frames) == (Kind.STALE, 512, 900)
    # What was due there is two laps further on, round the end of the positions.
    assert (whole.position, whole.lag, whole.laps, whole.ring) == (412, 512, 2, "playback")
    assert whole.details == {"uniform": True}
    assert (late.wrong_frames, late.episodes) == (900, 3)
    alone = module._late(Analysis("exact", True, 4000, 900), 1, 256)
    assert (alone.findings[0].frame, alone.findings[0].position) == (0, 256)
    assert (alone.wrong_frames, alone.episodes) == (900, 1)
    more = module._late(dataclasses.replace(analysis, wrong_frames=1000), 2, 256)
    assert more.wrong_frames == 1000


# -- what is said of a finding ----------------------------------------------------------------


def _finding(frame, frames=8, kind=Kind.STALE, **more):
    return Finding(kind, frame, frames, (POSITION + frame) % POSITIONS, **more)


def test_findings_of_one_half_of_the_way_name_their_view_and_what_is_known_of_it():
    text = "8 frames from capture frame 5 on"
    analysis = NONE.holding([_finding(5, text=text), _finding(50, text=text, injected=True)], 9)
    memory = {PLAYBACK: Held(0, np.arange(100) == 7)}
    sent = _sent(Burst())
    real, planted = module._seen(analysis, PLAYBACK_RING, memory, sent).findings
    assert real.text == planted.text == "8 frames from OUT frame 5 on"
    assert real.details == {
        "view": PLAYBACK_RING,
        "lanes": dict(zip(LANES, (RIGHT, WRONG, WRONG, UNKNOWN))),
    }
    assert planted.details == {}
    real, _ = module._seen(analysis, CAPTURE_RING, {}, sent).findings
    assert real.text == text
    assert real.details["lanes"] == dict(zip(LANES, (UNKNOWN, UNKNOWN, RIGHT, WRONG)))


@pytest.mark.parametrize(
    ("view", "lanes"),
    [
        (PLAYBACK_RING, (RIGHT, RIGHT, WRONG, WRONG)),
        (BUS, (RIGHT, RIGHT, WRONG, WRONG)),
        (CAPTURE_RING, (RIGHT, WRONG, RIGHT, WRONG)),
    ],
)
def test_lanes_of_a_loopback_say_where_it_is_wrong_and_what_memory_held(view, lanes):
    # Memory of capture is by captured frame, that of playback by frame written: 30 later.
    memory = {CAPTURE: Held(0, np.arange(60) == 20), PLAYBACK: Held(0, np.arange(60) == 20)}
    finding = dataclasses.replace(
        _finding(20, 1), position=(POSITION + 50) % POSITIONS, details={"view": view}
    )
    told = module._with_lanes(finding, memory, POSITION, True)
    assert told.details["lanes"] == dict(zip(LANES, lanes))


def test_memory_is_asked_for_the_frames_of_a_finding_and_for_one_of_a_gap():
    asked = []

    class Asked:
        def says(self, first, frames):
            asked.append((first, frames))
            return RIGHT

    position = POSITIONS - 10
    for frames in (8, 1, 0):
        finding = Finding(Kind.DROP, 3, frames, 5, details={"view": BUS})
        module._with_lanes(finding, {PLAYBACK: Asked()}, position, True)
    assert asked == [(15, 8), (15, 1), (15, 1)]


@pytest.mark.parametrize(
    ("finding", "out_wrong", "in_wrong", "view"),
    [
        (_finding(20, 4), (), (20,), CAPTURE_RING),
        (_finding(20, 4), (), (23,), CAPTURE_RING),
        (_finding(20, 4), (), (19, 24), BUS),
        (_finding(20, 4), (20,), (), PLAYBACK_RING),
        (_finding(20, 4), (23,), (), PLAYBACK_RING),
        (_finding(20, 4), (19, 24), (), BUS),
        (_finding(20, 4), (20,), (20,), CAPTURE_RING),
        (_finding(20, 4, Kind.DROP), (21,), (21,), BUS),  # a gap has one frame behind it
        (_finding(20, 0), (20,), (), PLAYBACK_RING),
        (_finding(20, 0), (21,), (), BUS),
        (_finding(59, 1), (), (), BUS),
        (_finding(60, 1), (), (), ""),  # no such frame of OUT was compared
        (_finding(79, 1), (), (79,), CAPTURE_RING),
        (_finding(80, 1), (), (), ""),  # nor of IN
    ],
)
def test_view_of_a_finding_is_the_first_in_which_its_frames_are_wrong(finding, out_wrong, in_wrong, view):
    out, into = np.zeros(60, np.bool_), np.zeros(80, np.bool_)
    out[list(out_wrong)] = into[list(in_wrong)] = True
    views = compared(out_frames=60, in_frames=80, out_wrong=out, in_wrong=into)
    analysis = NONE.holding([finding], 1)
    assert attribute(analysis, views, POSITION).findings[0].details.get("view", "") == view


@pytest.mark.parametrize(
    ("frame", "position", "edge"),
    [
        (24, 5, True),  # byte 96 of IN
        (25, 5, False),
        (9, 28, True),  # (28 + 4) * 6 = 192 of OUT
        (9, 29, False),
        (9, 12, True),  # 96 of OUT
        (9, 44, False),  # byte 288, where OUT ends
        (9, 60, False),  # and behind it
    ],
)
def test_finding_says_that_it_begins_with_a_packet_of_in_or_of_out(frame, position, edge):
    wire = Wire("usbmon1", stream(288, (0, 96, 192, 288, 384)), stream(400, (0, 96)))
    views = compared(wire=wire, out_lead=4, frame_bytes=4, out_frame_bytes=6)
    finding = Finding(Kind.STALE, frame, 1, (POSITIONS - 2 + position) % POSITIONS)
    told = attribute(NONE.holding([finding], 1), views, POSITIONS - 2).findings[0]
    assert told.details["view"] == BUS
    assert told.details.get("packet_edge", False) is edge
    assert told.details["lanes"]["read"] == WRONG
