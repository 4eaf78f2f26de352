# SPDX-License-Identifier: MIT
"""How often a ratio is searched for, and that it is found from its first frame on."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.decode import NONE, Decoder
from stress.detect.exact.expected import Expected
from stress.detect.rate.onset import Onset, OnsetFinder, last_lag, spliced
from stress.detect.rate.resample import Resampling
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.lag_runs import runs

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


# Parts of the search.


@pytest.mark.parametrize(
    ("frame", "lag"), [(0, 0), (99, 0), (100, 5), (150, 5), (200, 5), (210, 7), (999, 7)]
)
def test_the_last_lag_is_that_of_a_run_that_ended(frame, lag):
    given = runs((100, 5), (50, NONE), (50, NONE), (10, 7), (1000, 9))
    assert last_lag(given, frame) == lag


def test_everything_behind_an_onset_is_right_in_its_alignment():
    given = runs((100, 5), (50, NONE), (50, 0))
    assert spliced(given, Onset(120, 3), 200) == [(0, 100, 5), (100, 120, NONE), (120, 200, 3)]
    assert spliced(given, Onset(100, 0), 200) == [(0, 100, 5), (100, 200, 0)]
    assert spliced(given, Onset(0, 3), 200) == [(0, 200, 3)]
    assert spliced(given, Onset(120), 200) is given


@pytest.mark.parametrize(
    ("given", "share"),
    [
        ([(600, NONE)], 0.0),
        ([(600, 0)], 1.0),
        ([(300, NONE), (300, 0)], 0.5),
        ([(300, NONE), (300, 384)], 0.5),
        ([(2, 7), (598, NONE)], 0.0),
        ([(3, 7), (597, NONE)], 3 / 600),
        ([(1, 480), (599, NONE)], 1 / 600),
    ],
)
def test_decoded_frames_are_right_whole_laps_old_or_in_runs(given, share):
    finder = OnsetFinder(Decoder(STEREO, RINGS))
    assert finder._decoded(runs(*given), (0, 600)) == pytest.approx(share)


def test_decoded_frames_are_those_inside_the_rough_part():
    finder = OnsetFinder(Decoder(STEREO, RINGS))
    given = runs((200, 0), (300, NONE), (100, 0), (50, NONE), (500, 0))
    assert finder._decoded(given, (150, 650)) == pytest.approx((50 + 100) / 500)
    assert finder._decoded(given, (200, 500)) == 0.0


def test_a_part_of_which_half_decodes_is_searched_and_more_is_not(searches):
    rows = np.random.default_rng(1).integers(0, 256, (1200, 4), dtype=np.uint8)
    for right, searched in ((600, True), (601, False)):
        searches.clear()
        OnsetFinder(Decoder(STEREO, RINGS)).find(
            rows, FIRST, runs((right, 0), (1200 - right, NONE)), (0, 1200)
        )
        assert bool(searches) is searched


def test_a_rough_part_at_the_beginning_is_cut_before_the_next_one():
    finder = OnsetFinder(Decoder(STEREO, RINGS))
    rows = np.random.default_rng(1).integers(0, 256, (1400, 4), dtype=np.uint8)
    given = runs((600, NONE), (100, 5), (700, NONE))
    assert finder.find(rows, FIRST, given, (0, 600)) == Onset(700)


def stretched(ratio, frames, origin):
    place = origin + ratio * np.arange(frames)
    due = STEREO.bytes_at(FIRST, int(place[-1]) + 3).view("<i2").reshape(-1, 2)
    lines = np.stack([np.interp(place, np.arange(len(due)), due[:, c]) for c in (0, 1)], axis=1)
    return np.ascontiguousarray(np.rint(lines).astype("<i2")).view(np.uint8).reshape(frames, 4)


@pytest.mark.parametrize("ratio", [0.5, 44100 / 48000, 2.0])
@pytest.mark.parametrize("before", [0, 300, 301])
def test_another_rate_goes_on_from_the_frame_before_it(ratio, before):
    # The first frame behind the right ones is one step of the ratio farther.
    head = STEREO.bytes_at(FIRST, before + 1).reshape(-1, 4)
    rows = np.concatenate([head, stretched(ratio, 1500, before + ratio)])
    rough = (before + 1, len(rows))
    given = [(0, before + 1, 0), (before + 1, len(rows), NONE)]
    onset = OnsetFinder(Decoder(STEREO, RINGS)).find(rows, FIRST, given, rough)
    assert onset is not None
    assert onset.lag == 0
    assert abs(onset.frame - before - 1) <= 1


def test_another_rate_behind_a_slip_begins_with_a_right_frame():
    head = STEREO.bytes_at(FIRST, 300).reshape(-1, 4)
    rows = np.concatenate([head, stretched(0.5, 1500, 340.0)])
    given = [(0, 300, 0), (300, len(rows), NONE)]
    assert OnsetFinder(Decoder(STEREO, RINGS)).find(rows, FIRST, given, (300, len(rows))) == Onset(300, -40)


def test_another_rate_behind_damage_is_followed_back_to_where_it_begins():
    head = STEREO.bytes_at(FIRST, 300).reshape(-1, 4)
    damage = np.random.default_rng(3).integers(0, 256, (400, 4), dtype=np.uint8)
    rows = np.concatenate([head, damage, stretched(0.5, 1500, 700.0)])
    given = [(0, 300, 0), (300, len(rows), NONE)]
    onset = OnsetFinder(Decoder(STEREO, RINGS)).find(rows, FIRST, given, (300, len(rows)))
    assert onset == Onset(700, 0)
