# SPDX-License-Identifier: MIT
"""Lost and repeated frames: how far apart, and whether two clocks explain them.

A packet that is lost takes its frames with it, whenever it happens. Two clocks
that run apart without a resampler between them slip one frame at a time, in
one direction, as regularly as the beat of their rates.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stress.model.finding import SLIPS, Kind
from stress.model.record.findings import FindingRecord
from stress.model.words import counted

# Largest slip of a clock [frames]. Source: a buffer between two clocks gives way by one frame, some by two.
# Higher: lost packets of a high-speed card at low rates pass for a clock; lower: some clocks for losses.
LARGEST_SLIP = 2
# Gaps between slips that have to be there, and their largest coefficient of variation. Source: losses at
# random have 1, and 8 gaps of them stay below a quarter in 2 of 10 000 runs; two crystals 0.01. Higher:
# losses of single frames at random pass for a clock; lower: jitter of the queue hides one.
LEAST_GAPS = 8
EVEN = 0.25

_SIGNS = {kind.value: -1 if kind is Kind.DROP else 1 for kind in SLIPS}


@dataclass(frozen=True)
class Slip:
    """Slips of one size in one burst.

    Parameters
    ----------
    frames : negative where frames are missing.
    gap : to the slip before it in the same burst, 0 for the first [frames].
    """

    frames: int
    gap: int


def slips(findings: Iterable[FindingRecord]) -> list[Slip]:
    """Return the slips among the recorded findings of one burst that are real."""
    found: list[Slip] = []
    last: int | None = None
    for finding in findings:
        sign = _SIGNS.get(finding.kind)
        if sign is None or finding.injected:
            continue
        found.append(Slip(sign * finding.frames, 0 if last is None else finding.frame - last))
        last = finding.frame
    return found


def two_clocks(slips: Sequence[Slip]) -> str:
    """Return in words why the slips come from two clocks, "" when they do not."""
    sizes = Counter(slip.frames for slip in slips)
    gaps = [slip.gap for slip in slips if slip.gap]
    if len(sizes) != 1 or len(gaps) < LEAST_GAPS:
        return ""
    size = next(iter(sizes))
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)) / mean
    if abs(size) > LARGEST_SLIP or spread > EVEN:
        return ""
    what = "missing" if size < 0 else "too many"
    return (
        f"{counted(abs(size), 'frame')} {what} every {mean:.0f} frames, evenly (+- {100 * spread:.1f} %): "
        f"two clocks {1e6 * abs(size) / mean:.0f} ppm apart"
    )
