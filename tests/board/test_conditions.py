"""Conditions: put back as they were; what is refused names its price and the way to get it."""

from __future__ import annotations

import os

from stress.board.conditions import Asked, conditions


def test_conditions_affinity_is_granted_and_put_back():
    before = os.sched_getaffinity(0)
    cpu = min(before)
    with conditions(Asked(cpu=cpu, lock_memory=False, awake=False)) as terms:
        assert os.sched_getaffinity(0) == {cpu}
        assert terms.granted == (f"on CPU {cpu}",)
    assert os.sched_getaffinity(0) == before


def test_conditions_impossible_cpu_is_refused_with_what_is_allowed():
    with conditions(Asked(cpu=4095, lock_memory=False, awake=False)) as terms:
        assert terms.granted == ()
        assert "allowed here:" in terms.refused[0]


def test_conditions_impossible_priority_is_refused_and_the_policy_stays():
    before = os.sched_getscheduler(0)
    with conditions(Asked(fifo=1000, lock_memory=False, awake=False)) as terms:
        assert os.sched_getscheduler(0) == before
        assert "rtprio in limits.conf" in terms.refused[0]


def test_conditions_facts_name_throttling(tmp_path):
    kernel = tmp_path / "sys/kernel"
    kernel.mkdir(parents=True)
    (kernel / "sched_rt_runtime_us").write_text("950000\n")
    (kernel / "sched_rt_period_us").write_text("1000000\n")
    with conditions(Asked(lock_memory=False, awake=False), tmp_path) as terms:
        assert terms.facts == ("real-time throttling: 95 % of the time at most",)
