# SPDX-License-Identifier: MIT
"""Old data that fills no whole frames, or too few of them to name its age alone."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

RINGS, FIRST, LAPS = Rings(1200, 1320), 0x12345678, 8


class Edit:
    """A clean capture whose bytes can be replaced by older ones."""

    def __init__(self, fmt, channels, frames=12000):
        self.pattern = Pattern("mix2", FORMATS[fmt], channels)
        self.size = self.pattern.frame_bytes
        back = LAPS * RINGS.largest
        whole = self.pattern.bytes_at(FIRST - back, back + frames)
        self._whole, self._base = whole, back * self.size
        self.raw = whole[self._base :].copy()

    def age(self, first, last, lag):
        start = self._base + first - lag * self.size
        self.raw[first:last] = self._whole[start : start + last - first]

    def found(self):
        analysis = check(self.raw, Expected(self.pattern, RINGS, first_position=FIRST))
        return [(f.kind, f.frame, f.frames, f.lag) for f in analysis.findings]


@pytest.mark.parametrize("fmt", ["S24_3LE", "S24_LE", "S32_LE"])
@pytest.mark.parametrize("odd", [0, 1])
def test_four_mono_frames_of_an_earlier_burst_are_told_from_either_half(fmt, odd):
    # From an odd position they hold one whole word and two halves.
    edit = Edit(fmt, 1)
    old = edit.pattern.bytes_at(FIRST - 3000000 + odd, 4)
    edit.raw[6000 * edit.size : 6004 * edit.size] = old
    assert edit.found() == [(Kind.STALE, 6000, 4, 3006000 - odd)]


@pytest.mark.parametrize("frames", [7, 8])
def test_sixteen_bytes_of_an_earlier_burst_are_the_least_in_mono_of_16_bits(frames):
    edit = Edit("S16_LE", 1)
    edit.raw[6000 * 2 : (6000 + frames) * 2] = edit.pattern.bytes_at(FIRST - 30000001, frames)
    ((kind, *_),) = edit.found()
    assert kind is (Kind.STALE if frames == 8 else Kind.UNKNOWN)


@pytest.mark.parametrize("inside", [0, 7, 14, 18])
def test_second_line_behind_one_that_ends_on_a_frame_is_found(inside):
    # 21-byte frames: the second line begins `inside` the next one, behind right bytes.
    edit = Edit("S24_3LE", 7)
    at = 6000 * 21
    edit.age(at, at + 42, 3600)
    edit.age(at + 42 + inside, at + 42 + inside + 16, 2640)
    frames = -(-(inside + 16) // 21)
    assert edit.found() == [(Kind.STALE, 6000, 2, 3600), (Kind.STALE, 6002, frames, 2640)]


def test_sign_byte_that_fits_by_chance_lengthens_no_neighbour():
    # 8 channels of S24_LE: half a frame is stale, beside a burst from before.
    for trial in range(40):
        edit = Edit("S24_LE", 8)
        edit.raw[6000 * 32 : 6010 * 32] = edit.pattern.bytes_at(FIRST - 5000000 - 7 * trial, 10)
        edit.age(6010 * 32, 6010 * 32 + 16, 1200)
        assert edit.found() == [
            (Kind.STALE, 6000, 10, 5006000 + 7 * trial),
            (Kind.STALE, 6010, 1, 1200),
        ]


def test_old_data_that_begins_alike_starts_on_a_sample():
    # One byte in 256 is the same a lap before: a sample is old as a whole.
    edit = Edit("S16_LE", 3)
    lag = 1320 * 6
    for at in range(6000 * 6 + 2, 6100 * 6, 6):
        if edit.raw[at] == edit._whole[edit._base + at - lag] and at % 32:
            break
    edit.age(at, at // 32 * 32 + 32, 1320)
    (finding,) = check(edit.raw, Expected(edit.pattern, RINGS, first_position=FIRST)).findings
    assert (finding.ring, finding.ring_offset) == ("capture", at % lag)


def test_lone_mono_frame_that_fits_by_chance_undoes_no_drop():
    edit = Edit("S16_LE", 1)
    rows = edit.raw.reshape(-1, 2)
    right = rows[:7000].copy()
    rows = np.concatenate([rows[:6000], rows[6096:]])
    rng = np.random.default_rng(1)
    samples = rows[6000:7000].view("<i2")
    samples += rng.integers(0, 2, samples.shape, dtype=np.int16) - rng.integers(0, 2, samples.shape, np.int16)
    rows[6500] = right[6500]
    found = check(rows.reshape(-1).copy(), Expected(edit.pattern, RINGS, first_position=FIRST)).findings
    assert found[0].kind is Kind.DROP or found[1].kind is Kind.DROP
    assert all(finding.frame < 6000 + 1100 for finding in found)
    assert sum(finding.frames for finding in found if finding.kind is Kind.DROP) == 96


def test_part_of_a_line_behind_much_dither_is_still_told():
    edit = Edit("S32_LE", 1)
    samples, rng = edit.raw.view("<i4"), np.random.default_rng(3)
    for _ in range(2):
        samples[4000:6000] += rng.integers(0, 2, 2000, dtype=np.int32) * rng.choice(
            np.array([-1, 1], np.int32)
        )
    edit.age(6040 * 4, 6041 * 4, 1200)
    kinds = [(kind, lag) for kind, frame, _, lag in edit.found() if frame == 6040]
    assert kinds == [(Kind.STALE, 1200)]


@pytest.mark.parametrize(
    ("fmt", "channels"),
    [("S16_LE", 6), ("S24_3LE", 2), ("S24_3LE", 6), ("S32_LE", 10), ("S32_LE", 18), ("S32_LE", 64)],
)
@pytest.mark.parametrize("length", [16, 32, 64, 128])
def test_zeroed_cache_line_is_one_finding_though_it_holds_no_whole_frames(fmt, channels, length):
    edit = Edit(fmt, channels)
    first = 6001 * edit.size // length * length
    due = edit.raw.copy()
    edit.raw[first : first + length] = 0
    wrong = np.flatnonzero((edit.raw != due).reshape(-1, edit.size).any(axis=1))
    assert edit.found() == [(Kind.ZERO, wrong[0], len(wrong), None)]


def test_zeros_beside_other_damage_do_not_take_it_in():
    edit = Edit("S32_LE", 10)
    first = 6001 * edit.size
    edit.raw[first : first + edit.size] = 0
    # In the frame behind: zeros from its first byte on, and a sample that is neither zero nor right.
    edit.raw[first + edit.size : first + edit.size + 8] = 0
    edit.raw[first + edit.size + 16 : first + edit.size + 20] ^= 0xFF
    assert edit.found() == [(Kind.ZERO, 6001, 1, None), (Kind.UNKNOWN, 6002, 1, None)]


@pytest.mark.parametrize("width", [1, 3])
def test_few_zero_bytes_alone_are_not_called_zeros(width):
    edit = Edit("S32_LE", 10)
    at = 6001 * edit.size + 4
    edit.raw[at : at + width] = 0
    ((kind, frame, frames, _),) = edit.found()
    assert (kind, frame, frames) != (Kind.ZERO, 6001, 1)
