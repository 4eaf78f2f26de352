# SPDX-License-Identifier: MIT
"""Who ran beside the bursts, added up."""

from __future__ import annotations

from stress.model.record.beside import ProcessRecord
from stress.verdict.beside import Neighbours


def _beside(*processes, bursts=2, streamed_s=1.0):
    found = Neighbours()
    for _ in range(bursts):
        found.add(processes, streamed_s)
    return found


def test_shares_are_of_the_streamed_time():
    (line,) = _beside(ProcessRecord("sshd", 7, 250, 40)).lines()
    assert line == "beside the bursts ran: sshd (25 % CPU, 40 switches/s)"


def test_processes_of_one_name_are_added():
    (line,) = _beside(ProcessRecord("kworker", 7, 10, 4), ProcessRecord("kworker", 8, 30, 4)).lines()
    assert "kworker (4 % CPU, 8 switches/s)" in line


def test_who_switches_often_is_a_suspect_and_who_computes_is_not():
    found = _beside(ProcessRecord("blinker", 7, 1, 30), ProcessRecord("cruncher", 8, 900, 2))
    (line,) = found.suspects()
    assert "blinker (30 switches/s)" in line
    assert "cruncher" not in line


def test_nothing_is_said_where_nobody_looked():
    assert _beside().lines() == []
    assert _beside().suspects() == []


def test_busiest_are_in_the_json_of_a_report():
    found = _beside(ProcessRecord("sshd", 7, 250, 40), ProcessRecord("idle", 8, 0, 1))
    assert found.to_json() == [
        {"name": "sshd", "cpu_percent": 25.0, "switches_per_s": 40.0},
        {"name": "idle", "cpu_percent": 0.0, "switches_per_s": 1.0},
    ]
    assert _beside().to_json() == []
