"""A diagnosis tells in which view the wrong runs first appear."""

from __future__ import annotations

import dataclasses

from stress.experiment.cause import Cause
from stress.experiment.contrast import Measured
from stress.experiment.diagnosis import diagnose
from stress.experiment.plan import Arm
from stress.experiment.tally import Tally
from stress.model.wire import BUS, PLAYBACK_RING

BASE = Arm(name="player", group="player", side="playback")
RW = dataclasses.replace(BASE, name="rw", access="rw")


def _arm(arm, episodes, view, failed=0):
    tally = Tally(arm.name, bursts=2, checked_frames=960_000, lines=120_000, planted=9, control_found=9)
    tally.episodes, tally.observed_s, tally.wrong_frames = episodes, 20.0, 1000 * episodes
    if episodes:
        tally.sites.update({("stale", "playback", 1): 90})
        tally.counts.update({"stale": 90})
        tally.shapes.update({"lines": 90})
        tally.views.update({view: 90} if view else {})
        tally.wire.update({"out_failed": failed})
    return Measured(arm, tally)


def test_diagnosis_names_the_view_of_an_alias():
    found = diagnose([_arm(BASE, 40, PLAYBACK_RING), _arm(RW, 0, "")], 1e-4)
    assert found.cause is Cause.CACHE_ALIAS
    assert f"by the wire, the wrong runs first appear: 90 in the {PLAYBACK_RING}" in found.evidence


def test_diagnosis_names_the_view_and_the_packets_lost_beyond_the_host():
    found = diagnose([_arm(BASE, 40, BUS, failed=3), _arm(RW, 40, BUS)], 1e-4)
    assert found.cause is Cause.DMA_STALE
    (line,) = [line for line in found.evidence if line.startswith("by the wire")]
    assert f"180 in the {BUS}" in line
    assert "3 OUT packets failed on the bus" in line


def test_diagnosis_without_a_tap_says_nothing_of_the_wire():
    found = diagnose([_arm(BASE, 40, ""), _arm(RW, 0, "")], 1e-4)
    assert not any("wire" in line for line in found.evidence)
