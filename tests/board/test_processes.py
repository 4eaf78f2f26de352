# SPDX-License-Identifier: MIT
"""Who ran beside a burst: differences of two looks, and when nobody looks."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from stress.board import load
from stress.board.processes import Process, Processes


class Fake:
    """psutil with the processes it is told."""

    def __init__(self):
        self.table, self.looks = {}, 0

    def process_iter(self, asked):
        self.looks += 1
        for pid, (name, cpu_s, switches) in self.table.items():
            cpu = SimpleNamespace(user=cpu_s, system=0.0)
            counts = SimpleNamespace(voluntary=switches, involuntary=0)
            info = {"pid": pid, "name": name, "cpu_times": cpu, "create_time": 1.0}
            yield SimpleNamespace(info={**info, "num_ctx_switches": (counts.voluntary, counts.involuntary)})


@pytest.fixture
def fake():
    return Fake()


def _between(fake, before, after, looks=None):
    looks = looks or Processes(lambda: fake, lambda: 0.0)
    fake.table = before
    looks.before(1.0)
    fake.table = after
    return looks.behind()


def test_only_what_was_spent_meanwhile_counts(fake):
    found = _between(fake, {7: ("sshd", 5.0, 100)}, {7: ("sshd", 5.25, 130)})
    assert found == (Process("sshd", 7, 250, 30),)


def test_process_that_began_meanwhile_counts_as_a_whole_and_idle_ones_do_not(fake):
    found = _between(fake, {1: ("init", 9.0, 50)}, {1: ("init", 9.0, 50), 8: ("cron", 0.01, 4)})
    assert found == (Process("cron", 8, 10, 4),)


def test_busiest_by_cpu_come_first_then_those_that_switch_most(fake):
    after = {pid: (f"p{pid}", 0.1 * pid, 100 - pid) for pid in range(10, 30)}
    found = [one.pid for one in _between(fake, {1: ("init", 0.0, 0)}, after)]
    assert found == [29, 28, 27, 26, 25, 10, 11, 12, 13, 14]


def test_tester_itself_is_left_out(fake):
    assert _between(fake, {1: ("init", 0.0, 0)}, {os.getpid(): ("python3", 3.0, 9)}) == ()


def test_board_that_takes_long_to_look_is_not_looked_at_in_short_bursts(fake):
    clock = iter([0.0, 0.2, 0.2, 0.4])
    looks = Processes(lambda: fake, lambda: next(clock))
    assert _between(fake, {7: ("a", 0.0, 0)}, {7: ("a", 1.0, 1)}, looks)
    seen = fake.looks
    assert _between(fake, {7: ("a", 0.0, 0)}, {7: ("a", 1.0, 1)}, looks) == ()
    assert fake.looks == seen


def test_without_psutil_nobody_looks():
    looks = Processes(lambda: None)
    looks.before(1.0)
    assert looks.behind() == ()


def test_this_machine_is_read():
    if load.psutil() is None:
        # An extra: a board runs these tests without it; CI installs it with the extra `test`.
        pytest.skip("psutil is missing")
    looks = Processes()
    looks.before(60.0)
    assert all(one.pid != os.getpid() for one in looks.behind())
