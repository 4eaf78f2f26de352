# SPDX-License-Identifier: MIT
"""What two runs differ in: facts of the board, and the plan, value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stress.settings import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stress.plan.plan import Plan
    from stress.report.facts import Facts

# Facts that differ between any two runs.
_ALWAYS = ("date", "command")
# Of a value as it is shown; a command line of the kernel may be long.
_LONGEST = 120
ABSENT = "-"
# The value of an arm that only one of the plans has.
_IN = "yes"


def facts(first: Facts, second: Facts) -> list[tuple[str, str, str]]:
    """Return name and both values of each fact that differs; ABSENT where one has none."""
    one, two = _by_name(first), _by_name(second)
    names = [name for name in dict.fromkeys((*one, *two)) if name not in _ALWAYS]
    return [
        (name, _short(one.get(name, ABSENT)), _short(two.get(name, ABSENT)))
        for name in names
        if one.get(name) != two.get(name)
    ]


def plans(first: Plan, second: Plan) -> list[tuple[str, str, str]]:
    """Return key and both values of each setting of the plan that differs; arms go by their names."""
    one, two = dict(_flat(_named(first))), dict(_flat(_named(second)))
    gone = _arms(one) ^ _arms(two)
    whole = [
        (f"arm {name}", *((_IN, ABSENT) if name in _arms(one) else (ABSENT, _IN))) for name in sorted(gone)
    ]
    keys = [key for key in dict.fromkeys((*one, *two)) if _arm_of(key) not in gone]
    return [
        *whole,
        *(
            (key, _short(one.get(key, ABSENT)), _short(two.get(key, ABSENT)))
            for key in keys
            if one.get(key) != two.get(key)
        ),
    ]


def arms_together(found: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the rows with the arms of one side only in one row each, as text: (which, names, "")."""
    sides: dict[str, list[str]] = {"first": [], "second": []}
    rest = []
    for key, one, two in found:
        if key.startswith("arm ") and (one, two) in ((_IN, ABSENT), (ABSENT, _IN)):
            sides["first" if one == _IN else "second"].append(key[4:])
        else:
            rest.append((key, one, two))
    return [
        *((f"arms only in the {which}", ", ".join(names), "") for which, names in sides.items() if names),
        *rest,
    ]


def _by_name(found: Facts) -> dict[str, str]:
    # A board with two cards has two facts of that name.
    out: dict[str, str] = {}
    for name, value in found.values:
        out[name] = f"{out[name]}; {value}" if name in out else value
    return out


def _named(plan: Plan) -> dict[str, Any]:
    values = schema.write(plan)
    arms = {f"arm {arm.pop('name')}": arm for arm in values.pop("arm")}
    return {**values, **arms}


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}: " if key.startswith("arm ") else f"{name}.")
        elif value is not None:
            yield name, _word(value)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (value or ABSENT) if isinstance(value, str) else repr(value)


def _arms(values: Mapping[str, str]) -> set[str]:
    return {_arm_of(key) for key in values} - {""}


def _arm_of(key: str) -> str:
    return key[4:].rpartition(": ")[0] if key.startswith("arm ") else ""


def _short(text: str) -> str:
    return (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...") or '""'
