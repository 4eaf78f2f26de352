# SPDX-License-Identifier: MIT
"""The mechanism that a side shows: by the ages and shapes of its stale lines, and by what memory held."""

from __future__ import annotations

import pytest

from stress.plan.plan import Arm
from stress.verdict.contrast import Measured
from stress.verdict.mechanism import mechanisms
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
