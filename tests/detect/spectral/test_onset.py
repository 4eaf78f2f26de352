# SPDX-License-Identifier: MIT
"""The first line of a burst splashes outside the fitted band: neither alarm nor score."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stress.detect.spectral.explain import Explainer
from stress.detect.spectral.scan import HOP, SCORED, SPILL, BlockScan
from stress.detect.spectral.weigh import LINE


@pytest.fixture
def silent():
    power = np.zeros(SCORED // LINE, dtype=np.float32)
    return BlockScan(np.zeros(16384, dtype=np.float32), 1.0, power, 1.0, 1.0, 0.0)


class Steady:
    """A stimulus of ones."""

    def at(self, start, frames):
        return np.ones(frames, dtype=np.float32)


class Plain:
    """A channel that leaves the matched residual white, at 60 dB."""

    r = np.concatenate(([1e6], np.zeros(511))).astype(np.float32)


def powers(stretch, middle, line, value):
    loud = stretch.line_power.copy()
    loud[line] = value
    explainer = Explainer([Steady()], [Plain()], [])
    return explainer.power(middle, [dataclasses.replace(stretch, line_power=loud)])


def test_splash_of_the_onset_scores_nothing_where_the_burst_begins(silent):
    onset = SPILL // LINE
    assert powers(silent, 0, onset, 81.0).max() == 0
    assert powers(silent, 0, onset + 40, 81.0).max() == 0


def test_line_as_strong_as_the_start_itself_still_scores(silent):
    # 16 ones through r = 1e6 are 1.6e7; a thousandth of it is a fault.
    assert powers(silent, 0, SPILL // LINE, 1.7e4).max() == np.float32(1.7e4)


def test_line_away_from_the_onset_scores(silent):
    assert powers(silent, 0, SPILL // LINE + 60, 81.0).max() == 81.0
    assert powers(silent, HOP, SPILL // LINE, 81.0).max() == 81.0
