# SPDX-License-Identifier: MIT
"""The mechanism that a side shows: by the ages and shapes of its stale lines, and by what memory held."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stress.plan.plan import Arm
from stress.verdict import mechanism
from stress.verdict.contrast import LEVEL, Measured
from stress.verdict.mechanism import TYPICAL, mechanisms
from stress.verdict.tally import Tally

CHECKED = 960_000
RECORDER = {"name": "recorder", "group": "recorder", "side": "capture"}
PLAYER = {"name": "player", "group": "player", "side": "playback"}


def _named(arm, ages, wrong=0.05, shape="lines", differ=""):
    side = arm["side"]
    tally = Tally(arm["name"], bursts=2, checked_frames=CHECKED, wrong_frames=round(wrong * CHECKED))
    tally.sites.update({("stale", side, laps): number for laps, number in ages.items()})
    tally.shapes.update({shape: sum(ages.values())})
    if differ:
        tally.wire[f"memory_{differ}_differ"] = 3
    (found,) = mechanisms([Measured(Arm(**arm), tally)], [])
    assert (found.side, found.proven) == (side, False)
    return found.name


@pytest.mark.parametrize(
    ("ages", "wrong", "name"),
    [
        # Nearly all is late by one lap: lines that the kernel left dirty.
        ({1: 100}, 0.96, "C3"),
        ({1: 95, 2: 5}, 0.96, "C3"),
        ({1: 94, 2: 6}, 0.96, "C1"),
        ({2: 100}, 0.96, "C1"),
        ({1: 100}, 0.95, "C1"),
        ({1: 100}, 0.05, "C1"),
    ],
)
def test_capture_lines_that_are_nearly_all_one_lap_old_were_dirty_in_the_kernel(ages, wrong, name):
    assert _named(RECORDER, ages, wrong) == name


def test_memory_that_lacked_what_came_in_is_dirty_lines_of_its_own_side():
    assert _named(RECORDER, {1: 50}, differ="capture") == "C3"
    assert _named(RECORDER, {1: 50}, differ="playback") == "C1"
    assert _named(PLAYER, {1: 50}, differ="playback") == "P2"
    assert _named(PLAYER, {1: 50}, differ="capture") == "P1"


@pytest.mark.parametrize(
    ("arm", "shape", "name"),
    [
        (RECORDER, "tail", "C2"),
        ({**RECORDER, "capture": "ahead"}, "tail", "CT"),
        ({**RECORDER, "capture": "ahead"}, "lines", "CT"),
        (PLAYER, "lines", "P1"),
        (PLAYER, "tail", "P3"),
        ({**PLAYER, "playback": "rmw"}, "lines", "P2"),
        ({**PLAYER, "start_burst": True}, "lines", "P2"),
    ],
)
def test_mechanism_follows_from_the_arm_and_the_shape_of_its_lines(arm, shape, name):
    assert _named(arm, {1: 30, 3: 30}, shape=shape) == name


def test_side_of_a_few_stray_lines_shows_nothing():
    tally = Tally("player", bursts=2, checked_frames=CHECKED, wrong_frames=900)
    tally.sites.update({("stale", "playback", 1): 95, ("stale", "capture", 1): 5})
    tally.shapes.update({"lines": 100})
    arm = Measured(Arm(**PLAYER), tally)
    assert [one.side for one in mechanisms([arm], [])] == ["playback"]
    tally.sites["stale", "capture", 1] = 6
    assert [one.side for one in mechanisms([arm], [])] == ["playback", "capture"]


@pytest.mark.parametrize(("tails", "name"), [(TYPICAL, "C2"), (TYPICAL - 0.01, "C1")])
def test_capture_that_is_mostly_tails_of_lines_was_read_up_to_the_pointer(tails, name):
    tally = Tally("recorder", bursts=2, checked_frames=CHECKED, wrong_frames=900)
    tally.sites.update({("stale", "capture", 1): 100})
    tally.shapes.update({"tail": round(100 * tails), "run": 100 - round(100 * tails)})
    (found,) = mechanisms([Measured(Arm(**RECORDER), tally)], [])
    assert found.name == name


def test_arm_that_kept_no_run_is_not_said_to_have_tails():
    tally = Tally("recorder", bursts=2, checked_frames=CHECKED, wrong_frames=96)
    tally.sites.update({("stale", "capture", 1): 12})
    (found,) = mechanisms([Measured(Arm(**RECORDER), tally)], [])
    assert found.name == "C1"
    assert found.evidence == (
        "recorder: 0.01 % of the frames wrong; 12 runs are whole laps of the capture ring old, 0 % of those "
        "kept are whole cache lines",
    )


def test_ages_of_the_other_ring_and_of_other_kinds_are_none_of_a_side():
    tally = Tally("recorder", bursts=2, checked_frames=CHECKED, wrong_frames=CHECKED)
    tally.sites.update({("stale", "capture", 1): 95, ("stale", "capture", 2): 5})
    tally.sites.update({("stale", "playback", 2): 80, ("zero", "capture", 2): 80})
    tally.shapes.update({"lines": 100})
    found = [one for one in mechanisms([Measured(Arm(**RECORDER), tally)], []) if one.side == "capture"]
    assert [one.name for one in found] == ["C3"]


def test_share_of_wrong_frames_and_of_whole_lines_is_told():
    tally = Tally("player", bursts=2, checked_frames=800, wrong_frames=50)
    tally.sites.update({("stale", "playback", 1): 7})
    tally.shapes.update({"lines": 3, "tail": 0, "run": 1, "zero": 9})
    (found,) = mechanisms([Measured(Arm(**PLAYER), tally)], [])
    assert found.evidence == (
        "player: 6.25 % of the frames wrong; 7 runs are whole laps of the playback ring old, 75 % of those "
        "kept are whole cache lines",
    )
    tally.checked_frames = 0
    assert (
        "player: 0 % of the frames wrong" in mechanisms([Measured(Arm(**PLAYER), tally)], [])[0].evidence[0]
    )


@pytest.mark.parametrize(
    ("p", "exposure_s", "told"),
    [
        (LEVEL, 0.002, True),
        (LEVEL * 1.01, 0.002, False),
        (0.001, 0.0, False),
        (0.001, -0.1, False),
        (0.001, 0.5, True),
    ],
)
def test_dose_of_context_switches_is_told_where_it_is_significant_and_positive(p, exposure_s, told):
    response = SimpleNamespace(p=p, exposure_s=exposure_s, error_s=0.001)
    base = SimpleNamespace(arm=SimpleNamespace(name="player"))
    assert bool(mechanism._dose_text(base, response)) is told
    assert mechanism._dose_text(base, None) == []


def test_exposure_is_told_in_milliseconds():
    response = SimpleNamespace(p=0.001, exposure_s=0.00884, error_s=0.0012)
    assert mechanism._dose_text(SimpleNamespace(arm=SimpleNamespace(name="player")), response) == [
        "player: context switches thin it out as if lines were exposed for 8.84 +- 1.2 ms (p = 0.001)"
    ]
