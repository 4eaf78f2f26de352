# SPDX-License-Identifier: MIT
"""Damage in thousands of places of one kind is one finding, counted exactly."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import ExactChecker, check
from stress.detect.exact.expected import Expected
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

RINGS, FIRST, FRAMES, PLAIN = Rings(4800, 5280), 0x12345678, 60000, 3000
LAYOUTS = [("S16_LE", 2), ("S16_LE", 1), ("S24_3LE", 2), ("S32_LE", 8)]


def damaged(layout, change, share, length=1, seed=7):
    """The pattern with `change` in a share of the runs of `length` frames; and the rows as they were."""
    pattern = Pattern("mix1", FORMATS[layout[0]], layout[1])
    clean = pattern.bytes_at(FIRST, FRAMES).reshape(-1, pattern.frame_bytes)
    rows, rng = clean.copy(), np.random.default_rng(seed)
    runs = rng.random(FRAMES // length + 1) < share
    hit = np.flatnonzero(np.repeat(runs, length)[PLAIN:FRAMES]) + PLAIN
    rows[hit] = change(rows[hit], rng)
    return pattern, rows, clean


def one_bit(rows, rng):
    size = rows.shape[1]
    place = rng.integers(0, size, len(rows))
    out = rows.copy()
    out[np.arange(len(rows)), place] ^= (1 << rng.integers(0, 8, len(rows))).astype(np.uint8)
    return out


def zeros(rows, rng):
    return np.zeros_like(rows)


def noise(rows, rng):
    return rng.integers(0, 256, rows.shape, dtype=np.uint8)


def found_in(pattern, rows, **options):
    return check(rows.reshape(-1).copy(), Expected(pattern, RINGS, first_position=FIRST, **options))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_flipped_bits_everywhere_are_one_finding_with_each_bit_counted(layout, share):
    pattern, rows, clean = damaged(layout, one_bit, share)
    found = found_in(pattern, rows)
    wrong = np.unpackbits(rows ^ clean, axis=1)
    flips = sum(one.details["flips"] for one in found.findings)
    assert set(found.counts) == {Kind.BITFLIP} and found.found <= 3
    assert flips == int(wrong.sum())
    assert found.wrong_frames == int(wrong.any(axis=1).sum())
    many = max(found.findings, key=lambda one: one.frames)
    assert sum(many.details["per_bit"]) == many.details["flips"]
    assert many.details["places"] <= many.frames <= many.span


@pytest.mark.parametrize(("change", "kind"), [(zeros, Kind.ZERO), (noise, Kind.UNKNOWN)])
def test_lone_lost_frames_everywhere_are_one_finding(change, kind):
    pattern, rows, clean = damaged(("S16_LE", 2), change, 0.2)
    found = found_in(pattern, rows)
    assert dict(found.counts) == {kind: 1}
    assert found.wrong_frames == int((rows != clean).any(axis=1).sum())
    assert found.findings[0].text.startswith(f"{found.wrong_frames} of ")


def test_sparse_flips_keep_a_finding_each():
    pattern, rows, clean = damaged(("S16_LE", 2), one_bit, 0.01)
    found = found_in(pattern, rows)
    assert found.counts[Kind.BITFLIP] == found.found > 400
    assert all("places" not in one.details for one in found.findings)


def test_stale_lines_amid_dense_flips_keep_place_and_age():
    pattern, rows, clean = damaged(("S16_LE", 2), one_bit, 0.2)
    line = 40008
    rows[line : line + 8] = clean[line - 4800 : line - 4792]
    found = found_in(pattern, rows)
    stale = [one for one in found.findings if one.kind is Kind.STALE]
    assert [(one.frame, one.frames, one.ring, one.laps) for one in stale] == [(line, 8, "playback", 1)]


def test_dither_over_many_frames_is_no_dense_flip():
    def dithered(rows, rng):
        words = rows.copy().view("<i2").astype(np.int64) + rng.integers(-1, 2, (len(rows), 2))
        return np.clip(words, -32768, 32767).astype("<i2").view(np.uint8)

    pattern, rows, _ = damaged(("S16_LE", 2), dithered, 0.9)
    found = found_in(pattern, rows)
    assert set(found.counts) == {Kind.DITHER}


def test_dense_damage_in_pieces_gives_the_same_findings():
    pattern, rows, _ = damaged(("S16_LE", 2), one_bit, 0.3)
    checker = ExactChecker(Expected(pattern, RINGS, first_position=FIRST))
    for at in range(0, FRAMES, 777):
        checker.feed(rows[at : at + 777].reshape(-1).copy())
    assert checker.finish().findings == found_in(pattern, rows).findings
