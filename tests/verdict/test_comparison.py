# SPDX-License-Identifier: MIT
"""Runs compared: the word of each arm and of all of them, and what decides nothing."""

from __future__ import annotations

import pytest

from stress.plan.plan import read_plan
from stress.verdict import comparison
from stress.verdict.comparison import Compared
from stress.verdict.rates import RateUnit, RateUnits, Word
from tests.record_cases import summary

CONTROL = {"planted": 60, "found": 60}


def _plan(**arm):
    return read_plan({"bound": 0.01, "arm": [{"name": "a", **arm}]}, "plan")


def _burst(number, episodes, **more):
    found = {"counts": {"stale": episodes}, "wrong_frames": 8 * episodes} if episodes else {}
    return {
        "event": "burst", "number": number, "episodes": episodes, "observed_s": 10.0, "streamed_s": 10.0,
        "analysis": {"frames": 480000, "checked_frames": 480000, "detector": "exact", **found},
        "exposure": {"lines": 100_000, "line_bytes": 32}, "control": CONTROL,
        "tiles": {"number": 500, "runs": episodes, "squares": episodes}, **more,
    }  # fmt: skip


def _run(name, episodes, verdict="", plan=None, **more):
    bursts = [_burst(number, one, **more) for number, one in enumerate(episodes, 1)]
    ended = [{"event": "verdict", "verdict": verdict, "reasons": [], "backend": "x"}] if verdict else []
    kept = [RateUnit(one, 10.0, 8 * one, 480000) for one in episodes]
    return Compared(name, summary(*bursts, *ended, plan=plan or _plan()), {"a": RateUnits(False, kept)})


def _compare(*runs):
    return comparison.compare(runs)


def test_more_episodes_are_worse_and_fewer_better():
    low, high = _run("low", [2, 3, 2]), _run("high", [20, 30, 20])
    (up,), (down,) = _compare(low, high), _compare(high, low)
    assert up.word is Word.WORSE
    assert up.arms(Word.WORSE) == ["a"]
    assert down.word is Word.BETTER


def test_clean_runs_are_the_same_only_where_both_pass():
    passed = _run("p", [0, 0, 0], "PASS")
    assert [one.word for one in _compare(passed, passed)] == [Word.SAME]
    (found,) = _compare(passed, _run("q", [0]))
    assert found.word is Word.CANNOT_TELL


def test_an_arm_that_is_another_test_is_shown_and_decides_nothing():
    other = _run("b", [20, 30, 20], plan=_plan(playback_buffer=192))
    (found,) = _compare(_run("a", [2, 3, 2]), other)
    assert found.rows[0].another == ("playback_buffer 4800 -> 192",)
    assert found.rows[0].word is Word.WORSE
    assert found.word is Word.CANNOT_TELL


def test_length_and_name_of_a_burst_make_no_other_test():
    other = _run("b", [2, 3, 2], plan=_plan(burst_s="5s", bursts=7, group="g"))
    assert _compare(_run("a", [2, 3, 2]), other)[0].rows[0].another == ()


def test_runs_judged_by_other_detectors_do_not_compare():
    spectral = [_burst(1, 3)]
    spectral[0]["analysis"]["detector"] = "spectral"
    other = Compared(
        "s", summary(*spectral, plan=_plan()), {"a": RateUnits(False, [RateUnit(3, 10.0, 24, 480000)])}
    )
    (found,) = _compare(_run("a", [3]), other)
    assert found.word is Word.CANNOT_TELL
    assert "judged by exact and by spectral" in found.rows[0].why


def test_an_arm_of_one_run_only_tells_nothing():
    other = read_plan({"arm": [{"name": "b"}]}, "plan")
    bursts = [_burst(1, 3, arm="b")]
    two = Compared(
        "two", summary(*bursts, plan=other), {"b": RateUnits(False, [RateUnit(3, 10.0, 24, 480000)])}
    )
    (found,) = _compare(_run("one", [3]), two)
    assert found.word is Word.CANNOT_TELL
    assert {row.arm: row.why for row in found.rows} == {"a": "only in the first", "b": "only in the second"}


def test_too_few_episodes_say_how_much_longer():
    (found,) = _compare(_run("a", [1]), _run("b", [2]))
    assert found.word is Word.CANNOT_TELL
    assert 100 < found.needed_s < 10000


def test_p_values_are_corrected_over_all_runs_compared():
    first, other = _run("a", [3, 3, 3]), _run("b", [8, 8, 8])
    alone, of_six = _compare(first, other)[0], _compare(first, *[other] * 6)[0]
    assert of_six.rows[0].p == pytest.approx(6 * alone.rows[0].p)
