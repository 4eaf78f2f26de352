# SPDX-License-Identifier: MIT
import pytest

from stress.detect.path.transparency import Transparency, compared
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
SENT = PATTERN.bytes_at(100, 50)


def test_capture_that_is_what_was_sent_differs_nowhere():
    found = compared(SENT, SENT, PATTERN, 100, 100)
    assert found == Transparency(50, 0, ((0.0,) * 16,) * 2)
    assert found.clean_bits == 16


def test_differences_are_counted_per_channel_and_bit_with_their_places():
    seen = SENT.copy().reshape(-1, 4)
    seen[10, 0] ^= 0x05
    seen[20, 3] ^= 0x80
    seen[30, 0] ^= 0x01
    found = compared(seen.reshape(-1), SENT, PATTERN, 100, 100)
    left, right = [0.0] * 16, [0.0] * 16
    left[0], left[2], right[15] = 0.04, 0.02, 0.02
    assert found == Transparency(50, 3, (tuple(left), tuple(right)), 10, 30)
    assert found.clean_bits == 13


@pytest.mark.parametrize(
    ("align", "frames", "first"),
    [
        (100, 40, 0),  # the capture is the shorter one
        (95, 35, 5),  # it begins five frames before what was sent
        (103, 40, 0),  # it begins three frames inside it
        (115, 35, 0),
        (140, 10, 0),
        (150, 0, 0),
        (60, 0, 0),
        (61, 1, 39),
    ],
)
def test_capture_is_compared_where_it_and_what_was_sent_meet(align, frames, first):
    capture = PATTERN.bytes_at(align, 40).copy()
    capture.reshape(-1, 4)[first, 0] ^= 1
    found = compared(capture, SENT, PATTERN, align, 100)
    assert found.frames == frames
    if frames:
        assert (found.differing, found.first, found.last) == (1, first, first)
        assert found.rates[0][:2] == (1 / frames, 0.0)
    else:
        assert found == Transparency(0)


@pytest.mark.parametrize("ahead", [3, -3])
def test_positions_are_compared_across_their_end(ahead):
    first = (1 << 32) - 2
    sent = PATTERN.bytes_at(first, 20)
    align = (first + ahead) % (1 << 32)
    found = compared(PATTERN.bytes_at(align, 20), sent, PATTERN, align, first)
    assert (found.frames, found.differing) == (17, 0)


def test_comparison_without_frames_has_no_clean_bits():
    assert Transparency(0).clean_bits == 0


def test_json_tells_times_behind_the_start_of_the_capture():
    found = Transparency(100, 2, ((0.0, 0.02), (0.0, 0.0)), 24, 48)
    assert found.to_json(48000) == {
        "frames": 100, "differing": 2, "clean_bits": 1, "bit_error_rates": [[0.0, 0.02], [0.0, 0.0]],
        "first_s": 0.0005, "last_s": 0.001,
    }  # fmt: skip
    clean = Transparency(100, 0, ((0.0,),)).to_json(48000)
    assert (clean["first_s"], clean["last_s"]) == (None, None)
    assert Transparency(9, 1, ((0.1,),), 1, 3).to_json(48000)["first_s"] == 2.1e-05
