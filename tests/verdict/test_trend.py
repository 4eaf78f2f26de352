# SPDX-License-Identifier: MIT
"""Sweeps of a ring or a period: which arms belong together, and what their rate says."""

from __future__ import annotations

import re

import pytest

from stress.plan.plan import Arm
from stress.stats.dose import DoseResponse
from stress.verdict import trend
from stress.verdict.contrast import Measured
from stress.verdict.tally import Tally
from stress.verdict.trend import LEVEL, SizeTrend, sweeps


def _arm(name, wrong=0, checked=1000, sweep="", **sizes):
    tally = Tally(name, bursts=1, checked_frames=checked, wrong_frames=wrong)
    tally.samples = [(wrong, checked)]
    return Measured(Arm(name=name, sweep=sweep, **sizes), tally)


def _swept(*entries):
    return [(one.base, one.size, [entry.arm.name for entry in one.entries]) for one in sweeps(entries)]


BASE = {"playback_buffer": 480, "capture_buffer": 480, "period_size": 48}
SMALL = {**BASE, "period_size": 24}


def test_sweep_holds_its_base_and_its_arms_the_smallest_first():
    base, small = _arm("a", 1, **BASE), _arm("b", 5, sweep="a", **SMALL)
    large = _arm("c", sweep="a", **{**BASE, "period_size": 96})
    assert _swept(base, large, small) == [("a", "period_size", ["b", "a", "c"])]
    assert sweeps([base, small])[0].points() == [(24, 5, 1000), (48, 1, 1000)]


def test_sweep_is_told_where_one_of_its_arms_is_wrong_and_two_were_checked():
    small = _arm("b", sweep="a", **SMALL)
    assert _swept(_arm("a", **BASE), small) == []
    assert len(_swept(_arm("a", 1, **BASE), small)) == 1
    assert len(_swept(_arm("a", **BASE), _arm("b", 1, sweep="a", **SMALL))) == 1
    assert _swept(_arm("a", 0, 0, **BASE), _arm("b", 1, sweep="a", **SMALL)) == []
    assert _swept(_arm("a", 1, **BASE), _arm("b", sweep="nobody", **SMALL)) == []


def test_line_of_a_sweep_gives_sizes_and_shares_in_per_cent():
    base, small = _arm("a", 1, 2000, **BASE), _arm("b", 50, 1000, sweep="a", **SMALL)
    (line,) = trend.trends([base, small])
    assert line.startswith("a: periods of 24, 48 frames: 5, 0.05 % of the frames wrong; ")


def _fit(exposure_s, p):
    values = {"exposure_s": exposure_s, "p": p}
    names = DoseResponse.__dataclass_fields__
    return DoseResponse(**{name: values.get(name, 0.0) for name in names})


@pytest.mark.parametrize(
    ("fitted", "size", "words"),
    [
        (None, "period_size", "no dependence on the period is shown"),
        (_fit(0.1, LEVEL), "period_size", "no dependence on the period is shown"),
        (_fit(0.1, LEVEL * 0.99), "period_size", "it rises as the period shrinks .* survive a period"),
        (_fit(0.0, LEVEL / 2), "period_size", "it rises as the period shrinks"),
        (_fit(0.1, LEVEL / 2), "capture_buffer", "it rises as the ring shrinks .* survive a lap"),
        (_fit(-0.1, LEVEL / 2), "period_size", "it falls as the period shrinks .* no cache alias explains"),
        (_fit(-0.1, 1.0), "period_size", "no dependence on the period is shown"),
    ],
)
def test_dependence_is_told_below_the_level_and_by_its_direction(fitted, size, words):
    assert re.match(words, trend._says(SizeTrend("a", size, (), fitted)))
