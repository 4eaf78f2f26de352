# SPDX-License-Identifier: MIT
"""A known source in the place of the pattern: which of its ages are believed."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.decode import NEAR, NONE
from stress.detect.foreign.source import KnownSource, SourceDecoder
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern


class Numbered(KnownSource):
    """Frames that hold their position in four bytes, and the ages that they are given."""

    blind = "nothing"

    def __init__(self, fmt="S16_LE", channels=2):
        super().__init__("a number", FORMATS[fmt], channels)
        self.given = None

    def image(self, positions):
        out = np.zeros((len(positions), self.frame_bytes), np.uint8)
        raw = positions.astype("<u4").view(np.uint8).reshape(-1, 4)
        width = min(4, self.frame_bytes)
        out[:, :width] = raw[:, :width]
        return out

    def ages(self, rows, due):
        if self.given is not None:
            return np.array(self.given, np.int64)
        shown = np.ascontiguousarray(rows[:, :4]).view("<u4")[:, 0].astype(np.int64)
        return due - shown

    def locked_at(self, rows):
        return None


def lags(given, fmt="S16_LE", channels=2, rows=None, before=None):
    one = Numbered(fmt, channels)
    one.given = given
    n = len(given)
    seen = (
        np.full((n, one.frame_bytes), 7, np.uint8) + np.arange(n)[:, None].astype(np.uint8)
        if rows is None
        else rows
    )
    return (
        SourceDecoder(one, Rings(480, 528))
        .lags(np.ascontiguousarray(seen).reshape(-1), 5000, before)
        .tolist()
    )


@pytest.mark.parametrize(
    ("fmt", "channels", "run"),
    [("S16_LE", 1, 4), ("S16_LE", 2, 2), ("S24_3LE", 1, 3), ("S32_LE", 2, 2), ("S32_LE", 8, 2)],
)
def test_an_age_is_believed_of_so_many_frames_in_a_row(fmt, channels, run):
    long = [480] * run + [9]
    assert lags(long, fmt, channels) == [480] * run + [NONE]
    short = [480] * (run - 1) + [9, 11]
    assert lags(short, fmt, channels) == [NONE] * (run + 1)


def test_right_frames_are_right_by_themselves_whatever_they_show():
    one = Numbered()
    rows = one.image(np.arange(5000, 5006, dtype=np.uint32))
    rows[3] = 9
    assert lags([7, 8, 9, 480, 11, 12], rows=rows) == [0, 0, 0, NONE, 0, 0]


def test_ages_as_far_as_the_limit_are_none():
    assert lags([NEAR - 1] * 2 + [9]) == [NEAR - 1] * 2 + [NONE]
    assert lags([NEAR] * 2 + [9]) == [NONE] * 3
    assert lags([1 - NEAR] * 2) == [1 - NEAR] * 2
    assert lags([-NEAR] * 2) == [NONE] * 2


def test_held_frames_have_no_age_unless_they_are_right():
    rows = np.full((6, 4), 7, np.uint8)
    assert lags([480] * 6, rows=rows) == [NONE] * 6
    rows[0] = 5
    assert (
        lags([480] * 6, rows=rows) == [480, 480, NONE, NONE, NONE, NONE]
        or lags([480] * 6, rows=rows)[2:] == [NONE] * 4
    )
    one = Numbered()
    right = one.image(np.arange(5000, 5003, dtype=np.uint32))
    assert lags([0, 0, 0], rows=right, before=right[0]) == [0, 0, 0]
    other = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert lags([480] * 3, rows=other, before=other[0])[0] == NONE
    assert lags([480] * 3, rows=other, before=other[1]) == [480] * 3
    assert lags([], rows=other[:0], before=other[0]) == []


def test_frames_are_written_by_position_and_past_the_last_one():
    one = Numbered()
    out = np.empty(16, np.uint8)
    one.fill(2**32 - 2, out)
    assert out.view("<u4").tolist() == [2**32 - 2, 2**32 - 1, 0, 1]


def test_a_source_says_nothing_of_silence_and_of_what_was_lost_unless_it_knows():
    one = Numbered()
    assert one.silent_until_end(7) is None
    assert one.lost_before(7) == 0
    assert one.begins is None
    assert not one.positional
    assert one.name == "known"


def test_the_pattern_is_no_known_source():
    with pytest.raises(TypeError, match="mix1 is no known source"):
        SourceDecoder(Pattern("mix1", FORMATS["S16_LE"], 2), Rings())
