# SPDX-License-Identifier: MIT
"""Old lines of a ring: age, ring, place in it and size; oracles are edits of known arrays."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.finding import Kind
from stress.model.ring import Rings
from tests.detect.exact.edited import FIRST, STEREO, capture, judge, places

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies


def test_one_stale_line_is_told_as_the_engineer_needs_it():
    rows = capture(lead=0)
    rows[4800:4808] = rows[4800 - 480 : 4808 - 480]
    (finding,) = judge(rows).findings
    assert (finding.kind, finding.frame, finding.frames) == (Kind.STALE, 4800, 8)
    assert (finding.lag, finding.laps, finding.ring) == (480, 1, "playback")
    assert (finding.ring_offset, finding.line_bytes) == (0, 32)
    assert finding.position == FIRST + 4800
    assert finding.text == (
        "8 frames at capture frame 4800 are one playback lap old; "
        "they fill exactly one 32-byte line of the playback ring."
    )


def test_capture_ring_offset_counts_from_the_first_captured_frame():
    rows = capture(lead=100)
    rows[5280:5288] = rows[5280 - 1056 : 5288 - 1056]
    (finding,) = judge(rows).findings
    assert (finding.ring, finding.laps, finding.ring_offset) == ("capture", 2, 0)
    (finding,) = judge(rows, Rings(480, 528, capture_start=8)).findings
    assert finding.ring_offset == 32


def test_tail_of_a_line_has_no_line_bytes_but_says_where_it_ends():
    rows = capture(lead=0)
    rows[4803:4808] = rows[4803 - 480 : 4808 - 480]
    (finding,) = judge(rows).findings
    assert (finding.frame, finding.frames, finding.ring_offset) == (4803, 5, 12)
    assert finding.line_bytes is None
    assert finding.details["ends_on_line"] == 32
    assert "starts_on_line" not in finding.details


def test_half_line_of_16_bytes_is_named():
    rows = capture(lead=0)
    rows[4804:4808] = rows[4804 - 480 : 4808 - 480]
    assert judge(rows).findings[0].line_bytes == 16


def test_lines_of_one_age_beside_each_other_are_one_finding():
    rows = capture(lead=0)
    rows[4800:4840] = rows[4800 - 960 : 4840 - 960]
    (finding,) = judge(rows).findings
    assert (finding.frames, finding.laps, finding.line_bytes, finding.details["lines"]) == (40, 2, 32, 5)


def test_lines_of_different_age_beside_each_other_are_two_findings():
    rows, clean = capture(lead=0), capture(lead=0)
    rows[4800:4808] = clean[4800 - 480 : 4808 - 480]
    rows[4808:4816] = clean[4808 - 960 : 4816 - 960]
    assert [(f.frame, f.laps) for f in judge(rows).findings] == [(4800, 1), (4808, 2)]


def test_lag_that_fits_both_rings_is_given_to_the_ring_with_whole_lines():
    rows = capture(frames=24000, lead=3)
    at = 3 + 15840  # a multiple of both rings behind the pattern's start
    rows[at : at + 8] = rows[at - 5280 : at - 5272]
    (finding,) = judge(rows).findings
    assert (finding.ring, finding.laps) == ("playback", 11)
    assert finding.details["also"] == {"ring": "capture", "laps": 10}


def test_dma_chunk_of_a_line_with_another_lag_is_misplaced_not_stale():
    rows = capture()
    rows[5000:5008] = rows[5000 - 333 : 5008 - 333]
    (finding,) = judge(rows).findings
    assert (finding.kind, finding.lag, finding.ring) == (Kind.MISPLACED, 333, None)


def test_old_data_at_the_end_of_the_limit_is_stale():
    rows = capture(frames=12000, lead=0)
    rows[7992:] = rows[7992 - 480 : 12000 - 480]
    found = judge(rows, first_position=FIRST, played_limit=8000)
    assert places(found) == [(Kind.STALE, 7992, 8)]


@pytest.mark.parametrize("ring", [96, 384])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.8])
def test_few_right_lines_among_old_ones_still_lock_to_the_newest(ring, share):
    rng = np.random.default_rng(int(ring * share * 100))
    clean = capture(frames=20000, lead=0)
    rows = clean.copy()
    age = np.zeros(ring // 8, int)
    for line in range(len(rows) // 8):
        slot = line % (ring // 8)
        right = rng.random() < share or line < ring // 8 + 1
        age[slot] = 0 if right else age[slot] + 1
        at = line * 8
        old = at - int(age[slot]) * ring
        rows[at : at + 8] = clean[old : old + 8]
    found = judge(rows, Rings(ring, ring + 40), first_position=FIRST, cap=10**6)
    wrong = (rows != clean).any(axis=1).sum()
    assert (found.locked, found.first_position) == (True, FIRST)
    assert set(found.counts) == {Kind.STALE}
    assert found.wrong_frames == wrong
    assert all(f.ring == "playback" and f.frame % 8 == 0 and f.frames % 8 == 0 for f in found.findings)


def test_data_of_an_earlier_burst_is_named_and_its_ring_where_the_lag_is_whole_laps():
    rows = capture(lead=50)
    rows[58:66] = STEREO.bytes_at(FIRST - 9000, 8).reshape(-1, 4)
    rows[300:308] = STEREO.bytes_at(FIRST + 250 - 480 * 20, 8).reshape(-1, 4)
    one, two = judge(rows, first_position=FIRST).findings
    assert (one.kind, one.ring, one.ring_offset) == (Kind.STALE, None, None)
    assert (two.ring, two.ring_offset) == ("playback", 1000)
    assert one.details["origin"] == two.details["origin"] == "earlier burst"
    assert one.text.startswith("8 frames at capture frame 58 are left from an earlier burst")


@given(line=st.integers(70, 1400), laps=st.integers(1, 8), ring=st.sampled_from(["playback", "capture"]))
@settings(max_examples=60, deadline=None)
def test_stale_line_anywhere_is_reported_exactly_there(line, laps, ring):
    rows = capture(lead=0)
    size = 480 if ring == "playback" else 528
    at = max(line * 8, 8 * laps * size // 8)
    rows[at : at + 8] = STEREO.bytes_at(FIRST + at - laps * size, 8).reshape(-1, 4)
    (finding,) = judge(rows, first_position=FIRST).findings
    assert (finding.frame, finding.frames, finding.lag) == (at, 8, laps * size)
    assert (finding.ring, finding.laps) == (ring, laps)
    assert finding.ring_offset == at % size * 4
