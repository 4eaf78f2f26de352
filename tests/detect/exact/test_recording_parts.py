# SPDX-License-Identifier: MIT
"""The check of a recording in its parts: where it is right from, what is joined, what is doubtful."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.detect.exact import recording_check as parts
from stress.detect.exact.expected import Expected
from stress.detect.exact.findings import CAP
from stress.detect.exact.known_playing import Known
from stress.detect.exact.passes import Pass
from stress.detect.exact.recording_check import Judged, check_recording, is_strange
from stress.detect.exact.survey import KnownRecording
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.histogram import Axes
from stress.model.ring import Rings
from stress.patterns.word import Pattern

STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)
MONO = Pattern("mix1", FORMATS["S16_LE"], 1)
AXES = Axes(Rings(480, 528), 4, 0, 32)


def capture(*pieces, pattern=STEREO, block=1000):
    raw, size = np.concatenate(pieces), pattern.frame_bytes

    def read(first, stop):
        for at in range(first, stop, block):
            yield raw[size * at : size * min(at + block, stop)]

    return KnownRecording(read, len(raw) // size)


def silent(frames, size=4):
    return np.zeros(frames * size, np.uint8)


def found(kind, frame, frames, **more):
    return Finding(kind, frame, frames, 0, **more)


def analysis(*findings, **more):
    return Analysis("exact", True, 9000, 8000, 0, 1, **more).holding(findings, CAP)


# What shows nothing of the pattern.


def test_a_tail_is_strange_where_all_of_it_shows_the_pattern_in_no_form():
    unknown, zero, flip = found(Kind.UNKNOWN, 100, 8), found(Kind.ZERO, 120, 8), found(Kind.BITFLIP, 140, 1)
    assert is_strange(analysis(unknown, zero), 100)
    assert is_strange(analysis(flip, dataclasses.replace(unknown, frame=150)), 141)
    assert not is_strange(analysis(unknown, zero, flip), 100)
    assert not is_strange(analysis(unknown), 101)
    assert not is_strange(analysis(unknown), 108)
    assert is_strange(analysis(unknown, zero), 108)
    assert not is_strange(analysis(), 0)
    for kind in (Kind.HOLD, Kind.MUTE):
        assert is_strange(analysis(found(kind, 100, 8)), 100)


def test_a_capture_ends_strange_only_where_a_tail_is_known():
    some = analysis(found(Kind.UNKNOWN, 100, 8))
    assert Judged(some, foreign=100).ends_strange
    assert not Judged(some).ends_strange
    assert not Judged(some, foreign=101).ends_strange


# Right frames before the first that was recognised.


@pytest.mark.parametrize("pattern", [STEREO, MONO])
@pytest.mark.parametrize(
    ("right", "more"), [((True, True), 2), ((False, True), 1), ((True, False), 0), ((False, False), 0)]
)
def test_up_to_two_right_frames_before_the_lock_belong_to_it(pattern, right, more):
    size = pattern.frame_bytes
    raw = pattern.bytes_at(1000, 50).copy()
    for frame, is_right in zip((8, 9), right):
        if not is_right:
            raw[frame * size] ^= 1
    given = capture(raw, pattern=pattern)
    assert parts._right_from(given, pattern, 10, 1010) == (10 - more, 1010 - more)


def test_no_frame_before_the_capture_or_the_first_position_is_looked_at():
    assert parts._right_from(capture(STEREO.bytes_at(1000, 50)), STEREO, 0, 1000) == (0, 1000)
    assert parts._right_from(capture(STEREO.bytes_at(1000, 50)), STEREO, 1, 1001) == (0, 1000)
    assert parts._right_from(capture(silent(3), STEREO.bytes_at(1, 50)), STEREO, 3, 1) == (3, 1)
    assert parts._right_from(capture(silent(3), STEREO.bytes_at(1, 50)), STEREO, 4, 2) == (3, 1)
    assert parts._right_from(capture(STEREO.bytes_at(0, 50)), STEREO, 2, 2) == (1, 1)


def test_positions_before_wrap_with_all_of_them():
    given = capture(STEREO.bytes_at(2**32 - 5, 50))
    assert parts._right_from(given, STEREO, 4, 2**32 - 1) == (4, 2**32 - 1)
    given = capture(STEREO.bytes_at(2**31 - 5, 50))
    assert parts._right_from(given, STEREO, 4, 2**31 - 1) == (2, 2**31 - 3)


# Frames that were lost behind silence.


def test_lost_frames_are_the_first_finding_and_counted_with_the_others():
    later = found(Kind.BITFLIP, 900, 1)
    one = Pass(300, 5000, (300, 107), lost=7)
    made = parts._with_lost(analysis(later, episodes=1), one, 100)
    first = made.findings[0]
    assert (first.kind, first.frame, first.frames, first.position) == (Kind.DROP, 300, 7, 100)
    assert first.text == (
        "7 frames are missing between the silence and frame 300: position 100 was due first, 107 came."
    )
    assert made.findings[1:] == (later,)
    assert (made.wrong_frames, made.episodes) == (8, 2)
    assert made.counts == {Kind.BITFLIP: 1, Kind.DROP: 1}


# Frames before the lock that may be anything.


def test_unknown_frames_before_the_lock_are_not_judged():
    head = [found(Kind.UNKNOWN, 10, 5), found(Kind.UNKNOWN, 20, 3)]
    rest = found(Kind.UNKNOWN, 500, 2)
    made, said = parts._without_doubtful(analysis(*head, rest, episodes=2), 23)
    assert made.findings == (rest,)
    assert (made.counts, made.wrong_frames, made.episodes) == ({Kind.UNKNOWN: 1}, 2, 2)
    assert made.sites == {(Kind.UNKNOWN, None, None): 1}
    assert made.checked_frames == 8000 - 13
    assert said == [
        "frames 10 to 22, before the first right frame, are not the pattern, and no silence shows when it "
        "began: not judged"
    ]
    made, _ = parts._without_doubtful(analysis(*head, episodes=1), 23)
    assert (made.findings, made.counts, made.sites, made.wrong_frames, made.episodes) == ((), {}, {}, 0, 0)


def test_a_head_that_ends_behind_the_lock_or_has_another_kind_is_judged():
    head = [found(Kind.UNKNOWN, 10, 5), found(Kind.UNKNOWN, 20, 3)]
    made, _ = parts._without_doubtful(analysis(*head), 22)
    assert made.findings == (head[1],)
    whole = analysis(found(Kind.ZERO, 5, 2), *head)
    assert parts._without_doubtful(whole, 23) == (whole, [])
    whole = analysis(found(Kind.UNKNOWN, 500, 2))
    assert parts._without_doubtful(whole, 23) == (whole, [])


def test_findings_past_the_cap_keep_their_episodes():
    head = found(Kind.UNKNOWN, 10, 5)
    past = dataclasses.replace(analysis(head, episodes=3), counts={Kind.UNKNOWN: 5})
    assert parts._without_doubtful(past, 23)[0].episodes == 3


# Several passes.


def test_passes_are_joined_with_the_sums_of_their_numbers():
    flip, zero, later = found(Kind.BITFLIP, 5, 1), found(Kind.ZERO, 90, 4), found(Kind.BITFLIP, 700, 2)
    one = analysis(flip, zero, episodes=2, notes=("a", "b"))
    one = dataclasses.replace(one, first_frame=3, first_position=9)
    two = dataclasses.replace(analysis(later, episodes=1), notes=("b", "c"), checked_frames=500)
    made = parts._joined([one, two], 12345, AXES)
    assert (made.frames, made.checked_frames, made.wrong_frames, made.episodes) == (12345, 8500, 7, 3)
    assert made.findings == (flip, zero, later)
    assert made.counts == {Kind.BITFLIP: 2, Kind.ZERO: 1}
    assert made.sites == {(Kind.BITFLIP, None, None): 2, (Kind.ZERO, None, None): 1}
    assert made.notes == ("a", "b", "c")
    assert (made.first_frame, made.first_position) == (3, 9)
    assert made.beyond is None


def test_passes_keep_no_more_findings_than_one_does():
    some = [found(Kind.BITFLIP, at, 1) for at in range(CAP - 10)]
    made = parts._joined([analysis(*some), analysis(*some)], 9000, AXES)
    assert len(made.findings) == CAP
    assert made.counts == {Kind.BITFLIP: 2 * CAP - 20}
    assert made.beyond is not None


# The whole.


def judged(*pieces, known=None, rings=None, tail=True):
    return check_recording(capture(*pieces), Expected(STEREO, rings or Rings()), known or Known(), tail=tail)


def test_each_pass_is_judged_in_its_own_frames():
    raw = STEREO.bytes_at(1, 6000).copy()
    raw[4 * 5000] ^= 1
    whole = judged(silent(700), STEREO.bytes_at(1, 6000), silent(1000), raw, silent(600))
    (flip,) = whole.analysis.findings
    assert (flip.kind, flip.frame, flip.position) == (Kind.BITFLIP, 12700, 5001)
    assert (whole.analysis.frames, whole.analysis.checked_frames) == (14300, 12000)
    assert (whole.analysis.first_frame, whole.analysis.first_position) == (700, 1)
    assert whole.advice == ()


def test_a_known_length_limits_each_pass():
    raw = STEREO.bytes_at(1, 6000)
    whole = judged(raw, silent(600), known=Known(frames=6100))
    (mute,) = whole.analysis.findings
    assert (mute.kind, mute.frame, mute.frames) == (Kind.ZERO, 6000, 100)
    assert whole.analysis.checked_frames == 6100
    assert judged(raw, silent(600), known=Known(frames=6000)).analysis.found == 0
    assert judged(raw, known=Known(frames=5000)).analysis.checked_frames == 5000


def test_nothing_of_the_pattern_does_not_lock():
    noise = np.random.default_rng(1).integers(1, 256, 36000, dtype=np.uint8)
    for pieces in ((silent(9000),), (noise,)):
        whole = judged(*pieces)
        assert not whole.analysis.locked
        assert (whole.advice, whole.foreign) == ((), None)


def test_a_foreign_tail_is_told_where_it_is_judged():
    noise = np.random.default_rng(1).integers(1, 256, 8000, dtype=np.uint8)
    whole = judged(STEREO.bytes_at(1, 6000), noise)
    assert whole.foreign == 6000
    assert whole.ends_strange
    whole = judged(STEREO.bytes_at(1, 6000), noise, tail=False)
    assert whole.foreign is None
    assert whole.analysis.found == 0
    assert len(whole.advice) == 1


def test_laps_of_the_rings_are_known_to_the_passes():
    raw = STEREO.bytes_at(1, 9600)
    assert judged(raw, raw, rings=Rings(4800, 5280)).analysis.counts == {Kind.REPEAT: 1}
    assert judged(raw, raw).analysis.found == 0
