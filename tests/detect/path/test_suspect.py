# SPDX-License-Identifier: MIT
"""Damage is told from a path by a few thousand frames."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path import suspect as module
from stress.detect.path.suspect import MANY, MANY_FRAMES, Suspicion, _partly, suspected
from stress.model.finding import Analysis, Finding, Kind
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


FULL = 32768


def _found(kind, frame, frames, position=None):
    return Finding(kind, frame, frames, FIRST + frame if position is None else position)


def _analysis(findings, counted=None, frames=FRAMES):
    counts = Counter(one.kind for one in findings)
    return Analysis("exact", True, frames, counts=counted or counts, findings=tuple(findings))


class _Read:
    """Stretches of a capture, and which of them were asked for."""

    def __init__(self, raw):
        self.asked, self._raw = [], raw

    def __call__(self, first, stop):
        self.asked.append((first, stop))
        return self._raw[4 * first : 4 * stop]


def _clean():
    return _Read(STEREO.bytes_at(FIRST, FRAMES))


@pytest.mark.parametrize(
    ("findings", "looked"),
    [
        ([_found(Kind.UNKNOWN, 100, MANY_FRAMES - 1)], False),
        ([_found(Kind.UNKNOWN, 100, MANY_FRAMES)], True),
        ([_found(Kind.UNKNOWN, 100, 500), _found(Kind.ZERO, 5000, 500)], True),
        ([_found(Kind.STALE, 100, 9000)], False),
        ([_found(Kind.BITFLIP, 10 * n, 1) for n in range(MANY - 1)], False),
        ([_found(Kind.BITFLIP, 10 * n, 1) for n in range(MANY)], True),
    ],
)
def test_capture_is_looked_at_from_a_number_of_wrong_frames_or_findings_on(findings, looked):
    read = _clean()
    assert suspected(_analysis(findings), STEREO, read) is Suspicion.NONE
    assert bool(read.asked) is looked


def test_longest_findings_are_looked_at_first_and_some_over_all():
    findings = [_found(Kind.UNKNOWN, 2000 * n, 1000 + n) for n in range(12)]
    found = [(one.frame, length) for one, length in module._places(findings, _analysis(findings))]
    assert found == [
        # LEAST is 1024: of the four longest none is.
        *((2000 * n, 8192) for n in (0, 3, 6, 9, 11)),
    ]
    longer = [_found(Kind.UNKNOWN, 2000 * n, 1020 + n) for n in range(12)]
    places = [(one.frame, length) for one, length in module._places(longer, _analysis(longer))]
    assert places[:4] == [(2000 * n, 1020 + n) for n in (11, 10, 9, 8)]
    assert places[4:] == found


@pytest.mark.parametrize(
    ("kind", "frames", "length"),
    [
        (Kind.UNKNOWN, 1023, None),
        (Kind.UNKNOWN, 1024, 1024),
        (Kind.UNKNOWN, 9000, 8192),
        (Kind.GAIN, 8191, None),
        (Kind.GAIN, 8192, 8192),
        (Kind.SWAP, 9000, 8192),
    ],
)
def test_long_finding_is_looked_at_as_such_and_a_named_one_where_it_lasts(kind, frames, length):
    one = _found(kind, 100, frames)
    found = [length for _, length in module._places([one], _analysis([one]))]
    # The same place is looked at as one of those over all, and as the last.
    assert found == ([length] if length else []) + [8192, 8192]


def test_findings_that_are_only_counted_are_looked_for_behind_those_kept():
    one = _found(Kind.UNKNOWN, 20000, 5, (1 << 32) - 3000)
    found = list(module._places([one], _analysis([one], {Kind.UNKNOWN: 900})))
    assert [(at.frame, at.position, length) for at, length in found[2:]] == [
        (20000 + away, (away - 3000) % (1 << 32), 8192) for away in (4000, 8000, 12000, 16000)
    ]
    assert {at.kind for at, _ in found} == {Kind.UNKNOWN}


def test_place_near_the_end_is_cut_to_the_capture():
    read = _clean()
    one = _found(Kind.UNKNOWN, FRAMES - 400, 3)
    assert module._place(one, 8192, _analysis([one]), STEREO, read) is Suspicion.NONE
    short = _found(Kind.UNKNOWN, 100, 3)
    module._place(short, 10, _analysis([short]), STEREO, read)
    assert read.asked == [(FRAMES - 400, FRAMES), (100, 1124)]


@pytest.mark.parametrize(("frames", "what"), [(511, Suspicion.NONE), (512, Suspicion.PARTLY)])
def test_place_of_few_frames_is_not_looked_at(frames, what):
    words = STEREO.bytes_at(FIRST, FRAMES).view("<u2").reshape(-1, 2) | 1 << 13
    read = _Read(words.astype("<u2").view(np.uint8).reshape(-1)[: 4 * (1000 + frames)])
    one = _found(Kind.UNKNOWN, 1000, 3)
    assert module._place(one, 8192, _analysis([one]), STEREO, read) is what


@pytest.mark.parametrize(("share", "what"), [(0.018, Suspicion.NONE), (0.03, Suspicion.PARTLY)])
def test_channel_is_looked_at_from_a_share_of_wrong_samples_on(share, what):
    # A limiter above so much of full scale.
    x = STEREO.bytes_at(FIRST, FRAMES).view("<i2").reshape(-1, 2).astype(int)
    edge = int(FULL * (1 - share))
    read = _Read(np.clip(x, -edge, edge).astype("<i2").view(np.uint8).reshape(-1))
    one = _found(Kind.UNKNOWN, 1000, 3)
    assert module._place(one, 8192, _analysis([one]), STEREO, read) is what


DUE = np.random.default_rng(4).integers(-FULL, FULL, 8000)


def _told(seen):
    return _partly(seen, DUE, seen != DUE, 16)


@pytest.mark.parametrize(("bit", "value"), [(0, 1), (15, 0), (9, 0), (9, 1)])
def test_held_bit_is_a_path(bit, value):
    assert _told(DUE & ~(1 << bit) | value << bit)


@pytest.mark.parametrize(("loose", "held"), [(60, True), (240, False)])
def test_held_bit_changes_hardly_ever(loose, held):
    seen = DUE | 1 << 13
    seen[:loose] = DUE[:loose] & ~(1 << 13)
    assert module._exchanged(seen, DUE, seen != DUE, 16) is False
    assert _told(seen) is held


def test_zeros_are_no_held_bits():
    seen = DUE.copy()
    seen[: len(DUE) * 199 // 200] = 0
    seen[-40:] ^= 1
    seen[-40:] = 0
    assert not _told(np.where(np.arange(len(DUE)) < 7900, 0, DUE))


@pytest.mark.parametrize(("far", "told"), [(0, True), (9, True), (11, False)])
def test_rounding_moves_nearly_all_wrong_samples_by_four_steps_at_most(far, told):
    seen = DUE.copy()
    seen[:100] += 4
    seen[:far] += 900
    assert _told(seen) is told
    one = DUE.copy()
    one[:100] += 5
    assert not _told(one)


def test_rounding_of_wider_words_is_as_many_steps_of_sixteen_bits():
    due = DUE << 8
    for away, told in ((4 << 8, True), ((4 << 8) + 1, False)):
        seen = due.copy()
        seen[:100] += away
        assert _partly(seen, due, seen != due, 24) is told


@pytest.mark.parametrize(("edge", "told"), [(0.3, True), (0.2, False)])
def test_limiter_touches_loud_samples_and_nearly_all_of_them(edge, told):
    level = edge * FULL
    seen = np.where(np.abs(DUE) > level, np.sign(DUE) * (level + (np.abs(DUE) - level) / 2), DUE).astype(int)
    assert _told(seen) is told
    spared = np.where(np.arange(len(DUE)) % 5 == 0, DUE, seen)
    assert not _told(spared)


def test_exchanged_bits_are_wrong_where_they_differ_and_only_there():
    low, high = DUE >> 9 & 1, DUE >> 10 & 1
    seen = (DUE & ~0x600) | low << 10 | high << 9
    wrong = seen != DUE
    assert module._exchanged(seen, DUE, wrong, 16) is True
    # One bit that flips is none; three bits are none.
    assert module._exchanged(DUE ^ 0x200, DUE, np.ones(8000, bool), 16) is False
    assert module._exchanged(DUE ^ 0xE00, DUE, np.ones(8000, bool), 16) is False
    # Where a fifth of them does not change, it is damage.
    some = np.where(np.arange(8000) % 5, seen, DUE)
    assert module._exchanged(some, DUE, some != DUE, 16) is False
    # Beside other damage of a tenth it is told still.
    more = seen.copy()
    more[wrong.nonzero()[0][:300]] ^= 0x5005
    assert module._exchanged(more, DUE, more != DUE, 16) is True
    more[wrong.nonzero()[0][:600]] ^= 0x2002
    assert module._exchanged(more, DUE, more != DUE, 16) is False
