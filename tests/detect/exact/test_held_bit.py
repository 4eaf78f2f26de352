# SPDX-License-Identifier: MIT
"""A bit that is held in one channel is no old data: it moves every frame to one other position."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.decode import NEAR, NONE, Decoder
from stress.detect.exact.expected import Expected
from stress.detect.exact.idle import RegionReader
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

STEREO, N = Pattern("mix1", FORMATS["S16_LE"], 2), 12000


def words(first=1, frames=N, pattern=STEREO):
    return np.array(pattern.bytes_at(first, frames)).view("<u2").reshape(-1, pattern.channels).astype(int)


def raw_of(samples):
    return np.ascontiguousarray(samples.astype("<u2")).reshape(-1).view(np.uint8)


def held(samples, channel, bit, up):
    samples = samples.copy()
    here = samples[5000:, channel]
    samples[5000:, channel] = here | (1 << bit) if up else here & ~(1 << bit)
    return samples


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("bit", range(16))
def test_a_held_bit_is_no_old_data(bit, channel, up):
    found = check(raw_of(held(words(), channel, bit, up)), Expected(STEREO, Rings(4800, 5280)))
    assert found.found
    assert not {Kind.STALE, Kind.MISPLACED} & set(found.counts)
    assert all(one.lag is None for one in found.findings)


def test_old_lines_beside_a_held_bit_keep_their_age():
    samples = held(words(), 0, 3, True)
    samples[8000:8008] = words(1 + 8000 - 4800, 8)
    found = check(raw_of(samples), Expected(STEREO, Rings(4800, 5280)))
    assert [(one.frame, one.lag) for one in found.findings if one.kind is Kind.STALE] == [(8000, 4800)]


def test_data_of_an_earlier_burst_is_old_however_far_it_is():
    samples = words(NEAR * 3)
    samples[6000:6016] = words(77, 16)
    lags = Decoder(STEREO, Rings()).lags(raw_of(samples), NEAR * 3)
    assert set(lags[6000:6016].tolist()) == {NEAR * 3 + 6000 - 77}


def test_a_frame_is_flipped_by_one_bit_of_a_sample_at_most():
    decoder, due = Decoder(STEREO, Rings()), np.arange(100, 104)
    rows = decoder.image(due).copy()
    rows[1, 0] ^= 4
    rows[2, [0, 3]] ^= 128
    rows[3, 1] ^= 3
    assert decoder.flipped(rows, due).tolist() == [False, True, True, False]
    assert decoder.flipped(rows[:0], due[:0]).tolist() == []


def test_far_frames_are_damage_where_they_are_flips():
    samples = held(words(), 0, 3, True)
    lags = Decoder(STEREO, Rings()).lags(raw_of(samples), 1)
    assert set(lags[5000:].tolist()) == {0, NONE}


def test_behind_the_last_right_frame_a_held_bit_is_no_residue():
    raw = raw_of(held(words(), 0, 3, True))[4 * 5000 :]
    due = RegionReader(STEREO).read([raw], 5000, 5001)
    assert (due.old, due.old_at) == (0, None)
    assert due.loud is not None and due.loud[1] == N
    # Nothing is known of what was due before the beginning.
    assert RegionReader(STEREO).read([raw], 5000).old > 0
