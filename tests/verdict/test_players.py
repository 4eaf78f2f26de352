# SPDX-License-Identifier: MIT
"""What a diagnosis means for common programs."""

from __future__ import annotations

from stress.verdict.cause import ALIASES, Cause
from stress.verdict.diagnosis import Diagnosis
from stress.verdict.players import PLAYERS, lines


def test_each_player_has_a_line_with_its_source():
    for player, line in zip(PLAYERS, lines()):
        assert line.startswith(f"{player.name}: ")
        assert line.endswith(f"({player.source})")
        assert ("does not suffer" in line) is not player.mmap
        assert player.switch in line


def test_players_are_told_of_two_mappings_only():
    for cause in Cause:
        assert bool(Diagnosis(cause, (), (), ()).players) is (cause in ALIASES)
