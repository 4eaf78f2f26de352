# SPDX-License-Identifier: MIT
"""The check of a recording in its parts: repetitions, slips between them, and what is said of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.checksum_lock import LOCK_FRAMES
from stress.detect.recorded import LEAST_RIGHT, LEAST_SILENT, Repetitions, _Slices
from stress.model.finding import Kind
from tests.detect.songs import PERIOD, QUIET, SONG, check, checking, noise, silence


def test_the_recording_comes_round_and_round():
    one = checking([SONG])
    audio = SONG.view(np.uint8).reshape(PERIOD, 4)
    places = ((0, 0, 10), (500, 500, 10), (500, 490, 30), (0, PERIOD - 5, 2 * PERIOD), (9, 0, 1))
    for first, at, frames in places:
        due = one._due(first, at, frames).reshape(-1, 4)
        assert (due == audio[(at - first + np.arange(frames)) % PERIOD]).all()


@pytest.mark.parametrize(
    ("first", "last"), [(0, PERIOD), (4990, 5010), (4999, 9000), (3000, 3000 + LEAST_RIGHT)]
)
def test_what_shows_the_recording_has_its_first_frame_and_its_end(first, last):
    parts = SONG.copy()
    parts[:first] ^= 1
    parts[last:] ^= 1
    assert checking([silence(700), parts])._shown(700, 0, PERIOD + 700) == (700 + first, 700 + last)


def test_too_few_right_frames_in_a_row_show_nothing():
    parts = SONG ^ 1
    parts[3000 : 3000 + LEAST_RIGHT - 1] = SONG[3000 : 3000 + LEAST_RIGHT - 1]
    assert checking([parts])._shown(0, 0, PERIOD) is None
    # Silence that is due shows nothing either.
    assert checking([QUIET], QUIET)._shown(0, 8100, 9900) is None


def test_passes_are_whole_recordings_around_what_shows_one():
    def shape(parts):
        found = checking(parts)._passes(0, sum(map(len, parts)), 9)
        return [(one.start, one.end, one.first, one.shown) for one in found]

    assert shape([silence(700), SONG, silence(9000)]) == [(700, 12700, 700, 12700)]
    assert shape([SONG[5000:], SONG, SONG[:7000]]) == [(0, 26000, 7000, 26000)]
    assert shape([silence(700), SONG, SONG[:7000], silence(9000)]) == [(700, 24700, 700, 19700)]
    assert shape([silence(700), SONG, silence(2500), SONG]) == [
        (700, 12700, 700, 12700),
        (15200, 27200, 15200, 27200),
    ]
    assert shape([silence(9000)]) == []
    assert checking([SONG])._passes(0, PERIOD, 0) == []
    assert checking([SONG])._passes(0, LOCK_FRAMES - 1, 9) == []
    assert len(checking([SONG[:LOCK_FRAMES]], SONG[:LOCK_FRAMES])._passes(0, LOCK_FRAMES, 9)) == 1


def repetitions(*starts_ends_firsts):
    return [Repetitions(start, end, first, end) for start, end, first in starts_ends_firsts]


@pytest.mark.parametrize(
    ("one", "later", "slip"),
    [
        # Whole recordings with silence between them lack nothing.
        ((700, 12700, 700), (15000, 27000, 15000), None),
        ((700, 12700, 700), (15000, 27000, 14990), (Kind.DROP, 15000, 10, 10)),
        ((700, 12690, 700), (15000, 27000, 15000), (Kind.DROP, 15000, 10, 0)),
        ((700, 12690, 700), (15000, 27000, 14995), (Kind.DROP, 15000, 15, 5)),
        # Where they meet the nearer way says lost or repeated.
        ((0, 5000, 0), (5000, 11000, -10), (Kind.DROP, 5000, 10, 5010)),
        ((0, 5000, 0), (5000, 11000, 10), (Kind.REPEAT, 5000, 10, 4990)),
        ((0, 5000, 0), (5000, 11000, -6000), (Kind.DROP, 5000, 6000, 11000)),
        ((0, 5000, 0), (5000, 11000, -6001), (Kind.REPEAT, 5000, 5999, 11001)),
        ((0, 5000, 0), (5000, 11000, 12000), None),
    ],
)
def test_what_lacks_between_two_alignments_was_lost_or_repeated(one, later, slip):
    found = list(checking([SONG])._slips(repetitions(one, later)))
    assert [(each.kind, each.frame, each.frames, each.position) for each in found] == ([slip] if slip else [])


def test_slips_between_several_are_told_in_order():
    found = list(checking([SONG])._slips(repetitions((0, 5000, 0), (5000, 9000, -10), (9000, 15000, -30))))
    assert [(each.frame, each.frames) for each in found] == [(5000, 10), (9000, 20)]


def test_positions_are_those_of_the_recording():
    one = checking([SONG])
    passes = repetitions((700, 12700, 700), (15000, 40000, 14990))
    assert [one._position(at, passes) for at in (700, 12699, 15000, 26990, 39999)] == [0, 11999, 10, 0, 1009]


def test_what_was_compared_is_said_with_what_was_not():
    one = checking([silence(30001)])
    assert one._coverage(repetitions((700, 12700, 700), (15000, 27000, 15000)), 24000) == (
        "the recording of 12 000 frames was compared 2 times, from frame 700 to 26 999 of the capture; "
        "6 001 other frames of the file are not judged"
    )
    assert one._coverage(repetitions((0, 30000, 0)), 30000).endswith(
        "compared 2.5 times, from frame 0 to 29 999 of the capture; 1 other frame of the file is not judged"
    )
    assert one._coverage(repetitions((0, 30001, 0)), 30001).endswith("to 30 000 of the capture")


def test_a_player_that_stopped_is_told_from_half_a_lap_of_silence_on():
    for silent, told in ((LEAST_SILENT, 1), (LEAST_SILENT - 1, 0)):
        analysis, advice = check([SONG, SONG[: PERIOD - silent], silence(silent)])
        assert (analysis.found, len(advice)) == ((0, 1) if told else (1, 0))
    assert advice == ()
    _, (line,) = check([SONG, SONG[:11000], silence(1000)])
    assert line == (
        "at frame 23 000, in the middle of the recording, 1 000 frames of silence begin that last "
        "to the end of the "
        "file: the player was stopped, or damage (--duration or --frames says how much was played)"
    )


def test_room_for_one_more_recording_is_told():
    for room, told in ((PERIOD - 1, 0), (PERIOD, 1)):
        assert len(check([SONG, silence(room)])[1]) == told
    _, (line,) = check([SONG, silence(18000)])
    assert line == (
        "the recording had room for 1.5 more times in the silence behind frame 12 000: it was at "
        "its end, or damage "
        "(--duration or --frames says how much was played)"
    )


def test_loud_frames_between_beside_and_behind_are_told_with_their_place():
    loud = noise(960)
    _, lines = check(
        [loud, silence(1000), SONG, silence(1000), loud, silence(1000), SONG, silence(480), loud]
    )
    assert [line.split(" between ")[1].split(" are ")[0] for line in lines] == [
        "frame 0 and 1 960",
        "frame 13 960 and 16 920",
        "frame 28 920 and 30 360",
    ]
    _, lines = check([loud, silence(1000), SONG, silence(1000), loud], played=PERIOD)
    assert len(lines) == 1


def test_an_analysis_of_repetitions_has_every_field():
    spoilt = SONG.copy()
    spoilt[100:110] ^= 1
    analysis, _ = check([silence(500), spoilt, SONG, silence(9)])
    assert (analysis.detector, analysis.locked, analysis.frames, analysis.checked_frames) == (
        "checksum",
        True,
        24509,
        24000,
    )
    assert (analysis.first_frame, analysis.first_position, analysis.episodes) == (500, 0, 1)
    (one,) = analysis.findings
    assert (one.kind, one.frame, one.frames, one.position) == (Kind.UNKNOWN, 600, 10, 100)
    assert len(analysis.notes) == 2
    analysis, _ = check([SONG[5000:], SONG])
    assert (analysis.first_frame, analysis.first_position, len(analysis.notes)) == (0, 5000, 1)


def test_slices_of_a_capture_are_read_where_they_are_asked_for():
    given = np.arange(400, dtype=np.uint8)
    slices = _Slices(lambda first, stop: iter([given[4 * first : 4 * stop]]), 10, 60, 4)
    assert slices.size == 200
    assert slices[0:8].tolist() == list(range(40, 48))
    assert slices[192:999].tolist() == list(range(232, 240))
    assert slices[8:8].tolist() == []
