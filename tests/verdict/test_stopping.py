# SPDX-License-Identifier: MIT
"""The sequential stop: at whole blocks, by sums only, with the control whole."""

from __future__ import annotations

import dataclasses

import pytest

from stress.errors import ConfigError
from stress.model.exposure import Exposure
from stress.plan.plan import load_plan, read_plan
from stress.stats.counts import Stop
from stress.verdict import stopping
from stress.verdict.stopping import decide, sequential
from stress.verdict.tally import Tally

RULE = {"good_per_h": 36, "bad_per_h": 360}
ARMS = [
    {"name": "player", "group": "player", "burst_s": "10s"},
    {"name": "rw", "group": "player", "access": "rw", "burst_s": "10s"},
]


def _plan(**changes):
    return read_plan({"arm": ARMS, "order": "abba", "stop": RULE, **changes}, "plan")


def _tally(name, episodes=0, seconds=20.0, found=12, covered=0, unlocked=0):
    part = Tally(
        name, bursts=2, episodes=episodes, observed_s=seconds, lines=round(6000 * seconds), planted=12
    )
    part.control_found, part.control_covered, part.unlocked = found, covered, unlocked
    part.counts.update({"stale": episodes})
    return part


def _both(*args, **changes):
    return [_tally("player", *args, **changes), _tally("rw")]


def test_stop_clean_and_whole_is_good_after_the_exposure_of_the_closed_form():
    assert sequential(_plan().stop).clean_exposure() == pytest.approx(32.7, abs=0.1)
    stopped = decide(_plan(), _both(), 2, 16)
    assert stopped.decision == "good"
    assert stopped.text() == (
        "stopped early after 4 of 16 bursts: 0 episodes in 40 s of all arms reject 360/h (wrong in 5 %); "
        "nothing is said of rarer corruption than that"
    )


def test_stop_clean_but_short_goes_on():
    assert decide(_plan(), [_tally("player", seconds=10.0), _tally("rw", seconds=20.0)], 2, 16) is None


def test_stop_many_episodes_is_bad_and_says_what_stays_exact():
    stopped = decide(_plan(), _both(30), 2, 16)
    assert stopped.decision == "bad"
    assert "30 episodes in 40 s of all arms reject 36/h" in stopped.text()
    assert "contrasts between arms stay exact" in stopped.text()
    assert stopped.to_record().decision == "bad"


def test_stop_looks_at_the_sum_never_at_the_split():
    one_sided = [_tally("player", 30), _tally("rw")]
    even = [_tally("player", 15), _tally("rw", 15)]
    assert decide(_plan(), one_sided, 2, 16) == decide(_plan(), even, 2, 16) is not None


def test_stop_too_few_episodes_for_a_contrast_goes_on():
    # Five decide between the rates, but 5 to 0 is p = 0.0625.
    assert sequential(_plan().stop).decide(5, 20.0) is Stop.BAD
    parts = [_tally("player", 5, seconds=10.0), _tally("rw", seconds=10.0)]
    assert decide(_plan(), parts, 2, 16) is None


@pytest.mark.parametrize("changes", [{"found": 11}, {"found": 0, "covered": 12}])
def test_stop_waits_for_the_control_to_be_whole(changes):
    assert decide(_plan(), [_tally("player", 30, **changes), _tally("rw", **changes)], 2, 16) is None


def test_stop_takes_a_planted_fault_under_corruption_as_accounted_for():
    assert decide(_plan(), _both(30, found=4, covered=8), 2, 16).decision == "bad"
    assert decide(_plan(), _both(0, found=4, covered=8), 2, 16) is None


def test_stop_never_calls_good_what_would_not_pass():
    assert decide(_plan(bound=1e-6), _both(), 2, 16) is None
    assert decide(_plan(), [_tally("player", 1, seconds=400.0), _tally("rw", seconds=400.0)], 2, 16) is None


def test_stop_where_nothing_ever_came_back_and_only_there():
    def parts(unlocked):
        return [_tally("player", found=0, seconds=0.0), _tally("rw", found=0, seconds=0.0, unlocked=unlocked)]

    mute = [_tally(name, found=0, seconds=0.0, unlocked=2) for name in ("player", "rw")]
    stopped = decide(_plan(), mute, 2, 16)
    assert stopped.decision == "mute"
    assert stopped.text() == ("stopped early after 4 of 16 bursts: the pattern came back in none of them")
    assert decide(_plan(), parts(2), 2, 16) is None
    # What ran dry in every burst may come back with larger rings.
    for part in mute:
        part.starved = 2
    assert decide(_plan(), mute, 2, 16) is None


def test_stop_only_after_a_whole_block():
    assert decide(_plan(), _both(30), 3, 16) is None
    assert decide(_plan(order="abab"), _both(30), 3, 16) is not None


def test_stop_is_off_unless_asked_for():
    assert decide(_plan(stop={}), _both(30), 2, 16) is None


@pytest.mark.parametrize("stop", [{"bad_per_h": 1}, {"good_per_h": 2, "bad_per_h": 1}])
def test_stop_rates_in_the_wrong_order_are_named(stop):
    with pytest.raises(ConfigError, match="stop.good_per_h"):
        _plan(stop=stop)


def test_stop_text_of_a_run_by_duration_has_no_planned_number():
    stopped = dataclasses.replace(decide(_plan(), _both(), 2, 16), planned=0)
    assert stopped.text().startswith("stopped early after 4 bursts: ")


def test_shipped_soak_ends_a_clean_run_after_the_published_time():
    assert sequential(load_plan("soak").stop).clean_exposure() / 3600 == pytest.approx(3.07, abs=0.01)


@pytest.mark.parametrize(
    ("planted", "found", "covered", "vouched"),
    [
        (0, 0, 0, False),
        (1, 1, 0, True),
        (2, 1, 1, True),
        (2, 1, 0, False),
        (2, 2, 1, False),
        # All of it under corruption: nothing shows that the detector sees.
        (2, 0, 2, False),
    ],
)
def test_detector_is_vouched_for_by_one_fault_found_and_none_missed(planted, found, covered, vouched):
    whole = Tally("a", planted=planted, control_found=found, control_covered=covered)
    assert stopping._vouched(whole) is vouched


@pytest.mark.parametrize(("factor", "good"), [(1.01, True), (1.0, True), (0.99, False)])
def test_clean_run_would_pass_at_its_bound_and_not_above_it(factor, good):
    whole = Tally("a", lines=100_000, line_bytes=32)
    bound = Exposure(100_000, 32).rate_bound_95
    assert stopping._would_pass(whole, bound * factor) is good
    assert not stopping._would_pass(Tally("a"), 1.0)
