# SPDX-License-Identifier: MIT
"""What version 1 of the pattern cannot see, each shown unseen."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.model.finding import Kind
from stress.model.formats import CARD_FORMATS, FORMATS
from stress.model.ring import Rings
from stress.patterns.shared import share
from stress.patterns.word import Pattern

S16 = FORMATS["S16_LE"]


def equal_halves(pattern, lag, count=1 << 17):
    # Positions whose left sample equals that of `lag` frames earlier.
    left = pattern.bytes_at(1 << 20, count).view("<u2").reshape(count, pattern.channels)[:, 0]
    old = pattern.bytes_at((1 << 20) - lag, count).view("<u2").reshape(count, pattern.channels)[:, 0]
    return np.flatnonzero(left == old)


def test_one_channel_of_old_data_may_equal_the_right_sample():
    pattern = Pattern("mix2", S16, 2)
    at = int(equal_halves(pattern, 480)[0])
    rows = pattern.bytes_at((1 << 20) + at - 6000, 12000).view("<u2").reshape(-1, 2)
    rows[6000, 0] = pattern.bytes_at((1 << 20) + at - 480, 1).view("<u2")[0]
    analysis = check(rows.view(np.uint8).reshape(-1), Expected(pattern, Rings(480, 528)))
    assert (analysis.locked, analysis.found) == (True, 0)


def test_mono_frame_of_an_odd_lag_may_equal_the_right_sample():
    # Half a word a frame: a stale frame alone is right once in 65536 times.
    pattern = Pattern("mix2", S16, 1)
    at = int(equal_halves(pattern, 481)[0])
    rows = pattern.bytes_at((1 << 20) + at - 6000, 12000).view("<u2")
    rows[6000] = pattern.bytes_at((1 << 20) + at - 481, 1).view("<u2")[0]
    assert check(rows.view(np.uint8), Expected(pattern, Rings(481, 528))).found == 0


def test_mono_pair_of_frames_of_an_even_lag_is_never_right():
    pattern = Pattern("mix1", S16, 1)
    now = pattern.bytes_at(1 << 20, 1 << 16).view("<u4")
    then = pattern.bytes_at((1 << 20) - 480, 1 << 16).view("<u4")
    assert not (now == then).any()


def test_position_zero_of_the_first_pair_is_silence():
    # Word 0 of mix1 and mix2 is zero: a run that began at 0 could lose its first frame unseen.
    for name in ("mix1", "mix2"):
        pattern = Pattern(name, S16, 2)
        assert not pattern.bytes_at(0, 1).any()
        captured = pattern.bytes_at(0, 12000)
        analysis = check(captured, Expected(pattern, Rings()))
        assert (analysis.found, analysis.first_frame, analysis.first_position) == (0, 1, 1)


def test_whole_stream_that_is_a_lap_old_looks_like_delay():
    # Every line one lap old from the start on, and nothing right beside it.
    pattern = Pattern("mix1", S16, 2)
    late = np.concatenate([np.zeros(480 * 4, np.uint8), pattern.bytes_at(1000, 12000)])
    analysis = check(late, Expected(pattern, Rings(480, 528), first_position=1000))
    assert (analysis.found, analysis.first_frame) == (0, 480)


def test_data_2_to_the_32_frames_old_is_right():
    pattern = Pattern("mix1", S16, 2)
    assert np.array_equal(pattern.bytes_at(5, 64), pattern.bytes_at(5 + (1 << 32), 64))


def test_lag_without_known_rings_names_no_ring():
    pattern = Pattern("mix1", S16, 2)
    rows = pattern.bytes_at(1000, 12000).reshape(-1, 4)
    rows[6000:6008] = rows[6000 - 480 : 6008 - 480]
    (finding,) = check(rows.reshape(-1), Expected(pattern, Rings())).findings
    assert (finding.kind.value, finding.lag, finding.ring) == ("misplaced", 480, None)


def converted(name, spoil):
    # What is found where the frames of a card in format `name` were spoilt.
    fmt = CARD_FORMATS[name]
    shared = share((fmt, 2), (fmt, 2))
    pattern = Pattern("mix1", shared.fmt, 2)
    card = np.zeros(12000 * shared.capture.frame_bytes, np.uint8)
    shared.capture.spread(pattern.bytes_at(1 << 20, 12000), card)
    rows = card.reshape(12000, -1)
    spoil(rows)
    analysis = check(shared.capture.gather(card), Expected(pattern, Rings(480, 528)))
    assert analysis.locked
    return [(finding.kind, finding.frame, finding.frames) for finding in analysis.findings]


def test_bits_that_a_format_does_not_carry_may_change_unseen():
    def flip(rows):
        rows[6000, 2] ^= 0x80  # the sign extension of 20 bits in three bytes

    assert converted("S20_3LE", flip) == []


def test_bytes_shifted_where_formats_are_converted_are_found_without_a_name():
    def shift(rows):
        flat = rows.reshape(-1)
        flat[6000 * 6 : 6100 * 6] = flat[6000 * 6 - 1 : 6100 * 6 - 1].copy()

    found = converted("S20_3LE", shift)
    assert found
    assert (found[0][1], found[-1][1] + found[-1][2]) == (6000, 6100)
    assert all(kind is not Kind.BYTESHIFT for kind, _, _ in found)


def test_memory_of_zeros_is_no_silence_of_an_unsigned_format():
    def clear(rows):
        rows[6000:6016] = 0

    def silence(rows):
        rows[6000:6016] = np.tile(np.array([0, 0x80], np.uint8), 2)

    assert all(kind is not Kind.ZERO for kind, _, _ in converted("U16_LE", clear))
    assert converted("U16_LE", silence) == [(Kind.ZERO, 6000, 16)]


@pytest.mark.parametrize(("old", "aged"), [(1, False), (2, False), (3, True), (29, True)])
def test_tail_of_a_line_has_an_age_from_three_bytes_on(old, aged):
    pattern, size, at = Pattern("mix1", FORMATS["S24_3LE"], 10), 30, 4000
    rows = pattern.bytes_at(1000, 6000).reshape(-1, size).copy()
    rows[at, size - old :] = pattern.bytes_at(1000 + at - 1200, 1)[size - old :]
    (found,) = check(rows.reshape(-1), Expected(pattern, Rings(1200, 1320), first_position=1000)).findings
    assert (found.frame, found.frames, found.lag) == (at, 1, 1200 if aged else None)
