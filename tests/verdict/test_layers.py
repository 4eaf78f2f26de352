# SPDX-License-Identifier: MIT
"""The views name layer and side of a cause; they confirm a cache alias, and they veto it."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from stress.experiment import events
from stress.experiment.wire.views import attribute, by_wire
from stress.model.histogram import Axes
from stress.model.transport import USB, TransportRecord
from stress.model.wire import BUS, CAPTURE_RING, PLAYBACK_RING, RIGHT, WRONG
from stress.plan.plan import Arm
from stress.verdict.cause import Cause
from stress.verdict.contrast import Measured
from stress.verdict.diagnosis import diagnose
from stress.verdict.layers import LEAST_SEEN, Layers
from stress.verdict.suspects import Context
from stress.verdict.tally import Seen, Tally
from tests.experiment.wire.wire_cases import FRAMES, POSITION, RINGS, STEP, Burst, detector

ON_USB = Context(TransportRecord(USB))

BASE = Arm(name="player", group="player", side="playback")
RW = dataclasses.replace(BASE, name="rw", access="rw")
RECORDER = Arm(name="recorder", group="recorder", side="capture")
RECORDER_RW = dataclasses.replace(RECORDER, name="recorder-rw", access="rw")


def _arm(arm, episodes=0, view="", failed=0, kind="stale", ring="playback", number=90, memory=()):
    tally = Tally(arm.name, bursts=2, checked_frames=960_000, lines=120_000, planted=9, control_found=9)
    tally.episodes, tally.observed_s, tally.wrong_frames = episodes, 20.0, 1000 * episodes
    if episodes:
        laps = 1 if kind == "stale" else None
        tally.sites.update({(kind, ring, laps): number})
        tally.counts.update({kind: number})
        tally.shapes.update({"lines": number})
        tally.wire.update({"out_failed": failed})
    if episodes and view:
        tally.views.update({view: number})
        tally.seen.update({Seen(view, kind, ring, ""): number})
    for name, value in zip(("frames", "differ"), memory):
        tally.wire.update({f"memory_{ring}_{name}": value})
    return Measured(arm, tally)


def _line(found, part):
    (line,) = [line for line in found.evidence if part in line]
    return line


def test_alias_names_the_ring_it_first_shows_in():
    found = diagnose([_arm(BASE, 40, PLAYBACK_RING), _arm(RW)], 1e-4, ON_USB)
    assert (found.cause, found.layer) == (Cause.CACHE_ALIAS, PLAYBACK_RING)
    assert f"by the wire, the corruption first appears: 90 in the {PLAYBACK_RING}" in found.evidence
    assert "neither device nor bus nor DMA" in _line(found, "what the driver submitted")
    assert not any("decides" in line for line in found.evidence)


def test_wire_vetoes_an_alias_that_the_arms_speak_for():
    # By chance or by load the device was only wrong in mapped arms; OUT is what was written.
    found = diagnose([_arm(BASE, 40, BUS), _arm(RW)], 1e-4, ON_USB)
    assert (found.cause, found.sides, found.layer) == (Cause.DMA_STALE, (), BUS)
    assert "the wire decides" in _line(found, "the arms point to a cache alias")
    assert "never a cache alias" in _line(found, "OUT is what was written")
    assert diagnose([_arm(BASE, 40, ""), _arm(RW)], 1e-4, ON_USB).cause is Cause.CACHE_ALIAS


@pytest.mark.parametrize(
    ("arm", "rw", "view", "ring"),
    [(BASE, RW, PLAYBACK_RING, "playback"), (RECORDER, RECORDER_RW, CAPTURE_RING, "capture")],
    ids=["playback", "capture"],
)
def test_wire_confirms_an_alias_that_the_arms_are_too_few_for(arm, rw, view, ring):
    found = diagnose([_arm(arm, 3, view, ring=ring, number=4), _arm(rw)], 1e-4, ON_USB)
    assert (found.cause, found.layer) == (Cause.CACHE_ALIAS, view)
    assert [(side.side, side.proven) for side in found.sides] == [(ring, True)]
    assert "4 runs of old data" in _line(found, "the arms alone prove nothing")
    assert "none with rw access" in _line(found, "the arms alone prove nothing")
    alone = diagnose([_arm(arm, 3, view, ring=ring, number=4)], 1e-4, ON_USB)
    assert "no arm had rw access" in _line(alone, "the arms alone prove nothing")
    assert (
        diagnose([_arm(arm, 3, "", ring=ring, number=4), _arm(rw)], 1e-4, ON_USB).cause is Cause.CANNOT_TELL
    )


def test_too_few_runs_in_a_ring_name_the_layer_but_no_cause():
    found = diagnose([_arm(BASE, 2, PLAYBACK_RING, number=2), _arm(RW)], 1e-4, ON_USB)
    assert (found.cause, found.layer) == (Cause.CANNOT_TELL, PLAYBACK_RING)


def test_old_data_in_the_ring_with_rw_access_too_is_lost_time_and_no_alias():
    found = diagnose([_arm(BASE, 40, PLAYBACK_RING), _arm(RW, 40, PLAYBACK_RING)], 1e-4, ON_USB)
    assert (found.cause, found.layer) == (Cause.XRUN, PLAYBACK_RING)


@pytest.mark.parametrize(
    ("kind", "view", "cause"),
    [
        ("drop", BUS, Cause.USB_LOSS),
        ("drop", CAPTURE_RING, Cause.XRUN),
        ("repeat", PLAYBACK_RING, Cause.XRUN),
        ("bitflip", BUS, Cause.MEMORY),
        ("bitflip", CAPTURE_RING, Cause.MEMORY),
        ("gain", BUS, Cause.PROCESSING),
        ("misplaced", BUS, Cause.DMA_STALE),
        ("unknown", BUS, Cause.CANNOT_TELL),
    ],
)
def test_cause_follows_kind_and_layer(kind, view, cause):
    found = diagnose([_arm(arm, 10, view, kind=kind, ring=None) for arm in (BASE, RW)], 1e-4, ON_USB)
    assert (found.cause, found.layer, found.sides) == (cause, view, ())
    assert found.headline() == f"{cause.value} ({view})"


def test_unknown_runs_do_not_outvote_those_of_a_kind():
    strange = _arm(BASE, 10, BUS, kind="unknown", ring=None, number=500)
    found = diagnose([strange, _arm(RW, 10, BUS, kind="drop", ring=None, number=3)], 1e-4, ON_USB)
    assert found.cause is Cause.USB_LOSS


def test_two_clocks_have_the_layer_of_their_slips():
    base, rw = (_arm(arm, 10, BUS, kind="drop", ring=None) for arm in (BASE, RW))
    for entry in (base, rw):
        entry.tally.counts.update({"resample": 1})
    found = diagnose([base, rw], 1e-4, ON_USB)
    assert (found.cause, found.layer) == (Cause.CLOCK, BUS)


def test_packets_that_failed_on_the_bus_are_told():
    found = diagnose([_arm(BASE, 40, BUS, failed=3), _arm(RW, 40, BUS)], 1e-4, ON_USB)
    line = _line(found, "by the wire")
    assert f"180 in the {BUS}" in line
    assert "3 OUT packets failed on the bus" in line


def test_losses_of_the_bus_beside_an_alias_are_told():
    base = _arm(BASE, 40, PLAYBACK_RING)
    base.tally.seen.update({Seen(BUS, "drop", None, ""): 5})
    found = diagnose([base, _arm(RW)], 1e-4, ON_USB)
    assert (found.cause, found.also) == (Cause.CACHE_ALIAS, (Cause.USB_LOSS.value,))


@pytest.mark.parametrize(
    ("memory", "name", "words"),
    [
        ((768, 0), "P1", "the kernel read stale lines"),
        ((768, 64), "P2", "64 of 768 frames of the last laps: the user's lines were dirty"),
    ],
)
def test_memory_tells_stale_lines_of_the_kernel_from_dirty_ones_of_the_user(memory, name, words):
    found = diagnose([_arm(BASE, 40, PLAYBACK_RING, memory=memory), _arm(RW)], 1e-4, ON_USB)
    assert [side.name for side in found.sides] == [name]
    assert words in _line(found, "of the last laps")


@pytest.mark.parametrize(
    ("memory", "name", "words"),
    [
        ((768, 0), "C1", "the user read stale lines"),
        ((768, 64), "C3", "64 of 768 frames of the last laps: the kernel's lines were dirty"),
    ],
)
def test_memory_tells_stale_lines_of_the_user_from_dirty_ones_of_the_kernel(memory, name, words):
    arms = [_arm(RECORDER, 40, CAPTURE_RING, ring="capture", memory=memory), _arm(RECORDER_RW)]
    found = diagnose(arms, 1e-4, ON_USB)
    assert [side.name for side in found.sides] == [name]
    assert words in _line(found, "of the last laps")


def test_diagnosis_without_a_tap_says_nothing_of_the_wire():
    found = diagnose([_arm(BASE, 40, ""), _arm(RW)], 1e-4, ON_USB)
    assert found.layer == ""
    assert not any("wire" in line for line in found.evidence)


def _stale_out(burst):
    for at in (1024, 2048, 3072):
        burst.out[at : at + 24] = burst.written[at - RINGS.playback : at - RINGS.playback + 24]
    burst.loop()


def _stale_read(burst):
    for at in (1024, 2048, 3072):
        burst.read[at : at + 24] = burst.into[at - RINGS.capture : at - RINGS.capture + 24]


def _stale_in(burst):
    for at in (1024, 2048, 3072):
        burst.into[at : at + 24] = burst.into[at - RINGS.capture : at - RINGS.capture + 24]
    burst.read = burst.into.copy()


def _lost_in(burst):
    burst.into = np.concatenate([burst.into[:2048], burst.into[2096:]])
    burst.read = burst.into.copy()


def _skipped_read(burst):
    burst.read = np.concatenate([burst.read[:2048], burst.read[2096:]])


# An edited list of usbmon events, arm it happens in, cause named, and its layer.
EDITED = {
    "kernel reads old lines": (_stale_out, BASE, Cause.CACHE_ALIAS, PLAYBACK_RING),
    "user reads old lines": (_stale_read, RECORDER, Cause.CACHE_ALIAS, CAPTURE_RING),
    "device sends old lines": (_stale_in, RECORDER, Cause.DMA_STALE, BUS),
    "packet lost": (_lost_in, RECORDER, Cause.USB_LOSS, BUS),
    "reader skips frames": (_skipped_read, RECORDER, Cause.XRUN, CAPTURE_RING),
}


def _measured(arm, spoil, looped):
    burst = Burst()
    spoil(burst)
    views = burst.views()
    heard = detector(np.ascontiguousarray(burst.read).reshape(-1), RINGS, POSITION, FRAMES)
    analysis = attribute(heard, views, POSITION) if looped else by_wire(views, STEP, 32)
    tally = Tally(arm.name, bursts=1, checked_frames=FRAMES, lines=FRAMES // 8)
    tally.episodes, tally.observed_s = 1, FRAMES / 48000
    tally._add_findings(events.analysis(analysis, Axes()))
    tally._add_wire(events.wire(views, not looped))
    return Measured(arm, tally)


@pytest.mark.parametrize("name", EDITED)
def test_edited_events_are_diagnosed_by_layer_through_a_loopback(name):
    spoil, arm, cause, layer = EDITED[name]
    found = diagnose([_measured(arm, spoil, True), _measured(RW, lambda burst: None, True)], 1.0, ON_USB)
    assert (found.cause, found.layer) == (cause, layer)


@pytest.mark.parametrize("name", EDITED)
def test_edited_events_are_diagnosed_by_layer_without_a_loopback(name):
    spoil, arm, cause, layer = EDITED[name]
    found = diagnose([_measured(arm, spoil, False), _measured(RW, lambda burst: None, False)], 1.0)
    if layer == BUS:
        # Beyond the bus nothing was looked at.
        assert found.layer == ""
        assert found.cause in (Cause.NOT_REPRODUCED, Cause.CANNOT_TELL)
    else:
        assert (found.cause, found.layer) == (cause, layer)


def _layers(mapped=(), rw=(), cpus=1, memory=(), failed=0):
    context = Context(TransportRecord(USB, packet_us=1000, cpus=cpus))
    return Layers(Counter(dict(mapped)), Counter(dict(rw)), Counter(dict(memory)), failed, 2, context)


def _seen(view, kind="stale", ring="playback", memory=""):
    return Seen(view, kind, ring, memory)


def test_failed_packets_of_mapped_and_rw_arms_are_added():
    parts = [_arm(BASE, 3, failed=5), _arm(RW, 3, failed=2)]
    layers = Layers.of(parts)
    assert (layers.failed, layers.rw_bursts) == (7, 2)


@pytest.mark.parametrize(("stray", "vetoed"), [(5, False), (4, True)])
def test_ring_that_was_right_for_nearly_all_old_runs_of_its_side_vetoes(stray, vetoed):
    seen = {_seen(PLAYBACK_RING): stray, _seen(BUS): 100 - stray}
    assert _layers(seen).vetoes("playback") is vetoed
    # Old runs of the other side, and other kinds of this one, are none of it.
    more = {_seen(BUS, ring="capture"): 900, _seen(BUS, kind="zero"): 900}
    assert _layers({**seen, **more}).vetoes("playback") is vetoed


def test_votes_are_runs_and_those_for_nothing_count_where_nothing_else_does():
    odd, slip = _seen(PLAYBACK_RING, "gain", None), _seen(PLAYBACK_RING, "drop", None)
    assert _layers({odd: 3}).votes() == {Cause.CANNOT_TELL: 3}
    assert _layers({odd: 3, slip: 2}, {slip: 4}).votes() == {Cause.XRUN: 6}
    assert _layers({slip: 2}).votes() == {Cause.XRUN: 2}
    assert _layers().votes() == {}


@pytest.mark.parametrize(("number", "causes"), [(LEAST_SEEN, {Cause.MEMORY.value}), (LEAST_SEEN - 1, set())])
def test_enough_runs_past_the_rings_speak_for_a_cause(number, causes):
    beside = _seen(PLAYBACK_RING, "bitflip", None)
    assert _layers({_seen(BUS, "bitflip", None): number, beside: 9}).beyond() == causes
    assert _layers({_seen(BUS, "unknown", None): 9}).beyond() == set()
    # A kind that only shows in a ring counts for nothing, not for one.
    assert (
        _layers({_seen(BUS, "bitflip", None): 2, _seen(PLAYBACK_RING, "bitflip", "x"): 9}).beyond() == set()
    )


@pytest.mark.parametrize(
    ("view", "cpus", "cause"),
    [
        (CAPTURE_RING, 2, Cause.READ_AHEAD),
        (CAPTURE_RING, 1, Cause.XRUN),
        (PLAYBACK_RING, 2, Cause.XRUN),
        (PLAYBACK_RING, 1, Cause.XRUN),
    ],
)
def test_old_runs_of_rw_were_read_ahead_in_the_capture_ring_of_several_cpus(view, cpus, cause):
    old = _seen(view)
    assert _layers({old: 3}, {old: 2}, cpus).votes() == {cause: 5}


def test_layer_of_a_cause_is_that_of_most_of_its_runs():
    slip, more = _seen(PLAYBACK_RING, "drop", None), _seen(CAPTURE_RING, "drop", None)
    flips = _seen(BUS, "bitflip", None)
    layers = _layers({slip: 2, more: 3, flips: 9})
    assert layers.named(Cause.XRUN) == CAPTURE_RING
    assert layers.named(Cause.MEMORY) == BUS
    # A cause that no kind speaks for has the layer that all runs share.
    assert layers.named(Cause.CLOCK) == ""
    assert _layers({flips: 9}).named(Cause.CLOCK) == BUS
    assert _layers().named(Cause.CLOCK) == ""


def test_lanes_say_what_memory_had_of_the_runs_of_the_last_lap():
    seen = {
        _seen(PLAYBACK_RING, memory=RIGHT): 2,
        _seen(PLAYBACK_RING, memory=WRONG): 5,
        _seen(PLAYBACK_RING): 90,
        _seen(CAPTURE_RING, memory=WRONG): 7,
        _seen(BUS, memory=RIGHT): 11,
    }
    words = "of the runs of the last lap memory had"
    layers = _layers(seen)
    assert layers._lanes("playback") == [f"{PLAYBACK_RING}: {words} 2 right and 5 wrong"]
    assert layers._lanes("capture") == [f"{CAPTURE_RING}: {words} 0 right and 7 wrong"]
    assert _layers({_seen(PLAYBACK_RING): 90})._lanes("playback") == []
