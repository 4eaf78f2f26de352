# SPDX-License-Identifier: MIT
"""Bursts that do not fit into memory are refused, with a length that fits."""

from __future__ import annotations

import re

import pytest

from stress.cli import main
from stress.cli.commands import run
from stress.errors import ConfigError
from stress.plan.burst_memory import bytes_per_second, fitting, refuse_what_does_not_fit
from stress.plan.plan import read_plan
from stress.settings.times import parse_duration


def _plan(burst, **more):
    return read_plan({"arm": [{"name": "short"}, {"name": "long", "burst_s": burst}], **more}, "plan")


@pytest.mark.parametrize("virtual", [True, False])
@pytest.mark.parametrize("layout", [{}, {"format": "S32_LE"}, {"channels": 8}, {"rate": 192000}])
@pytest.mark.parametrize("there", [3e6, 40e6, 4e9])
def test_burst_that_does_not_fit_is_refused_with_one_that_does(virtual, layout, there):
    with pytest.raises(ConfigError, match="arm long: burst_s: a burst of 1h30m needs about") as refused:
        refuse_what_does_not_fit(_plan("90m", **layout), int(there), virtual=virtual)
    fits = re.search(r"at most (\S+) here", str(refused.value)).group(1)
    plan = read_plan({"arm": [{"name": "long", "burst_s": fits}], **layout}, "plan")
    refuse_what_does_not_fit(plan, int(there), virtual=virtual)
    # It is the longest, to the digits that are shown.
    assert plan.arm[0].burst_s * 1.02 + 0.001 > there / bytes_per_second(plan, virtual=virtual)


def test_memory_counts_the_wider_direction():
    narrow, wide = _plan("1s", capture_channels=1), _plan("1s", capture_channels=8)
    assert bytes_per_second(wide, virtual=False) == 4 * bytes_per_second(narrow, virtual=False)


def test_nothing_is_refused_where_the_memory_is_not_known():
    refuse_what_does_not_fit(_plan("6h"), None, virtual=True)


@pytest.mark.parametrize(
    "seconds", [0.0004, 0.5, 0.9999, 9.996, 59.97, 99.99, 100.7, 3599.9, 3661.0, 7205.0, 90000.0]
)
def test_fitting_duration_is_not_rounded_up(seconds):
    assert parse_duration(fitting(seconds)) <= max(seconds, 0.001)


def test_run_refuses_the_burst_and_makes_no_record(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "available", lambda: 4_000_000)
    plan = tmp_path / "p.toml"
    plan.write_text('[[arm]]\nname = "a"\nburst_s = "6h"\n')
    argv = [
        "run",
        "--backend",
        "virtual",
        "--board",
        "x86_64",
        "--plan",
        str(plan),
        "--out",
        str(tmp_path / "r"),
    ]
    assert main.main(argv) == 64
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "arm a: burst_s: a burst of 6h needs about 166 GB of memory, 4 MB is available" in told
    assert not (tmp_path / "r").exists()
