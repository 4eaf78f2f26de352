# SPDX-License-Identifier: MIT
from dataclasses import replace

from stress.detect.path.curve import CURVES
from stress.detect.path.estimated import Estimate
from stress.detect.path.ranking import cost
from stress.model.path import Path

PLAIN = replace(Path.bit_exact(2, 16), exact=False, invertible=False)


def test_curve_without_a_delay_is_told_before_one_with_it_and_both_before_a_filter():
    filtered = cost(Estimate(replace(PLAIN, encoding="filtered"), 0))
    for encoding in CURVES:
        straight = replace(PLAIN, encoding=encoding)
        late = replace(straight, delay_frames=(0, 1292))
        assert cost(Estimate(straight, 0)) < cost(Estimate(late, 0)) < filtered
