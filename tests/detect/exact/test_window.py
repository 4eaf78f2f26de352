# SPDX-License-Identifier: MIT
"""Frames that wait, the stretch under examination, and which events belong together."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.track import TrackEvent
from stress.detect.exact.window import DENSE_GAP, Stretch, Window, groups, run_edges


def block(first, count):
    return np.arange(first, first + count, dtype=np.uint8)


def test_frames_are_seen_in_order_however_they_come():
    window = Window(4)
    window.append(block(0, 12))
    assert (window.frames, window.total, window.frame) == (3, 3, 0)
    window.drop(1)
    window.append(block(12, 8))
    assert (window.frames, window.total, window.frame) == (4, 5, 1)
    assert window.view(4).tolist() == list(range(4, 20))
    assert window.view(2, 1).tolist() == list(range(8, 16))
    window.drop(4)
    assert (window.frames, window.total, window.frame) == (0, 5, 5)
    window.append(block(20, 4))
    assert window.view(1).tolist() == [20, 21, 22, 23]
    assert (window.total, window.frame) == (6, 5)


def test_what_is_kept_does_not_change_with_the_memory_it_came_in():
    for dropped in (0, 2):
        window, memory = Window(4), block(0, 16)
        window.append(memory)
        window.drop(dropped)
        window.keep()
        memory[:] = 255
        window.append(block(16, 4))
        assert window.view(5 - dropped).tolist() == list(range(4 * dropped, 20))


def test_nothing_is_kept_of_what_was_all_judged():
    window, memory = Window(4), block(0, 16)
    window.append(memory)
    window.drop(4)
    window.keep()
    assert (window.frames, window.frame, window.total) == (0, 4, 4)
    window.keep()
    window.append(block(16, 4))
    assert window.view(1).tolist() == [16, 17, 18, 19]


def test_frames_are_read_where_they_lie_until_they_have_to_be_kept():
    window, memory = Window(4), block(0, 16)
    window.append(memory)
    assert np.shares_memory(window.view(4), memory)
    window.keep()
    assert not np.shares_memory(window.view(4), memory)


def test_many_pieces_grow_without_loss():
    window, rng = Window(3), np.random.default_rng(5)
    pieces = [rng.integers(0, 256, 3 * int(n), dtype=np.uint8) for n in rng.integers(1, 9000, 40)]
    for piece in pieces:
        window.append(piece)
        window.keep()
    assert (window.view(window.frames) == np.concatenate(pieces)).all()
    window.drop(7)
    window.append(pieces[0])
    assert (window.view(window.frames) == np.concatenate([*pieces, pieces[0]])[21:]).all()


@pytest.mark.parametrize(
    "given",
    [
        block(0, 24).view("<i2"),
        block(0, 24).reshape(6, 4),
        np.repeat(block(0, 24), 2)[::2],
    ],
)
def test_other_arrays_are_read_as_their_bytes(given):
    window = Window(4)
    window.append(given)
    assert window.view(6).tolist() == list(range(24))


def test_a_part_of_a_frame_is_refused():
    for size in (1, 3, 5, 7):
        with pytest.raises(ValueError, match=f"{size} bytes are not whole frames of 4 bytes"):
            Window(4).append(block(0, size))


def test_a_stretch_says_what_is_due_and_what_lies_before():
    rows, before = np.arange(12, dtype=np.uint8).reshape(3, 4), np.full(4, 9, np.uint8)
    stretch = Stretch(rows, 7, 2**32 - 1, before)
    assert [stretch.due(0, 0), stretch.due(1, 0), stretch.due(5, 3)] == [2**32 - 1, 0, 1]
    assert stretch.last(0) is before
    assert stretch.last(1).tolist() == [0, 1, 2, 3]
    assert stretch.last(2).tolist() == [4, 5, 6, 7]
    assert Stretch(rows, 7, 0, None).last(0) is None


def event(what, start, end):
    return TrackEvent(what, start, end, 0, 0)


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ([], []),
        ([("noise", 0, 4), ("noise", 4 + DENSE_GAP, 40)], [2]),
        ([("noise", 0, 4), ("noise", 5 + DENSE_GAP, 40)], [1, 1]),
        ([("noise", 0, 4), ("slip", 4, 4)], [2]),
        ([("noise", 0, 4), ("slip", 5, 5)], [1, 1]),
        ([("noise", 0, 4), ("displaced", 4, 9)], [1, 1]),
        ([("slip", 0, 0), ("noise", 0, 4)], [1, 1]),
        ([("displaced", 0, 4), ("slip", 4, 4)], [1, 1]),
        ([("noise", 0, 4), ("noise", 6, 8), ("slip", 8, 8), ("noise", 8, 9), ("noise", 9, 10)], [3, 2]),
    ],
)
def test_near_noise_and_the_slip_right_behind_it_belong_together(given, sizes):
    events = [event(*one) for one in given]
    together = groups(events)
    assert [len(one) for one in together] == sizes
    assert [one for group in together for one in group] == events


@pytest.mark.parametrize(
    ("offset", "size", "line", "board", "says"),
    [
        (32, 32, 32, 32, {}),
        (32, 96, 32, 32, {"lines": 3}),
        (16, 16, 16, 32, {"part_of_line": 32}),
        (16, 48, 16, 64, {"lines": 3, "part_of_line": 64}),
        (64, 20, None, 32, {"starts_on_line": 32}),
        (44, 20, None, 32, {"ends_on_line": 32}),
        (40, 20, None, 32, {}),
        (64, 64, None, 32, {"starts_on_line": 32, "ends_on_line": 32}),
    ],
)
def test_a_run_says_its_lines_or_which_of_its_edges_is_one(offset, size, line, board, says):
    assert run_edges(offset, size, line, board) == says
