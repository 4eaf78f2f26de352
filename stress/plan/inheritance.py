# SPDX-License-Identifier: MIT
"""Plans that say only what differs: from another plan, or from an arm of their own.

``base = "bringup"`` takes everything of that plan; the file's own keys win, and tables
are merged key by key. Of the arms:

- ``keep = ["player-4096B", ...]`` takes these of the base, in this order, else all
  (a new arm of the file that is named there runs at that place, else at the end);
- ``[every]`` sets keys in each arm taken from the base;
- an ``[[arm]]`` with the name of one of them changes that arm, any other is added;
- an ``[[arm]]`` with ``like = "player"`` begins as a copy of that arm.

A base named by path is looked for beside the file that names it. All of it is worked
out on the tables as they were read, so a resolved plan knows nothing of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Callable

from stress.errors import ConfigError, near, one_of
from stress.settings import find

Table = dict[str, Any]
# Refuses the table of one arm: (values, where, key).
Check = Callable[[Table, str, str], Any]
# Refuses the table of a plan: (values, where).
CheckPlan = Callable[[Table, str], Any]
# Plans that stand on each other. Nobody needs more, and a circle through links has no end.
_DEEPEST = 8


def load(name: str, check: Check, check_plan: CheckPlan) -> tuple[Table, str]:
    """Return the table of the plan called `name`, everything inherited, and where it was found.

    Parameters
    ----------
    name : a shipped name, or the path of a file.
    check, check_plan : raise ConfigError for an arm, or a base, that has a wrong key or value.

    Raises
    ------
    ConfigError : no such plan, plans that inherit in a circle, or what they say of arms cannot be.
    """
    values, where = find.load("plans", name)
    chain = [name]
    tables = [(values, where)]
    while "base" in tables[-1][0]:
        base = _base(*tables[-1])
        if base in chain or len(chain) > _DEEPEST:
            circle = " -> ".join((*chain, base))
            raise ConfigError(f"plans inherit in a circle: {circle}", where=tables[-1][1], key="base")
        chain.append(base)
        tables.append(find.load("plans", base))
    below, under = tables.pop()
    below = _alone(below, under, check)
    while tables:
        check_plan(below, under)
        values, under = tables.pop()
        below = _merged(below, values, under, check)
    return below, where


def _alone(values: Table, where: str, check: Check) -> Table:
    for key in ("keep", "every"):
        if key in values:
            raise ConfigError("is about the arms of a base", where=where, key=key, allowed="with base")
    return {**values, "arm": _arms([], values, where, check)} if "arm" in values else values


def _base(values: Table, where: str) -> str:
    base = values["base"]
    if not isinstance(base, str):
        raise ConfigError(f"{base!r} is not a text", where=where, key="base", allowed="the name of a plan")
    by_path = os.sep in base or base.endswith((".toml", ".json"))
    return os.path.normpath(os.path.join(os.path.dirname(where), base)) if by_path else base


def _merged(below: Table, values: Table, where: str, check: Check) -> Table:
    out = dict(below)
    for key, value in values.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        out[key] = {**below[key], **value} if both else value
    every = _every(values, where, check)
    known = [{**arm, **every} for arm in below.get("arm", [])]
    out["arm"] = _kept(known, _arms(known, values, where, check), values, where)
    names = {arm["name"] for arm in out["arm"]}
    own = values.get("sweep", [])
    if isinstance(own, list) and (own or below.get("sweep")):
        # A sweep of an arm that was not taken goes with it.
        out["sweep"] = [sweep for sweep in below.get("sweep", []) if sweep.get("of") in names] + own
    events = values.get("event", [])
    if isinstance(events, list) and (events or below.get("event")):
        out["event"] = [
            event for event in below.get("event", []) if event.get("arm", "") in ("", *names)
        ] + events
    return {key: value for key, value in out.items() if key not in ("base", "keep", "every")}


def _kept(known: Sequence[Table], arms: Sequence[Table], values: Table, where: str) -> list[Table]:
    found = {arm["name"]: arm for arm in arms}
    keep = values.get("keep", list(found))
    if not isinstance(keep, list):
        raise ConfigError("is not a list", where=where, key="keep", allowed="names of arms")
    first = [_named(found, name, where, f"keep[{index}]") for index, name in enumerate(keep)]
    inherited = {arm["name"] for arm in known}
    return first + [arm for arm in arms if arm["name"] not in inherited and arm not in first]


def _named(arms: dict[str, Table], name: Any, where: str, key: str) -> Table:
    if not isinstance(name, str) or name not in arms:
        hint = near(name, arms) if isinstance(name, str) else ""
        raise ConfigError(f"no arm {name!r}{hint}", where=where, key=key, allowed=one_of(sorted(arms)))
    return arms[name]


def _every(values: Table, where: str, check: Check) -> Table:
    every = values.get("every", {})
    if isinstance(every, dict):
        check({"name": "every", **every}, where, "every")
        return every
    raise ConfigError("is not a table", where=where, key="every", allowed="an [every] table")


def _arms(arms: Sequence[Table], values: Table, where: str, check: Check) -> list[Table]:
    own = values.get("arm", [])
    if not isinstance(own, list):
        raise ConfigError("is not a list", where=where, key="arm", allowed="[[arm]] tables")
    found = {arm["name"]: arm for arm in arms}
    said: set[str] = set()
    for index, arm in enumerate(own):
        key = f"arm[{index}]"
        if not isinstance(arm, dict):
            raise ConfigError("is not a table", where=where, key=key)
        changes = {name: value for name, value in arm.items() if name != "like"}
        check(changes, where, key)
        name = changes["name"]
        if name in said:
            raise ConfigError(f"{name!r} is there twice", where=where, key=f"{key}.name")
        said.add(name)
        first = _named(found, arm["like"], where, f"{key}.like") if "like" in arm else found.get(name, {})
        found[name] = {**first, **changes}
    return list(found.values())
