# SPDX-License-Identifier: MIT
"""An effect without a name is no damage; damage of every kind that a ring can do is no effect."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path import unnamed as module
from stress.detect.path.unnamed import unnamed_path
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

PATTERN, N = Pattern("mix1", FORMATS["S16_LE"], 2), 24000
FIRSTS = (1, 77_777)


def sent(first):
    return np.array(PATTERN.bytes_at(first, N)).view("<i2").reshape(-1, 2).astype(np.int64)


def told(words):
    raw = np.ascontiguousarray(words.astype("<i2")).reshape(-1).view(np.uint8)
    return unnamed_path(
        check(raw, Expected(PATTERN, Rings(4800, 5280))),
        PATTERN,
        lambda first, stop: raw[4 * first : 4 * stop],
    )


def gate(level, channels=slice(None)):
    def of(x, _):
        out = x[:, channels]
        out[np.abs(out) < level] = 0
        return x

    return of


def rectified(x, _):
    return np.abs(x).clip(0, 32767)


def negated_by_the_other(x, _):
    x[:, 0] = np.where(x[:, 1] > 0, -x[:, 0], x[:, 0]).clip(-32768, 32767)
    return x


def interleaved(x, _):
    return x.reshape(-1, 8, 12, 2).swapaxes(1, 2).reshape(-1, 2)


def noise_on_one(x, rng):
    x[:, 1] = (x[:, 1] + np.rint(rng.normal(0, 3, N)).astype(int)).clip(-32768, 32767)
    return x


def turned_at_the_top(x, _):
    return np.where(x > 30000, -x, x)


def cubed_below(x, _):
    a = np.abs(x) / 32768
    return np.rint(np.sign(x) * np.where(a < 0.3, a * a / 0.3, a) * 32768).clip(-32768, 32767).astype(int)


EFFECTS = [
    *(gate(100), gate(1000), gate(8000), gate(20000), gate(1000, slice(1, 2)), gate(8000, slice(0, 1))),
    *(rectified, negated_by_the_other, interleaved, noise_on_one, turned_at_the_top, cubed_below),
]


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize("effect", EFFECTS)
def test_effect_without_a_name_is_told_as_one(effect, first):
    assert "of the frames are wrong" in told(effect(sent(first), np.random.default_rng(first)))


def lines(rng, share, length, what):
    def of(x):
        some = np.repeat(rng.random(N // length) < share, length)
        x[some] = what(x)[some]
        return x

    return of


def noise(rng):
    return lambda x: rng.integers(-32768, 32768, x.shape)


def flips(rng, share, bits):
    def of(x):
        hit = rng.random(x.shape) < share
        return (np.where(hit, x ^ (1 << rng.integers(*bits, x.shape)), x) + 32768) % 65536 - 32768

    return of


def damage_of(name, rng):
    return {
        "stale lines": lines(rng, 0.1, 8, lambda x: np.roll(x, 4800, axis=0)),
        "old lines of no ring": lines(rng, 0.3, 8, lambda x: np.roll(x, 777, axis=0)),
        "lines of noise": lines(rng, 0.1, 8, noise(rng)),
        "half lines of noise": lines(rng, 0.3, 4, noise(rng)),
        "dense lines of noise": lines(rng, 0.6, 16, noise(rng)),
        "zero lines": lines(rng, 0.2, 8, np.zeros_like),
        "periods of noise": lines(rng, 0.3, 240, noise(rng)),
        "flips of any bit": flips(rng, 0.05, (0, 16)),
        "dense flips": flips(rng, 0.4, (0, 16)),
        "flips of a high bit": flips(rng, 0.02, (13, 16)),
        "a few frames of noise": lines(rng, 0.002, 1, noise(rng)),
        "noise in one place": lambda x: np.concatenate([x[:9000], noise(rng)(x[:3000]), x[12000:]]),
        "slips": lambda x: np.delete(x, np.arange(500, N, 700), axis=0),
        "dead from a frame on": lambda x: np.where(np.arange(N)[:, None] < 9000, x, 0),
    }[name]


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize(
    "name",
    [
        *("stale lines", "old lines of no ring", "lines of noise", "half lines of noise", "zero lines"),
        *("dense lines of noise", "periods of noise", "flips of any bit", "dense flips"),
        *("flips of a high bit", "a few frames of noise", "noise in one place", "slips"),
        "dead from a frame on",
    ],
)
def test_damage_is_no_effect(name, first):
    assert told(damage_of(name, np.random.default_rng(first))(sent(first))) == ""


@pytest.mark.parametrize("first", FIRSTS)
def test_effect_with_stale_lines_in_it_is_damage(first):
    rng = np.random.default_rng(first)
    assert told(gate(1000)(damage_of("stale lines", rng)(sent(first)), rng)) == ""


def test_clean_capture_and_one_without_a_lock_show_nothing():
    assert told(sent(1)) == ""
    assert unnamed_path(Analysis("exact", False, N), PATTERN, lambda first, stop: np.empty(0, np.uint8)) == ""


@pytest.mark.parametrize(("fmt", "channels"), [("S16_LE", 2), ("S32_LE", 4), ("S32_LE", 8)])
def test_lines_of_noise_are_damage_in_frames_as_wide_as_half_a_line(fmt, channels):
    pattern, frames = Pattern("mix1", FORMATS[fmt], channels), 12000
    rng = np.random.default_rng(9)
    raw = np.array(pattern.bytes_at(1, frames)).reshape(-1)
    in_lines, single = raw.copy(), raw.copy()
    for at in rng.choice(raw.size // 64, raw.size // 64 // 4, replace=False) * 64:
        in_lines[at : at + 64] = rng.integers(0, 256, 64)
    size = pattern.frame_bytes
    for at in rng.choice(frames // 3, frames // 12, replace=False) * 3 * size:
        single[at : at + size] = rng.integers(0, 256, size)

    def said(captured):
        found = check(captured, Expected(pattern, Rings(4800, 5280)))
        return unnamed_path(found, pattern, lambda first, stop: captured[size * first : size * stop])

    assert said(in_lines) == ""
    assert "from beginning to end" in said(single)


def _flags(*runs, n=6400):
    out = np.zeros(n, bool)
    for start, frames in runs:
        out[start : start + frames] = True
    return out


def _analysis(*findings, counts=None):
    made = Counter(one.kind for one in findings)
    return Analysis("exact", True, 9000, counts=counts or made, findings=tuple(findings))


def _finding(kind, frames=1, lag=None):
    return Finding(kind, 100, frames, 101, lag=lag)


@pytest.mark.parametrize(
    ("findings", "counts", "shows"),
    [
        ([_finding(Kind.UNKNOWN, 9)], None, False),
        ([_finding(Kind.STALE, 2)], {Kind.STALE: 1, Kind.UNKNOWN: 99999}, True),
        ([_finding(Kind.STALE, 1)], {Kind.STALE: 1, Kind.UNKNOWN: 999}, False),
        ([_finding(Kind.STALE, 1)], {Kind.STALE: 1, Kind.UNKNOWN: 998}, True),
        ([_finding(Kind.UNKNOWN, 2, lag=7)], {Kind.UNKNOWN: 99999}, True),
        ([_finding(Kind.UNKNOWN, 1, lag=7)], {Kind.UNKNOWN: 99999}, False),
        ([], {Kind.DROP: 2, Kind.UNKNOWN: 1000}, True),
    ],
)
def test_ring_shows_in_old_frames_and_slips_but_for_chance(findings, counts, shows):
    assert module._shows_a_ring(_analysis(*findings, counts=counts)) is shows


@pytest.mark.parametrize(("known", "mostly"), [(10, True), (11, False)])
def test_damage_is_mostly_unknown_where_half_of_its_frames_are(known, mostly):
    found = _analysis(_finding(Kind.UNKNOWN, 6), _finding(Kind.DITHER, 4), _finding(Kind.ZERO, known))
    assert module._mostly_unknown(found) is mostly


def _shares(*shares):
    """Wrong frames of 64 parts of 100 frames, so many in each, one here and there."""
    out = np.zeros((64, 100), bool)
    for part, share in enumerate(shares):
        # Runs of one and three frames: no lines.
        out[part, np.arange(share) * 3 % 100] = True
    return out.reshape(-1)


@pytest.mark.parametrize(
    ("shares", "there"),
    [
        ([5] * 64, True),
        ([4] * 64, False),
        ([0] * 3 + [9] * 61, True),
        ([0] * 5 + [9] * 59, False),
        ([90] * 30 + [0] * 34, False),
    ],
)
def test_effect_is_there_in_nearly_every_part(shares, there):
    assert module._everywhere(_shares(*shares), 4) is there


@pytest.mark.parametrize(
    ("runs", "frame_bytes", "lines"),
    [
        # Halves of lines of 16 bytes and more: of four frames of four bytes, two of eight, and whole lines.
        ([(3 + 12 * n, 4) for n in range(10)], 4, True),
        ([(3 + 12 * n, 8) for n in range(10)], 4, True),
        ([(3 + 12 * n, 3) for n in range(10)], 4, False),
        ([(2 + 6 * n, 2) for n in range(10)], 8, True),
        ([(2 + 6 * n, 2) for n in range(10)], 16, True),
        ([(2 + 6 * n, 2) for n in range(10)], 32, True),
        ([(2 + 6 * n, 2) for n in range(10)], 33, False),
        ([(2 + 6 * n, 1) for n in range(10)], 32, False),
        ([(3 + 12 * n, 4) for n in range(6)] + [(201 + 12 * n, 3) for n in range(4)], 4, True),
        ([(3 + 12 * n, 4) for n in range(5)] + [(201 + 12 * n, 3) for n in range(4)], 4, False),
        # Some begin elsewhere.
        ([(3 + 12 * n, 4) for n in range(5)] + [(201 + 12 * n, 4) for n in range(4)], 4, False),
        ([], 4, False),
        ([(0, 4), (6396, 4)], 4, True),
    ],
)
def test_lines_begin_and_end_where_halves_of_lines_do(runs, frame_bytes, lines):
    assert module._in_lines(_flags(*runs), frame_bytes) is lines


LEVELS = np.arange(-2000, 2000)


def _ranged(low, high, let=0, beyond=0):
    """Samples between two levels are wrong but for some, and some beyond them as well."""
    wrong = (low <= LEVELS) & (high >= LEVELS)
    inside = np.flatnonzero(wrong)
    wrong[inside[len(inside) // 2 : len(inside) // 2 + let]] = False
    wrong[:beyond] = True
    return wrong


@pytest.mark.parametrize(
    ("wrong", "ranged"),
    [
        (_ranged(500, 900), True),
        (_ranged(500, 900, let=19), True),
        (_ranged(500, 900, let=25), False),
        (_ranged(500, 900, beyond=3), True),
        (_ranged(500, 900, beyond=6), False),
        (_ranged(-1400, 1999), True),
        (_ranged(-1600, 1999), False),
    ],
)
def test_wrong_samples_lie_in_one_range_of_levels(wrong, ranged):
    assert module._in_range(LEVELS, wrong) is ranged


def _level_of(left, right):
    due = np.stack([LEVELS, LEVELS], 1)
    seen = due.copy()
    seen[left, 0] += 1
    seen[right, 1] += 1
    return module._by_level(seen, due)


NONE = np.zeros(4000, bool)


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        (NONE, NONE, False),
        (_ranged(500, 900), NONE, True),
        (NONE, _ranged(500, 900), True),
        (_ranged(500, 900), np.arange(4000) % 3 == 0, False),
        (np.abs(LEVELS) < 300, NONE, True),
        (np.abs(LEVELS) > 1500, _ranged(500, 900), True),
        (_ranged(500, 507), NONE, True),
        (_ranged(500, 506), NONE, False),
    ],
)
def test_level_tells_where_every_channel_that_is_wrong_has_its_range(left, right, told):
    assert _level_of(left, right) is told


def test_frames_are_compared_from_the_lock_on():
    raw = PATTERN.bytes_at((1 << 32) - 50, 300).copy()
    raw.reshape(-1, 4)[77, 3] ^= 1
    wrong, seen, due = module._compared((10, (1 << 32) - 40), 200, PATTERN, lambda a, b: raw[4 * a : 4 * b])
    assert np.flatnonzero(wrong).tolist() == [67]
    assert seen.shape == due.shape == (200, 2)


@pytest.mark.parametrize(("frames", "said"), [(4096, True), (4095, False)])
def test_effect_needs_so_many_frames(frames, said):
    x = sent(1)
    x[np.abs(x) < 1000] = 0
    raw = np.ascontiguousarray(x.astype("<i2")).reshape(-1).view(np.uint8)[: 4 * frames]
    found = check(raw, Expected(PATTERN, Rings(4800, 5280), first_position=1))
    found = replace(found, checked_frames=frames)
    text = unnamed_path(found, PATTERN, lambda a, b: raw[4 * a : 4 * b])
    assert bool(text) is said


def test_level_is_that_of_the_bits_that_are_carried():
    pattern = Pattern("mix1", FORMATS["S32_LE"], 2)
    words = np.array(PATTERN.bytes_at(1, N)).view("<i2").reshape(-1, 2).astype(np.int64)
    # Samples of 16 bits divided by 32767 in a float: the loudest round up to the next word.
    wide = np.where(words < 0, words << 16, (words << 16) + 2 * words)
    raw = np.rint(wide.astype(np.float32).astype(np.float64)).clip(-(1 << 31), (1 << 31) - 1)
    raw = np.ascontiguousarray(raw.astype("<i4")).reshape(-1).view(np.uint8)
    found = check(raw, Expected(pattern, Rings()))
    assert found.valid_bits == 16 and found.found
    read = lambda first, stop: raw[8 * first : 8 * stop]  # noqa: E731
    assert "lie in one range of levels" in unnamed_path(found, pattern, read)
    for at in range(5000, 5080):
        raw[8 * at + 6] ^= 1
    found = check(raw, Expected(pattern, Rings()))
    assert unnamed_path(found, pattern, read) == ""
