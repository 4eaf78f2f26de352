# SPDX-License-Identifier: MIT
"""Which frames are judged, what is left out, and what is said of it: pass by pass."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.idle import LEAST_IDLE
from stress.detect.exact.known_playing import Known
from stress.detect.exact.pass_spans import LONGEST_RING
from stress.detect.exact.passes import OTHER_S, Pass, Planner
from stress.detect.exact.survey import survey
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

SENT = Pattern("mix1", FORMATS["S16_LE"], 2)
IDLE = LEAST_IDLE


def played(first, frames):
    return SENT.bytes_at(first % 2**32, frames)


def silent(frames):
    return np.zeros(4 * frames, np.uint8)


def loud(frames):
    # No pattern, and no frame like the one before.
    samples = np.random.default_rng(frames).integers(-20000, 20000, (frames, 2))
    return samples.astype("<i2").view(np.uint8).reshape(-1)


def planned(*parts, known=None, lock=None, tail=True):
    raw = np.concatenate(parts)

    def read(first, stop):
        for at in range(first, stop, 1 << 14):
            yield raw[4 * at : 4 * min(at + (1 << 14), stop)]

    frames = len(raw) // 4
    spans = survey(read(0, frames), SENT).spans
    planner = Planner(read, frames, SENT, known or Known(), tail=tail)
    return planner.passes(spans, lock or (spans[0].start, spans[0].position)), planner.foreign


def the_pass(*parts, **more):
    (one,), foreign = planned(*parts, **more)
    assert foreign is None
    return one


def test_a_pass_knows_the_position_of_its_first_frame():
    assert Pass(10, 50, (14, 1000)).position == 996


def test_a_capture_of_the_pattern_alone_is_judged_whole():
    assert the_pass(played(1, 5000)) == Pass(0, 5000, (0, 1))


def test_silence_before_and_behind_is_left_out_and_said():
    one = the_pass(silent(1000), played(1, 5000), silent(IDLE))
    note = (
        f"the pattern ends at frame 6 000 (position 5000); {IDLE} frames of silence behind it are not judged"
    )
    assert one == Pass(1000, 6000, (1000, 1), notes=[note])


def test_too_little_silence_behind_it_may_be_damage():
    one = the_pass(played(1, 5000), silent(IDLE - 1))
    assert one.advice == [
        f"the last {IDLE - 1} frames are silence: the end of the pattern, or damage (record on for "
        f"a moment, or "
        "say --frames)"
    ]
    assert (one.start, one.end, len(one.notes)) == (0, 5000, 1)


# The beginning, where nothing is known of it.


def test_a_later_beginning_behind_silence_is_lost_or_was_never_played():
    one = the_pass(silent(1000), played(100, 5000))
    assert (one.start, one.lock, one.doubtful_head) == (1000, (1000, 100), 0)
    assert one.advice == [
        "behind silence the pattern begins at position 100: what came before it is lost, or was never played "
        "(--position says which)"
    ]
    assert the_pass(silent(1000), played(1, 5000)).advice == []


def test_as_many_silent_frames_as_the_pattern_lacks_were_due():
    assert the_pass(silent(99), played(100, 5000)).start == 0
    one = the_pass(silent(98), played(100, 5000))
    assert (one.start, len(one.advice)) == (98, 1)


def test_loud_frames_right_before_the_pattern_are_judged_and_doubtful():
    one = the_pass(loud(50), played(500, 5000), lock=(50, 500))
    assert (one.start, one.end, one.doubtful_head, one.advice) == (0, 5050, 50, [])
    # Behind silence they are not doubtful, but the pattern's beginning is.
    one = the_pass(silent(IDLE), loud(50), played(500, 5000))
    assert (one.start, one.doubtful_head) == (IDLE, 0)
    one = the_pass(silent(IDLE - 3), loud(50), played(500, 5000))
    assert (one.start, one.doubtful_head) == (IDLE - 3, 50)


def test_loud_frames_before_the_first_position_are_foreign():
    one = the_pass(loud(50), played(31, 5000))
    assert (one.start, one.doubtful_head) == (20, 30)
    assert one.advice == [
        "frames 0 to 19, before the pattern, are neither silence nor pattern: they are not judged"
    ]


def test_loud_frames_before_silence_are_foreign():
    one = the_pass(loud(600), silent(IDLE), played(1, 5000))
    assert one.start == 600 + IDLE
    (advice,) = one.advice
    assert advice.endswith("before the pattern, are neither silence nor pattern: they are not judged")
    assert advice.startswith("frames 0 to ")


def test_an_idle_input_before_the_pattern_is_named_unless_it_is_short():
    hiss = (
        (np.random.default_rng(1).integers(-9, 10, (IDLE, 2)) + 300).astype("<i2").view(np.uint8).reshape(-1)
    )
    for frames, what in (
        (IDLE, "idle input"),
        (IDLE - 1, f"{IDLE - 1} frames of something else"),
        (1, "a constant"),
    ):
        one = the_pass(hiss[: 4 * frames], played(5000, 5000))
        words = "1 frame of something else" if frames == 1 else what
        assert one.advice[0].startswith(f"behind {words} the pattern begins at position 5000: ")
    one = the_pass(silent(5), played(5000, 5000))
    assert one.advice[0].startswith("behind silence the pattern begins at position 5000: ")


def test_a_capture_that_begins_with_a_later_position_begins_there():
    one = the_pass(played(5000, 5000))
    assert (one.start, one.lock, one.advice) == (0, (0, 5000), [])


# The beginning, where its position was named.


def test_a_pattern_before_the_position_that_was_named_is_said():
    one = the_pass(played(10, 5000), known=Known(position=11))
    assert one.advice == ["the pattern is there from position 10 on, before the --position 11 that was named"]
    assert the_pass(played(10, 5000), known=Known(position=10)).advice == []


def test_a_capture_that_begins_behind_the_position_that_was_named_is_said():
    one = the_pass(played(15, 5000), known=Known(position=10))
    assert one.start == 0
    assert one.advice == [
        "the capture begins at position 15, 5 frames behind the --position 10 that was named: they "
        "are lost, or the "
        "recording began late (without --position what is there is judged)"
    ]
    assert "1 frame behind" in the_pass(played(11, 5000), known=Known(position=10)).advice[0]


def test_frames_due_before_the_lock_are_judged_from_the_position_that_was_named():
    one = the_pass(silent(1000), played(100, 5000), known=Known(position=50))
    assert (one.start, one.lost, one.advice) == (950, 0, [])
    one = the_pass(silent(50), played(100, 5000), known=Known(position=50))
    assert (one.start, one.lost, one.advice) == (0, 0, [])


def test_silence_where_more_was_due_than_the_capture_has_is_lost():
    one = the_pass(silent(IDLE), played(1000, 5000), known=Known(position=100))
    assert (one.start, one.lost, one.advice) == (IDLE, 900, [])
    one = the_pass(silent(IDLE - 1), played(1000, 5000), known=Known(position=100))
    assert (one.start, one.lost, len(one.advice)) == (0, 0, 1)
    one = the_pass(silent(IDLE), loud(40), played(1000, 5000), known=Known(position=100))
    assert (one.start, one.lost) == (IDLE, 860)


def test_loud_frames_before_the_position_that_was_named_are_foreign():
    one = the_pass(loud(600), silent(500), played(10, 5000), known=Known(position=10))
    assert one.start == 1100
    assert [advice[-70:] for advice in one.advice] == [
        "before the pattern, are neither silence nor pattern: they are not judged"[-70:]
    ]


# The end.


def test_a_known_end_is_judged_to_there():
    one = the_pass(played(1, 5000), silent(300), known=Known(frames=5100))
    assert (one.end, one.advice) == (5100, [])
    assert one.notes == ["200 frames behind the last one played are not judged"]
    one = the_pass(played(1, 5000), silent(1), known=Known(frames=5000))
    assert (one.end, one.notes) == (5000, ["1 frame behind the last one played are not judged"])
    one = the_pass(played(1, 5000), silent(100), known=Known(frames=5100))
    assert (one.end, one.notes) == (5100, [])


def test_a_capture_that_ends_before_the_known_end_says_by_how_much():
    one = the_pass(played(1, 5000), silent(100), known=Known(frames=5101))
    assert (one.end, one.notes) == (5100, ["the capture ends 1 frame before the end of what was played"])
    one = the_pass(played(1, 5000), known=Known(frames=5002))
    assert one.notes == ["the capture ends 2 frames before the end of what was played"]


def test_a_loud_tail_is_judged_and_known_as_foreign_or_left_out_where_asked():
    (one,), foreign = planned(played(1, 5000), loud(2000))
    assert (one.end, foreign, one.advice) == (7000, 5000, [])
    (one,), foreign = planned(played(1, 5000), loud(2000), tail=False)
    assert (one.end, foreign) == (5000, 5000)
    assert one.advice == [
        "from frame 5 000 on, behind the last right one, 2 000 frames are no pattern in any form: "
        "another sound, or "
        "damage (--frames or --duration says how much was played)"
    ]
    # A few loud frames are damage.
    (one,), foreign = planned(played(1, 5000), loud(IDLE - 1), tail=False)
    assert (one.end, foreign) == (5000 + IDLE - 1, None)


def test_a_loud_tail_with_silence_behind_it_ends_there():
    (one,), foreign = planned(played(1, 5000), loud(300), silent(IDLE + 2))
    assert foreign == 5000
    assert 5299 <= one.end <= 5301
    (note,) = one.notes
    assert note.startswith(
        f"the pattern ends at frame {one.end // 1000} {one.end % 1000:03} (position {one.end}); "
    )
    assert "of silence behind it are not judged" in note


def test_a_loud_piece_behind_the_end_and_silence_is_foreign():
    one = the_pass(played(1, 5000), silent(IDLE), loud(300), silent(1000))
    assert one.end == 5000
    (advice,) = one.advice
    assert advice.startswith(f"frames 5 {IDLE} to ")
    assert "behind the end of the pattern, are neither silence nor pattern" in advice
    (note,) = one.notes
    assert "of silence" not in note


def test_a_channel_that_goes_on_is_no_foreign_tail():
    half = played(5001, 2000).reshape(-1, 4).copy()
    half[:, 2:] = loud(2000).reshape(-1, 4)[:, 2:]
    (one,), foreign = planned(played(1, 5000), half.reshape(-1), tail=False)
    assert (one.end, foreign, one.advice) == (7000, None, [])


def test_a_ring_that_replays_to_the_end_is_said():
    one = the_pass(played(1, 9600), *[played(9001, 600)] * 3)
    assert one.end == 9600
    assert one.advice == [
        "from frame 9 600 on the last 600 frames come again, 3 times, to the end of the file: a "
        "ring that nobody "
        "fills any more, because the pattern was at its end or because the player stopped "
        "(--frames or --duration "
        "says how much was played)"
    ]


def test_old_frames_to_the_end_are_left_out_with_their_number():
    one = the_pass(played(1, 30000), played(4000, 2000))
    assert one.end == 30000
    assert one.notes == [
        "the pattern ends at frame 30 000 (position 30000); 2 000 frames behind it are not judged, "
        "2 000 frames of "
        "them old pattern"
    ]
    assert one.advice == [
        "2 000 frames of old pattern from frame 30 000 on: what a ring gives behind its end, or "
        "damage (--frames or "
        "--duration says how much was played)"
    ]


def test_old_frames_behind_silence_are_no_doubt_up_to_half_a_second():
    for frames, doubts in ((4000, 0), (4001, 1)):
        one = the_pass(
            played(1, 30000), silent(IDLE), played(4000, frames), silent(IDLE), known=Known(rate=8000)
        )
        assert len(one.advice) == doubts, frames
    assert one.advice == [
        f"4 001 frames of old pattern from frame 30 {IDLE} on: another pass whose beginning is "
        f"lost, or a long ring "
        "(--frames or --duration says how much was played)"
    ]


# Several passes.


def test_a_second_pass_behind_silence_is_judged_as_well():
    (one, two), _ = planned(played(1, 9000), silent(1000), played(1, 9000))
    assert (one.start, one.end, one.advice, one.notes) == (0, 9000, [], [])
    assert (two.start, two.end, two.advice) == (10000, 19000, [])
    assert two.notes == ["another pass of the pattern begins at frame 10 000, position 1: judged as well"]


@pytest.mark.parametrize(("before", "behind"), [(0, IDLE + 2), (IDLE, 0), (IDLE + 2, IDLE + 2)])
def test_loud_frames_between_two_passes_belong_to_the_one_they_touch(before, behind):
    (one, two), _ = planned(played(1, 9000), silent(before), loud(100), silent(behind), played(1, 9000))
    first, last = 9000 + before, 9100 + before
    start = last + behind
    if not before:
        assert last - 1 <= one.end <= last + 1
        assert two.start == start
    elif not behind:
        assert one.end == 9000
        assert first - 1 <= two.start <= first + 1
    else:
        assert (one.end, two.start) == (9000, start)
        assert "between two passes, are neither silence nor pattern: they are not judged" in two.advice[0]


def test_the_pattern_that_begins_again_without_a_gap_may_be_a_replay():
    (_, two), _ = planned(played(1, 9000), played(1, 9000))
    assert two.advice == [
        "without a gap the pattern begins again at frame 9 000, position 1: the file was played "
        "again, or a ring of "
        "9 000 frames replays (--rings tells)"
    ]
    (_, two), _ = planned(played(1, 9000), played(1, 9000), known=Known(laps=(480,)))
    assert two.advice == []


def test_the_pattern_that_begins_again_replays_a_ring_up_to_the_longest():
    for frames, doubts in ((LONGEST_RING, 1), (LONGEST_RING + 2, 0)):
        (_, two), _ = planned(played(1, frames), played(1, 9000))
        assert len(two.advice) == doubts
    for gap, doubts in ((IDLE - 1, 1), (IDLE, 0)):
        (_, two), _ = planned(played(1, 9000), silent(gap), played(1, 9000))
        assert len(two.advice) == doubts


def test_old_frames_between_passes_are_no_doubt_where_nothing_was_due_any_more():
    parts = (played(1, 9000), silent(IDLE), played(4000, 400), silent(IDLE), played(1, 9000))
    for known, doubts in (
        (Known(rate=600), 1),
        (Known(rate=600, frames=9001), 1),
        (Known(rate=600, frames=9000), 0),
    ):
        (_, two), _ = planned(*parts, known=known)
        assert len(two.advice) == doubts, known


def test_a_pass_that_begins_elsewhere_lost_its_beginning_or_is_another_file():
    (_, two), _ = planned(played(1, 9000), silent(1000), played(500, 9000))
    assert two.advice == [
        "another pass begins at frame 10 000, position 500, and not where the first one began: its "
        "beginning is "
        "lost, or another file was played"
    ]
    (_, two), _ = planned(played(600, 9000), silent(1000), played(500, 9000))
    assert two.advice == []
    (_, two), _ = planned(played(600, 9000), silent(1000), played(600, 9000))
    assert two.advice == []


def test_a_pass_that_goes_on_far_ahead_may_be_another_file_up_to_ten_seconds():
    most = int(OTHER_S * 48000)
    (_, two), _ = planned(played(1, 9000), silent(1000), played(9001 + most, 9000))
    assert two.advice == [
        "behind silence the pattern goes on 480 000 frames further, at frame 10 000, position "
        "489001: another file, or "
        "frames that are lost"
    ]
    (_, two), _ = planned(played(1, 9000), silent(1000), played(9002 + most, 9000))
    assert two.advice == []


def test_a_known_end_cuts_the_pass_before():
    (one, two), _ = planned(played(1, 9000), silent(1000), played(1, 9000), known=Known(frames=9100))
    assert (one.end, two.start) == (9100, 10000)
    (one, two), _ = planned(played(1, 9000), silent(1000), played(1, 9000), known=Known(frames=12000))
    assert (one.end, two.start) == (10000, 10000)


def test_a_lock_on_old_frames_before_silence_is_not_that_of_the_pattern():
    parts = (played(90000, 20), silent(IDLE), played(1, 5000))
    (one,), _ = planned(*parts, lock=(0, 90000))
    assert one.lock == (20 + IDLE, 1)
    (one,), _ = planned(played(90000, 20), silent(IDLE - 21), played(1, 5000), lock=(0, 90000))
    assert one.lock == (0, 90000)
    # Nor is one behind the first span.
    (one,), _ = planned(played(1, 5000), lock=(5001, 7))
    assert one.lock == (0, 1)
