# SPDX-License-Identifier: MIT
"""Episodes: what statistics count, because lines of one disturbance come in clumps.

Time is cut into tiles; an episode is a tile with at least one wrong run in it.
Tests on single lines would reject equal conditions far too often (measured: 60 %
instead of 5 % with clumps of 8 lines).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stress.model.finding import Analysis, Finding

# Tiles last a lap of the larger ring, and this long at least. Source: a line
# survives a few laps of 1 to 8 ms on the rings that corrupt. Higher: fewer
# episodes, weaker tests; lower: the tiles of one disturbance are not independent.
SHORTEST_S = 0.02


@dataclass(frozen=True)
class Episodes:
    """Episodes of one burst and the time in which they could have been seen [s].

    Parameters
    ----------
    count : tiles with a wrong run; `tiles` of them were observed.
    runs, squares : wrong runs in the observed tiles, and the sum of the squares
        of their number per tile (the index of dispersion comes from these).
    """

    count: int
    observed_s: float
    tiles: int = 0
    runs: int = 0
    squares: int = 0


def real(finding: Finding) -> bool:
    """Return whether a finding counts: neither planted nor explained by lost time."""
    return not finding.injected and "transport" not in finding.details


def episodes(analysis: Analysis, lap: int, rate: int) -> Episodes:
    """Count the tiles of a burst that hold a wrong run.

    A detector keeps a limited number of findings; when there were more, only
    the time up to the last one kept counts as observed.

    Parameters
    ----------
    lap : larger ring [frames].
    rate : [Hz].
    """
    tile = max(lap, round(SHORTEST_S * rate))
    first = analysis.first_frame or 0
    places = [finding.frame - first for finding in analysis.findings if real(finding)]
    frames = analysis.checked_frames
    if analysis.found > len(analysis.findings) and analysis.findings:
        frames = min(frames, analysis.findings[-1].frame - first + 1)
    runs = Counter(place // tile for place in places if place < frames)
    squares = sum(number * number for number in runs.values())
    tiles = max(len(runs), -(-frames // tile))
    return Episodes(len(runs), frames / rate, tiles, sum(runs.values()), squares)
