# SPDX-License-Identifier: MIT
"""A fade is one finding, down to its quiet end; damage is none."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path.fade import named_fades
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured

PATTERN, RINGS = Pattern("mix1", FORMATS["S16_LE"], 2), Rings(4800, 5280)


def _named(way):
    raw = captured(way, position=1 << 20)
    found = check(raw, Expected(PATTERN, RINGS))
    return found, named_fades(found, PATTERN, lambda first, stop: raw[4 * first : 4 * stop])


def test_fade_to_silence_is_one_gain_from_its_first_to_its_last_frame():
    def fading(x):
        gain = np.ones((len(x), 1))
        gain[12000:, 0] = np.linspace(1, 0, 12000)
        return x * gain

    before, after = _named(fading)
    assert before.found > 1
    (found,) = after.findings
    assert found.kind is Kind.GAIN and dict(after.counts) == {Kind.GAIN: 1}
    assert abs(found.frame - 12000) < 4 and found.frame + found.frames == 24000
    assert "fades" in found.text and found.details["gain_db"] < -3
    assert sum(after.sites.values()) == 1


def test_noise_in_the_place_of_frames_is_no_fade():
    def noisy(x):
        x = x.copy()
        x[12000:16000] = np.random.default_rng(3).integers(-30000, 30000, (4000, 2))
        return x

    before, after = _named(noisy)
    assert after is before and before.found
