# SPDX-License-Identifier: MIT
"""Trends: how the wrong frames of a swept arm depend on its ring or its period.

Corruption that rises as the ring shrinks needs a line to survive a lap (P1, C1);
corruption that only follows the period needs it to survive that (C2, CT, P2
behind a short queue).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.plan.sweep import WORDS
from stress.stats import dose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Arm
    from stress.verdict.contrast import Measured

# Level of a trend. Source: custom; it supports a cause and names none.
# Higher: noise is told as a trend; lower: short runs show none.
LEVEL = 0.05


def trends(measured: Sequence[Measured]) -> list[str]:
    """Return what each sweep shows, one line each, nothing for sweeps without a wrong frame."""
    by_name = {entry.arm.name: entry for entry in measured}
    found: dict[tuple[str, str], list[Measured]] = {}
    for entry in measured:
        base = by_name.get(entry.arm.sweep)
        if base is not None:
            found.setdefault((base.arm.name, _swept(entry.arm, base.arm)), [base]).append(entry)
    return [line for (_, name), entries in found.items() for line in _trend(name, entries)]


def _swept(arm: Arm, base: Arm) -> str:
    return next((name for name in WORDS if getattr(arm, name) != getattr(base, name)), "period_size")


def _trend(name: str, entries: list[Measured]) -> list[str]:
    seen = sorted(
        (entry for entry in entries if entry.tally.checked_frames), key=lambda entry: getattr(entry.arm, name)
    )
    if len(seen) < 2 or not any(entry.tally.wrong_frames for entry in seen):
        return []
    sizes = ", ".join(str(getattr(entry.arm, name)) for entry in seen)
    shares = ", ".join(f"{100 * entry.tally.wrong_frames / entry.tally.checked_frames:.3g}" for entry in seen)
    text = f"{entries[0].arm.name}: {WORDS[name]}s of {sizes} frames: {shares} % of the frames wrong"
    return [f"{text}; {_says(name, seen)}"]


def _says(name: str, seen: list[Measured]) -> str:
    fitted = dose.fit(
        (getattr(entry.arm, name), wrong, checked) for entry in seen for wrong, checked in entry.tally.samples
    )
    word = WORDS[name]
    if fitted is None or fitted.p >= LEVEL:
        return f"no dependence on the {word} is shown"
    if fitted.exposure_s < 0:
        return f"it falls as the {word} shrinks (p = {fitted.p:.2g}), which no cache alias explains"
    meaning = "a line has to survive a lap" if word == "ring" else "a line has to survive a period"
    return f"it rises as the {word} shrinks (p = {fitted.p:.2g}): {meaning}"
