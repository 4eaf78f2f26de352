# SPDX-License-Identifier: MIT
"""How often a ratio is searched for, and that it is found from its first frame on."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.decode import NONE, Decoder
from stress.detect.exact.expected import Expected
from stress.detect.rate.onset import Onset, OnsetFinder
from stress.detect.rate.resample import Resampling
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)
RINGS = Rings(384, 480)
FIRST = 0x12345678


@pytest.fixture
def searches(monkeypatch):
    made = []
    judge = Resampling.judge
    monkeypatch.setattr(
        Resampling, "judge", lambda self, *args: made.append(len(args[0])) or judge(self, *args)
    )
    return made


def test_search_that_keeps_failing_is_made_ever_more_rarely(searches):
    finder = OnsetFinder(Decoder(STEREO, RINGS))
    rows = np.random.default_rng(1).integers(0, 256, (600, 4), dtype=np.uint8)
    counts = []
    for _ in range(1000):
        assert finder.find(rows, FIRST, [(0, 600, NONE)], (0, 600)) is None
        counts.append(len(searches))
    assert (counts[2], counts[-1]) == (3, 12)
    finder.settled()
    finder.find(rows, FIRST, [(0, 600, NONE)], (0, 600))
    assert len(searches) == 14


def test_rough_part_behind_a_settled_one_is_cut_off():
    finder = OnsetFinder(Decoder(STEREO, RINGS))
    rows = np.random.default_rng(1).integers(0, 256, (700, 4), dtype=np.uint8)
    assert finder.find(rows, FIRST, [(0, 100, 5), (100, 700, NONE)], (100, 700)) == Onset(100)


def test_lines_that_are_nearly_all_stale_are_never_searched(searches):
    rng, frames = np.random.default_rng(3), 48000
    clean = STEREO.bytes_at(FIRST, frames)
    rows = clean.copy()
    for line in range(200, frames // 8):
        if rng.random() < 0.97:
            old = line * 32 - int(rng.integers(1, 3)) * 4 * (384, 480)[rng.integers(2)]
            rows[line * 32 : line * 32 + 32] = clean[old : old + 32]
    found = check(rows, Expected(STEREO, RINGS, first_position=FIRST))
    assert set(found.counts) == {Kind.STALE}
    assert searches == []
