# SPDX-License-Identifier: MIT
"""Checksums in the record: bounded, compact, and at odds with a record that does not tell all."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from stress.model import shape
from stress.model.record.exchange import SumsRecord
from stress.verdict.audit import MOST_SUMS, Sums, audit, sums_of_burst
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
