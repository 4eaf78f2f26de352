# SPDX-License-Identifier: MIT
"""Sweeps: one arm again with other rings, periods, queues or access.

A plan writes `[[sweep]] of = "player"` and one list or more; the arms are made when
the plan is read, so the record holds them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from stress.errors import ConfigError, near, one_of
from stress.settings import schema

if TYPE_CHECKING:
    from collections.abc import Sequence


# What a swept key is called in an arm's name and in a sentence.
WORDS = {
    "playback_buffer": "ring",
    "capture_buffer": "ring",
    "period_size": "period",
    "queue_periods": "queue",
    "access": "access",
}


# Arms of one sweep. Source: the longest shipped plan has 24 arms. Higher: a typing error makes a run
# of days; lower: a sweep over three lists is refused.
MOST_ARMS = 100


def _sizes() -> Any:
    return schema.listing(schema.integer(0, 1, 1 << 22), most=20)


@dataclass(frozen=True)
class Sweep:
    """An arm to repeat with other settings; rate, format and channels are those of `run --sweep`.

    Attributes
    ----------
    of : name of the arm.
    playback_buffer, capture_buffer, period_size : sizes [frames].
    queue_periods : numbers of queued periods.
    access : "mmap", "rw" or both.
    paired : the first values of all lists make an arm, then the second ones, and so on;
        else every value meets every other.
    """

    of: str = schema.text(schema.REQUIRED, longest=40)
    playback_buffer: tuple[int, ...] = _sizes()
    capture_buffer: tuple[int, ...] = _sizes()
    period_size: tuple[int, ...] = _sizes()
    queue_periods: tuple[int, ...] = _sizes()
    access: tuple[str, ...] = schema.listing(schema.text(schema.REQUIRED, choices=("mmap", "rw")), most=2)
    paired: bool = schema.flag(False)


def expand(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the table of a plan with an arm for each size of each sweep.

    Raises
    ------
    ConfigError : a sweep of no arm or of nothing, or pairs of different lengths.
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
        known = sorted(str(arm.get("name")) for arm in arms)
        message = f"no arm {sweep.of!r}{near(sweep.of, known)}"
        raise ConfigError(message, where=where, key=f"{key}.of", allowed=one_of(known))
    swept = {name: getattr(sweep, name) for name in WORDS if getattr(sweep, name)}
    if not swept:
        raise ConfigError(
            "sweeps nothing", where=where, key=key, allowed=f"a list of {one_of(sorted(WORDS))}"
        )
    if sweep.paired and len({len(values) for values in swept.values()}) != 1:
        raise ConfigError("pairs lists of different lengths", where=where, key=key, allowed="lists as long")
    rows = list(zip(*swept.values()) if sweep.paired else product(*swept.values()))
    if len(rows) > MOST_ARMS:
        raise ConfigError(f"makes {len(rows)} arms", where=where, key=key, allowed=f"{MOST_ARMS} at most")
    # A trend is read from arms that differ in one size; of others each stands for itself.
    trend = sweep.of if len(swept) == 1 and "access" not in swept else ""
    return [
        {
            **base,
            **dict(zip(swept, row)),
            "name": "-".join([sweep.of, *(f"{WORDS[name]}-{value}" for name, value in zip(swept, row))]),
            "group": "",
            "sweep": trend,
        }
        for row in rows
    ]
