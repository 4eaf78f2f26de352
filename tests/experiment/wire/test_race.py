# SPDX-License-Identifier: MIT
"""A packet read while the driver copied it is set apart, on several CPUs and at the end of a packet only."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment.wire.capture import compare_read
from stress.experiment.wire.race import RACE, set_apart_races, set_apart_unseen_races
from stress.model.finding import Analysis, Finding, Kind
from stress.model.transport import SOC, USB, TransportRecord
from stress.model.wire import Wire, WireStream

STEP = 4
STARTS = np.array([0, 48, 96, 144], np.int64)


def _wire(several=True):
    into = WireStream(np.zeros(192 * STEP, np.uint8), STARTS * STEP, np.zeros(4, np.int64))
    return Wire("usbmon1", into, into, several_cpus=several)


def _finding(frame, frames, kind=Kind.STALE, injected=False):
    return Finding(kind, frame, frames, frame, injected=injected)


def _apart(*findings, several=True):
    analysis = Analysis("exact", True, 192, findings=tuple(findings))
    done = set_apart_races(analysis, _wire(several), STEP).findings
    assert [one.frame for one in done] == [one.frame for one in findings]
    return [one.details.get("transport") == RACE for one in done]


@pytest.mark.parametrize("kind", [Kind.STALE, Kind.ZERO])
def test_end_of_one_packet_is_a_race(kind):
    assert _apart(_finding(90, 6, kind)) == [True]
    assert _apart(_finding(48, 48, kind)) == [True]
    assert _apart(_finding(180, 12, kind)) == [True]


def test_other_places_kinds_and_planted_faults_are_none():
    assert _apart(_finding(90, 5)) == [False]
    assert _apart(_finding(90, 7)) == [False]
    assert _apart(_finding(40, 56)) == [False]
    assert _apart(_finding(90, 6, Kind.BITFLIP)) == [False]
    assert _apart(_finding(90, 6, injected=True)) == [False]


def test_one_cpu_has_no_race():
    assert _apart(_finding(90, 6), several=False) == [False]


def test_frame_that_was_copied_by_half_goes_with_its_tail():
    assert _apart(_finding(89, 1, Kind.UNKNOWN), _finding(90, 6)) == [True, True]
    assert _apart(_finding(88, 2, Kind.UNKNOWN), _finding(90, 6)) == [False, True]
    assert _apart(_finding(87, 1, Kind.UNKNOWN), _finding(90, 6)) == [False, True]
    # Where the tail begins with the packet, the frame before it is of another one.
    assert _apart(_finding(47, 1, Kind.UNKNOWN), _finding(48, 48)) == [False, True]
    assert _apart(_finding(89, 1, Kind.UNKNOWN, injected=True), _finding(90, 6)) == [False, True]


@pytest.mark.parametrize("step", [2, 3, 4, 6, 8, 12])
@pytest.mark.parametrize("line_bytes", [32, 64])
def test_packet_whose_copy_stopped_at_any_byte_is_a_race_whatever_the_frame(step, line_bytes):
    chance, ring = np.random.RandomState(step), 3520
    sizes = [45 if packet % 10 == 9 else 44 for packet in range(200)]
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int64) * step
    into = chance.randint(0, 256, sum(sizes) * step).astype(np.uint8)
    stream = WireStream(into, starts, np.zeros(len(starts), np.int64))
    packet = 150
    begin, end = int(starts[packet]), int(starts[packet + 1])
    for copied in range(0, end - begin):
        read = into.copy()
        read[begin + copied : end] = into[begin + copied - ring * step : end - ring * step]
        found = compare_read(read, into, ring, step, line_bytes)
        done = set_apart_races(found, Wire("usbmon1", stream, stream, several_cpus=True), step)
        assert done.findings
        assert all(one.details.get("transport") == RACE for one in done.findings), copied


PC = TransportRecord(kind=USB, snooped=True, cpus=2, packet_us=1000)


def _old(frame, frames, laps=1, ring="capture", line_bytes=None, injected=False):
    return Finding(
        Kind.STALE, frame, frames, frame, 5280, laps, ring, line_bytes=line_bytes, injected=injected
    )


def _unseen(*findings, transport=PC):
    analysis = Analysis("exact", True, 17280, findings=tuple(findings))
    done = set_apart_unseen_races(analysis, transport, 48000).findings
    return [one.details.get("transport") == RACE for one in done]


def test_end_of_a_packet_that_is_old_is_a_race_where_the_bus_was_not_seen():
    # Seen on a clean card under emulation, two CPUs.
    assert _unseen(_finding(13030, 1, Kind.UNKNOWN), _old(13031, 25)) == [True, True]
    assert _unseen(_old(13031, 25), _finding(15000, 1, Kind.UNKNOWN)) == [True, False]


@pytest.mark.parametrize(
    "finding",
    [
        _old(13031, 50),
        _old(13031, 25, laps=2),
        _old(13031, 25, ring="playback"),
        _old(13024, 16, line_bytes=64),
        _old(13031, 25, injected=True),
    ],
)
def test_what_no_packet_leaves_stays_corruption(finding):
    assert _unseen(finding) == [False]


@pytest.mark.parametrize("other", [{"cpus": 1}, {"snooped": False}, {"kind": SOC}])
def test_machine_without_that_race_has_corruption(other):
    assert _unseen(_old(13031, 25), transport=dataclasses.replace(PC, **other)) == [False]


def test_card_that_ages_packet_after_packet_is_not_excused():
    found = [_old(1000 * number, 25) for number in range(1, 5)]
    assert _unseen(*found[:3]) == [True] * 3
    assert _unseen(*found) == [False] * 4


@pytest.mark.parametrize(
    ("packet_us", "rate", "longest"), [(1000, 48000, 49), (1000, 44100, 46), (125, 44100, 7), (0, 48000, 49)]
)
def test_race_that_was_not_seen_is_no_longer_than_a_packet_and_one_frame(packet_us, rate, longest):
    transport = dataclasses.replace(PC, packet_us=packet_us)
    for frames, raced in ((longest, True), (longest + 1, False)):
        analysis = Analysis("exact", True, 99_000, 99_000).holding([_old(13031, frames)], 9)
        (done,) = set_apart_unseen_races(analysis, transport, rate).findings
        assert ("transport" in done.details) is raced
