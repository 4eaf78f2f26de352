# SPDX-License-Identifier: MIT
"""Which frames of a burst may be judged: none that a ring was rewritten under, however it ended."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from stress.board.conditions import RequestedConditions
from stress.experiment import burst
from stress.experiment.burst import BurstRunner
from stress.experiment.method.detector import CheckResult
from stress.experiment.method.exact import ByPattern
from stress.experiment.positive_control import EXACT, Geometry, Outcome
from stress.model.exposure import Exposure
from stress.model.finding import Analysis
from stress.model.formats import sample_format
from stress.model.path import Path
from stress.model.pcm import Access, Direction, Exchange, Granted, StreamParams, StreamResult
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

FRAMES, PLAYBACK_RING, CAPTURE_RING = 9600, 480, 528
S16 = sample_format("S16_LE")


def stream(ring):
    return StreamParams(48000, 2, S16, Access.MMAP, 48, ring)


@pytest.fixture(scope="module")
def runner():
    granted = Granted("test", stream(PLAYBACK_RING), stream(CAPTURE_RING))
    return BurstRunner(granted, ByPattern(Pattern("mix1", S16, 2), 32), FRAMES, 32, RequestedConditions())


def exchange(played=FRAMES, taken=FRAMES, limit=FRAMES, underruns=0, overruns=0):
    return Exchange(
        StreamResult(played, "RUNNING", underruns), StreamResult(taken, "RUNNING", overruns), limit
    )


@pytest.mark.parametrize(
    ("given", "due", "taken"),
    [
        # Nothing lost: all that left the ring, all that was read.
        ({}, FRAMES, FRAMES),
        ({"limit": 9000}, 9000, FRAMES),
        ({"limit": FRAMES + 700, "taken": 10000}, FRAMES, 10000),
        # An underrun ends the stream: the last ring-full may have been played while it was rewritten.
        ({"played": 5000, "limit": 5000, "underruns": 1}, 5000 - PLAYBACK_RING, FRAMES),
        # Behind the whole pattern there is nothing that it could have spoilt.
        ({"played": FRAMES, "underruns": 1}, FRAMES, FRAMES),
        ({"played": FRAMES + 1, "underruns": 1}, FRAMES, FRAMES),
        ({"played": FRAMES - 1, "underruns": 1}, FRAMES - PLAYBACK_RING, FRAMES),
        # A short stream without one was stopped: what is known to have left the ring is due.
        ({"played": 5000, "limit": 4700}, 4700, FRAMES),
        # An overrun: the last ring-full was read while the card wrote it.
        ({"taken": 6000, "overruns": 1}, FRAMES, 6000 - CAPTURE_RING),
        ({"taken": 6000, "overruns": 0}, FRAMES, 6000),
        ({"underruns": 1, "overruns": 1, "played": 5000, "limit": 5000, "taken": 6000}, 4520, 5472),
        # Never less than nothing.
        ({"played": 100, "limit": 100, "underruns": 1, "taken": 200, "overruns": 2}, 0, 0),
    ],
)
def test_frames_near_an_xrun_are_not_judged(runner, given, due, taken):
    assert runner._judged(exchange(**given)) == (due, taken)


def _runner(name="S16_LE", access=Access.MMAP, capture_access=Access.MMAP, loopback="digital", **more):
    fmt = sample_format(name)
    sides = [
        StreamParams(48000, 2, fmt, one, 48, ring)
        for one, ring in ((access, PLAYBACK_RING), (capture_access, CAPTURE_RING))
    ]
    method = ByPattern(Pattern("mix1", fmt, 2), 32)
    return BurstRunner(
        Granted("test", *sides), method, FRAMES, 32, RequestedConditions(), loopback=loopback, **more
    )


@pytest.mark.parametrize(("name", "padding"), [("S16_LE", 0), ("S24_LE", 1), ("S24_3LE", 0), ("S32_LE", 0)])
def test_control_leaves_the_bytes_alone_that_a_path_need_not_carry(name, padding):
    geometry = _runner(name).geometry
    fmt = sample_format(name)
    assert geometry == Geometry(
        PLAYBACK_RING, 2 * fmt.sample_bytes, 32, fmt.sample_bytes, 2 * fmt.sample_bytes, padding
    )


@pytest.mark.parametrize(
    ("playback", "capture", "mapped"),
    [
        (Access.MMAP, Access.MMAP, (Direction.PLAYBACK, Direction.CAPTURE)),
        (Access.RW, Access.MMAP, (Direction.CAPTURE,)),
        (Access.MMAP, Access.RW, (Direction.PLAYBACK,)),
        (Access.RW, Access.RW, ()),
    ],
)
def test_only_a_mapped_direction_can_be_late_by_a_lap(playback, capture, mapped):
    assert _runner(access=playback, capture_access=capture)._mapped == mapped


@pytest.mark.parametrize(
    ("loopback", "heard", "wire", "takes"),
    [
        ("auto", False, True, True),
        ("auto", True, True, False),
        ("auto", False, False, False),
        ("auto", True, False, False),
        ("none", True, False, True),
        ("digital", False, True, False),
    ],
)
def test_wire_is_judged_where_the_stimulus_did_not_come_back_or_nothing_was_to(loopback, heard, wire, takes):
    views = SimpleNamespace(playback=Analysis("exact", wire, 9))
    assert burst._takes_the_wire(views, loopback, Analysis("exact", heard, 9)) is takes


@pytest.mark.parametrize(
    ("first_frame", "first_position", "same", "start"),
    [
        (100, 5000, True, 100),
        (100, 5010, True, 90),  # ten frames of the pattern did not come back
        (5, 5010, True, -5),
        (100, 5010, False, None),
        (None, 5010, True, None),
    ],
)
def test_sums_begin_where_the_first_frame_that_was_played_came_back(
    monkeypatch, first_frame, first_position, same, start
):
    asked = []
    monkeypatch.setattr(burst, "sums_of_burst", lambda *arguments: asked.append(arguments))
    runner = _runner()
    monkeypatch.setattr(runner, "_method", SimpleNamespace(same_bytes=lambda analysis: same))
    returned = np.zeros(40, np.uint8)
    runner._sums(returned, Analysis("exact", True, 9, 9, first_frame, first_position), 5000, 300)
    ((played, seen, begin, frame_bytes, period),) = asked
    assert (played.size, seen is returned, begin, frame_bytes, period) == (300 * 4, True, start, 4, 48)


def test_sums_of_a_burst_across_the_end_of_the_positions_begin_with_it(monkeypatch):
    asked = []
    monkeypatch.setattr(burst, "sums_of_burst", lambda *arguments: asked.append(arguments[2]))
    runner = _runner()
    runner._sums(np.zeros(4, np.uint8), Analysis("exact", True, 9, 9, 100, 3), POSITIONS - 7, 9)
    assert asked == [90]


def _result(checked, exposed=None):
    return SimpleNamespace(exposed_frames=checked if exposed is None else exposed)


@pytest.mark.parametrize(
    ("mapped", "lines"),
    [
        ((Direction.PLAYBACK, Direction.CAPTURE), 1001 * 2 // 32),
        ((Direction.CAPTURE,), 1001 * 9 // 32),
        ((Direction.PLAYBACK,), 1001 * 2 // 32),
        ((), 1001 * 2 // 32),  # rw both ways: both are what is looked at
    ],
)
def test_lines_of_frames_of_two_sizes_are_those_of_the_ring_with_fewer(monkeypatch, mapped, lines):
    # Half of each line of playback holds compared samples of 4 bytes a frame; capture has 9, all compared.
    shared = SimpleNamespace(
        playback=SimpleNamespace(frame_bytes=4, telling_share=lambda line: 16 / line),
        capture=SimpleNamespace(frame_bytes=9, telling_share=lambda line: 1.0),
    )
    runner = _runner()
    assert runner.exposure(_result(1001)) == Exposure.of_frames(1001, 4, 32)
    monkeypatch.setattr(runner, "_shared", shared)
    monkeypatch.setattr(runner, "_mapped", mapped)
    assert runner.exposure(_result(1001)) == Exposure(lines, 32)


@pytest.mark.parametrize(("exposed", "frames"), [(None, 700), (0, 0), (40, 40)])
def test_frames_that_were_exposed_are_all_that_were_checked_where_nothing_else_is_said(exposed, frames):
    heard = CheckResult(Analysis("exact", True, 900, 700), exposed)
    result = burst.BurstResult(0, 9, None, heard, True, Outcome(0, 0, ()), None, None, None)
    assert (result.exposed_frames, result.analysis.checked_frames) == (frames, 700)


def test_tap_looks_for_as_long_as_the_longest_burst_takes():
    runner = _runner()
    assert runner._seconds() == pytest.approx(runner.longest / 48000)
    assert runner.longest > FRAMES


PATH = Path(exact=False, channels=(0, 1), gain_db=(-6.0, -6.0))


@pytest.mark.parametrize(
    ("path", "kind", "digital", "named", "aged"),
    [
        (None, "digital", True, True, True),
        (dataclasses.replace(PATH, exact=True), "digital", True, True, True),
        (PATH, "digital", False, False, False),  # the bytes are others: a fault is known by its place
        (None, "analog", False, True, True),
        (PATH, "analog", False, False, False),
    ],
)
@pytest.mark.parametrize(("due", "checked", "reached"), [(500, 400, 400), (300, 400, 300)])
def test_planted_faults_are_looked_for_as_the_path_carries_them(
    monkeypatch, path, kind, digital, named, aged, due, checked, reached
):
    asked, ages = [], []
    analysis = Analysis("exact", True, 900, checked, 0, 5000, path=path)

    def match(found, faults, position, limit, rings, rules, carried):
        asked.append((position, limit, rules.names_kind, carried is not None))
        return found, Outcome(1, 1, ())

    monkeypatch.setattr(burst.positive_control, "match", match)
    monkeypatch.setattr(burst, "settle", lambda analysis, *_: analysis)
    monkeypatch.setattr(burst, "old_start", lambda analysis, *_: ages.append(1) or analysis)
    runner = _runner()
    check = lambda *arguments: CheckResult(analysis)  # noqa: E731
    monkeypatch.setattr(runner, "_method", SimpleNamespace(check=check, loopback=kind, rules=EXACT))
    heard, outcome = runner._loopback_result(np.zeros(8, np.uint8), exchange(), 5000, (), due)
    assert (heard.analysis, outcome) == (analysis, Outcome(1, 1, ()))
    assert asked == [(5000, reached, named, digital)]
    assert bool(ages) is aged
