"""Sweeps: one arm again with other rings or periods, and what the trend says.

A plan writes `[[sweep]] of = "player"` and a list of sizes; the arms are made when
the plan is read, so the record holds them one by one. Corruption that rises as
the ring shrinks needs a line to survive a lap (P1, C1); corruption that only
follows the period needs it to survive that (C2, CT, P2 behind a short queue).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from stress.errors import ConfigError, one_of
from stress.settings import schema
from stress.stats import dose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.experiment.contrast import Measured
    from stress.experiment.plan import Arm

# What a swept key is called in an arm's name and in a sentence.
WORDS = {"playback_buffer": "ring", "capture_buffer": "ring", "period_size": "period"}
# Level of a trend. Source: custom; it supports a cause and names none.
# Higher: noise is told as a trend; lower: short runs show none.
LEVEL = 0.05


def _sizes() -> Any:
    return schema.listing(schema.integer(0, 1, 1 << 22), most=20)


@dataclass(frozen=True)
class Sweep:
    """An arm to repeat with other sizes.

    Attributes
    ----------
    of : name of the arm.
    playback_buffer, capture_buffer, period_size : the sizes, one list only [frames].
    """

    of: str = schema.text(schema.REQUIRED, longest=40)
    playback_buffer: tuple[int, ...] = _sizes()
    capture_buffer: tuple[int, ...] = _sizes()
    period_size: tuple[int, ...] = _sizes()


def expand(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the table of a plan with an arm for each size of each sweep.

    Raises
    ------
    ConfigError : a sweep of no arm, or of no size or of two at once.
    """
    if "sweep" not in values:
        return values
    arms = [arm for arm in values.get("arm") or () if isinstance(arm, dict)]
    entries = values["sweep"]
    if not isinstance(entries, list):
        raise ConfigError("is not a list", where=where, key="sweep", allowed="[[sweep]] tables")
    made = [
        arm
        for index, entry in enumerate(entries)
        for arm in _arms(schema.read(Sweep, entry, where, f"sweep[{index}]"), arms, where, f"sweep[{index}]")
    ]
    rest = {name: value for name, value in values.items() if name != "sweep"}
    return {**rest, "arm": [*(values.get("arm") or ()), *made]}


def _arms(sweep: Sweep, arms: Sequence[dict[str, Any]], where: str, key: str) -> list[dict[str, Any]]:
    base = next((arm for arm in arms if arm.get("name") == sweep.of), None)
    if base is None:
        names = one_of(sorted(str(arm.get("name")) for arm in arms))
        raise ConfigError(f"no arm {sweep.of!r}", where=where, key=f"{key}.of", allowed=names)
    swept = [field.name for field in fields(Sweep) if field.name != "of" and getattr(sweep, field.name)]
    if len(swept) != 1:
        raise ConfigError("sweeps one size", where=where, key=key, allowed=f"one of {one_of(sorted(WORDS))}")
    name = swept[0]
    return [
        {**base, name: size, "name": f"{sweep.of}-{WORDS[name]}-{size}", "group": "", "sweep": sweep.of}
        for size in getattr(sweep, name)
    ]


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
