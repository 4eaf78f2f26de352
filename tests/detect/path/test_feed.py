# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path.feed import Feed, active
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
SOUND = captured(lambda x: x, frames=3000)


@pytest.mark.parametrize(
    "silence",
    [
        np.zeros(400, np.uint8),
        np.tile(np.array([0, 128], np.uint8), 200),
        np.random.default_rng(1).choice(np.array([[0, 0], [1, 0], [255, 255]], np.uint8), 200).reshape(-1),
    ],
    ids=["zeros", "unsigned", "dither"],
)
def test_beginning_that_does_not_move_or_only_dithers_is_silence(silence):
    assert active(Feed([silence, SOUND], 4), PATTERN) == 100


def test_capture_of_zeros_alone_has_no_beginning():
    assert active(Feed([np.zeros(4000, np.uint8)], 4), PATTERN) is None


def test_frames_outside_the_capture_are_zeros_and_those_that_were_dropped_too():
    feed = Feed([SOUND[:5000], SOUND[5000:]], 4)
    assert feed.frames(2990, 3010).tolist() == SOUND[4 * 2990 :].tolist() + [0] * 40
    assert feed.end == 3000
    feed.drop(100)
    assert not feed.frames(99, 100).any() and feed.frames(100, 101).tolist() == SOUND[400:404].tolist()


NUMBERS = np.arange(400, dtype=np.uint8).repeat(4)


class _Counted:
    """Blocks, and how many of them were asked for."""

    def __init__(self, *sizes):
        self.asked, self._sizes = 0, sizes

    def __iter__(self):
        at = 0
        for size in self._sizes:
            self.asked += 1
            yield NUMBERS[4 * at : 4 * (at + size)]
            at += size


@pytest.mark.parametrize(("frame", "asked"), [(0, 0), (1, 1), (10, 1), (11, 2), (30, 2), (31, 3), (60, 3)])
def test_blocks_are_read_until_the_frames_are_held(frame, asked):
    blocks = _Counted(10, 20, 30)
    feed = Feed(blocks, 4)
    feed.upto(frame)
    assert blocks.asked == asked
    assert feed.end is None
    feed.upto(61)
    assert (blocks.asked, feed.end) == (3, 60)
    assert feed.frames(0, 60).tolist() == NUMBERS[:240].tolist()


def test_frames_that_were_dropped_still_count():
    blocks = _Counted(10, 20, 30)
    feed = Feed(blocks, 4)
    feed.upto(10)
    feed.drop(7)
    feed.upto(10)
    assert blocks.asked == 1
    assert feed.frames(5, 12).tolist() == [0] * 8 + NUMBERS[28:48].tolist()
    assert blocks.asked == 2
    feed.drop(3)
    assert feed.frames(7, 8).tolist() == NUMBERS[28:32].tolist()
    feed.drop(999)
    feed.upto(999)
    assert feed.end == 60
    assert feed.frames(29, 32).tolist() == [0] * 4 + NUMBERS[120:128].tolist()


def test_frames_of_a_stretch_that_ends_before_it_begins_are_none():
    feed = Feed(_Counted(10), 4)
    assert feed.frames(5, 5).size == feed.frames(5, 3).size == 0
    assert feed.frames(-2, 1).tolist() == [0] * 8 + NUMBERS[:4].tolist()
    assert feed.frames(9, 12).tolist() == NUMBERS[36:40].tolist() + [0] * 8
    assert not feed.frames(20, 22).any()


def test_block_that_was_handed_over_may_be_written_again():
    block = NUMBERS[:40].copy()
    feed = Feed([block, NUMBERS[40:80]], 4)
    feed.upto(11)
    block[:] = 99
    assert feed.frames(0, 10).tolist() == NUMBERS[:40].tolist()


@pytest.mark.parametrize(("held", "start"), [(32, 0), (33, 33)])
def test_first_frames_that_are_alike_are_silence_from_a_number_on(held, start):
    # A loud word: silence behind a path that adds a constant.
    line = np.tile(np.array([0, 128, 0, 128], np.uint8), held)
    assert active(Feed([line, SOUND], 4), PATTERN) == start


def test_silence_may_last_for_many_blocks():
    quiet = np.zeros(4 * 200001, np.uint8)
    assert active(Feed([quiet, SOUND], 4), PATTERN) == 200001
    assert active(Feed([quiet], 4), PATTERN) is None
    assert active(Feed([], 4), PATTERN) is None


def _level(level, frames, seed=1):
    drawn = np.random.default_rng(seed).integers(-level, level + 1, (frames, 2))
    drawn[0] = level
    return drawn.astype("<i2").reshape(-1).view(np.uint8)


@pytest.mark.parametrize(
    ("quiet", "level", "start"),
    [(320, 100, 320), (96, 100, 96), (40, 100, 0), (320, 2300, 0), (320, 1000, 320)],
)
def test_noise_of_an_idle_input_is_silence_while_it_is_far_softer(quiet, level, start):
    raw = np.concatenate([_level(level, quiet), _level(32767, 3000, 2)])
    found = active(Feed([raw], 4), PATTERN)
    assert abs(found - start) <= 3


def test_capture_that_is_soft_all_through_begins_with_its_first_frame():
    assert active(Feed([_level(100, 3000)], 4), PATTERN) == 0
    assert active(Feed([_level(100, 20)], 4), PATTERN) == 0
