# SPDX-License-Identifier: MIT
"""Runs compared: the word of each arm and of all of them, and what decides nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stress.model.exposure import ZERO_EVENTS_95
from stress.model.verdict import Verdict
from stress.plan.plan import read_plan
from stress.stats.counts import Comparison
from stress.verdict import comparison
from stress.verdict.comparison import Compared, Row, RunComparison
from stress.verdict.rates import Difference, RateUnit, RateUnits, Word
from stress.verdict.tally import Tally
from tests.record_cases import event, summary

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


INF = float("inf")


def _row(word=Word.CANNOT_TELL, factor=1.0, another=(), first=Tally("a"), second=Tally("a"), **difference):  # noqa: B008
    return Row("a", first, second, Difference(**difference), word=word, factor=factor, another=another)


def test_arms_of_a_word_are_those_of_the_same_test():
    rows = (
        _row(Word.SAME),
        Row("b", None, None, word=Word.SAME, another=("rate 1 -> 2",)),
        Row("c", None, None, word=Word.WORSE),
        Row("d", None, None, word=Word.SAME),
    )
    assert RunComparison(None, None, rows, Word.SAME, 0.0).arms(Word.SAME) == ["a", "d"]


@pytest.mark.parametrize(("colours", "drawn"), [(None, False), (1, False), (2, True), (4, True)])
def test_units_of_a_run_have_the_wrong_frames_of_each_burst(monkeypatch, colours, drawn):
    start = None if colours is None else SimpleNamespace(transport=SimpleNamespace(drawn_colours=colours))
    tally = SimpleNamespace(wrong_frames=0)
    summing = SimpleNamespace(start=start, tallies={"a": tally}, result=lambda plan: ("summary", plan))

    def read(folder, watch):
        for wrong in (8, 20, 20):
            tally.wrong_frames = wrong
            watch(summing, event(_burst(1, 2)))
        watch(summing, event({"event": "start"}))
        return summing

    monkeypatch.setattr(comparison.run_folder, "read", read)
    found = comparison.read("folder", "night", "plan")
    assert (found.name, found.run, list(found.units)) == ("night", ("summary", "plan"), ["a"])
    units = found.units["a"]
    assert units.drawn is drawn
    # Of one allocation they are one unit where the colours of a ring are drawn with it.
    assert [unit.wrong for unit in units.kept] == ([20] if drawn else [8, 12, 0])


@pytest.mark.parametrize(
    ("first", "second", "doubt", "tested"),
    [
        (2, 2, "", True),
        (0, 1, "", True),
        (1, 0, "", True),
        (0, 0, "", False),
        (2, 3, "rw", False),
        (0, 0, "rw", False),
    ],
)
def test_row_is_tested_where_an_episode_was_seen_and_nothing_is_doubted(first, second, doubt, tested):
    row = _row(comparison=Comparison(first=first, second=second), doubt=doubt)
    assert comparison._tests(row) is tested


def _compared(*parts, arms=("a",), bound=1e-3, streamed_s=10.0, lines=1000, found=0, verdict=Verdict.PASS):
    plan = SimpleNamespace(arm=[SimpleNamespace(name=name) for name in arms], bound=bound)
    whole = SimpleNamespace(streamed_s=streamed_s, lines=lines, found=found)
    run = SimpleNamespace(parts=parts, plan=plan, whole=whole, judgement=SimpleNamespace(verdict=verdict))
    return Compared("x", run, {"a": RateUnits()})


@pytest.mark.parametrize(
    ("episodes", "tiles", "full"),
    [((81, 81), 100, True), ((80, 81), 100, False), ((81, 80), 100, False), ((1, 1), 0, False)],
)
def test_frames_are_compared_where_nearly_every_tile_of_both_runs_has_an_episode(
    monkeypatch, episodes, tiles, full
):
    asked = []
    monkeypatch.setattr(comparison, "difference", lambda one, two, full: asked.append(full) or Difference())
    monkeypatch.setattr(comparison, "_settings", lambda *_: ())
    comparison._row("a", *(_compared(Tally("a", bursts=1, tiles=tiles, episodes=each)) for each in episodes))
    assert [bool(one) for one in asked] == [full]


@pytest.mark.parametrize(
    ("first", "second", "arms", "words"),
    [
        (0, 0, ("a", "b"), "not run"),
        (0, 1, ("a", "b"), "not run in the first"),
        (1, 0, ("b", "a"), "not run in the second"),
        (0, 1, ("b", "c"), "only in the second"),
        (1, 0, ("b", "c"), "only in the first"),
    ],
)
def test_arm_that_was_not_run_says_in_which_and_whether_it_was_planned(first, second, arms, words):
    runs = [_compared(*[Tally("a", bursts=1)] * ran, arms=arms) for ran in (first, second)]
    assert comparison._absent("a", *runs) == words


GOOD = {"bursts": 1, "lines": 9, "planted": 3}


@pytest.mark.parametrize(
    ("one", "two", "counts", "word", "why", "factor"),
    [
        (GOOD, GOOD, (0, 0), Word.SAME, "clean in both", 1.0),
        ({**GOOD, "lines": 0}, GOOD, (0, 0), Word.CANNOT_TELL, "no ring line was checked", INF),
        (GOOD, {**GOOD, "lines": 0}, (0, 0), Word.CANNOT_TELL, "no ring line was checked", INF),
        ({**GOOD, "lines": 0}, {}, (0, 0), Word.CANNOT_TELL, "no ring line was checked", INF),
        (GOOD, GOOD, (1, 1), Word.CANNOT_TELL, "too few episodes, at these rates", None),
        (GOOD, GOOD, (90, 90), Word.SAME, "", 1.0),
    ],
)
def test_row_says_why_it_cannot_tell(one, two, counts, word, why, factor):
    row = _row(
        first=Tally("a", **one),
        second=Tally("a", **two),
        comparison=Comparison(1.0, 1.0, *counts),
    )
    found = comparison._judged(row, 0.7)
    assert (found.p, found.word, found.why) == (0.7, word, why)
    assert found.factor == factor if factor is not None else 1.0 < found.factor < INF


def test_row_with_findings_in_both_and_no_episode_is_not_clean():
    parts = [Tally("a", **GOOD) for _ in range(2)]
    for part in parts:
        part.counts["stale"] = 1
    assert comparison._judged(_row(first=parts[0], second=parts[1]), 1.0).word is Word.CANNOT_TELL


@pytest.mark.parametrize(
    ("words", "found", "verdicts", "word"),
    [
        ((Word.SAME, Word.WORSE, Word.BETTER), (0, 0), "PP", Word.WORSE),
        ((Word.SAME, Word.BETTER), (0, 0), "PP", Word.BETTER),
        ((Word.SAME, Word.SAME), (0, 0), "PP", Word.SAME),
        ((Word.SAME,), (0, 0), "PI", Word.CANNOT_TELL),
        ((Word.SAME,), (1, 1), "II", Word.SAME),  # not clean: no PASS is waited for
        ((Word.SAME, Word.CANNOT_TELL), (1, 1), "PP", Word.CANNOT_TELL),
        ((), (0, 0), "PP", Word.CANNOT_TELL),
    ],
)
def test_word_of_two_runs_is_the_worst_of_their_arms(words, found, verdicts, word):
    named = {"P": Verdict.PASS, "I": Verdict.INCONCLUSIVE}
    runs = [_compared(found=n, verdict=named[letter]).run for n, letter in zip(found, verdicts)]
    assert comparison._whole([_row(one) for one in words], *runs) is word


def test_arm_of_one_run_counts_and_one_of_neither_does_not():
    runs = [_compared().run] * 2
    same, alone = _row(Word.SAME), _row(second=None)
    assert comparison._whole([same, alone], *runs) is Word.CANNOT_TELL
    assert comparison._whole([same, _row(first=None, second=None)], *runs) is Word.SAME
    assert comparison._whole([same, _row(another=("x",))], *runs) is Word.SAME


@pytest.mark.parametrize(
    ("rows", "lines", "factor"),
    [
        ([_row(factor=3.0), _row(factor=5.0), _row(factor=INF)], (10, 10), 5.0),
        ([_row(factor=3.0), _row(Word.SAME, 9.0), _row(factor=8.0, another=("x",))], (10, 10), 3.0),
        ([_row(factor=INF)], (10, 10), INF),
        ([], (100, 400), ZERO_EVENTS_95 / 1e-3 / 100),  # clean in both: up to the bound, the shorter one
        ([], (400, 0), ZERO_EVENTS_95 / 1e-3 / 400),
        ([], (0, 0), INF),
        ([], (10_000, 20_000), INF),  # long enough for the bound
        ([_row(Word.SAME, 9.0)], (100, 400), ZERO_EVENTS_95 / 1e-3 / 100),
    ],
)
def test_streaming_that_would_tell_is_that_of_the_longer_run_times_the_largest_factor(rows, lines, factor):
    runs = [_compared(lines=n, streamed_s=s).run for n, s in zip(lines, (20.0, 30.0))]
    assert comparison._needed(rows, *runs) == pytest.approx(30.0 * factor)


def test_run_that_has_just_the_lines_of_its_bound_needs_no_more():
    runs = [_compared(bound=ZERO_EVENTS_95 / 128, lines=128).run] * 2
    assert comparison._needed([], *runs) == INF
