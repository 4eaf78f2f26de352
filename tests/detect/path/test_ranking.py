# SPDX-License-Identifier: MIT
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path.attribute import Term
from stress.detect.path.bitmap import BitMap
from stress.detect.path.curve import CURVES
from stress.detect.path.estimated import Estimate
from stress.detect.path.forward import Forward
from stress.detect.path.lines import SeenLine
from stress.detect.path.ranking import cost, odd_order, order, strongest
from stress.model.path import TWO_CLOCKS, Path

PLAIN = replace(Path.bit_exact(2, 16), exact=False, invertible=False)


def test_curve_without_a_delay_is_told_before_one_with_it_and_both_before_a_filter():
    filtered = cost(Estimate(replace(PLAIN, encoding="filtered"), 0))
    for encoding in CURVES:
        straight = replace(PLAIN, encoding=encoding)
        late = replace(straight, delay_frames=(0, 1292))
        assert cost(Estimate(straight, 0)) < cost(Estimate(late, 0)) < filtered


def kind(high, shift, share):
    """A kind of half that a stream carries."""
    return SeenLine(high, shift, share, ())


STRAIGHT = replace(PLAIN, invertible=True)
TERM = Term(0, 0, 1.0)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (STRAIGHT, 0.0),
        (replace(STRAIGHT, delay_frames=(0, 3)), 5.0),
        (replace(STRAIGHT, delay_frames=(2, 3)), 10.0),
        (replace(PLAIN, encoding="noisy"), 1500.0),
        (replace(PLAIN, encoding="filtered"), 1000.0),
        (replace(PLAIN, rate_ratio=0.91), 1000.0),
        (replace(PLAIN, rate_ratio=1 + 1e-4), 990.0),
        (replace(PLAIN, rate_ratio=1 - 1e-4, encoding="filtered"), 990.0),
        (replace(PLAIN, rate_ratio=1 + TWO_CLOCKS * 1.01), 1000.0),
        (replace(PLAIN, rate_ratio=1 + 0.9e-6), 1000.0),
        (replace(PLAIN, encoding="bent", delay_frames=(0, 3)), 905.0),
    ],
)
def test_cost_of_a_path_grows_with_what_it_supposes(path, expected):
    assert cost(Estimate(path, 0)) == expected


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        (Forward((TERM,), share=0.98), 0.0),
        (Forward((TERM,), share=0.97), 2.0),
        (Forward((TERM,), share=1.0, off=1), 10.5),
        (Forward((TERM,), share=1.0, offset=-1.0), 3.0),
        (Forward((TERM, TERM, TERM), share=1.0), 6.0),
        (Forward((), share=0.0), 0.0),
        (Forward((), share=0.0, offset=7.0), 3.0),
    ],
)
def test_cost_of_arithmetic_is_that_of_all_channels(forward, expected):
    assert cost(Estimate(STRAIGHT, 0, (forward, Forward((TERM,), share=1.0)))) == pytest.approx(expected)
    assert cost(Estimate(STRAIGHT, 0, (forward, forward))) == pytest.approx(2 * expected)


def wiring(**more):
    """A wiring of eight bits."""
    fields = {
        "source": np.arange(8),
        "inverted": np.zeros(8, bool),
        "constant": np.full(8, -1),
        "level": 1.0,
        **more,
    }
    return BitMap(fields["source"], np.zeros(8, int), fields["inverted"], fields["constant"], fields["level"])


@pytest.mark.parametrize(
    ("wires", "encoding", "expected"),
    [
        (wiring(), "", 4.0),
        (wiring(), "bytes exchanged", 7.0),
        (wiring(), "bit 2 inverted; bit 3 inverted", 8.0),
        (wiring(inverted=np.arange(8) < 2), "", 8.0),
        (wiring(source=np.where(np.arange(8) < 3, -1, 0)), "", 19.0),
        (
            wiring(source=np.where(np.arange(8) < 3, -1, 0), constant=np.where(np.arange(8) < 2, 0, -1)),
            "",
            9.0,
        ),
        (wiring(level=0.9), "", 6.0),
    ],
)
def test_cost_of_a_wiring_is_that_of_its_flips_and_lost_bits(wires, encoding, expected):
    assert cost(Estimate(replace(STRAIGHT, encoding=encoding), 0, wires=wires)) == pytest.approx(expected)


def test_low_halves_are_tried_before_high_ones_and_small_shifts_first():
    low, high = kind(False, 0, 0.5), kind(True, 0, 0.6)
    shifted = kind(False, 1, 0.5)
    assert order([[high], [low], [shifted]]) == [(1, low, False), (0, high, False), (2, shifted, False)]


def test_strongest_channel_of_those_alike_is_tried_first():
    weak, strong = kind(False, 0, 0.4), kind(False, 0, 0.5)
    assert [one[0] for one in order([[weak], [strong], [weak]])] == [1, 0, 2]
    assert [one[0] for one in order([[weak], [strong], [weak], [weak]])] == [1, 0, 2]
    assert [one[0] for one in order([[weak], [strong]], most=1)] == [1]


def test_stream_of_both_halves_is_tried_as_a_sum_and_as_its_high_half():
    low, high = kind(False, 0, 0.3), kind(True, 0, 0.5)
    assert order([[high, low]]) == [(0, low, True), (0, high, False)]
    assert order([[low, kind(True, 1, 0.5)]])[0] == (0, low, False)
    # A whole low half is tried before a sum.
    alone = kind(False, 0, 0.3)
    assert order([[high, low], [alone]])[0] == (1, alone, False)


@pytest.mark.parametrize(
    ("low", "high", "tried"),
    [
        (0.04, 0.0, 0),
        (0.041, 0.0, 1),
        (0.0, 0.15, 0),
        (0.0, 0.151, 1),
        (0.2, 0.5, 1),
        (0.201, 0.5, 2),
        (0.05, 0.12, 1),
    ],
)
def test_kinds_are_tried_from_a_share_on(low, high, tried):
    seen = [kind(high_one, 0, share) for high_one, share in ((False, low), (True, high)) if share]
    assert len(order([seen])) == tried


def test_strongest_share_is_that_of_all_channels():
    assert strongest([[kind(True, 0, 0.2)], [], [kind(False, 3, 0.5), kind(True, 0, 0.1)]]) == 0.5
    assert strongest([[], []]) == 0.0


def test_words_of_two_frames_are_tried_by_side_low_halves_first():
    low, weak, high, shifted = (
        kind(False, 0, 0.5),
        kind(False, 0, 0.4),
        kind(True, 0, 0.9),
        kind(False, 1, 0.9),
    )
    found = odd_order([[[high]], [[low]]])
    assert found == [(0, low, 1), (0, high, 0)]
    assert odd_order([[[weak]], [[low], [shifted]]]) == [(0, low, 1), (0, weak, 0), (1, shifted, 1)]
    assert len(odd_order([[[low], [low]], [[low], [low]]])) == 3
