# SPDX-License-Identifier: MIT
"""A recording that was played once or round and round: every repetition is compared."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.checksum import Periods
from stress.detect.checksum_lock import Played
from stress.detect.recorded import RecordedCheck
from stress.model.finding import Kind
from tests.detect.songs import LAYOUT, PERIOD, QUIET, SONG, check, noise, silence


@pytest.mark.parametrize("song", [SONG, QUIET], ids=["loud", "with a pause"])
@pytest.mark.parametrize(
    ("parts", "checked"),
    [
        (lambda s: [s], 12000),
        (lambda s: [silence(500), s, silence(9000)], 12000),
        (lambda s: [silence(500), s, s, s, silence(9000)], 36000),
        (lambda s: [s[5000:], s, s[:7000]], 26000),
        (lambda s: [silence(700), s, silence(2500), s, silence(100)], 24000),
    ],
)
def test_every_repetition_is_compared_and_right(song, parts, checked):
    analysis, advice = check(parts(song), song)
    assert (analysis.found, advice, analysis.checked_frames) == (0, (), checked)


def test_damage_in_any_repetition_is_found():
    for place in (100, 13000, 30000, 47990):
        song = np.concatenate([SONG] * 4)
        song[place : place + 8] = 0
        analysis, _ = check([silence(500), song, silence(500)])
        (finding,) = analysis.findings
        assert abs(finding.frame - 500 - place) <= 1 and finding.position == (finding.frame - 500) % PERIOD


def test_random_bytes_over_most_of_a_capture_are_no_pass():
    song = np.concatenate([SONG] * 30)
    song[15000:] = noise(len(song) - 15000)
    analysis, advice = check([song])
    assert analysis.found and advice


def test_recording_that_stops_before_its_end_is_doubtful_and_damage_where_its_length_is_known():
    parts = [silence(500), SONG, SONG[:4000], silence(20000)]
    analysis, advice = check(parts)
    assert (analysis.found, analysis.checked_frames) == (0, 16000)
    assert len(advice) == 1 and "at frame 16 500, in the middle of the recording" in advice[0]
    analysis, _ = check(parts, played=2 * PERIOD)
    (finding,) = analysis.findings
    assert (finding.frame, finding.frames) == (16500, 8000)


def test_zeros_in_the_last_frames_of_a_recording_are_damage():
    song = SONG.copy()
    song[-300:] = 0
    analysis, _ = check([silence(500), SONG, song])
    assert analysis.wrong_frames == 300


@pytest.mark.parametrize(("behind", "told"), [(11999, 0), (12000, 1), (36000, 1)])
def test_silence_with_room_for_another_repetition_is_no_pass(behind, told):
    analysis, advice = check([SONG, SONG, silence(behind)])
    assert (analysis.found, len(advice)) == (0, told)
    assert (
        f"{behind + 0:,}".replace(",", " ") + " other frames of the file are not judged" in analysis.notes[0]
    )
    assert check([SONG, SONG, silence(behind)], played=2 * PERIOD)[1] == ()


def test_slip_is_said_in_a_sentence():
    analysis, _ = check([SONG, SONG, SONG[:9000], SONG[8000:], SONG, SONG])
    (slip,) = [one for one in analysis.findings if one.kind is Kind.REPEAT]
    assert "falls back by 1000 frames" in slip.text


def test_recording_that_begins_late_behind_silence_is_no_pass():
    analysis, _ = check([silence(6000), SONG[3000:], silence(500)])
    assert analysis.wrong_frames == 3000


@pytest.mark.parametrize("where", ["before", "behind", "between"])
def test_noise_beside_the_recording_is_told(where):
    parts = {
        "before": [noise(9000), SONG],
        "behind": [SONG, noise(9000)],
        "between": [SONG, silence(1000), noise(3000), silence(1000), SONG],
    }[where]
    analysis, advice = check(parts)
    assert analysis.locked and not analysis.found
    assert any("neither silence nor the recording" in line for line in advice)


def test_known_length_is_judged_whole():
    analysis, _ = check([silence(500), SONG, silence(20000)], played=2 * PERIOD)
    assert analysis.wrong_frames >= PERIOD - 10
    analysis, advice = check([silence(500), SONG, SONG, noise(500)], played=2 * PERIOD)
    assert (analysis.found, advice, analysis.checked_frames) == (0, (), 2 * PERIOD)


def test_silence_and_something_else_are_not_found():
    for parts in ([silence(200000)], [noise(50000)]):
        assert not check(parts)[0].locked


def test_memory_does_not_grow_with_silence():
    import tracemalloc

    audio, zeros = SONG.view(np.uint8).reshape(-1), np.zeros(4 << 14, np.uint8)

    def read(first, stop):
        for at in range(first, stop, 1 << 14):
            yield zeros[: 4 * (min(at + (1 << 14), stop) - at)]

    def peak(frames):
        tracemalloc.start()
        sent = Played(lambda a, n: audio[4 * a : 4 * (a + n)], PERIOD, LAYOUT)
        RecordedCheck(read, frames, sent, Periods(1024, 8)).check()
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(1 << 22) < peak(1 << 19) + (1 << 20)


@pytest.mark.parametrize("frames", [1, 48, 700])
@pytest.mark.parametrize("many", [1, 4])
@pytest.mark.parametrize(
    ("kind", "joint"),
    [
        ("drop", lambda s, n: [s, s[n:]]),  # the beginning of a repetition is lost
        ("drop", lambda s, n: [s[:-n], s]),  # its end
        ("repeat", lambda s, n: [s, s[-n:], s]),  # its end comes twice
    ],
)
def test_frames_lost_or_repeated_right_between_two_repetitions_are_found(kind, joint, many, frames):
    for before, behind in ((many, 1), (1, many)):
        analysis, _ = check([silence(300), *[SONG] * before, *joint(SONG, frames), *[SONG] * behind])
        assert analysis.found, (before, behind)
        found = analysis.findings[0]
        assert found.kind.value in (kind, "unknown")


def test_recording_cut_off_and_played_again_behind_silence_is_no_pass():
    assert check([SONG[:-100], silence(2000), SONG])[0].found
    assert check([SONG, silence(2000), SONG[100:]])[0].found
