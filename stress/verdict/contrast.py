# SPDX-License-Identifier: MIT
"""Contrasts: arms that differ in one thing, compared by exact tests on episodes."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.pcm import Lever, Load
from stress.stats import dose
from stress.stats.counts import Comparison, compare, holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Arm, Plan
    from stress.stats.dose import DoseResponse
    from stress.verdict.tally import Tally

# Level of a contrast after Holm's correction. Source: custom. Higher: more
# causes named by chance; lower: longer runs before anything is named.
LEVEL = 0.05

CLEAN = "clean+invalidate"
FLUSH = "cacheflush"
RW = "rw"
SWITCHES = "switches"
LOAD = "load"
VMALLOC = "use_vmalloc=0"


@dataclass(frozen=True)
class Measured:
    """An arm with what its bursts added up to."""

    arm: Arm
    tally: Tally


@dataclass(frozen=True)
class Contrast:
    """A base arm against the same with one thing changed.

    Parameters
    ----------
    lever : CLEAN, FLUSH, RW, SWITCHES, LOAD or VMALLOC.
    p : two-sided p value, adjusted for the number of contrasts (Holm).
    """

    group: str
    base: Measured
    other: Measured
    lever: str
    comparison: Comparison
    p: float

    @property
    def cures(self) -> bool:
        """True when the change lowers the rate of episodes, significantly."""
        return self.p < LEVEL and self.comparison.interval.low > 1.0

    def text(self) -> str:
        """Return the contrast in one line."""
        low = self.comparison.interval.low
        left, right = self.base.tally, self.other.tally
        says = f"at least {low:.3g} times fewer" if self.cures else "no difference shown"
        return (
            f"{self.group}: {left.episodes} episodes in {left.observed_s:.3g} s, "
            f"with {_words(self)} {right.episodes} in {right.observed_s:.3g} s: {says} (p = {self.p:.2g})"
        )


def _words(contrast: Contrast) -> str:
    arm = contrast.other.arm
    return {
        CLEAN: "clean+invalidate before each commit or read",
        FLUSH: "sys_cacheflush of the written range",
        RW: "rw access instead of mmap",
        SWITCHES: f"{arm.switches_per_s:g} context switches a second",
        LOAD: f"load {arm.load} beside it",
        VMALLOC: "the driver loaded with use_vmalloc=0 (coherent memory)",
    }[contrast.lever]


def measure(plan: Plan, parts: Sequence[Tally]) -> list[Measured]:
    """Return the arms of `plan` that were run, with their tallies."""
    by_name = {part.arm: part for part in parts}
    return [Measured(arm, by_name[arm.name]) for arm in plan.arm if arm.name in by_name]


def lever_of(arm: Arm) -> str:
    """Return what sets `arm` apart from the base of its group, "" for a base."""
    if arm.access == "rw":
        return RW
    if arm.lever == Lever.CLEAN_INVALIDATE.value:
        return CLEAN
    if arm.lever == Lever.CACHEFLUSH.value:
        return FLUSH
    if arm.load != Load.NONE.value:
        return LOAD
    if arm.vmalloc == "off":
        return VMALLOC
    return SWITCHES if arm.switches_per_s else ""


def groups(measured: Sequence[Measured]) -> dict[str, list[Measured]]:
    """Return the arms that were run, by group, the base first."""
    found: dict[str, list[Measured]] = {}
    for entry in measured:
        if entry.arm.group and entry.tally.bursts:
            found.setdefault(entry.arm.group, []).append(entry)
    return {
        name: sorted(entries, key=lambda entry: bool(lever_of(entry.arm)))
        for name, entries in found.items()
        if not all(lever_of(entry.arm) for entry in entries)
    }


def contrasts(measured: Sequence[Measured]) -> list[Contrast]:
    """Return every base against its variants, p values adjusted over all of them."""
    raw = [
        Contrast(base.arm.group, base, other, lever_of(other.arm), _compare(base.tally, other.tally), 1.0)
        for base, other in _pairs(measured)
    ]
    adjusted = holm([contrast.comparison.p for contrast in raw])
    return [dataclasses.replace(contrast, p=p) for contrast, p in zip(raw, adjusted)]


def decidable(measured: Sequence[Measured]) -> bool:
    """Return whether every contrast with episodes could come out significant.

    From the sums of each pair only, so that it tells nothing of their split:
    would a full cure be significant, all of a pair's episodes in its base?
    Groups without any episode are left out.
    """
    pairs = _pairs(measured)
    seen = {base.arm.group for base, other in pairs if base.tally.episodes + other.tally.episodes}
    return all(
        _least_p(base.tally, other.tally) * len(pairs) < LEVEL
        for base, other in pairs
        if base.arm.group in seen
    )


def _pairs(measured: Sequence[Measured]) -> list[tuple[Measured, Measured]]:
    return [
        (base, other)
        for base, *others in groups(measured).values()
        for other in others
        if lever_of(other.arm)
    ]


def _least_p(base: Tally, other: Tally) -> float:
    seconds = base.observed_s + other.observed_s
    share = base.observed_s / seconds if seconds else 1.0
    return min(1.0, 2.0 * share ** (base.episodes + other.episodes))


def _compare(base: Tally, other: Tally) -> Comparison:
    return compare(base.episodes, base.observed_s, other.episodes, other.observed_s)


def dispersions(measured: Sequence[Measured]) -> tuple[tuple[str, float], ...]:
    """Return the index of dispersion of each base with wrong runs: how they clump."""
    bases = (entries[0] for entries in groups(measured).values())
    found = ((base.arm.name, base.tally.dispersion) for base in bases)
    return tuple((name, index) for name, index in found if not math.isnan(index))


def dose_response(measured: Sequence[Measured], group: str) -> DoseResponse | None:
    """Fit the wrong frames of a group's bursts to their doses of context switches.

    Frames, not episodes: episodes saturate (every tile has one), and the
    quasi-Poisson scale takes care of their clumping.
    """
    entries = [
        entry
        for entry in groups(measured).get(group, [])
        if lever_of(entry.arm) in ("", SWITCHES) and entry.tally.checked_frames
    ]
    return dose.fit(
        (entry.arm.switches_per_s, wrong, checked)
        for entry in entries
        for wrong, checked in entry.tally.samples
    )
