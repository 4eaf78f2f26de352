# SPDX-License-Identifier: MIT
"""Damage is told from a path by a few thousand frames."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path.suspect import Suspicion, _partly, suspected
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

STEREO, RINGS, FIRST, FRAMES, PLAIN = (
    Pattern("mix1", FORMATS["S16_LE"], 2),
    Rings(480, 528),
    7000,
    40000,
    9000,
)


def flips(words, rng, bits=16, share=1 / 3):
    hit = rng.random(words.shape) < share
    return words ^ np.where(hit, 1 << rng.integers(0, bits, words.shape), 0)


def quieter(words, rng):
    return np.rint((words ^ 0x8000) * 0.5 - 0x4000).astype(np.int64) & 0xFFFF


def held(words, rng):
    return words | np.array([0, 1 << 13])


def limited(words, rng):
    signed = (words ^ 0x8000) - 0x8000
    return np.clip(signed, -26000, 26000) & 0xFFFF


def exchanged(words, rng):
    return words[:, ::-1]


def mono(words, rng):
    signed = (words ^ 0x8000) - 0x8000
    return np.repeat(np.rint(signed.sum(axis=1, keepdims=True) / 2).astype(np.int64) & 0xFFFF, 2, axis=1)


def noise(words, rng):
    return rng.integers(0, 1 << 16, words.shape)


CASES = {
    flips: Suspicion.NONE,
    noise: Suspicion.NONE,
    quieter: Suspicion.WHOLLY,
    exchanged: Suspicion.WHOLLY,
    mono: Suspicion.WHOLLY,
    held: Suspicion.PARTLY,
    limited: Suspicion.PARTLY,
}


@pytest.mark.parametrize("change", CASES)
def test_what_damage_may_be_a_path_is_seen_in_a_few_frames(change):
    words = STEREO.bytes_at(FIRST, FRAMES).view("<u2").reshape(-1, 2).astype(np.int64)
    words[PLAIN:] = change(words[PLAIN:], np.random.default_rng(5))
    raw = words.astype("<u2").view(np.uint8).reshape(-1)
    found = check(raw, Expected(STEREO, RINGS, first_position=FIRST))
    assert found.locked
    assert suspected(found, STEREO, lambda first, stop: raw[4 * first : 4 * stop]) is CASES[change]


def test_a_few_local_faults_are_no_path_without_a_look():
    raw = STEREO.bytes_at(FIRST, FRAMES).copy()
    raw[4 * 9000 : 4 * 9500] = 0
    found = check(raw, Expected(STEREO, RINGS, first_position=FIRST))
    assert found.wrong_frames == 500
    assert suspected(found, STEREO, None) is Suspicion.NONE


def test_two_bits_that_change_places_are_a_path_and_flips_of_two_bits_are_damage():
    rng = np.random.default_rng(4)
    due = rng.integers(-32768, 32768, 8000)
    low, high = due >> 9 & 1, due >> 10 & 1
    changed = (due & ~0x600) | low << 10 | high << 9
    assert _partly(changed, due, changed != due, 16)
    flipped = due ^ np.where(rng.random(8000) < 0.5, 0x600, 0)
    assert not _partly(flipped, due, flipped != due, 16)
