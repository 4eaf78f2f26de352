# SPDX-License-Identifier: MIT
"""Slips, what lies beside them, and the alignments that are remembered behind them."""

from __future__ import annotations

import dataclasses

import numpy as np

from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.exact.stretches import DUE, FRAME, a_builder, built, frames, strange, stretch


def gained(position, count, factor=0.5):
    low = frames(position, count).copy().view("<i2")
    return np.round(low * factor).astype("<i2").view(np.uint8)


def shown(found):
    return [(one.kind, one.frame - FRAME, one.frames, one.position - DUE) for one in found]


def test_short_dither_behind_a_slip_is_told_by_what_follows_it():
    # Three dithered frames, a right one and more of them: too short to be told alone.
    low = frames(DUE + 120, 40).copy()
    low[[0, 1, 2, *range(4, 40)], 0] ^= 1
    rows = np.concatenate([frames(DUE, 100), low, frames(DUE + 160, 100)])
    builder = a_builder()
    assert shown(built(rows, builder))[0] == (Kind.DROP, 100, 20, 100)
    assert builder.cut == (100, -20)


def test_noise_in_several_places_before_a_slip_keeps_its_places():
    flips = frames(DUE, 100).copy()
    flips[[80, 85], 1] ^= 0x40
    rows = np.concatenate([flips, strange(6), gained(DUE + 100, 8), frames(DUE + 108, 100)])
    assert shown(built(rows)) == [
        (Kind.BITFLIP, 80, 1, 80),
        (Kind.BITFLIP, 85, 1, 85),
        (Kind.INSERT, 100, 6, 100),
        (Kind.GAIN, 106, 8, 100),
    ]


def test_right_frames_that_a_slip_shows_are_no_damage():
    # Behind three strange frames two are right in the alignment that comes.
    rows = np.concatenate([frames(DUE, 100), strange(3), frames(DUE + 150, 200)])
    assert shown(built(rows)) == [(Kind.UNKNOWN, 100, 3, 100), (Kind.DROP, 103, 47, 103)]


def test_damage_as_long_as_the_slip_amid_more_is_what_was_inserted():
    zeros = np.zeros((5, 4), np.uint8)
    rows = np.concatenate([frames(DUE, 100), strange(7), zeros, frames(DUE + 107, 100)])
    assert shown(built(rows)) == [(Kind.UNKNOWN, 100, 7, 100), (Kind.INSERT, 107, 5, 107)]
    rows = np.concatenate([frames(DUE, 100), zeros, strange(7), frames(DUE + 107, 100)])
    found = built(rows)
    assert sum(one.frames for one in found) == 12
    assert Kind.INSERT in [one.kind for one in found]


def test_alignments_are_remembered_for_old_data_of_the_capture_ring():
    # A stretch of its own for the slip, another for the old line behind it.
    builder = a_builder()
    rows = stretch(n=300)
    rows[200:] = frames(DUE + 230, 100)
    built(rows, builder)
    assert list(builder._aligns) == [(0, DUE - FRAME), (FRAME + 200, DUE - FRAME + 30)]
    due, frame = DUE + 330, FRAME + 300
    for lag, kind in ((528 + 30, Kind.STALE), (528, Kind.STALE), (528 + 31, Kind.MISPLACED)):
        later = frames(due, 600)
        at = 300
        later[at : at + 8] = frames(due + at - lag, 8)
        decoded = built(later, builder, frame=frame, due=due)
        assert [one.kind for one in decoded] == [kind]
    lap = frames(due, 600)
    lap[300:308] = frames(due + 300 - 558, 8)
    (one,) = built(lap, builder, frame=frame, due=due)
    assert (one.ring, one.laps, one.lag, one.details) == ("capture", 1, 528, {"position_lag": 558})


def test_lone_old_frames_of_the_first_alignment_begin_where_the_capture_did():
    builder = a_builder()
    builder._aligns.append((FRAME, DUE - FRAME))
    base = Finding(Kind.MISPLACED, FRAME + 528, 8, DUE + 528, lag=500)
    align = DUE - FRAME
    # Captured 528 frames before, at the first frame of that alignment, or one before it.
    assert builder._behind_slip(base, FRAME + align, 0).laps == 1
    later = dataclasses.replace(base, frame=FRAME + 527)
    assert builder._behind_slip(later, FRAME - 1 + align, 0) is None
    # Now is no lap ago.
    assert builder._behind_slip(base, base.frame + align, 0) is None
    assert builder._behind_slip(base, FRAME + 1 + align, 0) is None


def test_old_bytes_of_the_capture_ring_behind_a_slip_are_found_inside_frames():
    sent = Pattern("mix1", FORMATS["S24_3LE"], 2)
    rows = stretch(n=900, pattern=sent)
    rows[200:] = frames(DUE + 230, 700, sent)
    flat = rows.reshape(-1)
    first, size = 600 * 6 + 2, 32
    flat[first : first + size] = flat[first - 528 * 6 : first - 528 * 6 + size].copy()
    slip, one = built(rows, pattern=sent)
    assert slip == Finding(Kind.DROP, FRAME + 200, 30, DUE + 200)
    assert (one.kind, one.ring, one.laps, one.lag) == (Kind.STALE, "capture", 1, 528)
    assert (one.frame, one.frames, one.position) == (FRAME + 600, 6, DUE + 630)
    assert one.ring_offset == 6 * ((FRAME + 600) % 528) + 2
    assert one.details == {"bytes": 32, "position_lag": 558}


def test_three_old_bytes_of_the_capture_ring_behind_a_slip_are_tried_by_its_laps():
    # Too few to show a position: the laps of the capture ring across the slip have to be tried.
    sent = Pattern("mix1", FORMATS["S24_3LE"], 2)
    for laps in (1, 3):
        rows = stretch(n=2400, pattern=sent)
        rows[200:] = frames(DUE + 230, 2200, sent)
        flat = rows.reshape(-1)
        first = 1700 * 6 + 4
        flat[first : first + 4] = flat[first - laps * 528 * 6 :][:4].copy()
        kinds = [(one.kind, one.laps, one.ring) for one in built(rows, pattern=sent)]
        assert kinds == [(Kind.DROP, None, None), (Kind.STALE, laps, "capture")]
