"""Sweeps: one arm again with other rings or periods.

A plan writes `[[sweep]] of = "player"` and a list of sizes; the arms are made when
the plan is read, so the record holds them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from stress.errors import ConfigError, one_of
from stress.settings import schema

if TYPE_CHECKING:
    from collections.abc import Sequence


# What a swept key is called in an arm's name and in a sentence.
WORDS = {"playback_buffer": "ring", "capture_buffer": "ring", "period_size": "period"}


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
