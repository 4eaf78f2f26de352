# SPDX-License-Identifier: MIT
"""The bench of dense damage: thirty kinds, and what each costs."""

from __future__ import annotations

from tools.benchkit import damage


def test_bench_has_thirty_kinds_of_damage():
    assert len(damage.DAMAGE) >= 30


def test_timed_finds_the_damage_that_was_made():
    factor, found, kinds = damage.timed("6 frames lost every 480", 0.7)
    assert factor > 0
    assert found >= 15
    assert "drop" in kinds
