# SPDX-License-Identifier: MIT
"""Trends: how the wrong frames of a swept arm depend on its ring or its period.

Corruption that rises as the ring shrinks needs a line to survive a lap (P1, C1);
corruption that only follows the period needs it to survive that (C2, CT, P2
behind a short queue).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.plan.sweep import WORDS
from stress.stats import dose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Arm
    from stress.stats.dose import DoseResponse
    from stress.verdict.contrast import Measured

# Level of a trend. Source: custom; it supports a cause and names none.
# Higher: noise is told as a trend; lower: short runs show none.
LEVEL = 0.05


@dataclass(frozen=True)
class SizeTrend:
    """Arms that differ in one size only, the smallest first.

    Attributes
    ----------
    base : name of the arm that was swept.
    size : what was swept, as a plan names it ("buffer_size", "period_size").
    fitted : wrong frames against the size; None where they cannot be fitted.
    """

    base: str
    size: str
    entries: tuple[Measured, ...]
    fitted: DoseResponse | None

    @property
    def words(self) -> str:
        """What was swept, in a word."""
        return WORDS[self.size]

    def points(self) -> list[tuple[int, int, int]]:
        """Return size, wrong and checked frames of each arm."""
        return [
            (getattr(one.arm, self.size), one.tally.wrong_frames, one.tally.checked_frames)
            for one in self.entries
        ]


def sweeps(measured: Sequence[Measured]) -> list[SizeTrend]:
    """Return the sweeps that show wrong frames."""
    by_name = {entry.arm.name: entry for entry in measured}
    found: dict[tuple[str, str], list[Measured]] = {}
    for entry in measured:
        base = by_name.get(entry.arm.sweep)
        if base is not None:
            found.setdefault((base.arm.name, _swept(entry.arm, base.arm)), [base]).append(entry)
    made = (_sweep(base, size, entries) for (base, size), entries in found.items())
    return [one for one in made if len(one.entries) > 1 and any(wrong for _, wrong, _ in one.points())]


def _sweep(base: str, size: str, entries: list[Measured]) -> SizeTrend:
    seen = sorted(
        (entry for entry in entries if entry.tally.checked_frames), key=lambda entry: getattr(entry.arm, size)
    )
    fitted = dose.fit(
        (getattr(entry.arm, size), wrong, checked) for entry in seen for wrong, checked in entry.tally.samples
    )
    return SizeTrend(base, size, tuple(seen), fitted)


def trends(measured: Sequence[Measured]) -> list[str]:
    """Return what each sweep shows, one line each, nothing for sweeps without a wrong frame."""
    return [_text(sweep) for sweep in sweeps(measured)]


def _swept(arm: Arm, base: Arm) -> str:
    return next((name for name in WORDS if getattr(arm, name) != getattr(base, name)), "period_size")


def _text(sweep: SizeTrend) -> str:
    sizes = ", ".join(str(size) for size, _, _ in sweep.points())
    shares = ", ".join(f"{100 * wrong / checked:.3g}" for _, wrong, checked in sweep.points())
    text = f"{sweep.base}: {sweep.words}s of {sizes} frames: {shares} % of the frames wrong"
    return f"{text}; {_says(sweep)}"


def _says(sweep: SizeTrend) -> str:
    fitted, word = sweep.fitted, sweep.words
    if fitted is None or fitted.p >= LEVEL:
        return f"no dependence on the {word} is shown"
    if fitted.exposure_s < 0:
        return f"it falls as the {word} shrinks (p = {fitted.p:.2g}), which no cache alias explains"
    meaning = "a line has to survive a lap" if word == "ring" else "a line has to survive a period"
    return f"it rises as the {word} shrinks (p = {fitted.p:.2g}): {meaning}"
