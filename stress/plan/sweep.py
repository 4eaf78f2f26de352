# SPDX-License-Identifier: MIT
"""Sweeps: one arm again with other rings, periods, queues or access; or whole runs at other settings.

A plan writes `[[sweep]] of = "player"` and one list or more; the arms are made when
the plan is read, so the record holds them one by one.

A `[[sweep]]` with a list of rate, format or channels makes a run of each combination,
as a PCM has these once: `run` makes them and prints one table. Its other lists change
arm `of`, or every arm where none is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from stress.errors import ConfigError, near, one_of
from stress.model.formats import CARD_FORMATS
from stress.settings import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# What a swept key is called in an arm's name and in a sentence.
WORDS = {
    "playback_buffer": "ring",
    "capture_buffer": "ring",
    "period_size": "period",
    "queue_periods": "queue",
    "access": "access",
}


# What a run has once, for both directions.
SETTINGS = ("rate", "format", "channels")
# Arms or runs of one sweep. Source: the longest shipped plan has 24 arms. Higher: a typing error makes
# a run of days; lower: a sweep over three lists is refused.
MOST_ARMS = 100


def _sizes() -> Any:
    return schema.listing(schema.integer(0, 1, 1 << 22), most=20)


@dataclass(frozen=True)
class Sweep:
    """An arm, or the whole plan, to repeat with other settings.

    Attributes
    ----------
    of : name of the arm; "" changes every arm of each run.
    rate, format : of both directions; each combination is a run.
    channels : of both directions, "2", or of playback and of capture, "2,1"; each is a run.
    playback_buffer, capture_buffer, period_size : sizes [frames].
    queue_periods : numbers of queued periods.
    access : "mmap", "rw" or both.
    paired : the first values of all lists make an arm, then the second ones, and so on;
        else every value meets every other.
    """

    of: str = schema.text("", longest=40)
    rate: tuple[int, ...] = schema.listing(schema.integer(0, 4000, 768000), most=20)
    format: tuple[str, ...] = schema.listing(
        schema.text(schema.REQUIRED, choices=tuple(CARD_FORMATS)), most=len(CARD_FORMATS)
    )
    channels: tuple[str, ...] = schema.listing(schema.text(schema.REQUIRED, longest=8), most=20)
    playback_buffer: tuple[int, ...] = _sizes()
    capture_buffer: tuple[int, ...] = _sizes()
    period_size: tuple[int, ...] = _sizes()
    queue_periods: tuple[int, ...] = _sizes()
    access: tuple[str, ...] = schema.listing(schema.text(schema.REQUIRED, choices=("mmap", "rw")), most=2)
    paired: bool = schema.flag(False)


def expand(values: dict[str, Any], where: str, setting: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the table of a plan with an arm for each size of each sweep.

    Parameters
    ----------
    setting : what this run has of a sweep of whole runs, see `runs`; None where one is not expected.

    Raises
    ------
    ConfigError : a sweep of no arm or of nothing, pairs of different lengths, or one of whole
        runs that is not expected.
    """
    if "sweep" not in values:
        return values
    of_arms, of_runs = _read(values, where)
    if of_runs and setting is None:
        key, _ = of_runs[0]
        raise ConfigError("makes several runs", where=where, key=key, allowed="`pcmstress run` only")
    arms = [arm for arm in values.get("arm") or () if isinstance(arm, dict)]
    made = [arm for key, sweep in of_arms for arm in _arms(sweep, arms, where, key)]
    rest = {name: value for name, value in values.items() if name != "sweep"}
    whole = {**rest, "arm": [*(values.get("arm") or ()), *made]}
    return _set(whole, of_runs[0][1].of, setting) if of_runs and setting else whole


def runs(values: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """Return the setting of each run that the sweep of whole runs asks for, none without such a sweep.

    Raises
    ------
    ConfigError : several such sweeps, pairs of different lengths, too many runs, or an arm that is not there.
    """
    if not isinstance(values, dict) or "sweep" not in values:
        return []
    _, of_runs = _read(values, where)
    if not of_runs:
        return []
    if len(of_runs) > 1:
        raise ConfigError("is a second sweep of whole runs", where=where, key=of_runs[1][0], allowed="one")
    key, sweep = of_runs[0]
    if sweep.of:
        _base(sweep, [arm for arm in values.get("arm") or () if isinstance(arm, dict)], where, key)
    for text in sweep.channels:
        if not re.fullmatch(r"[1-9][0-9]*(,[1-9][0-9]*)?", text):
            raise ConfigError(f"{text!r}", where=where, key=f"{key}.channels", allowed='"2", or "2,1"')
    swept = {name: getattr(sweep, name) for name in (*SETTINGS, *WORDS) if getattr(sweep, name)}
    return [dict(zip(swept, row)) for row in _rows(sweep, swept, where, key, "runs")]


def _read(values: dict[str, Any], where: str) -> tuple[list[tuple[str, Sweep]], list[tuple[str, Sweep]]]:
    # Sweeps of arms, and of whole runs, with the key of each.
    entries = values["sweep"]
    if not isinstance(entries, list):
        raise ConfigError("is not a list", where=where, key="sweep", allowed="[[sweep]] tables")
    keys = [f"sweep[{index}]" for index in range(len(entries))]
    read = [(key, schema.read(Sweep, entry, where, key)) for key, entry in zip(keys, entries)]
    whole = [any(getattr(sweep, name) for name in SETTINGS) for _, sweep in read]
    return (
        [one for one, is_whole in zip(read, whole) if not is_whole],
        [one for one, is_whole in zip(read, whole) if is_whole],
    )


def _set(values: dict[str, Any], of: str, setting: Mapping[str, Any]) -> dict[str, Any]:
    # The plan of one run.
    whole = dict(values)
    if "rate" in setting:
        whole["rate"] = setting["rate"]
    if "format" in setting:
        whole.update(format=setting["format"], playback_format="", capture_format="")
    if "channels" in setting:
        played, _, captured = setting["channels"].partition(",")
        whole.update(channels=int(played), playback_channels=0, capture_channels=int(captured or 0))
    changed = {name: setting[name] for name in WORDS if name in setting}
    arms = whole.get("arm") or ()
    whole["arm"] = [{**arm, **changed} if of in ("", arm.get("name")) else arm for arm in arms]
    return whole


def _base(sweep: Sweep, arms: Sequence[dict[str, Any]], where: str, key: str) -> dict[str, Any]:
    base = next((arm for arm in arms if arm.get("name") == sweep.of), None)
    if base is None:
        known = sorted(str(arm.get("name")) for arm in arms)
        message = f"no arm {sweep.of!r}{near(sweep.of, known)}" if sweep.of else "is missing"
        raise ConfigError(message, where=where, key=f"{key}.of", allowed=one_of(known))
    return base


def _rows(
    sweep: Sweep, swept: Mapping[str, Sequence[Any]], where: str, key: str, what: str
) -> list[tuple[Any, ...]]:
    if sweep.paired and len({len(values) for values in swept.values()}) != 1:
        raise ConfigError("pairs lists of different lengths", where=where, key=key, allowed="lists as long")
    rows = list(zip(*swept.values()) if sweep.paired else product(*swept.values()))
    if len(rows) > MOST_ARMS:
        raise ConfigError(f"makes {len(rows)} {what}", where=where, key=key, allowed=f"{MOST_ARMS} at most")
    return rows


def _arms(sweep: Sweep, arms: Sequence[dict[str, Any]], where: str, key: str) -> list[dict[str, Any]]:
    base = _base(sweep, arms, where, key)
    swept = {name: getattr(sweep, name) for name in WORDS if getattr(sweep, name)}
    if not swept:
        known = one_of(sorted((*WORDS, *SETTINGS)))
        raise ConfigError("sweeps nothing", where=where, key=key, allowed=f"a list of {known}")
    rows = _rows(sweep, swept, where, key, "arms")
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
