# SPDX-License-Identifier: MIT
"""Numbers of the checksum detector as the judge of a run: where it looks, what it keeps, what counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.experiment.method import checksum
from stress.experiment.method.checksum import LATEST_S, PERIOD_FRAMES, BySums, judge_recording
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.patterns.recording import Recording
from stress.patterns.word import Pattern

S16 = FORMATS["S16_LE"]
PATTERN = Pattern("mix1", S16, 2)


@pytest.mark.parametrize(
    ("rings", "latest"),
    [
        (Rings(960, 1056), 2016),
        (Rings(None, 1056), 1056),
        (Rings(960, None), 960),
        (Rings(None, None), 0),
    ],
)
@pytest.mark.parametrize(("line_bytes", "line"), [(32, 8), (4, 1), (2, 1), (64, 16)])
def test_wire_is_searched_up_to_both_rings_and_the_most_time(monkeypatch, rings, latest, line_bytes, line):
    asked = []

    def check(payload, played, periods, latest, cap):
        asked.append((periods.frames, periods.gap, latest, cap, played))
        return Analysis("checksum", False, 9)

    monkeypatch.setattr(checksum, "check_played", check)
    BySums(PATTERN, 48000, line_bytes).check_wire(np.zeros(4, np.uint8), rings, 70, 500, 3)
    ((frames, lines, most, cap, played),) = asked
    assert (frames, lines) == (PERIOD_FRAMES, line)
    assert (most, cap) == (latest + round(LATEST_S * 48000), checksum.CAP + 3)
    # Any part of what was played, from its position on, long parts before short ones or behind them.
    for start, length in ((0, 10), (100, 50), (7, 3), (200, 50)):
        assert np.array_equal(played.part(start, length), PATTERN.bytes_at(70 + start, length))


def test_findings_are_at_positions_of_the_stimulus_round_their_end():
    finding = Finding(Kind.UNKNOWN, 100, 8, POSITIONS - 1)
    analysis = Analysis("checksum", True, 500, 400, 7, 5).holding([finding], 9)
    moved = checksum._at(analysis, POSITIONS - 3)
    assert (moved.first_position, moved.findings[0].position) == (2, POSITIONS - 4)
    assert checksum._at(analysis, 10).first_position == 15
    unlocked = dataclasses.replace(analysis, locked=False)
    assert checksum._at(unlocked, 10) is unlocked


@pytest.mark.parametrize(
    ("lines", "size", "telling", "words"),
    [
        (25, 4, 200, ""),  # a quarter of 800 frames, in lines of 8
        (24, 4, 192, "24 %"),
        (200, 4, 800, ""),  # no more than was checked
        (0, 4, 0, "0 %"),
        (199, 64, 199, "25 %"),  # a frame longer than a line is one
        (200, 64, 200, ""),
    ],
)
def test_exposure_is_what_would_tell_and_too_little_is_said(monkeypatch, lines, size, telling, words):
    asked = []
    monkeypatch.setattr(
        checksum, "distinct_lines", lambda *arguments: asked.append(arguments[1:]) or lines + len(asked) - 1
    )
    analysis = Analysis("checksum", True, 900, 800)
    found = checksum._weighed(analysis, np.zeros(4, np.uint8), Rings(960, 1056), size, 32)
    # Of both rings the one in which less tells.
    assert found.exposed_frames == telling
    step = max(32, size)
    assert asked == [(800, 960, size, step), (800, 1056, size, step)]
    assert [f"show in {words} of the ring lines" in line for line in found.advice] == [True] * bool(words)


def test_rings_that_are_not_known_expose_nothing_and_nothing_checked_needs_no_more():
    analysis = Analysis("checksum", True, 900, 800)
    assert checksum._weighed(analysis, np.zeros(4, np.uint8), Rings(None, None), 4, 32).exposed_frames == 0
    none = checksum._weighed(
        dataclasses.replace(analysis, checked_frames=0), np.zeros(4, np.uint8), Rings(9, 9), 4, 32
    )
    assert (none.exposed_frames, none.advice) == (0, ())


MUSIC = np.random.default_rng(2).integers(0, 256, 7001 * 4, dtype=np.uint8)


def _judged(times, rings=Rings(960, 1056), lead=300, music=MUSIC):  # noqa: B008
    capture = np.concatenate([np.zeros(lead * 4, np.uint8), np.tile(music, times)])
    recording = Recording(music, S16, 2, 48000, "a.wav")

    def read(first, last):
        yield capture[first * 4 : last * 4]

    return judge_recording(read, capture.size // 4, recording, rings, 32)


@pytest.mark.parametrize("times", [1, 3])
def test_exposure_of_a_recording_is_that_of_one_repetition_times_their_number(times):
    found = _judged(times)
    assert (found.analysis.locked, found.analysis.checked_frames) == (True, 7001 * times)
    # All whole lines of one repetition tell: 7000 of its 7001 frames.
    assert found.exposed_frames == round(7000 / 7001 * 7001 * times)


def test_recording_without_rings_or_without_a_lock_has_no_exposure():
    assert _judged(2, Rings(None, None)).exposed_frames is None
    recording = Recording(MUSIC, S16, 2, 48000, "a.wav")
    noise = np.random.default_rng(7).integers(0, 256, 9000 * 4, dtype=np.uint8)
    found = judge_recording(
        lambda first, last: iter([noise[first * 4 : last * 4]]), 9000, recording, Rings(960, 1056), 32
    )
    assert (found.analysis.locked, found.exposed_frames) == (False, None)


def test_stimulus_that_repeats_is_weighed_in_a_run_and_one_that_never_does_is_not():
    capture = np.concatenate([np.zeros(1200, np.uint8), MUSIC])
    recording = Recording(MUSIC, S16, 2, 48000, "a.wav")
    known = BySums(recording, 48000, 32, 7001).check(capture, Rings(960, 1056), 0, 7001)
    assert (known.analysis.locked, known.exposed_frames) == (True, 7000)
    silent = BySums(recording, 48000, 32, 7001).check(np.zeros(4000, np.uint8), Rings(960, 1056), 0, 900)
    assert (silent.analysis.locked, silent.exposed_frames) == (False, None)
    endless = BySums(PATTERN, 48000, 32)
    assert endless.check(PATTERN.bytes_at(5, 2000), Rings(960, 1056), 5, 2000).exposed_frames is None
