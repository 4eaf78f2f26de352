# SPDX-License-Identifier: MIT
"""Say which ring size the ages of findings point to."""

from __future__ import annotations

from math import gcd

from stress.model.finding import Analysis, Kind
from stress.model.words import count

UNKNOWN_RINGS = (
    "older data that is whole laps of a ring is called stale where --rings PLAYBACK,CAPTURE is given"
)
# Findings of one age that make a ring likely, and the smallest ring [frames]. Source:
# a moved packet or slip comes with many ages. Higher: few stale lines give no hint;
# lower: two chance slips do.
LEAST_FINDINGS, LEAST_RING = 3, 16


def ring_hint(analysis: Analysis) -> str:
    """Return a line for findings whose age could be that of a ring, "" without such findings."""
    kept = [one for one in analysis.findings if one.kind is Kind.MISPLACED]
    ages = [one.lag for one in kept if one.lag and one.lag > 0]
    # A channel that is late is no older data of a ring, and newer data is none either.
    if Kind.MISPLACED not in analysis.counts or (kept and not ages):
        return ""
    size = gcd(*ages) if ages else 0
    if len(ages) < LEAST_FINDINGS or size < LEAST_RING:
        return UNKNOWN_RINGS
    if len(set(ages)) == 1:
        told = f"all {count(len(ages))} are exactly {size} frames old"
    else:
        told = f"all {count(len(ages))} are whole multiples of {size} frames old"
    return f"{told}: a ring of {size} frames? repeat with --rings {size},N (or N,{size} for the capture ring)"
