# SPDX-License-Identifier: MIT
"""predict: a table that fits, and words for the mechanisms it names."""

from __future__ import annotations

from stress.cli import main
from stress.cli.commands.predict import lines
from stress.predict.predict import Prediction


def test_predict_names_the_mechanisms_it_expects(capsys):
    assert main.main(["predict", "--board", "arm926", "--plan", "smoke"]) == 0
    out = capsys.readouterr().out
    assert "P1: the kernel reads stale lines" in out
    assert "CT: " not in out
    assert main.main(["predict", "--board", "cortex-a", "--plan", "smoke"]) == 0
    assert "P1: " not in capsys.readouterr().out


def test_predict_on_a_narrow_terminal_fits_it():
    causes = (("P1", 350), ("P2", 650))
    row = Prediction("playback-rmw-full", True, 11977, 11976, 2.0, 4, 1000, 900, causes)
    wide, narrow = lines([row]), lines([row], 80)
    assert "5 988" in wide[-1] and "provoking" in wide[-1]
    assert "P1 35 %, P2 65 %" in narrow[-1]
    assert max(len(line) for line in narrow) <= 80 < len(wide[1])


def test_predict_of_a_board_without_a_name_is_a_usage_error(capsys):
    assert main.main(["predict", "--board", ""]) == 64
    assert capsys.readouterr().err.startswith("pcmstress: --board: the name is empty")
