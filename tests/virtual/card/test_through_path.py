# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.virtual.card.cable import frames_of, samples_of, through_path
from stress.virtual.card.path_spec import PathSpec

FMT = FORMATS["S16_LE"]
SENT = np.array([[1000, -2001], [-32768, 32767]], np.int32)


@pytest.mark.parametrize(
    ("spec", "arrives"),
    [
        (PathSpec(), [[1000, -2001], [-32768, 32767]]),
        (PathSpec(order="exchanged"), [[-2001, 1000], [32767, -32768]]),
        (PathSpec(order="first"), [[1000, 1000], [-32768, -32768]]),
        (PathSpec(order="mono"), [[-501, -501], [-1, -1]]),
        (PathSpec(inverted=True), [[-1000, 2001], [32767, -32767]]),
        (PathSpec(bits=8), [[768, -2048], [-32768, 32512]]),
        (PathSpec(offset=5), [[1005, -1996], [-32763, 32767]]),
        (PathSpec(gain_db=-20.0), [[100, -200], [-3277, 3277]]),
    ],
)
def test_through_path_does_what_the_board_says(spec, arrives):
    heard = samples_of(through_path(frames_of(SENT, FMT), spec, FMT, 1), FMT)
    assert heard.tolist() == arrives
