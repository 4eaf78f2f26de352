# SPDX-License-Identifier: MIT
"""Which mechanism of a cache alias an arm shows, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.model.mechanism import Mechanism
from stress.model.pcm import CaptureTouch, Direction, PlaybackTouch
from stress.verdict import contrast
from stress.verdict.contrast import CLEAN, FLUSH, RW, VMALLOC, Contrast, Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.stats.dose import DoseResponse
    from stress.verdict.tally import Tally

# Share of the kept stale runs on whole laps of the side's own ring, and of
# those that are shorter than a line, from which on a shape is typical.
# Source: modelled boards give 0.97 and more of either. Higher: a few planted or
# echoed runs hide the shape; lower: a mixture is called pure.
TYPICAL = 0.8
# Share of an arm's stale runs from which on a ring is called stale. Source: a
# planted stale line that goes stale itself names the other ring, about 1 in
# 1000. Higher: a side that is seldom wrong is passed over; lower: such echoes
# accuse the wrong side.
STRAY = 0.05


@dataclass(frozen=True)
class SideMechanism:
    """What one side shows.

    Parameters
    ----------
    name : P1 .. CT, joined by "+" where arms show different ones.
    proven : the contrasts show that it is a cache alias.
    """

    side: str
    name: str
    proven: bool
    evidence: tuple[str, ...]

    def text(self) -> str:
        """Return side and mechanism in words."""
        words = ", ".join(Mechanism(part).words for part in self.name.split("+"))
        return f"{self.side} ({self.name}: {words})"

    def explained(self) -> str:
        """Return the same with the words first and the codes behind them, for those who look them up."""
        words = ", ".join(Mechanism(part).words for part in self.name.split("+"))
        return f"{self.side.capitalize()}: {words} ({self.name})"

    def to_json(self) -> dict[str, Any]:
        """Return the mechanism as a JSON object."""
        return {
            "side": self.side,
            "mechanism": self.name,
            "proven": self.proven,
            "evidence": list(self.evidence),
        }


def mechanisms(measured: Sequence[Measured], compared: Sequence[Contrast]) -> list[SideMechanism]:
    """Return what each side shows, playback first, nothing for a clean side."""
    found = []
    for direction in Direction:
        bases = [
            entries[0]
            for entries in contrast.groups(measured).values()
            if _stale(entries[0].tally, direction.value) > STRAY * _stale(entries[0].tally)
        ]
        if bases:
            found.append(_side(direction.value, bases, measured, compared))
    return found


def _stale(tally: Tally, ring: str | None = None) -> int:
    return sum(
        number
        for (kind, where, _), number in tally.sites.items()
        if kind == "stale" and (where == ring or ring is None)
    )


def _side(
    side: str, bases: list[Measured], measured: Sequence[Measured], compared: Sequence[Contrast]
) -> SideMechanism:
    names: list[str] = []
    evidence: list[str] = []
    proven = False
    for base in bases:
        own = [part for part in compared if part.base.arm.name == base.arm.name]
        response = contrast.dose_response(measured, base.arm.group)
        name = _name(side, base, own)
        if name not in names:
            names.append(name)
        proven = proven or any(part.cures and part.lever in (CLEAN, FLUSH, RW, VMALLOC) for part in own)
        evidence.append(_shape(side, base))
        evidence += _dose_text(base, response)
    return SideMechanism(side, "+".join(sorted(names)), proven, tuple(evidence))


def _name(side: str, base: Measured, own: list[Contrast]) -> str:
    arm, tally = base.arm, base.tally
    kept = sum(tally.shapes[name] for name in ("lines", "tail", "run"))
    tails = kept > 0 and tally.shapes["tail"] >= TYPICAL * kept
    if side == Direction.CAPTURE.value:
        if arm.capture == CaptureTouch.AHEAD.value:
            return Mechanism.CT.value
        if tails:
            return Mechanism.C2.value
        dirty = _always_one_lap(tally, side) or tally.wire["memory_capture_differ"]
        return Mechanism.C3.value if dirty else Mechanism.C1.value
    if tails:
        return Mechanism.P3.value
    flush = [part for part in own if part.lever == FLUSH]
    if any(part.cures for part in flush):
        return Mechanism.P2.value
    # Without that arm, what memory lacked at the end of a burst tells, or how the lines were touched.
    dirty = arm.playback == PlaybackTouch.RMW.value or tally.wire["memory_playback_differ"]
    return Mechanism.P2.value if (dirty and not flush) or arm.start_burst else Mechanism.P1.value


def _always_one_lap(tally: Tally, side: str) -> bool:
    # On a write-allocate cache nearly every line is late by exactly one lap,
    # however large the ring; survivors of earlier laps have a spread of ages.
    ages = {laps: n for (kind, ring, laps), n in tally.sites.items() if kind == "stale" and ring == side}
    nearly_all = tally.wrong_frames > 0.95 * tally.checked_frames
    return nearly_all and ages.get(1, 0) >= 0.95 * sum(ages.values())


def _shape(side: str, base: Measured) -> str:
    tally = base.tally
    stale = _stale(tally, side)
    share = tally.wrong_frames / tally.checked_frames if tally.checked_frames else 0.0
    kept = sum(tally.shapes[name] for name in ("lines", "tail", "run"))
    lines = tally.shapes["lines"] / kept if kept else 0.0
    return (
        f"{base.arm.name}: {100 * share:.3g} % of the frames wrong; {stale} runs are whole laps of the "
        f"{side} ring old, {100 * lines:.0f} % of those kept are whole cache lines"
    )


def _dose_text(base: Measured, response: DoseResponse | None) -> list[str]:
    if response is None or response.p > contrast.LEVEL or response.exposure_s <= 0:
        return []
    return [
        f"{base.arm.name}: context switches thin it out as if lines were exposed for "
        f"{1000 * response.exposure_s:.3g} +- {1000 * response.error_s:.2g} ms (p = {response.p:.2g})"
    ]
