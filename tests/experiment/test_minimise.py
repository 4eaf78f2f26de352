# SPDX-License-Identifier: MIT
"""Minimising a plan: what causes the corruption stays, all else goes, and the power is what it says."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from stress.experiment import minimise
from stress.experiment.minimise import Minimiser, Signature, Streamed, alone, decide, fastest, of_arm
from stress.experiment.minimised import sentence
from stress.model.exposure import ZERO_EVENTS_95
from stress.plan.plan import read_plan
from stress.stats.counts import poisson_interval
from stress.verdict.tally import Tally

ARM = {
    "name": "a", "playback": "rmw", "queue_periods": 2, "capture": "ahead", "switches_per_s": 100.0,
    "load": "memory", "period_size": 512, "playback_buffer": 4096, "capture_buffer": 5120,
}  # fmt: skip
PLAN = read_plan({"arm": [ARM], "conditions": {"cpu": 1}}, "p")
STALE = Signature("stale", "playback")


class _Board:
    """A board whose corruption has a known cause: `needs` says whether a plan of one arm shows it."""

    def __init__(self, needs, rate=20.0, seed=1, granted=()):
        self.needs, self.rate, self.granted = needs, rate, granted
        self.streamed, self._random = 0.0, random.Random(seed)

    def __call__(self, plan):
        (arm,) = plan.arm
        self.streamed += arm.burst_s
        rate = self.rate if self.needs(arm, plan) else 0.0
        episodes = sum(self._random.random() < rate * arm.burst_s / 1000 for _ in range(1000))
        return Streamed(episodes, arm.burst_s, arm.burst_s, int(12000 * arm.burst_s), granted=self.granted)


def _smallest(needs, ring="playback", budget=10000.0, **more):
    board = _Board(needs, **more)
    search = Minimiser(board, 0.9, 1.0, budget)
    return search.minimise(alone(PLAN, "a"), ring), board


def test_only_the_cause_is_left():
    found, _ = _smallest(lambda arm, plan: arm.load == "memory" and arm.mapped and arm.side != "capture")
    arm = found.plan.arm[0]
    assert (arm.load, arm.access, arm.side) == ("memory", "mmap", "playback")
    assert (arm.playback, arm.queue_periods, arm.capture, arm.switches_per_s) == ("store", 0, "exact", 0.0)
    assert found.plan.conditions.cpu == -1
    assert (arm.period_size, arm.playback_buffer, arm.capture_buffer) == (64, 128, 5120)


def test_two_settings_that_only_work_together_both_stay():
    found, _ = _smallest(lambda arm, plan: arm.queue_periods == 2 and arm.switches_per_s == 100.0)
    arm = found.plan.arm[0]
    assert (arm.queue_periods, arm.switches_per_s, arm.load) == (2, 100.0, "none")


def test_ring_is_halved_as_far_as_it_still_shows_it():
    found, _ = _smallest(lambda arm, plan: arm.playback_buffer >= 1000)
    assert found.plan.arm[0].playback_buffer == 1024


def test_burst_is_as_long_as_the_power_asks_and_no_longer():
    found, _ = _smallest(lambda arm, plan: True, rate=20.0)
    # 2.3 episodes have to be expected: 0.115 s at the true rate, more at its lower limit.
    assert 0.115 <= found.plan.arm[0].burst_s < 0.4
    assert found.proven
    assert found.again >= 7


def test_length_that_cannot_be_borne_out_is_given_up_early_and_each_one_is_told():
    told, lengths = [], []

    def stream(plan):
        # A stream needs a third of a second before anything shows.
        burst_s = plan.arm[0].burst_s
        lengths.append(burst_s)
        return Streamed(5 if burst_s > 0.3 else 0, burst_s, burst_s, 1000)

    search = Minimiser(stream, 0.9, 1.0, 1000.0, lambda trial: told.append(trial.change))
    plan = alone(PLAN, "a")
    found = search._lengthened(plan, 0.1)
    assert found.proven and found.plan.arm[0].burst_s == pytest.approx(0.4)
    # Four misses of ten are too many for a power of 0.9.
    assert [lengths.count(one) for one in sorted(set(lengths))] == [4, 4, 10]
    assert told[0] == "a burst of 0.1 s, 0 of 4 runs"
    assert told[-1] == "a burst of 0.4 s, 10 of 10 runs"
    lengths.clear()
    never = Minimiser(lambda plan: (lengths.append(1), Streamed(0, 1.0, 1.0, 1000))[1], 0.9, 1.0, 1000.0)
    assert never._lengthened(plan, 1.0).repetitions == 10


def test_power_of_the_result_holds_over_many_searches():
    hits, runs = 0, 0
    for seed in range(20):
        found, board = _smallest(lambda arm, plan: True, seed=seed)
        for _ in range(10):
            hits += bool(board(found.plan).episodes)
            runs += 1
    assert hits / runs >= 0.9


def test_corruption_that_is_gone_gives_no_plan():
    assert _smallest(lambda arm, plan: False)[0] is None


def test_search_ends_when_its_time_is_up():
    found, board = _smallest(lambda arm, plan: True, budget=1.5)
    assert found.unfinished
    assert board.streamed < 4.0


def test_card_that_grants_the_same_ring_ends_the_halving():
    found, _ = _smallest(lambda arm, plan: True, granted=(512, 4096, 512, 5120))
    assert found.plan.arm[0].period_size == 512
    assert any("grants the same" in trial.words for trial in found.trials)


def test_result_is_a_plan_whose_clean_run_may_pass():
    found, _ = _smallest(lambda arm, plan: True)
    lines = int(12000 * found.plan.arm[0].burst_s)
    assert 3.0 / lines < found.plan.bound < 5.0 / lines


@pytest.mark.parametrize(
    ("episodes", "observed_s", "kept", "open_"),
    [
        (0, 0.0, False, True),
        (0, 1.0, False, True),
        (0, 2.0, False, False),
        (9, 1.0, True, False),
        (1, 0.25, False, True),
    ],
)
def test_candidate_is_decided_by_the_limits_of_its_rate(episodes, observed_s, kept, open_):
    assert decide(Streamed(episodes, observed_s, observed_s), 0.9, 1.0) == (kept, open_)


def test_what_a_burst_shows_beyond_its_length_counts_for_it():
    # The rings run empty behind a burst: 0.3 s more each time.
    seen = Streamed(28, 2.6, 1.2, bursts=5)
    assert seen.beyond_s == pytest.approx(0.28)
    assert decide(seen, 0.9, 0.3)[0]
    assert not decide(Streamed(28, 2.6, 2.6, bursts=5), 0.9, 0.3)[0]


def test_signature_is_what_is_seen_most_and_must_be_seen_again():
    tally = Tally(
        "a",
        sites=Counter({("stale", "playback", 1): 3, ("stale", "playback", 2): 3, ("zero", None, None): 5}),
    )
    assert of_arm(tally) == STALE
    assert STALE.seen(tally)
    assert not STALE.seen(Tally("a", sites=Counter({("stale", "capture", 1): 9})))
    assert of_arm(Tally("a")) is None


def test_fastest_arm_is_the_surest_and_not_the_shortest():
    plan = read_plan({"arm": [{"name": "once"}, {"name": "often"}]}, "p")
    once, often = Tally("once", episodes=1, observed_s=0.1), Tally("often", episodes=50, observed_s=10.0)
    assert fastest([once, often], plan) == "often"
    assert fastest([Tally("once")], plan) == ""


def test_arm_of_an_event_keeps_two_bursts():
    plan = read_plan({"arm": [{"name": "a", "event": "restart", "bursts": 50}]}, "p")
    assert alone(plan, "a").arm[0].bursts == 2


def test_sentence_says_what_is_needed_and_what_is_not():
    found, _ = _smallest(lambda arm, plan: arm.load == "memory" and arm.mapped and arm.side != "capture")
    said = sentence(found, STALE, "hw:1,0")
    assert said.startswith("hw:1,0: one burst of 0.")
    for words in ("shows stale data in the playback ring", "load memory", "at least 90 %", "not needed: "):
        assert words in said
    needed = said.partition("no longer seen without: ")[2]
    assert "background load" in needed
    assert "playback queue" not in needed


def test_sentence_does_not_claim_a_power_that_was_not_seen():
    result = minimise.Result(alone(PLAN, "a"), 0.9, proven=False, again=4, repetitions=10)
    assert "in 4 of 10 runs, which is less often than the 90 % asked for" in sentence(result, STALE, "x")


def test_what_was_streamed_is_added_number_by_number():
    one = Streamed(3, 2.0, 1.5, 700, "busy", (48, 480), 2)
    two = Streamed(4, 1.0, 0.5, 200, "", (), 3)
    assert one + two == Streamed(7, 3.0, 2.0, 900, "busy", (48, 480), 5)
    assert two + one == Streamed(7, 3.0, 2.0, 900, "busy", (48, 480), 5)
    assert (one + replace(two, reason="gone", granted=(64,))).reason == "gone"
    assert (one + replace(two, granted=(64,))).granted == (64,)


def test_what_a_burst_shows_beyond_its_length_is_shared_by_the_bursts():
    assert Streamed(observed_s=3.0, streamed_s=2.0, bursts=4).beyond_s == 0.25
    assert Streamed(observed_s=2.0, streamed_s=3.0, bursts=4).beyond_s == 0.0
    assert Streamed(observed_s=3.0, streamed_s=2.0, bursts=0).beyond_s == 0.0


def test_kind_and_ring_that_are_seen_most_are_those_of_all_ages():
    tally = Tally("a")
    tally.sites.update({("stale", "playback", 1): 2, ("stale", "playback", 2): 2, ("zero", None, None): 3})
    assert of_arm(tally) == STALE
    tally.sites.update({("zero", None, 1): 2})
    assert of_arm(tally) == Signature("zero", "")


def test_fastest_arm_has_the_most_episodes_a_second_and_not_in_all():
    parts = [Tally("a", episodes=20, observed_s=100.0), Tally("b", episodes=10, observed_s=1.0)]
    plan = read_plan({"arm": [{"name": "a"}, {"name": "b"}]}, "p")
    assert fastest(parts, plan) == "b"


@pytest.mark.parametrize(("event", "bursts"), [("none", 1), ("pause", 2)])
def test_plan_of_one_arm_alone_runs_it_once_whatever_else_the_plan_says(event, bursts):
    many = {
        "arm": [{**ARM, "group": "g", "bursts": 7, "optional": True, "event": event}, {"name": "b"}],
        "fit": True,
    }
    plan = alone(read_plan({**many, "repeats": 5, "bound": 0.001}, "p"), "a")
    assert (plan.title, plan.bound, plan.fit, plan.ordinary, plan.repeats) == ("", 1.0, False, True, 1)
    (arm,) = plan.arm
    assert (arm.name, arm.group, arm.sweep, arm.bursts, arm.optional) == ("a", "", "", bursts, False)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1.0, 1.0),
        (1.01, 1.1),
        (1.234, 1.3),
        (0.0567, 0.057),
        (0.0561, 0.057),
        (100, 100),
        (101, 110),
        (0.05, 0.05),
    ],
)
def test_length_is_rounded_up_to_two_digits(value, rounded):
    assert minimise._rounded(value) == rounded


def _search(stream, within_s=10.0, budget_s=1e6, told=lambda _: None):
    search = Minimiser(stream, 0.9, within_s, budget_s, told)
    search._trials = [minimise.Trial("x", True, Streamed(5, 10.0, 10.0))]
    return search


def _showing(episodes, lines=1000, most=200):
    asked = []

    def stream(plan):
        asked.append(plan.arm[0].burst_s)
        assert len(asked) <= most, "it does not come to an end"
        length = plan.arm[0].burst_s
        return Streamed(episodes(len(asked)), length, length, lines + len(asked))

    return stream, asked


def test_least_length_has_the_episodes_that_the_power_needs_less_what_a_burst_shows_beyond_it():
    seen = Streamed(20, 12.0, 10.0, bursts=4)
    rate = poisson_interval(20).low / 12.0
    search = _search(lambda plan: Streamed())
    assert search._least_s(seen) == pytest.approx(minimise.needed(0.9) / rate - 0.5)
    assert search._least_s(Streamed(1, 1000.0, 1000.0)) == 10.0
    assert search._least_s(Streamed(0, 10.0, 10.0)) == search._least_s(Streamed()) == 10.0
    assert search._least_s(Streamed(90_000, 10.0, 10.0)) == minimise.SHORTEST_S


def test_length_that_its_repetitions_bear_out_has_their_count_and_a_bound_with_room():
    told = []
    stream, asked = _showing(lambda number: 1)
    found = _search(stream, told=told.append)._lengthened(alone(PLAN, "a"), 2.5)
    assert asked == [2.5] * minimise.REPETITIONS
    assert (found.proven, found.again, found.repetitions) == (True, 10, 10)
    # The one with the fewest lines, 1001, and a quarter more.
    assert found.plan.bound == minimise._rounded(1.25 * ZERO_EVENTS_95 / 1001)
    (trial,) = told
    assert (trial.seen.episodes, trial.seen.bursts, trial.seen.streamed_s) == (10, 10, 25.0)
    assert trial.change == "a burst of 2.5 s, 10 of 10 runs"


def test_length_is_doubled_up_to_the_longest_until_its_repetitions_bear_it_out():
    stream, asked = _showing(lambda number: 0)
    found = _search(stream)._lengthened(alone(PLAN, "a"), 3.0)
    assert list(dict.fromkeys(asked)) == [3.0, 6.0, 10.0]
    # What cannot be borne out is given up, but for the longest: its count is reported.
    assert asked.count(10.0) == minimise.REPETITIONS
    assert (found.proven, found.again, found.plan.arm[0].burst_s) == (False, 0, 10.0)


def test_what_repetitions_showed_is_the_sum_of_all():
    stream, _ = _showing(lambda number: number)
    search = _search(stream)
    search._lengthened(alone(PLAN, "a"), 2.0)
    assert search._again.episodes == sum(range(1, 11))


@pytest.mark.parametrize(
    ("least", "proven", "up", "shorter_proven", "lengths"),
    [
        (6.9, True, False, True, [10.0, 6.9]),
        (7.0, True, False, True, [10.0]),  # no shorter than is worth it
        (6.9, False, False, True, [10.0]),
        (6.9, True, True, True, [10.0]),
        (6.9, True, False, False, [10.0, 6.9]),
    ],
)
def test_plan_is_proven_once_more_where_a_much_shorter_burst_would_do(
    monkeypatch, least, proven, up, shorter_proven, lengths
):
    asked = []

    def lengthened(self, plan, burst_s):
        asked.append(burst_s)
        self._up = up
        kept = proven if len(asked) == 1 else shorter_proven
        return minimise.Result(minimise._burst(plan, burst_s), 0.9, kept)

    monkeypatch.setattr(Minimiser, "_lengthened", lengthened)
    monkeypatch.setattr(Minimiser, "_least_s", lambda self, seen: least if asked else 10.0)
    found = _search(None)._shortest(alone(PLAN, "a"))
    assert asked == lengths
    assert found.plan.arm[0].burst_s == (6.9 if len(lengths) == 2 and shorter_proven else 10.0)


def test_shorter_plan_whose_time_was_up_is_unfinished_and_not_taken(monkeypatch):
    asked = []

    def lengthened(self, plan, burst_s):
        asked.append(burst_s)
        self._up = len(asked) == 2
        return minimise.Result(minimise._burst(plan, burst_s), 0.9, True)

    monkeypatch.setattr(Minimiser, "_lengthened", lengthened)
    monkeypatch.setattr(Minimiser, "_least_s", lambda self, seen: 1.0 if asked else 10.0)
    found = _search(None)._shortest(alone(PLAN, "a"))
    assert (found.plan.arm[0].burst_s, found.unfinished) == (10.0, True)


def test_candidate_is_streamed_in_looks_until_it_is_decided():
    stream, asked = _showing(lambda number: 0)
    search = _search(stream)
    assert search._try("x", alone(PLAN, "a")) is False
    # Nothing in a look: open until more than it needs would have shown.
    assert asked == [minimise._rounded(share * 10.0) for share in minimise.LOOKS[: len(asked)]]
    assert search.trials[-1].seen.bursts == len(asked)
    stream, asked = _showing(lambda number: 50)
    assert _search(stream)._try("x", alone(PLAN, "a")) is True
    assert asked == [2.5]


def test_candidate_behind_the_end_of_the_time_is_not_streamed():
    stream, asked = _showing(lambda number: 50)
    search = _search(stream, budget_s=2.5)
    assert search._try("x", alone(PLAN, "a")) is True
    assert search._try("y", alone(PLAN, "a")) is False
    assert (asked, len(search.trials)) == ([2.5], 2)


def test_candidate_that_the_card_grants_as_the_one_before_is_none():
    search = _search(lambda plan: Streamed(50, 2.5, 2.5, granted=(48, 480)))
    assert search._try("x", alone(PLAN, "a"), unlike=(48, 480)) is False
    assert search.trials[-1].seen.reason == "the card grants the same period and ring as before"
    assert search._try("x", alone(PLAN, "a"), unlike=(48, 960)) is True
    assert search._try("x", alone(PLAN, "a")) is True
