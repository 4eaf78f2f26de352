# SPDX-License-Identifier: MIT
"""What was read against what came in, on sources without a pattern."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment.wire import capture
from stress.experiment.wire.capture import (
    MOST_LAPS,
    WINDOW_FRAMES,
    bytes_not_taken,
    compare_read,
    distinct_lines,
)
from stress.model.finding import Kind

RING, STEP, FRAMES = 320, 4, 9000


def _noise(frames=FRAMES, seed=1, high=256):
    return np.random.RandomState(seed).randint(0, high, (frames, STEP)).astype(np.uint8)


def _compare(read, into, line=32):
    flat = [np.ascontiguousarray(part).reshape(-1) for part in (read, into)]
    return compare_read(*flat, RING, STEP, line)


def test_equal_streams_have_no_finding():
    into = _noise()
    analysis = _compare(into, into)
    assert (analysis.found, analysis.checked_frames) == (0, FRAMES)


def test_stream_that_was_longer_on_the_wire_is_compared_as_far_as_read():
    into = _noise()
    assert _compare(into[:-500], into).checked_frames == FRAMES - 500


@pytest.mark.parametrize("laps", [1, 2, MOST_LAPS])
@pytest.mark.parametrize("high", [2, 256])
@pytest.mark.parametrize("line", [16, 32, 64])
def test_stale_lines_have_their_age(laps, high, line):
    into = _noise(high=high)
    read = into.copy()
    at = 20 * RING + 16
    read[at : at + 16] = into[at - laps * RING : at - laps * RING + 16]
    found = _compare(read, into, line).findings
    assert [(f.kind, f.frame, f.frames, f.laps, f.ring_offset, f.line_bytes) for f in found] == [
        (Kind.STALE, at, 16, laps, 64, line)
    ]


def test_neighbouring_lines_of_different_age_are_two_findings():
    into = _noise()
    read = into.copy()
    at = 5 * RING
    read[at : at + 8] = into[at - RING : at - RING + 8]
    read[at + 8 : at + 16] = into[at + 8 - 2 * RING : at + 16 - 2 * RING]
    found = _compare(read, into).findings
    assert [(f.frame, f.frames, f.laps) for f in found] == [(at, 8, 1), (at + 8, 8, 2)]


def test_line_whose_old_and_new_frames_agree_in_the_middle_is_one_finding():
    into = _noise()
    at = 4 * RING
    into[at + 2] = into[at + 2 - RING]
    read = into.copy()
    read[at : at + 8] = into[at - RING : at - RING + 8]
    found = _compare(read, into).findings
    assert [(f.frame, f.frames, f.laps) for f in found] == [(at, 8, 1)]


def test_lines_whose_old_and_new_frames_agree_at_the_seam_are_one_finding():
    into = _noise()
    at = 4 * RING
    into[at + 7 : at + 9] = into[at + 7 - RING : at + 9 - RING]
    read = into.copy()
    read[at : at + 16] = into[at - RING : at - RING + 16]
    found = _compare(read, into).findings
    assert [(f.frame, f.frames, f.laps) for f in found] == [(at, 16, 1)]


def test_silence_of_a_lap_ago_is_stale_not_zero():
    into = _noise() | 1
    at = 8 * RING
    into[at - RING : at - RING + 8] = 0
    read = into.copy()
    read[at : at + 8] = 0
    assert [(f.kind, f.laps) for f in _compare(read, into).findings] == [(Kind.STALE, 1)]


def test_key_that_occurs_elsewhere_by_chance_is_no_slip():
    # A long wrong run holds a piece of other data; what follows it is in place.
    into = _noise()
    read = into.copy()
    read[5000:5100] = _noise(100, seed=9)
    read[5040:5090] = into[4303:4353]
    kinds = {f.kind for f in _compare(read, into).findings}
    assert not kinds & {Kind.DROP, Kind.REPEAT}


def test_zeros_of_a_line_touched_before_its_first_lap():
    into = _noise() | 1
    read = into.copy()
    read[16:24] = 0
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames, f.laps) for f in found] == [(Kind.ZERO, 16, 8, None)]


def test_every_line_late_by_one_lap_is_one_stale_run():
    # Dirty kernel lines of a write-allocate cache: nearly all is one lap old.
    into = _noise()
    read = into.copy()
    read[RING:] = into[:-RING]
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames, f.laps) for f in found] == [(Kind.STALE, RING, FRAMES - RING, 1)]


@pytest.mark.parametrize("missing", [48, 7, 2 * RING])
def test_frames_that_were_never_read_are_a_drop(missing):
    into = _noise()
    read = np.concatenate([into[:4000], into[4000 + missing :]])
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames) for f in found] == [(Kind.DROP, 4000, missing)]


def test_frames_that_were_read_twice_are_a_repeat():
    into = _noise()
    read = np.concatenate([into[:4000], into[4000 - 48 : 4000], into[4000:]])[:FRAMES]
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames) for f in found] == [(Kind.REPEAT, 4000, 48)]


def test_stale_line_behind_a_slip_still_has_its_age():
    into = _noise()
    read = np.concatenate([into[:4000], into[4048:]])
    at = 6000
    read[at : at + 8] = into[at + 48 - RING : at + 56 - RING]
    found = _compare(read, into).findings
    assert [(f.kind, f.laps) for f in found] == [(Kind.DROP, None), (Kind.STALE, 1)]


def test_one_flipped_bit_is_a_bit_flip():
    into = _noise()
    read = into.copy()
    read[5000, 2] ^= 4
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames) for f in found] == [(Kind.BITFLIP, 5000, 1)]


def test_noise_instead_of_data_is_unknown():
    into = _noise()
    read = into.copy()
    read[5000:5008] = _noise(8, seed=9)
    assert [f.kind for f in _compare(read, into).findings] == [Kind.UNKNOWN]


def test_tail_of_a_line_says_on_which_edge_it_lies():
    into = _noise()
    at = 6 * RING + 3
    read = into.copy()
    read[at : at + 5] = into[at - RING : at - RING + 5]
    (found,) = _compare(read, into).findings
    assert found.line_bytes is None
    assert found.details["ends_on_line"] == 32
    assert "starts_on_line" not in found.details


@pytest.mark.parametrize(("period", "share"), [(RING, 0.0), (RING // 2, 0.0), (2 * RING, 0.0), (0, 1.0)])
def test_lines_tell_only_where_old_data_differs(period, share):
    into = _noise()
    if period:
        into = np.tile(into[:period], (-(-FRAMES // period), 1))[:FRAMES]
    lines = distinct_lines(into.reshape(-1), FRAMES, RING, STEP, 32)
    assert lines == pytest.approx(share * FRAMES // 8, abs=2 * RING // 8 + 1)


def test_many_slips_cost_one_pass_and_not_one_each(monkeypatch):
    # Something foreign of one frame behind every 200: each slip moves all that follows.
    frames, every = 40_000, 200
    read = _noise(frames)
    parts = [np.concatenate([read[at : at + every], _noise(1, at)]) for at in range(0, frames, every)]
    into = np.ascontiguousarray(np.concatenate(parts))
    compared = []
    differs = capture._Stream._differs

    def counted(self, first, end, shift):
        compared.append(end - first)
        return differs(self, first, end, shift)

    monkeypatch.setattr(capture._Stream, "_differs", counted)
    analysis = _compare(read, into)
    assert dict(analysis.counts) == {Kind.DROP: frames // every - 1}
    # Each slip costs a window and two looks at its neighbourhood; all of the rest would be 100 times that.
    assert sum(compared) < frames + len(parts) * 2 * WINDOW_FRAMES


@pytest.mark.parametrize("at", range(WINDOW_FRAMES - 16, WINDOW_FRAMES + 17, 4))
def test_runs_across_a_window_are_one_finding(at):
    into = _noise()
    read = into.copy()
    read[at : at + 40] = into[at - RING : at - RING + 40]
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames, f.laps) for f in found] == [(Kind.STALE, at, 40, 1)]


def _head(read, into):
    return bytes_not_taken(read.reshape(-1), into.reshape(-1), STEP) / STEP


@pytest.mark.parametrize("lead", [1, 6, 48, 5000])
def test_frames_before_the_first_that_was_read_are_counted(lead):
    into = _noise()
    assert _head(np.ascontiguousarray(into[lead:]), into) == lead


def test_frames_before_the_first_are_counted_behind_a_damaged_beginning():
    into = _noise()
    read = into[48:].copy()
    read[:30] = 0
    assert _head(read, into) == 48


@pytest.mark.parametrize("silent", [*range(1, 97, 5), 48, 1488])
@pytest.mark.parametrize("lead", [48, 3000])
def test_frames_before_the_first_are_counted_wherever_sound_begins_in_a_block(silent, lead):
    # Silence at the beginning of both agrees with any other: only what differs from its neighbour tells.
    noise = _noise()
    quiet = np.zeros((silent, STEP), np.uint8)
    read = np.concatenate([quiet, noise])
    into = np.concatenate([quiet, np.zeros((lead, STEP), np.uint8), noise])
    assert _head(read, into) == lead
    assert _head(read, read) == 0


def test_streams_that_begin_together_have_no_frame_before():
    into = _noise()
    read = into.copy()
    read[200:300] = 0
    assert _head(into, into) == 0
    assert _head(read, into) == 0


def test_silence_strangers_and_short_streams_have_no_frame_before():
    into = _noise()
    assert _head(np.zeros_like(into), np.zeros_like(into)) == 0
    assert _head(_noise(seed=7), into) == 0
    assert _head(into[:10], into[:5]) == 0


def test_slip_in_the_middle_is_no_beginning():
    into = _noise()
    read = np.ascontiguousarray(np.concatenate([into[:3000], into[3048:]]))
    assert _head(read, into) == 0
    assert [f.kind for f in _compare(read, into).findings] == [Kind.DROP]
