# SPDX-License-Identifier: MIT
"""The bench of the wire: each case finds what was put into it, and no more."""

from __future__ import annotations

import pytest

from tools.benchkit import wire

# Whole URBs at either speed.
SECONDS = 0.24


@pytest.mark.parametrize("case", wire.CASES, ids=lambda case: case.name)
def test_case_of_the_bench_finds_what_is_wrong_in_it(case):
    row = wire.measure(case, SECONDS, seed=1)
    lost = int(SECONDS * wire.RATE - 1) // case.every if case.every else 0
    if case.strange:
        assert row["wrong_runs"] == 1
    elif case.stale:
        assert row["wrong_runs"] > 0
    else:
        assert row["wrong_runs"] == pytest.approx(lost, abs=1)
    whole = int(SECONDS * wire.RATE) - lost
    assert row["frames"] == whole or (case.cut and 0.9 * whole < row["frames"] < whole)


def test_bench_prints_a_line_for_each_case_and_fails_where_one_is_slow(capsys, monkeypatch):
    monkeypatch.setattr(wire, "CASES", wire.CASES[:2])
    assert wire.main(["--seconds", "0.05", "--repeats", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    monkeypatch.setattr(wire, "ENOUGH", 1e-9)
    assert wire.main(["--seconds", "0.05", "--repeats", "1", "--json"]) == 1
    assert '"of_ordinary": 1.0' in capsys.readouterr().out
