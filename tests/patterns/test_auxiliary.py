# SPDX-License-Identifier: MIT
"""Auxiliary stimuli: the values they promise, in every format, however they are cut."""

from __future__ import annotations

import numpy as np
import pytest

from stress.errors import ConfigError
from stress.model.formats import FORMATS
from stress.model.stimulus import AUXILIARY
from stress.patterns.auxiliary import IMPULSE_FRAMES, AuxiliaryPattern, Interleaved, OneSided
from stress.patterns.noise import NoisePattern

S16 = FORMATS["S16_LE"]


def filled(pattern, position, frames):
    out = np.full(frames * pattern.frame_bytes, 0xEE, dtype=np.uint8)
    pattern.fill(position, out)
    return out


def words(name, frames, position=0):
    return filled(AuxiliaryPattern(name, 1, S16), position, frames).view("<u2").tolist()


@pytest.mark.parametrize(
    "name, expected",
    [
        ("walking-ones", [1 << bit for bit in range(16)] + [1]),
        ("walking-zeros", [0xFFFF ^ (1 << bit) for bit in range(16)] + [0xFFFE]),
        ("toggle", [0, 0xFFFF, 0]),
        ("checker", [0x5555, 0xAAAA, 0x5555]),
        ("byte-order", [0x00FF, 0xFF00, 0x00FF]),
        ("extremes", [0x7FFF, 0x8000, 0x7FFF]),
        ("silence", [0, 0]),
        ("impulse", [0x4000, 0, 0]),
    ],
)
def test_auxiliary_s16_words_are_as_named(name, expected):
    assert words(name, len(expected)) == expected


def test_auxiliary_full_scale_blocks_stay_off_the_asymmetric_end():
    got = words("full-scale", 130)
    assert got[:64] == [0x7FFF] * 64
    assert got[64:128] == [0x8001] * 64
    assert got[128:] == [0x7FFF] * 2


def test_auxiliary_impulses_come_every_prime_number_of_frames():
    at = np.flatnonzero(words("impulse", 4000))
    assert at.tolist() == [0, IMPULSE_FRAMES, 2 * IMPULSE_FRAMES, 3 * IMPULSE_FRAMES]


@pytest.mark.parametrize("fmt", sorted(FORMATS))
@pytest.mark.parametrize("name", AUXILIARY)
def test_auxiliary_in_pieces_equals_at_once(name, fmt):
    pattern = AuxiliaryPattern(name, 3, FORMATS[fmt])
    whole = filled(pattern, 1_000_003, 2500)
    parts = [filled(pattern, 1_000_003 + at, n) for at, n in ((0, 1), (1, 1499), (1500, 1000))]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(filled(pattern, 1_000_003 + pattern.period, 2500), whole)


@pytest.mark.parametrize("fmt", sorted(FORMATS))
def test_auxiliary_walking_one_visits_every_significant_bit(fmt):
    pattern = AuxiliaryPattern("walking-ones", 1, FORMATS[fmt])
    raw = filled(pattern, 0, pattern.period).reshape(-1, FORMATS[fmt].sample_bytes)
    values = [int.from_bytes(bytes(row), "little") & ((1 << FORMATS[fmt].bits) - 1) for row in raw]
    assert values == [1 << bit for bit in range(FORMATS[fmt].bits)]


def test_auxiliary_unknown_name_lists_what_is_allowed():
    with pytest.raises(ConfigError, match="'walk'.*walking-ones"):
        AuxiliaryPattern("walk", 2, S16)


def test_one_sided_keeps_one_channel_of_the_noise():
    noise = filled(NoisePattern(48000, 2, S16), 5, 300).view("<i2").reshape(-1, 2)
    right = filled(OneSided(1, 48000, 2, S16), 5, 300).view("<i2").reshape(-1, 2)
    assert not right[:, 0].any()
    assert np.array_equal(right[:, 1], noise[:, 1])


def test_interleaved_turns_change_at_the_border_whatever_the_cut():
    noise, silence = NoisePattern(48000, 2, S16), AuxiliaryPattern("silence", 2, S16)
    both = Interleaved(noise, silence, 100)
    whole = filled(both, 50, 400).reshape(-1, 4)
    plain = filled(noise, 50, 400).reshape(-1, 4)
    turn = (np.arange(50, 450) // 100) % 2
    assert np.array_equal(whole[turn == 0], plain[turn == 0])
    assert not whole[turn == 1].any()
    parts = np.concatenate([filled(both, 50, 77), filled(both, 127, 323)])
    assert np.array_equal(parts.reshape(-1, 4), whole)
