# SPDX-License-Identifier: MIT
"""Where a burst ends and silence follows, on a path without noise."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral import analyze
from stress.detect.spectral.walk import EDGE, Options
from stress.model.formats import sample_format
from stress.model.ring import Rings
from stress.patterns.noise import NoisePattern

FRAMES, RINGS = 96000, Rings(4096, 5120)


def _burst(position, lead, tail):
    pattern = NoisePattern(48000, 2, sample_format("S16_LE"))
    captured = np.zeros((lead + FRAMES + tail) * 4, np.uint8)
    pattern.fill(position, captured[4 * lead : 4 * (lead + FRAMES)])
    return pattern, captured


def _check(pattern, captured, position):
    options = Options(played=FRAMES, before_s=2.0, after_s=2.0)
    return analyze(captured, pattern, RINGS, first_position=position, options=options)


@pytest.mark.parametrize(("lead", "tail"), [(0, 500), (192, 4000)])
def test_silence_behind_a_bit_exact_burst_is_no_disturbance(lead, tail):
    result = _check(*_burst(1000, lead, tail), 1000)
    assert (result.analysis.locked, result.analysis.found, result.disturbances) == (True, 0, 0)
    assert not result.advice


def test_stale_line_just_before_the_reach_of_the_end_is_found():
    pattern, captured = _burst(1000, 192, 4000)
    frame = 192 + (FRAMES - EDGE) // 8 * 8 - 16
    captured[4 * frame : 4 * (frame + 8)] = captured[4 * (frame - 4096) : 4 * (frame - 4088)].copy()
    (finding,) = _check(pattern, captured, 1000).analysis.findings
    assert abs(finding.frame - frame) <= 1
    assert (finding.kind.value, finding.lag, finding.ring) == ("stale", 4096, "playback")
