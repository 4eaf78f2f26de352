# SPDX-License-Identifier: MIT
"""The size bench judges a row by its nominal value, and simulates the shipped rules."""

from __future__ import annotations

import numpy as np
import pytest

from tools.benchkit import sizes


@pytest.mark.parametrize(
    ("rejected", "bound", "good"),
    [
        (100, False, True),
        (61, False, True),
        (59, False, False),
        (141, False, False),
        (0, True, True),
        (141, True, False),
    ],
)
def test_row_is_good_within_two_points_or_below_a_bound(rejected, bound, good):
    assert sizes.Row("test", 0.05, rejected, 2000, bound=bound).good is good


def test_early_stop_by_the_rule_keeps_the_size_and_peeking_does_not():
    rows = sizes._stopped(400, np.random.RandomState(2))
    rates = [row.rejected / row.trials for row in rows]
    assert rates[0] <= 0.05 + 0.02
    assert rates[-1] > 0.12
    assert rows[-1].warning


def test_clumps_counted_as_lines_reject_far_too_often():
    episodes, lines = sizes._clumps(300, np.random.RandomState(3))
    assert episodes.rejected / 300 < 0.1 < 0.4 < lines.rejected / 300
