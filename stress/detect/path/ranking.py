# SPDX-License-Identifier: MIT
"""Which explanation of a capture is tried first, and which of several is told."""

from __future__ import annotations

import numpy as np

from stress.detect.path.curve import CURVES
from stress.detect.path.estimated import Estimate
from stress.detect.path.lines import SeenLine
from stress.model.path import TWO_CLOCKS


def cost(one: Estimate) -> float:
    """Return how much a path supposes: of several that explain a capture the simplest is told."""
    bent = one.path.encoding in ("noisy", "filtered") or one.path.rate_ratio != 1
    if bent and 1e-6 < abs(one.path.rate_ratio - 1) < TWO_CLOCKS:
        # Clocks apart look like a filter for as long as they are less than a frame apart.
        return 990.0
    if bent:
        return 1000.0 + (500.0 if one.path.encoding == "noisy" else 0.0)
    cost = sum(5.0 for delay in one.path.delay_frames if delay)
    if one.path.encoding in CURVES:
        return 900.0 + cost
    if one.wires is not None:
        flips = len({int(bit) for bit in np.flatnonzero(one.wires.inverted)})
        lost = float((one.wires.source < 0).sum() - (one.wires.constant >= 0).sum())
        return (
            cost
            + 4.0
            + 2.0 * flips
            + 5.0 * lost
            + 20.0 * (1 - one.wires.level)
            + (3.0 if one.path.encoding else 0.0)
            + one.path.encoding.count("; ")
        )
    for forward in one.forward:
        cost += 3.0 * max(0, len(forward.terms) - 1) + (10.5 if forward.off else 0.0)
        cost += (3.0 if forward.offset else 0.0) + (
            200.0 * (0.98 - forward.share) if forward.terms and forward.share < 0.98 else 0.0
        )
    return cost


def order(kinds: list[list[SeenLine]], most: int = 3) -> list[tuple[int, SeenLine, bool]]:
    """Return the channels to try: low halves name the whole position, high halves all but its last bits."""
    out = []
    for channel, seen in enumerate(kinds):
        highs = [one for one in seen if one.high]
        lows = [one for one in seen if not one.high]
        if lows and lows[0].share > 0.04:
            both = bool(highs) and highs[0].shift == lows[0].shift
            strong = lows[0].share > 0.4 * (highs[0].share if highs else 0)
            if strong:
                out.append((lows[0].shift, 0 if not both else 1, -lows[0].share, channel, lows[0], both))
        if highs and highs[0].share > 0.15:
            out.append((highs[0].shift, 2, -highs[0].share, channel, highs[0], False))
    out.sort(key=lambda one: one[:4])
    return [(channel, kind, both) for _, _, _, channel, kind, both in out[:most]]


def strongest(kinds: list[list[SeenLine]]) -> float:
    """Return the largest share of power in the lines of a kind."""
    return max((one.share for seen in kinds for one in seen), default=0.0)


def odd_order(sides: list[list[list[SeenLine]]]) -> list[tuple[int, SeenLine, int]]:
    """Return the channels to try where words take two frames, with the side each begins on."""
    out = []
    for side, kinds in enumerate(sides):
        out += [(channel, kind, side) for channel, kind, _ in order(kinds)]
    return sorted(out, key=lambda one: (one[1].high, one[1].shift, -one[1].share))[:3]
