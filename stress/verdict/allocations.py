# SPDX-License-Identifier: MIT
"""Rings whose page colour is drawn with each allocation: how many were drawn, how many are needed.

On a VIPT cache with ways above a page, a ring is wrong where its two mappings differ in
colour, and wholly right where they agree. Bursts on one ring are one draw, however many.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stress.model.words import counted

if TYPE_CHECKING:
    from stress.verdict.tally import Tally

# Chance that all rings agreed by luck, at most, for a PASS. Source: the level of every other
# claim here. Higher: a board that corrupts every second ring passes; lower: more re-opening.
LEVEL = 0.05


def needed(colours: int) -> int:
    """Return how many allocations leave less than `LEVEL` to luck; 0 where nothing is drawn."""
    return math.ceil(math.log(LEVEL) / -math.log(colours)) if colours > 1 else 0


def drawn(tally: Tally) -> tuple[int, int]:
    """Return how many rings were allocated, and of how many colours; (0, 0) where none is drawn."""
    return len(tally.draws), max((colours for colours, _ in tally.draws), default=0)


def doubt(tally: Tally) -> str:
    """Return why too few rings were allocated for a PASS, "" where they are enough."""
    number, colours = drawn(tally)
    least = needed(colours)
    if number >= least:
        return ""
    luck = colours**-number if number else 1.0
    return (
        f"{counted(number, 'allocation')} of the rings: with {colours} page colours all agree by luck with "
        f"probability {luck:.2g}; a PASS needs {least} (an arm with event = 'reopen', or --duration)"
    )


def words(tally: Tally) -> tuple[str, ...]:
    """Return what the allocations of a clean run show, as a reason; nothing where none is drawn."""
    number, colours = drawn(tally)
    if not colours:
        return ()
    sure = f"{100 * (1 - colours**-number):.3g} %"
    return (
        f"{counted(number, 'allocation')} of the rings, {colours} page colours: {sure} sure to differ once",
    )
