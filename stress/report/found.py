# SPDX-License-Identifier: MIT
"""What was found, in one or two sentences: how much, how old, in which ring, and what that fits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stress.model.transport import USB
from stress.model.wire import BUS
from stress.model.words import count, counted, stretches

if TYPE_CHECKING:
    from stress.model.transport import TransportRecord
    from stress.verdict.tally import Tally

# Share of the corruption that one kind needs to be named alone. Higher: a page of kinds
# where one is the story; lower: the rest is hidden.
MOST_OF_IT = 0.9

#: What is said of an arm without a finding that is no PASS.
NOT_PROVEN = "nothing wrong seen"


def sentences(whole: Tally, carries: TransportRecord) -> list[str]:
    """Return what the corruption is, and what it fits.

    Parameters
    ----------
    carries : what carries the ring; a cache is named only on a core that can hold two copies of a line.
    """
    if not whole.found:
        return []
    return [f"{amount(whole)}. {_kinds(whole)}.", *fits(whole, carries)]


def amount(whole: Tally) -> str:
    """Return how much is corrupted."""
    share = 100 * whole.wrong_frames / whole.checked_frames if whole.checked_frames else 0.0
    return f"{stretches(whole.found)}, {share:.3g} % of the frames"


def _kinds(whole: Tally) -> str:
    stale = _stale(whole)
    aged = sum(stale.values())
    if aged >= MOST_OF_IT * whole.found:
        most = 100 * aged / whole.found
        head = "All of them are" if aged == whole.found else f"{min(most, 99.9):.3g} % of them are"
        return f"{head} data written {_laps(stale)} earlier to the same place of {_rings(stale)}"
    told = ", ".join(f"{count(number)} {kind}" for kind, number in Counter(whole.counts).most_common())
    also = f"; the stale ones were written {_laps(stale)} earlier to the same place of {_rings(stale)}"
    return f"They are {told}{also if stale else ''}"


def _stale(whole: Tally) -> dict[tuple[str, str | None, int | None], int]:
    return {key: number for key, number in whole.sites.items() if key[0] == "stale" and key[1]}


def _rings(stale: dict[tuple[str, str | None, int | None], int]) -> str:
    return f"the {' and '.join(sorted({str(ring) for _, ring, _ in stale}))} ring"


def _laps(stale: dict[tuple[str, str | None, int | None], int]) -> str:
    laps = sorted({laps for _, _, laps in stale if laps})
    if not laps:
        return "whole laps"
    return f"exactly {laps[0]} to {laps[-1]} laps" if len(laps) > 1 else f"exactly {counted(laps[0], 'lap')}"


def fits(whole: Tally, carries: TransportRecord) -> list[str]:
    """Return what stale lines of a ring fit, nothing where there are none."""
    stale = _stale(whole)
    if not stale:
        return []
    if whole.views and set(whole.views) == {BUS}:
        return [
            "Both rings of the host are right: OUT carries what was written, the read is what IN carried. "
            "The fault lies after the bus: device, loopback, or their DMA."
        ]
    if carries.alias_possible:
        lost = "Lost USB packets" if carries.kind == USB else "Lost frames"
        return [
            "That fits a stale cache line: one mapping of the ring did not see what the other wrote. "
            f"{lost} and DMA faults do not keep to whole laps of one ring."
        ]
    if carries.snooped:
        return [
            f"No cache of this core ({carries.core}) can hold an older copy, so an alias is not the cause: "
            "whole laps were lost to a late timer, a stalled machine, or a playback behind the hardware."
        ]
    return [
        f"This core ({carries.core}) keeps one copy of a line: the two mappings of the ring differ in being "
        "cached (mmap attributes of the driver), DMA passed the cache by, or whole laps were lost."
    ]
