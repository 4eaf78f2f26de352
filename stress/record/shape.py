"""Compare a JSON value with the shape readers rely on, and say where it differs.

A shape is a type or a tuple of types, a list of one shape, a dict of the keys
that have to be there, or one of the classes below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Whole numbers of a record. Source: nothing we count or number needs 63 bits. Higher: sums and
# ratios of a damaged record overflow; lower: times in nanoseconds are refused.
MOST = 1 << 63


@dataclass(frozen=True)
class Each:
    """A dict with any keys, whose values all have one shape."""

    shape: Any


@dataclass(frozen=True)
class Maybe:
    """A dict of which those keys that are there have their shapes."""

    shapes: dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A list of so many items, each with a shape of its own."""

    shapes: tuple[Any, ...]


@dataclass(frozen=True)
class Within:
    """A whole number from `low` to `high`."""

    low: int
    high: int = MOST


@dataclass(frozen=True)
class Among:
    """One of these texts."""

    names: tuple[str, ...]


def mismatch(value: Any, shape: Any, key: str = "") -> str:
    """Return what is wrong with `value` and where, "" when it has the shape."""
    if isinstance(shape, (dict, Maybe, Each)):
        return _of_object(value, shape, key)
    if isinstance(shape, (list, Row)):
        return _of_list(value, shape, key)
    if isinstance(shape, Among):
        named = isinstance(value, str) and value in shape.names
        return "" if named else f"{key} is none of {', '.join(shape.names)}"
    return _of_plain(value, shape, key)


def _of_object(value: Any, shape: Any, key: str) -> str:
    if not isinstance(value, dict):
        return f"{key} is not an object"
    if isinstance(shape, Each):
        shape = dict.fromkeys(value, shape.shape)
    elif isinstance(shape, Maybe):
        shape = {name: part for name, part in shape.shapes.items() if name in value}
    for name, part in shape.items():
        inner = f"{key}.{name}" if key else str(name)
        wrong = mismatch(value[name], part, inner) if name in value else f"{inner} is missing"
        if wrong:
            return wrong
    return ""


def _of_list(value: Any, shape: Any, key: str) -> str:
    if not isinstance(value, list):
        return f"{key} is not a list"
    if isinstance(shape, Row) and len(value) != len(shape.shapes):
        return f"{key} has {len(value)} items, not {len(shape.shapes)}"
    parts = shape.shapes if isinstance(shape, Row) else shape * len(value)
    texts = (mismatch(item, part, f"{key}[{index}]") for index, (item, part) in enumerate(zip(value, parts)))
    return next((text for text in texts if text), "")


def _of_plain(value: Any, shape: Any, key: str) -> str:
    low, high, kinds = -MOST, MOST, shape
    if isinstance(shape, Within):
        low, high, kinds = shape.low, shape.high, int
    # bool is an int to isinstance; a count given as true is a wrong record.
    flag = isinstance(value, bool) and kinds is not bool
    if not isinstance(value, kinds) or flag:
        return f"{key} has the wrong type ({type(value).__name__})"
    # Not a number and the infinities fail it as well; an integer of 400 digits has no float.
    if isinstance(value, (int, float)) and not low <= value <= high:
        return f"{key} is out of range"
    return ""
