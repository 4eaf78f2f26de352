# SPDX-License-Identifier: MIT
"""An effect without a name is no damage; damage of every kind that a ring can do is no effect."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path.unnamed import unnamed_path
from stress.model.finding import Analysis
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
