# SPDX-License-Identifier: MIT
"""Causes planted on virtual boards that have a tap: named by layer, through a loopback and without."""

from __future__ import annotations

import pytest

from stress.model.wire import BUS, CAPTURE_RING, PLAYBACK_RING
from stress.pcm.virtual import VirtualPcm
from stress.pcm.virtual_tap import VirtualTap
from stress.plan.plan import read_plan
from stress.record import reader
from stress.verdict.cause import Cause
from stress.verdict.contrast import measure
from stress.verdict.diagnosis import diagnose
from stress.verdict.suspects import Context
from stress.verdict.symptoms import Symptoms
from stress.verdict.tally import tallies
from stress.virtual.spec import BoardSpec
from stress.virtual.transport import transport_of
from tests.experiment.walking import walked

OUT = {"side": "playback", "playback_buffer": 384, "capture_buffer": 4800}
BACK = {"side": "capture", "playback_buffer": 4800, "capture_buffer": 384, "capture": "whole"}
LARGE = {**OUT, "playback_buffer": 4128}


def _fault(kind, **changes):
    return {"fault": [{"kind": kind, "frame": 3000, "every": 3001, **changes}]}


# Board, arm, settings, cause, layer, mechanism. One short burst with mmap and one with rw access:
# far too few for the contrasts.
PLANTED = {
    "P1": ("arm926", OUT, {}, Cause.CACHE_ALIAS, PLAYBACK_RING, "P1"),
    "P2": (
        "arm926",
        {**LARGE, "playback": "rmw", "queue_periods": 2},
        {},
        Cause.CACHE_ALIAS,
        PLAYBACK_RING,
        "P2",
    ),
    "C1": ("arm926", BACK, {}, Cause.CACHE_ALIAS, CAPTURE_RING, "C1"),
    "stale DMA": ("cortex-a", LARGE, _fault("stale-dma", frames=8), Cause.DMA_STALE, BUS, ""),
    "packets lost": ("cortex-a", LARGE, _fault("drop", frames=48), Cause.USB_LOSS, BUS, ""),
    "bits flipped": ("cortex-a", LARGE, _fault("bitflip", frames=1), Cause.MEMORY, BUS, ""),
    "clean": ("cortex-a", LARGE, {}, Cause.NOT_REPRODUCED, "", ""),
}


def _diagnosed(folder, name, loopback):
    board, base, settings, *_ = PLANTED[name]
    base = {"name": "base", "group": "g", "period_size": 48, "burst_s": "250ms", **base}
    rw = {**base, "name": "rw", "access": "rw", "playback": "store", "capture": "exact", "queue_periods": 0}
    plan = read_plan({"bound": 1e-2, "arm": [base, rw], "control": {"least": 4}}, "plan")
    spec = BoardSpec.load(board, settings)
    pcm = VirtualPcm(spec, 7)
    start = {"transport": transport_of(spec)}
    walked(folder, plan, pcm, 32, kept=(0, 0), start=start, tap=VirtualTap(pcm), loopback=loopback)
    log = reader.read_run(folder)
    return diagnose(
        measure(plan, tallies(log.events)),
        plan.bound,
        Context.of(log.start.transport, Symptoms.of(log.events)),
    )


@pytest.mark.parametrize("name", PLANTED)
def test_planted_cause_is_named_with_its_layer_through_a_loopback(tmp_path, name):
    *_, cause, layer, mechanism = PLANTED[name]
    found = _diagnosed(tmp_path, name, "digital")
    assert (found.cause, found.layer) == (cause, layer)
    assert [side.name for side in found.sides] == ([mechanism] if mechanism else [])


@pytest.mark.parametrize("name", [name for name, case in PLANTED.items() if case[4] != BUS])
def test_planted_cause_in_a_ring_is_named_without_a_loopback(tmp_path, name):
    *_, cause, layer, mechanism = PLANTED[name]
    found = _diagnosed(tmp_path, name, "none")
    assert (found.cause, found.layer) == (cause, layer)
    assert [side.name for side in found.sides] == ([mechanism] if mechanism else [])


def test_faults_beyond_the_bus_are_not_seen_without_a_loopback(tmp_path):
    assert _diagnosed(tmp_path, "stale DMA", "none").cause is Cause.NOT_REPRODUCED
