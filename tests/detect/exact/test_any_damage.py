# SPDX-License-Identifier: MIT
"""Whatever a capture holds, and however it is cut: no exception, and one answer."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import ExactChecker, check
from stress.detect.exact.expected import Expected
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies

WRAP = 1 << 32
SIZES = (None, 1, 2, 7, 48, 96, 384, 480, 1021, 4800)


class Case:
    """One capture with its parameters, all of them drawn from a seed."""

    def __init__(self, seed, most=14000):
        self.rng = rng = np.random.default_rng(seed)
        fmt = FORMATS[str(rng.choice(list(FORMATS)))]
        self.pattern = Pattern(str(rng.choice(["mix1", "mix2"])), fmt, int(rng.integers(1, 9)))
        sizes = [SIZES[int(n)] for n in rng.integers(0, len(SIZES), 2)]
        self.rings = Rings(*sizes, capture_start=int(rng.integers(0, 100)))
        frames = int(rng.integers(0, most))
        first = int(rng.choice([1, WRAP - 1, WRAP - frames // 2, int(rng.integers(0, WRAP))])) % WRAP
        self.first = first
        size, lead = self.pattern.frame_bytes, int(rng.choice([0, 1, 50, 3000]))
        self.rows = np.zeros((lead + frames, size), np.uint8)
        self.rows[lead:] = self.pattern.bytes_at(first, frames).reshape(-1, size)
        for _ in range(int(rng.choice([0, 1, 3, 10, 60]))):
            self.damage()
        self.options = {
            "first_position": first if rng.integers(2) else None,
            "played_limit": int(rng.integers(0, frames + 500)) if rng.integers(2) else None,
            "line_bytes": int(rng.choice([16, 32, 64])),
            "cap": int(rng.choice([0, 1, 1000])),
        }

    def damage(self):
        rng, rows = self.rng, self.rows
        if len(rows) < 2:
            return
        at, n = int(rng.integers(0, len(rows))), int(rng.choice([1, 2, 5, 40, 600, 4000]))
        n, what = min(n, len(rows) - at), int(rng.integers(9))
        if what == 0:  # any bytes over any bytes
            flat = rows.reshape(-1)
            start = int(rng.integers(0, flat.size))
            flat[start : start + n] = rng.integers(0, 256, flat[start : start + n].size)
        elif what == 1:  # older or newer data of any age, a byte out of step now and then
            size = rows.shape[1]
            extra = int(rng.integers(0, size)) if rng.integers(4) == 0 else 0
            ages = [48, 480, 1021, int(rng.integers(1, 1 << 33))]
            old = self.pattern.bytes_at((self.first + at - int(rng.choice(ages))) % WRAP, n + 1)
            rows.reshape(-1)[at * size : (at + n) * size] = old[extra : extra + n * size]
        elif what == 2:
            self.rows = np.delete(rows, slice(at, at + n), axis=0)
        elif what == 3:
            strange = rng.integers(0, 256, (n, rows.shape[1]), dtype=np.uint8)
            self.rows = np.insert(rows, at, strange, axis=0)
        elif what == 4:
            self.rows = np.concatenate([rows[: at + n], rows[at:]])
        elif what == 5:
            rows[at : at + n] = rows[at - 1]
        elif what == 6:
            rows[at : at + n] = int(rng.choice([0, 0xFF, 0x80, 0x7F]))
        elif what == 7:
            rows[at : at + n] &= rng.integers(0, 256, rows.shape[1], dtype=np.uint8)
        else:
            rows[at : at + n : int(rng.integers(1, 5))] ^= np.uint8(1 << int(rng.integers(8)))

    def whole(self):
        return check(self.rows.reshape(-1).copy(), Expected(self.pattern, self.rings, **self.options))

    def cut(self, fewest):
        # Pieces of `fewest` frames up; one block of memory for all of them.
        checker = ExactChecker(Expected(self.pattern, self.rings, **self.options))
        size, at = self.pattern.frame_bytes, 0
        block = np.empty(9000 * size, np.uint8)
        while at < len(self.rows):
            n = min(int(self.rng.choice([fewest, fewest, 17, 1000, 9000])), len(self.rows) - at)
            block[: n * size] = self.rows[at : at + n].reshape(-1)
            checker.feed(block[: n * size])
            block[:] = 0xA5
            at += n
        return checker.finish()


def agrees(seed, most=14000):
    case = Case(seed, most)
    whole = case.whole()
    assert case.cut(int(case.rng.choice([1, 97, 2500]))) == whole
    assert whole.frames == len(case.rows)
    assert whole.checked_frames <= whole.frames
    frames = [finding.frame for finding in whole.findings]
    assert frames == sorted(frames) and all(0 <= frame <= whole.frames for frame in frames)
    assert all(finding.frames > 0 and 0 <= finding.position < WRAP for finding in whole.findings)
    assert len(frames) == min(sum(whole.counts.values()), case.options["cap"])


@given(seed=st.integers(0, 1 << 40))
@settings(max_examples=8, deadline=None)
def test_any_damage_in_any_pieces_gives_one_answer(seed):
    agrees(seed, 10000)
