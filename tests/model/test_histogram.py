# SPDX-License-Identifier: MIT
"""Places of wrong frames: counted like a loop over every frame would, and no frame lost on the way."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stress.model import shape
from stress.model.finding import Finding, Kind
from stress.model.histogram import COLUMNS, ROWS, Axes, Histogram, Plane, joined, kinds_of, places_of
from stress.model.record.histogram import HistogramRecord, read_histogram
from stress.model.ring import Rings

AXES = Axes(Rings(384, 480), frame_bytes=4, first_position=1000, line_bytes=32)


def _finding(kind=Kind.STALE, frame=0, frames=8, ring="playback", offset=0, position=1000):
    return Finding(kind, frame, frames, position, ring=ring, ring_offset=offset)


def _slowly(found, axes, column_frames):
    # Frame by frame, as the definition says.
    cells = Counter()
    for finding in found:
        ring, rows_of, at = axes.place(finding)
        size, frame_bytes = axes.ring(rows_of)
        plane = Plane.of(ring, size * frame_bytes, axes.line_bytes)
        slip = finding.kind in ("drop", "repeat", "insert")
        for n in range(finding.frames):
            step = 0 if slip else n
            row = (at + step) % size * frame_bytes // plane.row_bytes if size else 0
            cells[plane, row, (finding.frame + step) // column_frames] += 1
    return cells


def _cells(made):
    out = Counter()
    for plane, _, cells in made.parts():
        for (row, column), number in cells.items():
            out[plane, row, column] += number
    return out


FOUND = st.lists(
    st.builds(
        _finding,
        kind=st.sampled_from([Kind.STALE, Kind.ZERO, Kind.DROP, Kind.BITFLIP]),
        frame=st.integers(0, 9000),
        frames=st.integers(1, 3000),
        ring=st.sampled_from(["playback", "capture", None]),
        offset=st.integers(0, 383).map(lambda frame: 4 * frame),
        position=st.integers(1000, 9999),
    ),
    max_size=6,
)
GEOMETRY = st.builds(
    lambda playback, capture, frame_bytes, line: Axes(Rings(playback, capture), frame_bytes, 1000, line),
    st.integers(384, 5000),
    st.integers(384, 5000),
    st.sampled_from([2, 4, 6, 8]),
    st.sampled_from([16, 32, 64]),
)


@settings(max_examples=60, deadline=None)
@given(FOUND, GEOMETRY)
def test_histogram_counts_each_frame_where_a_loop_over_frames_puts_it(found, axes):
    made = Histogram(axes)
    for finding in found:
        made.add(finding)
    assert made.frames == sum(finding.frames for finding in found)
    assert _cells(made) == _slowly(found, axes, made.column_frames)


@settings(max_examples=40, deadline=None)
@given(FOUND, FOUND)
def test_merged_histograms_are_that_of_all_findings(one, two):
    apart = joined([places_of(one, AXES), places_of(two, AXES)])
    both = places_of([*one, *two], AXES)
    assert (apart is None) == (both is None)
    if apart is not None:
        both.cover(apart.column_frames * COLUMNS)
        assert (_cells(apart), apart.column_frames) == (_cells(both), both.column_frames)


@settings(max_examples=40, deadline=None)
@given(FOUND)
def test_record_of_a_histogram_reads_back_as_it_was(found):
    made = places_of(found, AXES)
    if made is None:
        return
    again = read_histogram(shape.write(HistogramRecord.of(made))).counted()
    assert (again.planes, again.column_frames, again.frames) == (made.planes, made.column_frames, made.frames)


def test_histogram_of_an_hour_of_mute_is_as_small_as_any():
    made = Histogram(AXES)
    frames = 3600 * 48000
    made.add(_finding(Kind.MUTE, 0, frames, None))
    (cells,) = [cells for _, _, cells in made.parts()]
    assert made.frames == frames
    assert len(cells) <= ROWS * COLUMNS


def test_row_is_whole_lines_and_a_ring_has_no_more_rows_than_a_picture():
    for size in (32, 768, 16320, 19200, 65536, 1 << 22):
        plane = Plane.of("playback", size, 32)
        assert plane.row_bytes % 32 == 0 and plane.rows <= ROWS
    assert Plane.of("playback", 768, 32).row_bytes == 32


def test_damage_of_no_ring_lies_at_its_place_in_the_playback_ring():
    made = places_of([_finding(Kind.BITFLIP, 500, 1, None, None, position=1000 + 384 + 9)], AXES)
    ((plane, name, cells),) = made.parts()
    assert (plane.ring, plane.ring_bytes, name) == ("", 1536, "changed")
    assert cells == {(9 * 4 // 32, 500 // 64): 1}


def test_classes_hold_every_kind_once():
    words = " ".join(kinds_of(name) for name in ("stale", "silent", "moved"))
    assert all(words.split().count(kind) <= 2 for kind in ("zero", "drop"))
    assert kinds_of("stale") == "stale"


GOOD = {
    "column_frames": 64,
    "frames": 8,
    "planes": [{"ring": "playback", "ring_bytes": 1536, "row_bytes": 32, "cells": {"stale": [5, 3, 96, 5]}}],
}


def _with(plane=None, **more):
    return {**GOOD, **more, "planes": [{**GOOD["planes"][0], **(plane or {})}]}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (_with(frames=9), "frames is not the sum of the cells"),
        (_with(column_frames=96), "column_frames is no column of this format"),
        (_with(column_frames=0), "column_frames is out of range"),
        (_with({"cells": {"stale": [5]}}), "a gap without a number of frames"),
        (_with({"cells": {"stale": [5, 3, 0, 5]}}), "holds a cell twice"),
        (_with({"cells": {"stale": [48 * 96, 8]}}), "lies outside the ring"),
        (_with({"cells": {"stale": [1 << 29, 8]}}), "goes past the last of 6144 cells"),
        (_with({"cells": {"<b>": [5, 8]}}), "is none of stale, silent, moved, changed"),
        (_with({"cells": {"stale": [-1, 8]}}), "out of range"),
        (_with({"row_bytes": 1}), "has 1536 rows, 64 are the most"),
        (_with({"row_bytes": 0}), "row_bytes is out of range"),
        (_with({"ring": "<script>"}), "ring is none of"),
        ({**GOOD, "planes": GOOD["planes"] * 2, "frames": 16}, "holds a plane twice"),
        ({**GOOD, "planes": 7}, "planes is not a list"),
    ],
)
def test_record_whose_histogram_does_not_hold_together_is_refused(value, says):
    with pytest.raises(shape.Mismatch, match=says):
        read_histogram(value)


def test_good_histogram_of_a_record_is_read():
    made = read_histogram(GOOD).counted()
    assert made.planes == {Plane("playback", 1536, 32): {"stale": {(0, 5): 3, (1, 5): 5}}}
