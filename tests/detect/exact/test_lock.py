# SPDX-License-Identifier: MIT
"""The first frame that shows the pattern, and its alignment where old and right lines take turns."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact import lock
from stress.detect.exact.decode import Decoder
from stress.detect.exact.lock import PatternLock, find_lock
from stress.detect.exact.ring_offset import MAX_LAPS
from stress.detect.exact.window import Window
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

PATTERN, RINGS, FIRST = Pattern("mix1", FORMATS["S16_LE"], 2), Rings(1024, 1280), 70_000
LINE = 8  # frames


def _window(frames, old, lag):
    # Right frames from FIRST on; `old` lines hold what was due `lag` frames earlier.
    rows = PATTERN.bytes_at(FIRST, frames).reshape(frames, 4).copy()
    for line in old:
        at = line * LINE
        rows[at : at + LINE] = PATTERN.bytes_at(FIRST + at - lag, LINE).reshape(LINE, 4)
    return np.ascontiguousarray(rows.reshape(-1))


def _lock(raw, first_position=None, rings=RINGS):
    return find_lock(raw, Decoder(PATTERN, rings, None), first_position)


@pytest.mark.parametrize("lag", [1024, 2 * 1024, 1280, 8 * 1280])
def test_lock_of_lines_that_take_turns_with_old_ones_is_the_newest(lag):
    every_other = range(0, 32, 2)
    assert _lock(_window(32 * LINE, every_other, lag)) == PatternLock(0, FIRST)


@pytest.mark.parametrize("lag", [1000, 1024])
def test_lock_never_falls_on_data_from_before_the_first_frame_sent(lag):
    assert _lock(_window(32 * LINE, range(4), lag), FIRST) == PatternLock(4 * LINE, FIRST)


def test_lock_falls_on_unrelated_older_data_where_nothing_is_known_of_what_was_sent():
    assert _lock(_window(32 * LINE, range(4), 1000)) == PatternLock(0, FIRST - 1000)


@pytest.mark.parametrize(("right", "locked"), [(4, True), (3, False)])
def test_lock_needs_four_frames_of_one_alignment(right, locked):
    raw = np.zeros(64 * 4, np.uint8)
    raw[40 * 4 : (40 + right) * 4] = PATTERN.bytes_at(FIRST, right)
    found = _lock(raw)
    assert found == (PatternLock(40, FIRST - 40) if locked else None)


# Parts of the lock, each by itself.


def _runs(*starts_ends_aligns):
    return [lock._Run(*one) for one in starts_ends_aligns]


@pytest.mark.parametrize(
    ("difference", "related"),
    [
        (0, True),
        (1024, True),
        (-1024, True),
        (1280 * 3, True),
        (1000, False),
        (2304, False),
        (1024 * MAX_LAPS, True),
        (1280 * MAX_LAPS, True),
        (1280 * (MAX_LAPS + 1), False),
        (2**32 - 1280, True),
    ],
)
def test_alignments_are_related_by_whole_laps_of_either_ring(difference, related):
    assert lock._related(difference, RINGS) is related


def test_no_ring_relates_no_alignments():
    assert not lock._related(1024, Rings())
    assert not lock._related(0, Rings())
    assert lock._related(1024, Rings(None, 512))


def test_runs_of_related_alignments_are_one_family_and_a_run_of_one_again_is_in_its_own():
    runs = _runs((0, 8, 5000), (8, 16, 5000 - 1024), (16, 24, 77), (24, 32, 5000), (32, 40, 77 + 1280))
    families = lock._families(runs, RINGS)
    assert [[run.start for run in family.runs] for family in families] == [[0, 8, 24], [16, 32]]
    assert [(family.weight, family.start, family.end) for family in families] == [(24, 0, 32), (16, 16, 40)]


@pytest.mark.parametrize(
    ("family", "other", "overrules"),
    [
        (((0, 8, 100),), ((6, 20, 200),), True),
        (((0, 8, 200),), ((6, 20, 100),), False),
        (((0, 8, 100),), ((6, 20, 100),), False),
        (((0, 8, 100),), ((8, 20, 200),), False),
        (((0, 8, 100),), ((7, 15, 200),), False),
        (((0, 8, 100),), ((7, 16, 200),), True),
        (((0, 8, 2**32 - 5),), ((6, 20, 5),), True),
    ],
)
def test_a_newer_and_heavier_family_that_takes_turns_overrules(family, other, overrules):
    one, two = (lock._Family(_runs(*each)) for each in (family, other))
    assert lock._overrules(two, one) is overrules


@pytest.mark.parametrize(
    ("aligns", "newest"),
    [
        ([100], 100),
        ([100, 200], 100),
        ([100, 200, 100], 200),
        ([100, 200, 150], 200),
        ([100, 200, 300], 100),
        ([100, 200, 300, 250], 300),
        ([200, 100], 200),
        ([2**32 - 8, 8, 2**32 - 8], 8),
    ],
)
def test_a_newer_alignment_counts_when_older_data_comes_after_it(aligns, newest):
    runs = _runs(*((10 * at, 10 * at + 8, align) for at, align in enumerate(aligns)))
    assert lock._newest(lock._Family(runs)) == newest


def test_frames_behind_the_last_one_played_do_not_lock():
    raw = _window(16, [], 0)

    def found(first, limit):
        return find_lock(raw, Decoder(PATTERN, RINGS, None), first, limit)

    assert found(FIRST - 5, 6) == PatternLock(0, FIRST)
    assert found(FIRST - 5, 5) is None
    assert found(FIRST, None) == PatternLock(0, FIRST)
    assert found(FIRST + 1, None) is None


# The beginning of a capture.


def _beginning(longest=4096, first=None, limit=None, fmt="S16_LE"):
    pattern = Pattern("mix1", FORMATS[fmt], 2)
    return lock.Beginning(Decoder(pattern, RINGS, None), longest, first, limit)


def _filled(*parts):
    window = Window(4)
    window.append(np.concatenate([np.asarray(part, np.uint8).reshape(-1) for part in parts]))
    return window


def _noise(frames):
    return np.random.default_rng(frames).integers(1, 256, 4 * frames, dtype=np.uint8)


def test_silence_is_skipped_to_the_first_frame_that_is_none():
    for lead in (0, 1, 5000, 12345):
        window = _filled(np.zeros(4 * lead), PATTERN.bytes_at(FIRST, 100))
        assert _beginning().find(window, True) == FIRST
        assert (window.frame, window.frames) == (lead, 100)


def test_nothing_but_silence_has_no_beginning():
    window = _filled(np.zeros(4 * 10000))
    assert _beginning().find(window, True) is None
    assert (window.frame, window.frames) == (10000, 0)


def test_a_window_is_looked_at_when_it_is_full_or_the_last():
    for frames, final, found in ((4095, False, None), (4096, False, FIRST), (4095, True, FIRST)):
        window = _filled(PATTERN.bytes_at(FIRST, frames))
        assert _beginning().find(window, final) == found
        assert window.frames == frames


def test_noise_before_the_pattern_is_dropped_half_a_window_at_a_time():
    window = _filled(_noise(4096))
    assert _beginning().find(window, False) is None
    assert (window.frame, window.frames) == (2048, 2048)
    window = _filled(_noise(4096 + 3000), PATTERN.bytes_at(FIRST, 4096))
    assert _beginning().find(window, False) == FIRST
    assert window.frame == 4096 + 3000
    window = _filled(_noise(4000))
    assert _beginning().find(window, True) is None
    assert window.frames == 0


def test_a_window_that_is_nearly_all_right_locks_by_its_first_frames():
    # Old lines in the first 2048 frames: a tenth of them leaves the lock, more asks for the long window.
    for lines, plain in ((25, True), (26, False)):
        raw = _window(4096, range(1, 1 + lines), 1000)
        window = _filled(raw)
        assert (_beginning()._plain(window) is not None) is plain
    assert _beginning()._plain(_filled(_noise(3000))) is None


def test_position_at_the_first_frame_counts_from_where_the_lock_begins():
    window = _filled(_noise(7), PATTERN.bytes_at(2**32 - 3, 5000))
    assert _beginning().find(window, True) == 2**32 - 3
    assert window.frame == 7


def test_runs_of_the_pattern_are_two_frames_or_more_wherever_they_lie():
    # Frames of 32 bits show a position by themselves: one alone is no run even so.
    wide = Pattern("mix1", FORMATS["S32_LE"], 2)
    noise = np.random.default_rng(4).integers(1, 256, 8 * 3, dtype=np.uint8)
    pieces = [wide.bytes_at(5000, 1), noise, wide.bytes_at(9000, 2), noise, wide.bytes_at(2, 4)]
    runs = lock._pattern_runs(np.concatenate(pieces), Decoder(wide, RINGS, None))
    assert [(run.start, run.end, run.align) for run in runs] == [(4, 6, 8996), (9, 13, 2**32 - 7)]


def test_one_family_that_overrules_is_enough():
    # Three families: the newest and heaviest takes turns with the first, another does not.
    first, other, newest = ([(0, 4, 900), (40, 44, 900)], [(60, 66, 500)], [(8, 20, 7000)])
    rows = np.zeros((70, 4), np.uint8)
    for runs in (first, other, newest):
        for start, end, align in runs:
            rows[start:end] = PATTERN.bytes_at(start + align, end - start).reshape(-1, 4)
    found = find_lock(rows.reshape(-1), Decoder(PATTERN, Rings(), None), None)
    assert found == PatternLock(8, 7000)
