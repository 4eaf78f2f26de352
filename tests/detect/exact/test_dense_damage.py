# SPDX-License-Identifier: MIT
"""A burst in which most frames are wrong costs bounded work, counted in frames of pattern made."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.damage_kind import Namer
from stress.detect.exact.expected import Expected
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FIRST, LAPS = 0x12345678, 8
MIXES = {
    "stale": (5, 3, 0, 0, 0),
    "zeros": (1, 0, 8, 1, 1),
    "noise": (0, 0, 0, 1, 0),
    "all": (5, 3, 1, 1, 1),
}


class Counting(Pattern):
    """The pattern, counting the calls and the frames that the detector asks for."""

    calls = made = 0

    def fill(self, position, out):
        self.calls, self.made = self.calls + 1, self.made + out.size // self.frame_bytes
        super().fill(position, out)

    def image(self, positions):
        self.calls, self.made = self.calls + 1, self.made + len(positions)
        return super().image(positions)


def dense(pattern, rings, frames, share, mix, slips, rng):
    # Lines whole laps old of either ring, zeros, noise and held frames; slips of up to 100 frames.
    size, back = pattern.frame_bytes, LAPS * rings.largest
    whole = pattern.bytes_at(FIRST - back, back + frames).reshape(-1, size)
    rows, n = whole[back:].copy(), max(1, 32 // size)
    for at in range(0, frames - n, n):
        if rng.random() >= share:
            continue
        what = rng.choice(5, p=np.array(mix) / sum(mix))
        if what < 2:
            old = back + at - int(rng.integers(1, LAPS + 1)) * (rings.playback, rings.capture)[what]
            rows[at : at + n] = whole[old : old + n]
        else:
            rows[at : at + n] = (0, rng.integers(0, 256, (n, size)), rows[at - 1])[what - 2]
    parts, done = [], 0
    for cut in np.sort(rng.integers(0, frames, slips)).tolist():
        if cut > done:
            parts.append(rows[done:cut])
            done = max(0, cut + int(rng.integers(-100, 100)))
    return np.concatenate([*parts, rows[done:]])


def work(fmt, channels, mix, slips, frames, share=0.8):
    pattern, rings = Counting("mix1", FORMATS[fmt], channels), Rings(384, 480)
    rows = dense(pattern, rings, frames, share, MIXES[mix], slips, np.random.default_rng(7))
    pattern.calls = pattern.made = 0
    found = check(rows.reshape(-1).copy(), Expected(pattern, rings, first_position=FIRST))
    assert found.locked and found.found > 0
    return pattern.calls, pattern.made / len(rows), found


@pytest.mark.parametrize("mix", ["zeros", "noise", "all"])
@pytest.mark.parametrize(("fmt", "channels"), [("S16_LE", 2), ("S24_3LE", 2), ("S32_LE", 8)])
def test_dense_damage_takes_bounded_work(fmt, channels, mix):
    # A call per lap tried came to 17 calls a frame; the search for another rate makes the most frames.
    frames = 3000
    calls, made, found = work(fmt, channels, mix, 40, frames)
    assert calls < 5 * frames
    assert made < 800
    assert sum(found.counts.values()) > frames // 40


def test_lines_that_are_only_old_are_compared_many_at_a_time():
    calls, made, found = work("S32_LE", 8, "stale", 0, 6000)
    assert set(found.counts) == {Kind.STALE}
    assert calls * 20 < found.found
    assert made < 30


@pytest.mark.parametrize("bent", [np.linspace, lambda low, high, n: high * np.sin(np.linspace(low, 1.5, n))])
def test_long_fade_is_named_in_a_bounded_number_of_tries(monkeypatch, bent):
    tries = []
    name = Namer.name

    def counted(self, rows, position):
        tries.append(len(rows))
        return name(self, rows, position)

    monkeypatch.setattr(Namer, "name", counted)
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    sent = np.array(pattern.bytes_at(1, 72000)).view("<i2").reshape(-1, 2).astype(float)
    sent[24000:] *= bent(0.0, 1.0, 48000)[::-1][:, None]
    raw = np.rint(sent).astype("<i2").reshape(-1).view(np.uint8)
    found = check(raw, Expected(pattern, Rings(4800, 5280)))
    assert found.found and found.findings[0].frame < 24100
    assert len(tries) < 4000
