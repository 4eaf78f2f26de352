# SPDX-License-Identifier: MIT
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from stress.model import shape


@dataclass(frozen=True)
class Inner:
    number: int = shape.count()


@dataclass(frozen=True)
class Outer:
    first: int = shape.field(shape.within(1, 9))
    level: float = shape.number()
    name: str = shape.text("none")
    yes: bool = shape.flag(False)
    maybe: int | None = shape.whole(None)
    # A default that the reader itself refuses.
    absent: int | None = shape.field(shape.within(0), None)
    several: tuple[str, ...] = shape.texts(())
    inner: Inner = shape.part(Inner, Inner(0))
    into: int = shape.field(shape.within(), 0, key="in")


LEAST: dict[str, Any] = {"first": 1, "level": 0.5}


def test_object_with_required_keys_only_has_the_defaults() -> None:
    assert shape.read(Outer, LEAST) == Outer(1, 0.5)


def test_object_with_every_key_is_read_in_full() -> None:
    value = {
        **LEAST,
        **{"level": 2, "name": "a", "yes": True, "maybe": None, "absent": 3},
        **{"several": ["x"], "inner": {"number": 4}, "in": 5, "unknown": 6},
    }
    assert shape.read(Outer, value) == Outer(1, 2, "a", True, None, 3, ("x",), Inner(4), 5)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"first": 0}, "first is out of range"),
        ({"first": 10}, "first is out of range"),
        ({"first": True}, "first has the wrong type (bool)"),
        ({"level": float("nan")}, "level is out of range"),
        ({"level": float("inf")}, "level is out of range"),
        ({"level": 10**400}, "level is out of range"),
        ({"level": True}, "level has the wrong type (bool)"),
        ({"name": None}, "name has the wrong type (NoneType)"),
        ({"yes": 1}, "yes has the wrong type (int)"),
        ({"maybe": 1 << 64}, "maybe is out of range"),
        ({"absent": None}, "absent has the wrong type (NoneType)"),
        ({"several": ["a", 1]}, "several[1] has the wrong type (int)"),
        ({"several": {}}, "several is not a list"),
        ({"inner": {}}, "inner.number is missing"),
        ({"inner": None}, "inner is not an object"),
        ({"in": "1"}, "in has the wrong type (str)"),
    ],
)
def test_wrong_value_is_refused_with_its_place(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(shape.Mismatch) as found:
        shape.read(Outer, {**LEAST, **changed})
    assert str(found.value) == says


def test_first_missing_key_is_named() -> None:
    with pytest.raises(shape.Mismatch, match="^first is missing$"):
        shape.read(Outer, {})
    with pytest.raises(shape.Mismatch, match="^level is missing$"):
        shape.read(Outer, {"first": 1})


def test_no_object_is_refused() -> None:
    with pytest.raises(shape.Mismatch, match="^is not an object$"):
        shape.read(Outer, [1])
