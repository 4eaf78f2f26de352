# SPDX-License-Identifier: MIT
"""Limits of the comparison of the read with the wire: each at, below and above its value."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment.wire import capture
from stress.experiment.wire.capture import (
    HEAD_BLOCKS,
    KEY_FRAMES,
    MOST_LAPS,
    SLIP_FRAMES,
    SLIP_LAPS,
    bytes_not_taken,
    compare_read,
    distinct_lines,
)
from stress.model.finding import Analysis, Kind

RING, STEP, FRAMES = 320, 4, 9000
LINE = 8  # frames of 32 bytes


def _noise(frames=FRAMES, seed=1, high=256, step=STEP):
    return np.random.RandomState(seed).randint(0, high, (frames, step)).astype(np.uint8)


def _flat(data):
    return np.ascontiguousarray(data).reshape(-1)


def _compare(read, into, ring=RING, line=32, **more):
    return compare_read(_flat(read), _flat(into), ring, STEP, line, **more)


def _found(read, into, **more):
    return [(f.kind, f.frame, f.frames, f.laps) for f in _compare(read, into, **more).findings]


# -- exposure ---------------------------------------------------------------------------------


@pytest.mark.parametrize("frame_bytes", [1, 4, 8, 64])
@pytest.mark.parametrize(("frames", "ring"), [(1000, 320), (1003, 320), (1000, 321), (100, 320), (700, 320)])
def test_line_tells_where_it_differs_from_each_of_two_laps_before(frame_bytes, frames, ring):
    # Of a source of one bit many lines are alike; before its first lap a ring held zeros.
    data = _noise(frames + 5, high=2, step=frame_bytes) * (np.arange(frames + 5) % 3 == 0)[:, None]
    data = data.astype(np.uint8)
    line = max(1, 32 // frame_bytes)
    zeros = np.zeros_like(data)
    lines = 0
    for at in range(0, frames - line + 1, line):
        olds = [np.concatenate([zeros[: laps * ring], data])[at : at + line] for laps in (1, 2)]
        lines += all((data[at : at + line] != old).any() for old in olds)
    assert distinct_lines(_flat(data), frames, ring, frame_bytes, 32) == lines


# -- where the read begins --------------------------------------------------------------------


def test_block_tells_where_half_of_its_frames_or_more_differ_from_their_neighbour():
    still = np.zeros((5 * SLIP_FRAMES + 1, 1), np.uint8)
    # Each frame that stands alone differs from the one before and from the one behind: two moves.
    still[1 : SLIP_FRAMES // 2 : 2] = 9  # 48 moves in the first block
    still[2 * SLIP_FRAMES + 1 : 2 * SLIP_FRAMES + 46 : 2] = 9  # 46 in the third
    still[4 * SLIP_FRAMES + 1 : 4 * SLIP_FRAMES + 51 : 2] = 9  # 50 in the fifth
    assert capture._telling_blocks(still) == [0, 4 * SLIP_FRAMES]
    # Another first frame alone is one move.
    still = np.zeros((3 * SLIP_FRAMES, 1), np.uint8)
    still[0] = 9
    assert capture._telling_blocks(still) == []


def test_beginning_is_looked_for_in_so_many_telling_blocks():
    noise = _noise((HEAD_BLOCKS + 3) * SLIP_FRAMES)
    assert capture._telling_blocks(noise) == [SLIP_FRAMES * block for block in range(HEAD_BLOCKS)]


@pytest.mark.parametrize(("same", "agrees"), [(47, False), (48, True), (49, True)])
def test_block_agrees_where_half_of_what_moves_is_the_same(same, agrees):
    part = _noise(SLIP_FRAMES)
    other = part.copy()
    other[same:] ^= 255
    moves = np.ones(SLIP_FRAMES, np.bool_)
    assert capture._agrees(part, other, moves) is agrees
    # What does not move counts for neither, also where it is the same.
    moves[:20] = False
    assert capture._agrees(part, other, moves) is (same - 20 >= 38)


def test_stream_of_single_bytes_may_begin_one_later():
    into = _noise(step=1)
    assert bytes_not_taken(_flat(into[1:]), _flat(into), 1) == 1


def test_beginning_that_is_half_right_in_its_place_is_the_beginning():
    # Its first frames are found elsewhere as well.
    into = _noise()
    read = into.copy()
    read[:48] = into[5000:5048]
    assert bytes_not_taken(_flat(read), _flat(into), STEP) == 0


# -- the whole comparison ---------------------------------------------------------------------


def test_analysis_of_equal_streams_and_of_none_names_what_was_compared():
    into = _noise()
    assert _compare(into, into) == Analysis("wire", True, FRAMES, FRAMES, 0, 0)
    assert _compare(into, into[:0]) == Analysis("wire", False, 0, 0, 0, 0)


def test_analysis_counts_one_episode_for_each_lap_that_holds_a_finding():
    into = _noise()
    read = into.copy()
    for frame in (RING, RING + 100, 2 * RING - 2, 2 * RING, 5 * RING + 7):
        read[frame, 0] ^= 1
    analysis = _compare(read, into)
    assert (analysis.locked, analysis.frames, analysis.checked_frames) == (True, FRAMES, FRAMES)
    assert (analysis.first_frame, analysis.first_position, analysis.episodes) == (0, 0, 3)
    assert (analysis.found, analysis.wrong_frames, len(_compare(read, into, cap=2).findings)) == (5, 5, 2)


def test_bytes_behind_the_last_whole_frame_are_not_compared():
    into = _noise(100)
    read = into.copy()
    read[50, 0] ^= 1
    analysis = compare_read(_flat(read), np.append(_flat(into), [7, 7]).astype(np.uint8), RING, STEP)
    assert (analysis.frames, analysis.found) == (100, 1)


def test_read_that_goes_on_behind_what_came_in_is_judged_as_far_as_it_came():
    into = _noise()
    read = np.concatenate([into[:4000], into[4048:], _noise(48, seed=5)])
    assert _found(read, into) == [(Kind.DROP, 4000, 48, None)]


def test_frame_behind_a_drop_is_compared_with_its_own():
    into = _noise()
    read = np.concatenate([into[:4000], into[4048:]])
    read[4000, 1] ^= 2
    analysis = _compare(read, into)
    assert [(f.kind, f.frame, f.position) for f in analysis.findings] == [
        (Kind.DROP, 4000, 4000),
        (Kind.BITFLIP, 4000, 4048),
    ]


def test_slip_says_how_many_frames_are_missing_or_come_twice():
    into = _noise()
    gone = _compare(np.concatenate([into[:4000], into[4048:]]), into).findings[0]
    twice = _compare(np.concatenate([into[:4000], into[3980:]]), into).findings[0]
    assert gone.text == "48 frames that came over the wire are missing in what was read, at frame 4000."
    assert twice.text == "20 frames that came over the wire come twice in what was read, at frame 4000."
    assert gone.details == twice.details == {"source": "wire"}


# -- wrong runs -------------------------------------------------------------------------------


def _old(read, into, at, frames, laps=1):
    read[at : at + frames] = into[at - laps * RING : at - laps * RING + frames]


@pytest.mark.parametrize(("laps", "kind"), [(MOST_LAPS, Kind.STALE), (MOST_LAPS + 1, Kind.UNKNOWN)])
def test_data_is_stale_up_to_the_most_laps(laps, kind):
    into = _noise()
    read = into.copy()
    _old(read, into, 20 * RING, LINE, laps)
    assert [(f.kind, f.frames, f.lag) for f in _compare(read, into).findings] == [
        (kind, LINE, laps * RING if kind is Kind.STALE else None)
    ]


def test_unknown_data_of_the_first_laps_is_compared_with_no_lap_that_was_not():
    into = _noise() | 1
    read = into.copy()
    read[16:24] = _noise(8, seed=9)
    read[RING + 16 : RING + 24] = _noise(8, seed=8)
    assert _found(read, into) == [(Kind.UNKNOWN, 16, 8, None), (Kind.UNKNOWN, RING + 16, 8, None)]


def test_lines_at_the_end_of_a_lap_and_at_the_beginning_of_the_next_have_their_own_ages():
    into = _noise()
    read = into.copy()
    seam = 6 * RING
    _old(read, into, seam - LINE, LINE, 1)
    _old(read, into, seam, LINE, 2)
    assert _found(read, into) == [(Kind.STALE, seam - LINE, LINE, 1), (Kind.STALE, seam, LINE, 2)]


def test_wrong_frames_of_one_line_in_two_laps_are_two_runs():
    into = _noise()
    read = into.copy()
    read[6 * RING + 3, 0] ^= 1
    _old(read, into, 7 * RING + 4, 3)
    assert _found(read, into) == [(Kind.BITFLIP, 6 * RING + 3, 1, None), (Kind.STALE, 7 * RING + 4, 3, 1)]


@pytest.mark.parametrize(
    ("gap", "agrees", "runs"),
    [
        (7, True, [(0, 23)]),  # less than a line that is old and right at once
        (8, True, [(0, 8), (16, 8)]),
        (3, False, [(0, 5), (8, 8)]),  # right, and not old
    ],
)
def test_old_runs_are_one_over_less_than_a_line_that_may_be_old_as_well(gap, agrees, runs):
    into, at = _noise(), 6 * RING
    first = {7: 8, 8: 8, 3: 5}[gap]
    if agrees:
        into[at + first : at + first + gap] = into[at + first - RING : at + first + gap - RING]
    read = into.copy()
    _old(read, into, at, first)
    _old(read, into, at + first + gap, LINE)
    assert _found(read, into) == [(Kind.STALE, at + begin, frames, 1) for begin, frames in runs]


@pytest.mark.parametrize(("gap", "runs"), [(0, [(0, 16)]), (1, [(0, 8), (9, 7)])])
def test_unknown_runs_are_one_where_no_right_frame_lies_between(gap, runs):
    into, at = _noise(), 6 * RING
    read = into.copy()
    read[at : at + 8] ^= 0xFF
    read[at + 8 + gap : at + 16] ^= 0xFF
    assert _found(read, into) == [(Kind.UNKNOWN, at + begin, frames, None) for begin, frames in runs]


@pytest.mark.parametrize(
    ("frames", "bits", "kind"),
    [(1, 1, Kind.BITFLIP), (1, 2, Kind.UNKNOWN), (2, 2, Kind.BITFLIP), (2, 3, Kind.UNKNOWN)],
)
def test_bits_that_differ_are_flips_up_to_one_a_frame(frames, bits, kind):
    into, at = _noise(), 6 * RING
    read = into.copy()
    read[at, 0] ^= (1 << (bits - frames + 1)) - 1
    read[at + 1 : at + frames, 0] ^= 1
    assert _found(read, into) == [(kind, at, frames, None)]


# -- a frame that was half copied -------------------------------------------------------------


def _torn(at, copied, read, into):
    read[at, copied:] = into[at - RING, copied:]


@pytest.mark.parametrize("rest", [1, 5])
def test_frame_that_was_half_copied_is_told_from_the_old_ones_behind_it(rest):
    into, at = _noise(), 6 * RING + LINE - 1 - rest
    read = into.copy()
    _torn(at, 2, read, into)
    _old(read, into, at + 1, rest)
    found = _compare(read, into).findings
    assert [(f.kind, f.frame, f.frames, f.laps, f.details.get("torn")) for f in found] == [
        (Kind.UNKNOWN, at, 1, None, True),
        (Kind.STALE, at + 1, rest, 1, None),
    ]


@pytest.mark.parametrize(
    ("at", "copied", "torn"),
    [
        (RING + 5, 1, True),
        (RING + 5, 3, True),
        (RING, 2, True),  # the first frame that has an older one
        (5, 2, False),
        (RING - 1, 2, False),
    ],
)
def test_half_copied_frame_is_new_up_to_a_byte_and_old_from_there(at, copied, torn):
    into = _noise() | 1
    read = into.copy()
    read[at, copied:] = into[at - RING, copied:] if at >= RING else 8
    (found,) = _compare(read, into).findings
    assert (found.kind, found.frame, found.details.get("torn", False)) == (Kind.UNKNOWN, at, torn)


def test_frame_that_is_wrong_and_not_old_is_not_half_copied():
    into = _noise()
    read = into.copy()
    read[RING + 5, 2:] ^= 0xFF
    read[2 * RING + 5, :2] = into[RING + 5, :2]
    read[4 * RING : 4 * RING + 2] ^= 0xFF
    found = _compare(read, into).findings
    assert [(f.frame, f.frames) for f in found] == [(RING + 5, 1), (2 * RING + 5, 1), (4 * RING, 2)]
    assert not any("torn" in f.details for f in found)


def test_half_copied_frame_behind_a_slip_is_compared_with_its_own():
    into = _noise()
    read = np.concatenate([into[:4000], into[4048:]])
    read[6000, 2:] = into[6048 - RING, 2:]
    slip, torn = _compare(read, into).findings
    assert (slip.kind, torn.frame, torn.position, torn.details["torn"]) == (Kind.DROP, 6000, 6048, True)


# -- slips, by the parts of the search --------------------------------------------------------


def _slip(read, into, first=4000, last=4096, end=5000, shift=0):
    return capture._Stream(_flat(read), _flat(into), RING, STEP, 32)._slip(first, last, end, shift)


def _dropped(missing=48, first=4000, into=None):
    into = _noise() if into is None else into
    return np.concatenate([into[:first], into[first + missing :]]), into


@pytest.mark.parametrize(
    ("last", "end", "moved"),
    [(4008, 5000, 48), (4007, 5000, 0), (4096, 4096, 48), (4095, 4095, 0), (4008, 4095, 0)],
)
def test_slip_is_looked_for_from_a_line_on_that_is_wrong_and_with_so_many_frames_behind(last, end, moved):
    read, into = _dropped()
    assert _slip(read, into, last=last, end=end) == moved


@pytest.mark.parametrize(("missing", "moved"), [(1, 1), (-1, -1), (-RING, 0), (-RING - 1, -RING - 1)])
def test_frames_come_twice_by_no_whole_lap(missing, moved):
    read, into = _dropped(missing)
    assert _slip(read, into) == moved


@pytest.mark.parametrize("missing", [-RING + 1, -2 * RING, 2 * RING])
def test_whole_laps_are_missing_and_never_come_twice(missing):
    read, into = _dropped(missing)
    assert _slip(read, into) == (0 if missing == -2 * RING else missing)


@pytest.mark.parametrize("shift", [0, 100])
@pytest.mark.parametrize("over", [0, 1])
def test_slip_is_found_within_its_laps_to_either_side(shift, over):
    most = SLIP_LAPS * RING
    into = _noise(12_000)
    read = into[shift:]
    gone = most - KEY_FRAMES + over
    assert _slip(_dropped(gone, into=read)[0], into, shift=shift) == (0 if over else gone)
    twice = most - 1 + 2 * over
    assert _slip(_dropped(-twice, into=read)[0], into, end=8000, shift=shift) == (0 if over else -twice)


def test_slip_back_to_the_first_frame_of_all_is_found():
    into = _noise()
    # The piece that is looked for begins half of the frames behind the slip.
    read = np.concatenate([into[:100], _noise(48, seed=3), into])
    assert _slip(read, into, first=100, last=148, end=2000) == -148


def test_key_is_taken_half_of_the_frames_behind_the_slip():
    read, into = _dropped()
    read[4000:4048] = _noise(48, seed=3)
    assert _slip(read, into) == 0  # half of what follows is wrong
    read, into = _dropped()
    read[4020:4048] = _noise(28, seed=3)
    assert _slip(read, into) == 48


def test_frames_that_half_differ_may_be_a_slip_where_all_that_follow_are_right():
    into = _noise()
    into[4048:4096] = into[4000:4048]
    read, into = _dropped(into=into)
    assert (read[4000:4048] == into[4000:4048]).all()
    assert _slip(read, into) == 48
    # The source repeats 49 frames: more than half of what is read is right in its place.
    into[4048:4097] = into[4000:4049]
    into[4096] = into[4048] = into[4000]
    read, into = _dropped(into=into)
    assert _slip(read, into) == 0


def test_frames_that_half_differ_at_their_new_place_are_no_slip():
    read, into = _dropped()
    read[4000:4048] = into[4000:4048]
    assert _slip(read, into) == 0


def test_piece_that_is_found_nowhere_is_no_slip():
    into = _noise()
    read = into.copy()
    read[4000:4100] = _noise(100, seed=9)
    assert _slip(read, into) == 0
    assert _found(read, into) == [(Kind.UNKNOWN, 4000, 100, None)]


@pytest.mark.parametrize(("end", "moved"), [(4200, 0), (4201, -200)])
def test_slip_back_is_known_where_something_behind_it_was_read(end, moved):
    read, into = _dropped(-200)
    assert _slip(read, into, end=end) == moved


def test_slip_is_judged_as_far_as_anything_came_in():
    into = _noise(4100 + 48 + 80)
    read = np.concatenate([into[100:4100], into[4148:], _noise(200, seed=2)])
    assert _slip(read, into, last=4050, end=4128, shift=100) == 48
