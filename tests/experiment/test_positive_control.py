# SPDX-License-Identifier: MIT
"""The positive control: seeded, spread, really different, and matched only where it was planted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment.method.exact import ByPattern
from stress.experiment.positive_control import (
    ECHO_KINDS,
    Carried,
    Geometry,
    Planted,
    Rules,
    inject,
    match,
    place_faults,
)
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.layout import Layout
from stress.patterns.word import Pattern

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, st = hypothesis.given, hypothesis.strategies

GEOMETRY = Geometry(ring=384, frame_bytes=4, line_bytes=32, sample_bytes=2)
RINGS = Rings(384, 432)
POSITION = 1000


def _fill(position, out):
    frames = len(out) // 4
    words = (np.arange(frames, dtype=np.uint64) + position) * 2654435761 % (1 << 32) | 0x01010101
    out[:] = words.astype("<u4").view(np.uint8)


@given(
    frames=st.integers(0, 200_000),
    share=st.floats(0, 0.1),
    least=st.integers(0, 100),
    seed=st.text(max_size=5),
)
def test_plant_faults_lie_inside_past_the_first_lap_and_apart(frames, share, least, seed):
    faults = place_faults(frames, GEOMETRY, share, least, seed)
    places = [fault.frame for fault in faults]
    assert places == sorted(places)
    assert all(fault.frame >= GEOMETRY.ring and fault.frame + fault.frames <= frames for fault in faults)
    gaps = [later.frame - earlier.frame for earlier, later in zip(faults, faults[1:])]
    assert all(gap >= 2 * GEOMETRY.line_frames for gap in gaps)


def test_plant_is_repeatable_and_depends_on_the_seed():
    assert place_faults(96000, GEOMETRY, 0.001, 12, "1/1") == place_faults(96000, GEOMETRY, 0.001, 12, "1/1")
    assert place_faults(96000, GEOMETRY, 0.001, 12, "1/1") != place_faults(96000, GEOMETRY, 0.001, 12, "1/2")


def test_plant_reaches_the_share_asked_for():
    assert len(place_faults(960_000, GEOMETRY, 0.01, 0, "s")) == 1200


@pytest.mark.parametrize("kind", [Kind.STALE, Kind.ZERO, Kind.BITFLIP])
def test_lay_changes_exactly_the_frames_it_says(kind):
    clean = np.zeros(4 * 2000, np.uint8)
    _fill(POSITION, clean)
    play = clean.copy()
    frames = 1 if kind is Kind.BITFLIP else 8
    inject(play, [Planted(kind, 800, frames)], GEOMETRY, _fill, POSITION)
    wrong = np.flatnonzero((play != clean).reshape(-1, 4).any(axis=1))
    assert wrong.tolist() == list(range(800, 800 + frames))
    if kind is Kind.STALE:
        assert (play[3200:3232] == clean[3200 - 4 * 384 : 3232 - 4 * 384]).all()


def _found(kind, frame, frames):
    return Finding(kind, frame=frame + 50, frames=frames, position=POSITION + frame)


def _analysis(*findings):
    return Analysis("exact", True, 5000, findings=findings)


def test_match_marks_the_planted_and_nothing_else():
    fault = Planted(Kind.ZERO, 800, 8)
    analysis, outcome = match(
        _analysis(_found(Kind.ZERO, 800, 8), _found(Kind.STALE, 900, 8)), [fault], POSITION, 5000, RINGS
    )
    assert [finding.injected for finding in analysis.findings] == [True, False]
    assert outcome.whole


@pytest.mark.parametrize(
    "wrong", [_found(Kind.ZERO, 801, 8), _found(Kind.ZERO, 800, 7), _found(Kind.DROP, 800, 8)]
)
def test_match_wrong_place_length_or_kind_counts_as_missed(wrong):
    fault = Planted(Kind.ZERO, 800, 8)
    _, outcome = match(_analysis(wrong), [fault], POSITION, 5000, RINGS)
    assert outcome.missed == (fault,)
    assert not outcome.whole


def test_match_fault_that_was_never_due_is_not_missed():
    _, outcome = match(_analysis(), [Planted(Kind.ZERO, 800, 8)], POSITION, 807, RINGS)
    assert (outcome.planted, outcome.found) == (0, 0)


@pytest.mark.parametrize("kind", ECHO_KINDS)
def test_match_echo_of_a_planted_fault_one_lap_later_is_not_a_finding_of_its_own(kind):
    fault = Planted(Kind.BITFLIP, 800, 1)
    echo = _found(kind, 800 + 384, 1)
    elsewhere = _found(kind, 800 + 385, 1)
    analysis, _ = match(_analysis(echo, elsewhere), [fault], POSITION, 5000, RINGS)
    assert [finding.injected for finding in analysis.findings] == [True, False]


SPREAD = Rules(kinds=(Kind.STALE, Kind.ZERO), spacing=1024, margin=1500, tolerance=4)


def test_plant_keeps_the_spacing_margin_and_kinds_a_detector_asks_for():
    faults = place_faults(96000, GEOMETRY, 0.01, 12, "1/1", SPREAD)
    places = [fault.frame for fault in faults]
    assert len(faults) > 12
    assert {fault.kind for fault in faults} == {Kind.STALE, Kind.ZERO}
    assert min(places) >= 1500 and max(places) + 8 <= 96000 - 1500
    assert min(later - earlier for earlier, later in zip(places, places[1:])) >= 1024


def test_lay_returns_only_what_really_changed():
    play = np.zeros(4 * 2000, np.uint8)
    play[4 * 803 : 4 * 806] = 7
    silent, loud = Planted(Kind.ZERO, 100, 8), Planted(Kind.ZERO, 800, 8)
    assert inject(play, [silent, loud], GEOMETRY, _fill, POSITION) == (Planted(Kind.ZERO, 803, 3),)
    assert not play.any()


@pytest.mark.parametrize(
    ("start", "end", "whole"), [(-4, 4, True), (4, -4, True), (5, 0, False), (0, 5, False)]
)
def test_match_within_the_tolerance_at_both_ends_counts(start, end, whole):
    fault = Planted(Kind.ZERO, 800, 16)
    finding = _found(Kind.ZERO, 800 + start, 16 - start + end)
    analysis, outcome = match(_analysis(finding), [fault], POSITION, 5000, RINGS, SPREAD)
    assert outcome.whole is whole
    # Found, but not in its place: no corruption either.
    assert analysis.findings[0].injected


def test_match_with_a_tolerance_leaves_real_findings_real():
    fault = Planted(Kind.ZERO, 800, 8)
    beside = _found(Kind.ZERO, 808, 8)
    analysis, _ = match(_analysis(beside), [fault], POSITION, 5000, RINGS, SPREAD)
    assert not analysis.findings[0].injected


def test_match_with_a_tolerance_takes_no_run_past_the_next_fault_for_a_planted_one():
    faults = [Planted(Kind.ZERO, 800, 8), Planted(Kind.ZERO, 800 + SPREAD.spacing, 8)]
    throughout = _found(Kind.STALE, 10, 4000)
    analysis, outcome = match(_analysis(throughout), faults, POSITION, 5000, RINGS, SPREAD)
    assert not analysis.findings[0].injected
    assert (outcome.found, outcome.covered) == (0, 2)


def test_match_by_place_alone_takes_any_kind_but_no_other_place():
    rules = Rules(names_kind=False, echo_kinds=())
    fault = Planted(Kind.ZERO, 800, 8)
    here, there = _found(Kind.UNKNOWN, 800, 8), _found(Kind.UNKNOWN, 800 + 384, 8)
    analysis, outcome = match(_analysis(here, there), [fault], POSITION, 5000, RINGS, rules)
    assert [finding.injected for finding in analysis.findings] == [True, False]
    assert outcome.whole


STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)


def _positions_that_look_swapped():
    # Left is right ^ 0x1000 there: a flip of the right sample exchanges the channels.
    halves = STEREO.bytes_at(1, 400_000).view("<u2").reshape(-1, 2)
    return (np.flatnonzero(halves[:, 0] == halves[:, 1] ^ 0x1000) + 1).tolist()


def test_lay_flips_no_frame_that_could_be_taken_for_exchanged_channels():
    places = _positions_that_look_swapped()
    assert len(places) > 2
    for position in places:
        play = STEREO.bytes_at(position - 800, 2000)
        (laid,) = inject(play, [Planted(Kind.BITFLIP, 800, 1)], GEOMETRY, STEREO.fill, position - 800)
        assert laid == Planted(Kind.BITFLIP, 801, 1)
        analysis = ByPattern(STEREO, 32).check(play, RINGS, position - 800, 2000).analysis
        assert [(one.kind, one.frame) for one in analysis.findings] == [(Kind.BITFLIP, 801)]


def test_lay_flips_nothing_in_a_line_where_every_flip_looks_like_something_else():
    play = np.zeros(4 * 2000, np.uint8)
    assert inject(play, [Planted(Kind.BITFLIP, 800, 1)], GEOMETRY, _fill, POSITION) == ()
    assert not play.any()


def _carried(play, captured):
    return Carried(play, captured, Layout(FORMATS["S16_LE"], 2))


@pytest.mark.parametrize("named", [Kind.SWAP, Kind.BYTESHIFT, Kind.UNKNOWN, Kind.STALE, Kind.ZERO])
def test_match_takes_the_planted_bytes_in_their_place_whatever_they_are_called(named):
    play = STEREO.bytes_at(POSITION, 2000)
    laid = inject(play, [Planted(Kind.BITFLIP, 800, 1)], GEOMETRY, STEREO.fill, POSITION)
    captured = np.concatenate([np.zeros(4 * 50, np.uint8), play])
    finding = _found(named, 800, 1)
    analysis, outcome = match(
        _analysis(finding), laid, POSITION, 2000, RINGS, carried=_carried(play, captured)
    )
    assert analysis.findings[0].injected and outcome.whole
    captured[4 * 850] ^= 1
    analysis, outcome = match(
        _analysis(finding), laid, POSITION, 2000, RINGS, carried=_carried(play, captured)
    )
    assert not analysis.findings[0].injected and outcome.missed == laid


@pytest.mark.parametrize(("start", "end"), [(500, 2000), (800, 2000), (500, 801)])
def test_match_by_place_where_the_stretch_around_has_a_path_of_its_own(start, end):
    # From some frame to another everything arrives softer, the planted flip as well.
    play = STEREO.bytes_at(POSITION, 2000)
    laid = inject(play, [Planted(Kind.BITFLIP, 800, 1)], GEOMETRY, STEREO.fill, POSITION)
    captured = np.concatenate([np.zeros(4 * 50, np.uint8), play])
    captured[4 * (start + 50) : 4 * (end + 50)].view("<i2")[:] //= 2
    softer = dataclasses.replace(_found(Kind.GAIN, start, end - start), details={"path": {"exact": False}})
    flip, stale = _found(Kind.UNKNOWN, 800, 1), _found(Kind.STALE, 900, 8)
    analysis, outcome = match(
        _analysis(softer, flip, stale), laid, POSITION, 2000, RINGS, carried=_carried(play, captured)
    )
    assert [one.injected for one in analysis.findings] == [False, True, False]
    assert outcome.whole
    alone, _ = match(_analysis(flip, stale), laid, POSITION, 2000, RINGS, carried=_carried(play, captured))
    assert not any(one.injected for one in alone.findings)


def test_match_takes_a_fault_that_is_right_in_the_middle_as_one():
    # A zeroed line of mono holds a frame that is zero by right once in a while.
    play = STEREO.bytes_at(POSITION, 2000)
    play[4 * 800 : 4 * 808] = 0
    fault, parts = Planted(Kind.ZERO, 800, 8), [_found(Kind.ZERO, 800, 3), _found(Kind.ZERO, 804, 4)]
    captured = np.concatenate([np.zeros(4 * 50, np.uint8), play])
    both, outcome = match(_analysis(*parts), [fault], POSITION, 2000, RINGS, carried=_carried(play, captured))
    assert [one.injected for one in both.findings] == [True, True] and outcome.whole
    half, outcome = match(
        _analysis(parts[0]), [fault], POSITION, 2000, RINGS, carried=_carried(play, captured)
    )
    assert not half.findings[0].injected and outcome.missed == (fault,)


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.REPEAT, Kind.INSERT])
def test_match_takes_no_slip_for_a_planted_fault(kind):
    play = STEREO.bytes_at(POSITION, 2000)
    laid = inject(play, [Planted(Kind.ZERO, 800, 8)], GEOMETRY, STEREO.fill, POSITION)
    captured = np.concatenate([np.zeros(4 * 50, np.uint8), play])
    slip = _found(kind, 800, 8)
    _, outcome = match(_analysis(slip), laid, POSITION, 2000, RINGS, carried=_carried(play, captured))
    assert not outcome.whole


@pytest.mark.parametrize(("name", "channels"), [("S16_LE", 1), ("S16_LE", 2), ("S16_LE", 8), ("S32_LE", 3)])
def test_match_finds_every_one_of_very_many_planted_faults(name, channels):
    pattern = Pattern("mix1", FORMATS[name], channels)
    frames, ring = 200_000, Geometry(384, pattern.frame_bytes, 32)
    play = pattern.bytes_at(POSITION, frames)
    laid = inject(play, place_faults(frames, ring, 0.1, 0, "s"), ring, pattern.fill, POSITION)
    assert len(laid) > 1000
    method = ByPattern(pattern, 32)
    analysis = method.check(play, RINGS, POSITION, frames, len(laid)).analysis
    carried = Carried(play, play, pattern.layout)
    analysis, outcome = match(analysis, laid, POSITION, frames, RINGS, method.rules, carried)
    assert outcome.whole
    assert analysis.found == sum(one.injected for one in analysis.findings)


def test_flip_is_found_where_the_path_carries_no_padding():
    # Many converters of 24 bits give zeros, or anything, in the fourth byte.
    pattern = Pattern("mix1", FORMATS["S24_LE"], 2)
    geometry = Geometry(384, 8, 32, sample_bytes=4, padding_bytes=1)
    play = pattern.bytes_at(POSITION, 20_000)
    laid = inject(play, place_faults(20_000, geometry, 0.01, 30, "s"), geometry, pattern.fill, POSITION)
    captured = play.copy()
    captured[3::4] = 0
    method = ByPattern(pattern, 32)
    analysis = method.check(captured, RINGS, POSITION, 20_000, len(laid)).analysis
    carried = Carried(play, captured, pattern.layout)
    analysis, outcome = match(analysis, laid, POSITION, 20_000, RINGS, method.rules, carried)
    assert any(fault.kind is Kind.BITFLIP for fault in laid)
    assert outcome.whole
    assert all(one.injected for one in analysis.findings)


def test_match_fault_that_came_though_it_was_not_due_is_planted_and_not_counted():
    # Where time was lost, more left the ring than its pointers say.
    faults = (Planted(Kind.ZERO, 400, 8), Planted(Kind.ZERO, 900, 8), Planted(Kind.STALE, 1200, 8))
    found = [Finding(Kind.ZERO, fault.frame, 8, POSITION + fault.frame) for fault in faults[:2]]
    analysis = Analysis("exact", True, 2000, 2000, 0, POSITION).holding(found, 2)
    marked, outcome = match(analysis, faults, POSITION, 600, RINGS)
    assert [finding.injected for finding in marked.findings] == [True, True]
    assert (outcome.planted, outcome.found, outcome.missed) == (1, 1, ())


@pytest.mark.parametrize(
    ("found", "injected"),
    [
        (_found(Kind.ZERO, 800, 5), True),
        (_found(Kind.ZERO, 802, 3), True),
        (_found(Kind.ZERO, 799, 6), False),
        (_found(Kind.STALE, 800, 5), False),
    ],
)
def test_match_part_of_a_fault_that_an_xrun_cut_off_is_no_corruption_and_not_counted(found, injected):
    analysis, outcome = match(_analysis(found), [Planted(Kind.ZERO, 800, 8)], POSITION, 805, RINGS)
    assert [finding.injected for finding in analysis.findings] == [injected]
    assert (outcome.planted, outcome.found) == (0, 0)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_capture_that_ends_anywhere_in_an_injected_fault_holds_no_corruption(channels):
    pattern = Pattern("mix1", FORMATS["S16_LE"], channels)
    step = pattern.frame_bytes
    geometry = dataclasses.replace(GEOMETRY, frame_bytes=step, ring_frame_bytes=step)
    for kind in (Kind.STALE, Kind.ZERO, Kind.BITFLIP):
        play = pattern.bytes_at(POSITION, 4000)
        (fault,) = inject(play, [Planted(kind, 3000, 8)], geometry, pattern.fill, POSITION)
        for end in range(fault.frame, fault.frame + fault.frames + 2):
            method, captured = ByPattern(pattern, 32), play[: end * step]
            for due in (end, 4000):
                analysis = method.check(captured, RINGS, POSITION, due, 1).analysis
                carried = Carried(play, captured, pattern.layout)
                limit = min(due, analysis.checked_frames)
                marked, _ = match(analysis, [fault], POSITION, limit, RINGS, method.rules, carried)
                assert all(one.injected for one in marked.findings), (kind, end, due)
