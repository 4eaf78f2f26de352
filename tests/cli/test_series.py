# SPDX-License-Identifier: MIT
"""Several runs as one: which options ask for them, and which do not go with them."""

from __future__ import annotations

import pytest

from stress.cli import main

SWEPT = """
title = "both rates"
[[arm]]
name = "a"
[[sweep]]
rate = [48000, 44100]
"""


@pytest.mark.parametrize("more", [["--html", "x"], ["--backend", "virtual", "--card", ""], ["--card", "2"]])
def test_series_with_what_is_for_one_run_is_a_usage_error(tmp_path, capsys, more):
    assert main.main(["run", "--card", "1", "--sweep", "all", "--out", str(tmp_path / "o"), *more]) == 64
    assert "several runs" in capsys.readouterr().err or more[0] == "--backend"


@pytest.mark.parametrize(
    "more", [["--sweep", "rate"], ["--rate", "48000"], ["--html", "x"], ["--card", "1", "--card", "2"]]
)
def test_plan_that_sweeps_whole_runs_goes_with_nothing_that_is_for_one(tmp_path, capsys, more):
    (tmp_path / "swept.toml").write_text(SWEPT)
    assert main.main(["run", "--plan", str(tmp_path / "swept.toml"), *more]) == 64
    assert "makes several runs" in capsys.readouterr().err


def test_alone_without_several_cards_is_a_usage_error(tmp_path, capsys):
    assert main.main(["run", "--card", "1", "--alone", "--out", str(tmp_path / "out")]) == 64
    assert "--alone: compares several cards" in capsys.readouterr().err
