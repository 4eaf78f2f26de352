# SPDX-License-Identifier: MIT
"""Checksums in the record: bounded, compact, and at odds with a record that does not tell all."""

from __future__ import annotations

import dataclasses
import json
import zlib

import numpy as np
import pytest

from stress.model import shape
from stress.model.record.exchange import SumsRecord
from stress.verdict import audit as module
from stress.verdict.audit import MOST_PLACES, MOST_SUMS, Sums, audit, sums_of_burst
from tests.record_cases import event

STEP, POSITION = 4, (1 << 32) - 500
PLAYED = np.random.default_rng(1).integers(0, 256, 9600 * STEP, dtype=np.uint8)
LEAD = 77


def _captured(*wrong):
    back = np.concatenate([np.zeros(LEAD * STEP, np.uint8), PLAYED])
    for frame in wrong:
        back[(LEAD + frame) * STEP] ^= 1
    return back


def _sums(*wrong, frames=9600):
    return sums_of_burst(PLAYED, _captured(*wrong)[: (LEAD + frames) * STEP], LEAD, STEP, 48)


def _finding(frame, frames=1, kind="unknown", injected=False, **details):
    position = (POSITION + frame) % (1 << 32)
    return {
        "kind": kind,
        "frame": frame,
        "position": position,
        "frames": frames,
        "injected": injected,
        "details": details,
    }


def _event(sums, *findings, left_out=0, **more):
    analysis = {"findings": list(findings), "findings_left_out": left_out, **more}
    value = shape.write(sums.to_record())
    return event({"event": "burst", "number": 3, "position": POSITION, "analysis": analysis, "crc32": value})


def test_sums_of_a_long_burst_are_bounded_and_cover_it():
    sums = _sums()
    assert len(sums.played.crcs) <= MOST_SUMS
    assert sums.played.period_frames % 48 == 0
    step = sums.played.period_frames * STEP
    want = [zlib.crc32(PLAYED[at : at + step].tobytes()) for at in range(0, PLAYED.size, step)]
    assert list(sums.played.crcs) == want == list(sums.captured.crcs)


@pytest.mark.parametrize("frames", [9600, 9599, 5000, 1])
def test_sums_survive_their_json_form_whole_and_cut_short(frames):
    sums = _sums(100, 4000, frames=frames)
    value = json.loads(json.dumps(shape.write(sums.to_record())))
    assert Sums.of_record(shape.read(SumsRecord, value)) == sums


def test_sums_of_a_right_burst_name_no_period_and_stay_small():
    value = shape.write(_sums().to_record())
    assert value["captured"]["differ"] == {}
    assert len(json.dumps(value)) < 8 * MOST_SUMS + 200


def test_sums_without_a_place_have_one_side():
    assert sums_of_burst(PLAYED, _captured(), None, STEP, 48).captured is None
    assert audit([_event(sums_of_burst(PLAYED, _captured(), -3, STEP, 48))]).bursts == 0


def test_audit_of_a_right_burst_agrees():
    found = audit([_event(_sums()), event({"event": "burst"})])
    assert (found.bursts, found.wrong, found.agrees) == (1, 0, True)
    assert found.periods == len(_sums().played.crcs)


def test_audit_of_a_wrong_frame_that_is_recorded_agrees():
    found = audit([_event(_sums(4000), _finding(4000))])
    assert (found.wrong, found.agrees) == (1, True)


def test_audit_finds_a_wrong_frame_that_no_finding_tells_of():
    period = _sums().played.period_frames
    found = audit([_event(_sums(100, 4000), _finding(100))])
    assert found.unexplained == ((3, 4000 // period),)
    assert not found.agrees


def test_audit_does_not_take_a_planted_fault_for_the_reason():
    assert not audit([_event(_sums(4000), _finding(4000, injected=True))]).agrees
    assert audit([_event(_sums(4000), _finding(4000, injected=True, echo="of a planted fault"))]).agrees


def test_audit_finds_a_wrong_run_where_the_bytes_are_alike():
    period = _sums().played.period_frames
    found = audit([_event(_sums(100), _finding(100), _finding(4000))])
    assert found.contradicted == ((3, 4000 // period),)


def test_audit_behind_a_slip_expects_every_period_to_differ():
    slipped = np.concatenate([PLAYED[: 4000 * STEP], PLAYED[4007 * STEP :]])
    sums = sums_of_burst(PLAYED, slipped, 0, STEP, 48)
    assert len(sums.wrong) > 20
    assert audit([_event(sums, _finding(4000, 7, "drop"))]).agrees
    assert not audit([_event(sums, _finding(6000, 7, "drop"))]).agrees


def test_audit_behind_the_cap_of_a_record_claims_nothing():
    assert audit([_event(_sums(100, 4000), _finding(100), left_out=5)]).agrees
    assert not audit([_event(_sums(100, 4000), _finding(4000), left_out=5)]).agrees


def test_audit_claims_every_period_before_the_last_that_a_capped_record_tells_of():
    period = _sums().played.period_frames
    last = 4000 // period
    before, behind = (last - 1) * period, (last + 1) * period
    found = audit([_event(_sums(before, 4000, behind), _finding(4000), left_out=5)])
    assert found.unexplained == ((3, last - 1),)


def test_runs_of_the_last_lap_kept_past_the_cap_do_not_stand_for_those_before_them():
    sums, told = _sums(100, 4000, 9500), (_finding(100), _finding(9500))
    period = sums.played.period_frames
    assert audit([_event(sums, *told, left_out=1)]).unexplained == ((3, 4000 // period),)
    assert audit([_event(sums, *told, left_out=1, findings_first=1)]).unexplained == ()


def test_audit_of_a_stream_old_throughout_does_not_claim_the_runs_past_the_cap():
    # To the checksums a stream one lap late is right: its one long run says nothing of where the others end.
    late = _finding(0, 9600, "stale", uniform=True)
    assert audit([_event(_sums(100, 4000), late, _finding(100), left_out=5)]).agrees


PERIOD = 192


@pytest.mark.parametrize(
    ("played", "captured", "whole"),
    [(100, 100, 3), (96, 96, 2), (100, 99, 2), (99, 100, 2), (200, 100, 2), (100, 200, 2), (47, 48, 0)],
)
def test_last_period_is_whole_where_it_is_as_short_on_both_sides(played, captured, whole):
    assert module._whole(played, captured, 48) == whole


def test_periods_that_are_compared_are_those_of_both_sides():
    assert (_sums().compared, _sums(frames=9599).compared) == (50, 49)
    assert sums_of_burst(PLAYED, _captured(), None, STEP, 48).compared == 0


@pytest.mark.parametrize(
    ("frames", "period"), [(0, 48), (48, 48), (48 * MOST_SUMS, 48), (48 * MOST_SUMS + 1, 96)]
)
def test_period_of_the_sums_is_the_shortest_that_keeps_their_number(frames, period):
    assert sums_of_burst(PLAYED[: frames * STEP], _captured(), 0, STEP, 48).played.period_frames == period


def test_bursts_of_one_side_are_only_counted():
    one = _event(sums_of_burst(PLAYED, _captured(), None, STEP, 48))
    assert audit([one, one]) == module.Audit(summed=2)


def test_bursts_with_wrong_runs_are_added_to_those_that_agree():
    wrong = _event(_sums(4000, 100), _finding(4000), _finding(100))
    assert audit([_event(_sums()), wrong, wrong]) == module.Audit(bursts=3, periods=150, wrong=4)


def test_places_of_a_contradiction_past_the_most_are_only_counted():
    # 50 periods that differ and of which nothing tells, and 51 runs where the bytes are alike.
    unexplained = _event(_sums(*range(0, 9600, PERIOD)))
    found = audit([unexplained] * 3)
    assert found.unexplained == tuple((3, k) for k in range(MOST_PLACES))
    assert found.more_unexplained == 2 * 50
    contradicted = _event(_sums(), *(_finding(k * PERIOD) for k in range(34)))
    found = audit([contradicted] * 3)
    assert found.contradicted == tuple((3, k) for k in (*range(34), *range(MOST_PLACES - 34)))
    assert (found.more_contradicted, found.more_unexplained) == (3 * 34 - MOST_PLACES, 0)


def test_real_run_beside_a_planted_one_is_contradicted_where_the_bytes_are_alike():
    planted = _finding(100, injected=True)
    assert audit([_event(_sums(), planted)]) == module.Audit(bursts=1, periods=50)
    assert audit([_event(_sums(), planted, _finding(4000))]).contradicted == ((3, 4000 // PERIOD),)
    assert audit([_event(_sums(), planted, _finding(4000, injected=True, echo="x"))]).contradicted == (
        (3, 4000 // PERIOD),
    )


@pytest.mark.parametrize("text", ["", "0" * 8 * 49, "0" * 8 * 51, "g" * 8 * 50])
def test_sums_that_do_not_cover_their_frames_are_refused_also_where_nothing_is_wrong(text):
    burst = _event(_sums())
    broken = dataclasses.replace(burst, crc32=dataclasses.replace(burst.crc32, crcs=text))
    with pytest.raises((ValueError, IndexError)):
        audit([broken])


def test_sums_of_no_frames_are_none():
    nothing = sums_of_burst(PLAYED[:0], _captured(), 0, STEP, 48)
    assert audit([_event(nothing)]) == module.Audit(bursts=1)


@pytest.mark.parametrize(
    ("frame", "frames", "periods"),
    [
        (2 * PERIOD, PERIOD, [2]),
        (2 * PERIOD, PERIOD + 1, [2, 3]),
        (2 * PERIOD - 1, 1, [1]),
        (2 * PERIOD - 1, 2, [1, 2]),
        (2 * PERIOD, 1, [2]),
        (2 * PERIOD, 0, [2]),  # a gap has the frame behind it
    ],
)
def test_run_tells_of_the_periods_from_its_first_frame_to_its_last(frame, frames, periods):
    told = module._Told(_event(_sums(), _finding(frame, frames)), _sums())
    assert [k for k in range(50) if told.explains(k)] == periods
    assert told.contradicted() == periods[:1]


def test_behind_the_first_slip_everything_differs_and_nothing_is_contradicted():
    slips = [_finding(1000, 7, "drop"), _finding(5000, 7, "repeat"), _finding(7000)]
    told = module._Told(_event(_sums(), *slips), _sums())
    first = 1000 // PERIOD
    assert [k for k in range(50) if told.explains(k)] == list(range(first, 50))
    assert told.contradicted() == []
    before = module._Told(_event(_sums(), _finding(first * PERIOD - 1), *slips), _sums())
    assert before.contradicted() == [first - 1]


def test_run_in_the_last_period_of_both_sides_may_be_contradicted_and_none_behind_it():
    told = module._Told(_event(_sums(), _finding(9599)), _sums())
    assert told.contradicted() == [49]
    told = module._Told(_event(_sums(frames=9599), _finding(9599)), _sums(frames=9599))
    assert told.contradicted() == []


def test_record_that_kept_no_run_explains_every_period():
    assert audit([_event(_sums(0, 9000), left_out=5)]).agrees
    assert audit([_event(_sums(0, 9000))]).unexplained == ((3, 0), (3, 9000 // PERIOD))
