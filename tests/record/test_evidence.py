# SPDX-License-Identifier: MIT
"""Evidence: the frames around a finding, what was due there, and how many files there are."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stress.errors import CaptureFileError
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from stress.record.evidence import AROUND_FRAMES, MOST_FRAMES, EvidenceStore, read

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
FIRST = 1000


def _found(frame, frames=8, kind=Kind.STALE, **more):
    return Finding(kind, frame, frames, FIRST + frame, **more)


def _kept(tmp_path, *findings, most=10, per_burst=10, frames=4000):
    (tmp_path / "evidence").mkdir(exist_ok=True)
    captured = PATTERN.bytes_at(FIRST, frames)
    captured[4 * findings[0].frame] ^= 1
    store = EvidenceStore(tmp_path, most, per_burst)
    chosen = store.choose(7, Analysis("exact", True, frames, findings=findings), captured, PATTERN)
    store.write(chosen)
    names = [one.name for one in chosen]
    return captured, [json.loads((tmp_path / "evidence" / name).read_text()) for name in names], store


@pytest.mark.parametrize(
    ("frame", "frames", "first", "last"),
    [
        (500, 8, 500 - AROUND_FRAMES, 508 + AROUND_FRAMES),
        (3, 8, 0, 11 + AROUND_FRAMES),
        (3990, 10, 3990 - AROUND_FRAMES, 4000),
        (100, 3000, 100 - AROUND_FRAMES, 100 + MOST_FRAMES + AROUND_FRAMES),
    ],
)
def test_evidence_holds_the_frames_around_a_finding_and_what_was_due(tmp_path, frame, frames, first, last):
    captured, (kept,), _ = _kept(tmp_path, _found(frame, frames))
    assert (kept["first_frame"], kept["frame_bytes"]) == (first, 4)
    assert bytes.fromhex(kept["observed"]) == captured[4 * first : 4 * last].tobytes()
    assert bytes.fromhex(kept["expected"]) == PATTERN.bytes_at(FIRST + first, last - first).tobytes()
    seen, due = (np.frombuffer(bytes.fromhex(kept[name]), np.uint8) for name in ("observed", "expected"))
    assert np.flatnonzero(seen != due).tolist() == [4 * (frame - first)]


def test_evidence_takes_one_of_every_sort_first_and_no_planted_one(tmp_path):
    common = [_found(100 * n) for n in range(1, 6)]
    rare, planted = _found(900, kind=Kind.ZERO), _found(950, kind=Kind.BITFLIP, injected=True)
    _, kept, _ = _kept(tmp_path, *common, rare, planted, per_burst=3)
    assert [one["finding"]["frame"] for one in kept] == [100, 200, 900]


def test_evidence_ends_at_the_cap_of_the_run_counting_what_was_there(tmp_path):
    _, kept, store = _kept(tmp_path, _found(100), _found(200), most=3)
    assert (len(kept), store.kept) == (2, 2)
    again = EvidenceStore(tmp_path, 3, 10, kept=2)
    analysis = Analysis("exact", True, 4000, findings=(_found(300), _found(400)))
    assert len(again.choose(8, analysis, PATTERN.bytes_at(FIRST, 4000), PATTERN)) == 1


def test_cap_that_is_passed_already_leaves_no_room(tmp_path):
    analysis = Analysis("exact", True, 4000, findings=(_found(300), _found(400)))
    for kept in (3, 4):
        store = EvidenceStore(tmp_path, 3, 10, kept=kept)
        assert store.choose(8, analysis, PATTERN.bytes_at(FIRST, 4000), PATTERN) == []
        assert store.kept == kept


def test_part_of_a_frame_at_the_end_of_a_capture_is_no_evidence(tmp_path):
    captured = PATTERN.bytes_at(FIRST, 110)[:-2]
    store = EvidenceStore(tmp_path, 3, 10)
    (tmp_path / "evidence").mkdir()
    chosen = store.choose(7, Analysis("exact", True, 109, findings=(_found(100),)), captured, PATTERN)
    store.write(chosen)
    kept = read(tmp_path / "evidence", chosen[0].name)
    assert bytes.fromhex(kept.observed) == captured[4 * kept.first_frame : 4 * 109].tobytes()
    assert len(kept.expected) == len(kept.observed)


@pytest.mark.parametrize("side", ["expected", "observed"])
@pytest.mark.parametrize("text", ["0", "0g", "00 00", "zz"])
def test_evidence_that_is_no_hexadecimal_is_refused_on_either_side(tmp_path, side, text):
    _kept(tmp_path, _found(100))
    (path,) = (tmp_path / "evidence").iterdir()
    assert read(path.parent, path.name).frame_bytes == 4
    path.write_text(json.dumps({**json.loads(path.read_text()), side: text}))
    with pytest.raises(CaptureFileError, match="not bytes in hexadecimal"):
        read(path.parent, path.name)
