# SPDX-License-Identifier: MIT
"""A path is said once, again where it changes, and a path that moves within a run is a finding."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from stress.experiment.burst import BurstResult
from stress.experiment.method.detector import CheckResult
from stress.experiment.path_watch import PathWatch
from stress.model.finding import Analysis
from stress.model.path import Path

EXACT = Path.bit_exact(2, 16, 0, None)
SOFTER = replace(EXACT, exact=False, gain_db=(-3.0, -3.0))
SWAPPED = replace(EXACT, exact=False, channels=(1, 0))
JUDGE = SimpleNamespace(loopback="digital", name="exact")


def _burst(path, locked=True, xruns=0, by_wire=False):
    heard = CheckResult(Analysis("exact", locked, 1000, 1000, 0, 1, path=path))
    exchange = SimpleNamespace(xruns=xruns)
    return BurstResult(1, 1000, exchange, heard, locked, None, None, None, None, by_wire=by_wire)


def _watch():
    asked, said = [], []
    watch = PathWatch(SimpleNamespace(append=said.append), lambda: asked.append(1) or ["here: softvol"])
    return watch, said, asked


def test_path_is_said_once_and_again_where_it_changes():
    watch, said, asked = _watch()
    for path in (None, EXACT, SOFTER, SOFTER, SWAPPED):
        watch.say(path, JUDGE)
    assert [one.path[:4] for one in said] == ["gain", "chan"]
    assert asked == [1]
    assert "here: softvol" in said[0].advice and "here: softvol" not in said[1].advice


@pytest.mark.parametrize(
    ("how", "found"),
    [({}, 1), ({"locked": False}, 0), ({"xruns": 1}, 0), ({"by_wire": True}, 0)],
    ids=["judged", "no lock", "xrun", "by the bus"],
)
def test_path_that_is_another_than_in_the_first_burst_is_a_finding_where_the_loopback_judges(how, found):
    watch, *_ = _watch()
    first = _burst(SOFTER)
    assert watch.compared(first) is first
    found_later = watch.compared(_burst(SWAPPED, **how)).analysis.findings
    assert len(found_later) == found
    assert all(one.text.startswith("Unlike in earlier bursts: ") for one in found_later)


def test_bursts_that_another_stimulus_judges_carry_the_path_that_called_for_it():
    watch, *_ = _watch()
    resampled = replace(EXACT, exact=False, rate_ratio=1.0001, invertible=False)
    watch.say(resampled, SimpleNamespace(loopback="analog", name="spectral"))
    noise = BurstResult(
        1,
        1000,
        SimpleNamespace(xruns=0),
        CheckResult(Analysis("spectral", True, 1000)),
        True,
        None,
        None,
        None,
        None,
    )
    assert watch.compared(noise).analysis.path == resampled
    assert watch.compared(_burst(None, locked=False)).analysis.path is None
