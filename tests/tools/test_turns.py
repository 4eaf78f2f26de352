# SPDX-License-Identifier: MIT
"""Stale reads by tick, and what every other tick has."""

from __future__ import annotations

import pytest

from tools.labkit import turns
from tools.labkit.emulator_log import StaleRead

MS = 1_000_000


def _read(ns: int, va: int, via: str = "u") -> StaleRead:
    return StaleRead(ns, 0, via, va, va, 4, 0, 1, 1, "memory", "alias", 0)


def test_reads_of_one_tick_count_by_line_and_mapping() -> None:
    early = [_read(10 * MS + at, 0x4000 + 4 * at) for at in range(16)]
    late = [_read(50 * MS, 0x4000), _read(50 * MS + 900, 0x4000, "k")]
    assert turns.groups([*early, *late], 32) == [[0, 2], [40, 2]]
    assert turns.groups(early, 16) == [[0, 4]]
    assert turns.groups([], 32) == []


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([[0, 60], [20, 12], [40, 64], [60, 16], [80, 66]], (64, 14)),
        # Ticks that had none count: 12, 60, 0 and 0, 60, 64.
        ([[0, 12], [39, 60], [60, 60], [101, 64]], (60, 12)),
        ([[0, 7]], (7, 0)),
        ([], (0, 0)),
    ],
)
def test_every_other_tick_has_a_median_of_its_own(
    found: list[list[int]], wanted: tuple[float, float]
) -> None:
    assert turns.medians(found, 20) == wanted
