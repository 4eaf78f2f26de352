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
