# SPDX-License-Identifier: MIT
"""Rings whose colour is drawn: a PASS needs enough of them, one ring is one draw."""

from __future__ import annotations

import pytest

from stress.model.verdict import Verdict
from stress.verdict import allocations
from stress.verdict.judge import judge
from stress.verdict.tally import WHOLE, Tally


def _tally(number, colours=2, arm=WHOLE, bursts=9):
    tally = Tally(arm, bursts=bursts, checked_frames=960_000, lines=120_000, planted=90, control_found=90)
    tally.draws.update({(colours, one): 3 for one in range(1, number + 1)})
    return tally


@pytest.mark.parametrize(("colours", "least"), [(0, 0), (1, 0), (2, 5), (4, 3), (8, 2)])
def test_needed_follows_the_colours(colours, least):
    assert allocations.needed(colours) == least


def test_bursts_on_one_ring_are_one_draw():
    assert allocations.drawn(_tally(1)) == (1, 2)
    assert "1 allocation of the rings" in allocations.doubt(_tally(1))


@pytest.mark.parametrize(("number", "verdict"), [(4, Verdict.INCONCLUSIVE), (5, Verdict.PASS)])
def test_pass_on_two_colours_needs_five_allocations(number, verdict):
    found = judge(_tally(number), 1e-4)
    assert found.verdict is verdict
    words = "a PASS needs 5" if verdict is Verdict.INCONCLUSIVE else "96.9 % sure"
    assert any(words in reason for reason in found.reasons)


def test_cache_without_colours_needs_none():
    found = judge(_tally(0), 1e-4)
    assert found.verdict is Verdict.PASS
    assert not any("allocation" in reason for reason in found.reasons)


def test_allocations_of_all_arms_count_together():
    parts = []
    for number in range(5):
        part = _tally(0, arm=f"arm{number}")
        part.draws.update({(2, number + 1): 3})
        parts.append(part)
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.merged(part)
    assert allocations.drawn(whole) == (5, 2)
    assert judge(parts[0]).verdict is Verdict.PASS
