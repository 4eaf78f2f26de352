# SPDX-License-Identifier: MIT
"""The pattern in turn with another stimulus: which, how long a turn is, and that both are judged."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.survey import KnownRecording, survey
from stress.detect.exact.turns import MANY_WRONG, PROBE, Turns, _beside_sound, find_turns, without_turns
from stress.model.formats import FORMATS
from stress.patterns.auxiliary import auxiliary
from stress.patterns.word import Pattern

RATE = 48000
SENT = Pattern("mix1", FORMATS["S16_LE"], 2)


def interleaved(name, turn, frames, first=0):
    """Frames of both sources by position: the pattern has the even turns."""
    other = auxiliary(name, RATE, 2, FORMATS["S16_LE"])
    rows = SENT.bytes_at(first, frames).reshape(frames, 4).copy()
    due = np.empty(frames * 4, np.uint8)
    other.fill(first, due)
    odd = (first + np.arange(frames)) // turn % 2 == 1
    rows[odd] = due.reshape(frames, 4)[odd]
    return rows


def capture_of(rows, block=5000):
    raw = np.ascontiguousarray(rows).reshape(-1)

    def read(first, stop):
        for at in range(first, stop, block):
            yield raw[4 * at : 4 * min(at + block, stop)]

    return KnownRecording(read, len(rows))


def found(rows):
    capture = capture_of(rows)
    return find_turns(capture, SENT, RATE, survey(capture.read(0, capture.frames), SENT))


def shown(rows, turns):
    capture = capture_of(rows)
    blocks = without_turns(capture.read, SENT, RATE, turns)(0, capture.frames)
    return np.concatenate(list(blocks)).reshape(-1, 4)


def silent(frames):
    return np.zeros((frames, 4), np.uint8)


@pytest.mark.parametrize(
    "name", ["toggle", "walking-ones", "full-scale", "checker", "extremes", "byte-order"]
)
@pytest.mark.parametrize("lead", [0, 700, 30000])
def test_turns_have_the_name_and_length_of_what_was_played(name, lead):
    # Behind silence the first captured frame would have had a position before the first one.
    turn = 2000
    rows = np.concatenate([silent(lead), interleaved(name, turn, 9 * turn)])
    assert found(rows) == Turns(name, turn, -lead % 2**32)


@pytest.mark.parametrize("first", [1, 500, 4000, 5500])
def test_turns_are_found_from_any_place_of_an_even_turn_on(first):
    assert found(interleaved("toggle", 2000, 14000, first)) == Turns("toggle", 2000, first)


def test_a_turn_that_lasts_to_the_end_has_the_length_of_the_one_before():
    assert found(interleaved("toggle", 2000, 3000)) == Turns("toggle", 2000, 0)
    assert found(interleaved("toggle", 2000, 3000, 1)) == Turns("toggle", 2000, 1)


@pytest.mark.parametrize(("frames", "turns"), [(PROBE, True), (PROBE - 1, False)])
def test_a_turn_needs_as_many_frames_as_name_a_stimulus(frames, turns):
    assert (found(interleaved("toggle", frames, 8 * frames)) is not None) is turns
    assert (found(interleaved("toggle", 2000, 2000 + frames)) is not None) is turns


def test_nine_of_ten_frames_name_a_stimulus():
    for wrong, turns in ((25, True), (26, False)):
        rows = interleaved("toggle", 2000, 9000)
        for turn in (2000, 6000):
            rows[turn + 100 : turn + 100 + wrong, 0] ^= 0x55
        assert (found(rows) is not None) is turns


def test_the_pattern_alone_and_its_end_are_no_turns():
    assert found(SENT.bytes_at(0, 9000).reshape(-1, 4)) is None
    assert found(np.concatenate([SENT.bytes_at(0, 2000).reshape(-1, 4), silent(5000)])) is None
    assert found(silent(9000)) is None


def test_damage_before_the_first_turn_does_not_hide_it():
    rows = interleaved("toggle", 2000, 9000)
    for at in range(500, 1500, 100):
        rows[at : at + 4] = 0
    assert found(rows) == Turns("toggle", 2000, 0)


def test_damage_in_a_turn_does_not_end_it_up_to_many_frames():
    for wrong, turn in ((MANY_WRONG - 1, 2000), (MANY_WRONG, None)):
        rows = interleaved("toggle", 2000, 9000)
        for at in (3000, 7000):
            rows[at : at + wrong, 0] ^= 0x55
        some = found(rows)
        assert (some.frames if some else None) == turn


def test_right_frames_of_the_other_turns_are_shown_as_the_pattern():
    rows = interleaved("toggle", 2000, 9000, 300)
    turns = Turns("toggle", 2000, 300)
    assert (shown(rows, turns) == SENT.bytes_at(300, 9000).reshape(-1, 4)).all()


def test_wrong_frames_of_either_turn_stay_as_they_are():
    rows = interleaved("toggle", 2000, 9000)
    for at in (100, 1999, 2000, 3999, 4000):
        rows[at, 1] ^= 0x55
    seen = shown(rows, Turns("toggle", 2000, 0))
    wrong = (seen != SENT.bytes_at(0, 9000).reshape(-1, 4)).any(axis=1)
    assert np.flatnonzero(wrong).tolist() == [100, 1999, 2000, 3999, 4000]
    assert (seen[wrong] == rows[wrong]).all()


def test_frames_of_the_stimulus_in_a_turn_of_the_pattern_are_wrong():
    rows = interleaved("toggle", 2000, 9000)
    rows[500:504] = interleaved("toggle", 2000, 9000)[2500:2504]
    seen = shown(rows, Turns("toggle", 2000, 0))
    assert (seen[500:504] == rows[500:504]).all()


def test_what_is_shown_does_not_change_the_capture():
    rows = interleaved("toggle", 2000, 9000)
    before = rows.copy()
    shown(rows, Turns("toggle", 2000, 0))
    assert (rows == before).all()


@pytest.mark.parametrize("name", ["toggle", "impulse"])
def test_silence_around_the_turns_is_shown_as_it_is(name):
    rows = np.concatenate([silent(9000), interleaved(name, 2000, 8000), silent(9000)])
    seen = shown(rows, Turns(name, 2000, -9000 % 2**32))
    assert not seen[:9000].any()
    assert not seen[17000:].any()
    assert (seen[9000:17000] == SENT.bytes_at(0, 8000).reshape(-1, 4)).all()


def test_zeros_of_a_stimulus_show_it_beside_a_sound_of_their_turn_that_is_right():
    def shows(right, sounding, turn):
        given = (np.array(right, bool), np.array(sounding, bool), np.array(turn))
        return _beside_sound(*given).astype(int).tolist()

    # A sound shows itself; of two beside a zero one is enough.
    assert shows([1, 1, 0, 1, 1], [1, 0, 1, 0, 1], [1] * 5) == [1, 1, 0, 1, 1]
    assert shows([0, 1, 0, 1, 0], [1, 0, 1, 0, 1], [1] * 5) == [0, 0, 0, 0, 0]
    # A sound of another turn says nothing, and where there is none nothing is asked.
    assert shows([1, 1, 1, 0], [1, 0, 0, 1], [0, 1, 1, 1]) == [1, 0, 0, 0]
    assert shows([1, 1, 1, 1], [1, 0, 0, 1], [0, 1, 1, 2]) == [1, 1, 1, 1]
    assert shows([1, 1], [0, 0], [1, 1]) == [1, 1]
    assert shows([], [], []) == []
