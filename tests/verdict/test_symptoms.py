# SPDX-License-Identifier: MIT
"""Sizes, edges and lengths of findings, from the events of a record."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from stress.model.finding import SILENT
from stress.model.record.analysis import AnalysisRecord
from stress.model.record.burst import BurstRecord
from stress.model.record.events import OpenRecord, PairRecord, ParamsRecord
from stress.model.record.exchange import ExchangeRecord, StreamRecord
from stress.model.record.findings import FindingRecord
from stress.model.record.histogram import HistogramRecord, PlaneRecord
from stress.model.record.proof import ConditionsRecord, ControlRecord, ExposureRecord
from stress.model.record.wire import SideRecord, WireRecord
from stress.verdict.symptoms import LASTS, Symptoms

STREAM = StreamRecord(48000, 0, 0, 0)
PARAMS = ParamsRecord("S16_LE", 2, 48000, 480, 4800, "mmap")
RW = dataclasses.replace(PARAMS, access="rw")


def _found(kind, frame, frames, **details):
    lag = details.pop("lag", None)
    injected = details.pop("injected", False)
    return FindingRecord(kind, frame, frames, None, None, None, injected, details, lag=lag)


def _burst(*found, arm="base", notes=(), wire=None):
    analysis = AnalysisRecord(True, 48000, 0, {}, (), tuple(notes), tuple(found), first_frame=100)
    exchange = ExchangeRecord(STREAM, STREAM, None)
    burst = BurstRecord(
        0, arm, 0, 48000, 1.0, exchange, analysis, ControlRecord(0, 0), ExposureRecord(1, 32), 0, 1.0,
        ConditionsRecord((), (), ()),
    )  # fmt: skip
    return dataclasses.replace(burst, wire=wire) if wire else burst


def _opened(arm="base", params=PARAMS):
    return OpenRecord(arm, granted=PairRecord(params, params))


def _wire(**out):
    into = SideRecord(48000, 0, 0, statuses={"-71": 1})
    return WireRecord(1, 0, 0, 0, False, (), SideRecord(48000, 0, 0, **out), into, source="usbmon1")


def test_slip_that_lasts_to_the_end_is_told_from_one_that_heals_and_from_the_whole():
    lasting = _burst(
        _found("byteshift", 5000, 30000), _found("bitflip", 35000, 1), _found("byteshift", 35001, 12000)
    )
    heals = _burst(_found("swap", 5000, 900))
    whole = _burst(_found("swap", 100, 47900))
    found = Symptoms.of([_opened(), lasting, heals, whole])
    assert (found.bursts, found.lasting, found.whole) == (3, 1, 1)


def test_gaps_have_sizes_and_the_injected_ones_are_left_out():
    burst = _burst(*(_found("drop", n * 999, 480) for n in range(5)), _found("zero", 5, 7, injected=True))
    found = Symptoms.of([_opened(), burst])
    assert found.gaps == {480: 5}
    assert (found.sized(found.periods), found.sized((7,)), found.shorter(480), found.shorter(479)) == (
        True, False, True, False
    )  # fmt: skip
    assert (found.periods, found.rate) == ({480}, 48000)


def test_fifos_are_those_that_a_driver_states():
    stated = dataclasses.replace(PARAMS, fifo_frames=16)
    assert Symptoms.of([_opened(), _opened(params=stated)]).fifos == {16}
    assert Symptoms.of([_opened()]).fifos == frozenset()


def test_no_gaps_have_no_size():
    assert not Symptoms().sized((1, 48))
    assert not Symptoms().shorter(10**9)


@pytest.mark.parametrize(("edges", "expected"), [(9, True), (5, False), (0, False)])
def test_runs_at_packet_edges_are_counted_where_a_tap_looked(edges, expected):
    runs = [_found("byteshift", n, 5, view="wire or device", **({"packet_edge": True} if n < edges else {}))
            for n in range(10)]  # fmt: skip
    found = Symptoms.of([_opened(), _burst(*runs, _found("drop", 9, 9))])
    assert (found.at_packets, found.beside_packets, found.edged) == (edges, 10 - edges, expected)
    assert not Symptoms().edged


def test_statuses_and_lengths_of_packets_are_summed():
    wires = [_wire(statuses={"-18": 3}, lengths={"264": 9, "270": 1}) for _ in range(2)]
    found = Symptoms.of([_opened(), *(_burst(wire=wire) for wire in wires)])
    assert found.statuses == {"-18": 6, "-71": 2}
    assert found.lengths == {264: 18, 270: 2}
    assert (found.odd_packets, found.out_frames, found.out_wrong) == (2, 96000, 0)


def test_silence_and_old_runs_with_rw_access_are_counted():
    events = [_opened(), _opened("rw", RW), _burst(notes=(SILENT,)), _burst(_found("stale", 5, 8), arm="rw")]
    found = Symptoms.of([*events, _burst(_found("stale", 5, 8), _found("misplaced", 99, 8, lag=77))])
    assert (found.silent, found.old_rw, found.lags) == (1, 1, {77: 1})
    # What ran dry was not played, and zeros say nothing of a ring.
    dry = _burst(notes=(SILENT,))
    sides = dataclasses.replace(dry.exchange, playback=dataclasses.replace(STREAM, xruns=1))
    assert Symptoms.of([_opened(), dataclasses.replace(dry, exchange=sides)]).silent == 0


@pytest.mark.parametrize(
    ("ring", "name", "cells", "bins"),
    [
        # Columns of 1024 frames at 48 kHz: five are a tenth of a second.
        ("playback", "stale", (0, 8, 1, 8, 3, 8), 1),
        ("playback", "stale", (0, 8, 5, 8, 96, 8), 2),
        ("capture", "stale", (0, 8, 90, 8), 2),
        ("playback", "silent", (0, 8), 0),
        ("", "stale", (0, 8), 0),
    ],
)
def test_old_data_is_counted_by_tenths_of_a_second(ring, name, cells, bins):
    plane = PlaneRecord(ring, 1536, 32, {name: cells})
    burst = _burst()
    made = HistogramRecord(1024, sum(cells[1::2]), (plane,))
    burst = dataclasses.replace(burst, analysis=dataclasses.replace(burst.analysis, histogram=made))
    assert Symptoms.of([_opened(), burst]).old_bins["base"] == bins


@pytest.mark.parametrize(
    ("lengths", "frame_bytes", "odd", "unseen"),
    [
        ({192: 10, 194: 2, 190: 1}, 6, 3, False),
        ({192: 10, 196: 2}, 4, 0, False),
        ({}, 6, 0, True),
        ({}, 8, 0, False),
        ({}, 4, 0, False),
    ],
)
def test_odd_packets_are_counted_where_a_tap_looked_and_suspected_where_none_did(
    lengths, frame_bytes, odd, unseen
):
    symptoms = Symptoms(lengths=Counter(lengths), frame_bytes=frame_bytes)
    assert (symptoms.odd_packets, symptoms.unseen_odd) == (odd, unseen)


@pytest.mark.parametrize(
    ("gaps", "sizes", "expected"),
    [({96: 3, 47: 2}, [48], True), ({96: 5, 47: 4}, [48], False), ({47: 5}, [1], False), ({}, [48], False)],
)
def test_gaps_are_sized_where_three_in_five_are_whole_multiples(gaps, sizes, expected):
    assert Symptoms(gaps=Counter(gaps)).sized(sizes) is expected


@pytest.mark.parametrize(
    ("sizes", "frames", "expected"),
    [
        ({100: 1}, 99, True),
        ({100: 1}, 100, False),
        ({100: 61, 10: 390}, 50, True),
        ({100: 6, 10: 40}, 50, False),
    ],
)
def test_old_runs_are_longer_where_most_of_their_frames_lie_in_longer_ones(sizes, frames, expected):
    assert Symptoms(old_sizes=Counter(sizes)).old_longer(frames) is expected


def test_sizes_of_one_frame_are_none_that_gaps_could_have():
    gaps = Symptoms(gaps=Counter({4: 10}))
    assert gaps.sized([2]) and gaps.sized([1, 4])
    assert not gaps.sized([1]) and not gaps.sized([0, 3])


def test_rate_and_frame_are_those_of_the_first_stream_that_was_opened():
    first = dataclasses.replace(PARAMS, rate=44100, channels=4)
    capture = OpenRecord("c", granted=PairRecord(None, first))
    found = Symptoms.of([OpenRecord("n", granted=PairRecord(None, None)), capture, _opened()])
    assert (found.rate, found.frame_bytes, found.periods) == (44100, 8, {480})
    assert (Symptoms.of([]).rate, Symptoms.of([]).frame_bytes) == (0, 0)


@pytest.mark.parametrize(
    ("playback", "capture", "old"), [(RW, RW, 1), (RW, PARAMS, 0), (PARAMS, RW, 0), (RW, None, 1)]
)
def test_arm_is_rw_where_each_of_its_directions_is(playback, capture, old):
    opened = OpenRecord("base", granted=PairRecord(playback, capture))
    real, planted = _found("stale", 5, 8), _found("stale", 50, 8, injected=True)
    assert Symptoms.of([opened, _burst(real, planted, _found("zero", 90, 8))]).old_rw == old


def test_old_runs_are_counted_by_size_and_misplaced_ones_by_age():
    found = Symptoms.of(
        [
            _burst(_found("stale", 5, 8), _found("stale", 50, 8), _found("stale", 90, 16)),
            _burst(
                _found("misplaced", 5, 4, lag=77), _found("misplaced", 50, 4), _found("zero", 90, 4, lag=7)
            ),
        ]
    )
    assert (found.old_sizes, found.lags, found.gaps) == ({8: 2, 16: 1}, {77: 1}, {4: 1})


def test_frames_of_out_that_differ_are_summed():
    wires = [dataclasses.replace(_wire(), out=SideRecord(100, wrong, 0)) for wrong in (7, 5)]
    found = Symptoms.of(_burst(wire=wire) for wire in wires)
    assert (found.out_frames, found.out_wrong) == (200, 12)


@pytest.mark.parametrize(("rate", "bins"), [(0, 3), (48000, 2), (10_241, 2), (10_240, 3)])
def test_tenth_of_a_second_is_one_column_at_least(rate, bins):
    # Columns of 1024 frames: 0, 1 and 6.
    plane = PlaneRecord("playback", 1536, 32, {"stale": (0, 8, 1, 8, 5, 8)})
    burst = _burst()
    made = HistogramRecord(1024, 24, (plane,))
    burst = dataclasses.replace(burst, analysis=dataclasses.replace(burst.analysis, histogram=made))
    opened = [_opened(params=dataclasses.replace(PARAMS, rate=rate))] if rate else []
    assert Symptoms.of([*opened, burst]).old_bins["base"] == bins


@pytest.mark.parametrize(
    ("first", "frames", "lasting", "whole"),
    [
        (100, 48000, 0, 1),
        (101, 47999, 0, 1),  # the frame behind the first one
        (102, 47998, 1, 0),
        (100, round(48000 * LASTS), 0, 1),
        (100, round(48000 * LASTS) - 1, 0, 0),
        (48099, 1, 1, 0),
    ],
)
def test_order_that_is_wrong_up_to_the_end_lasts_from_its_first_frame_on(first, frames, lasting, whole):
    # 48000 frames from frame 100 on were checked; the last run is told first.
    parts = [_found("swap", first + frames - 1, 1), _found("rotate", first, frames - 1)]
    found = Symptoms.of([_burst(*parts)])
    assert (found.lasting, found.whole) == (lasting, whole)


def test_order_that_is_wrong_behind_the_last_checked_frame_does_not_last():
    assert Symptoms.of([_burst(_found("swap", 48100, 0))]).lasting == 0
    assert Symptoms.of([_burst(_found("swap", 48100, 1))]).lasting == 1
